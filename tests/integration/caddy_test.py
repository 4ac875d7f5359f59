#!/usr/bin/env python3
"""caddy_test.py BUILD: Caddy with examples/forward_auth/Caddyfile in front of an application; forward_auth says who may pass."""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from free_port import free_port
from fronted import SPOOFS, Application, sign_in
from servers import BRIEF, ROOT, Browser, DevIdp, ForwardAuth, case, run_all, running, session_cookies, until_due

BUILD = sys.argv[1]
RECIPE = (ROOT / 'examples/forward_auth/Caddyfile').read_text()
# The same question by Caddy's own directive.
SHORT = '''
http://127.0.0.1:8080 {
	handle /oauth2/* {
		reverse_proxy 127.0.0.1:4180 {
			header_up X-Forwarded-Method {method}
			header_up X-Forwarded-Uri {uri}
		}
	}
	handle {
		forward_auth 127.0.0.1:4180 {
			uri /oauth2/auth
			copy_headers X-Auth-Request-User>X-Forwarded-User X-Auth-Request-Email>X-Forwarded-Email
			@signed_out status 401
			handle_response @signed_out {
				redir * /oauth2/start?rd={uri}
			}
		}
		reverse_proxy 127.0.0.1:9000
	}
}
'''


class Caddy:
    def __init__(self, site, port, auth_port, app_port):
        self.folder = Path(tempfile.mkdtemp())
        self.lines = []
        for old, new in (('127.0.0.1:8080', f'127.0.0.1:{port}'), ('127.0.0.1:4180', f'127.0.0.1:{auth_port}'), ('127.0.0.1:9000', f'127.0.0.1:{app_port}')):
            assert old in site
            site = site.replace(old, new)
        (self.folder / 'Caddyfile').write_text('{\n\tadmin off\n\tauto_https off\n}\n' + site)
        self.process = subprocess.Popen(['caddy', 'run', '--config', str(self.folder / 'Caddyfile'), '--adapter', 'caddyfile'], stdout=subprocess.DEVNULL,
                                        stderr=open(self.folder / 'log', 'w'), env={**os.environ, 'HOME': str(self.folder), 'XDG_DATA_HOME': str(self.folder)})
        running.append(self)
        deadline = time.monotonic() + 15
        while True:
            try:
                Browser().request('GET', f'http://127.0.0.1:{port}/ping')
                break
            except ConnectionError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError('caddy did not start: ' + (self.folder / 'log').read_text())
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def stage(site=RECIPE, idp_arguments=(), **settings):
    port = free_port()
    idp = DevIdp(BUILD, *idp_arguments)
    idp.post('answer', username='alice')
    auth = ForwardAuth(BUILD, idp.issuer, reverse_proxy='true', trusted_proxy_ips='127.0.0.1', set_xauthrequest='true', **settings)
    app = Application()
    Caddy(site, port, auth.where.rsplit(':', 1)[1], app.port)
    return idp, app, f'http://127.0.0.1:{port}'


@case('nobody reaches the application without signing in')
def _():
    idp, app, url = stage()
    for method in ('GET', 'POST'):
        status, location, _, _ = Browser().request(method, url + '/reports', {'a': 'b'} if method == 'POST' else None)
        assert status == 302 and location.startswith(idp.issuer + '/authorize?'), (method, status, location)
    for name in SPOOFS:
        assert Browser().request('GET', url + '/reports', headers={name: 'alice'})[0] == 302, name
    for name, value in (('X-Forwarded-Uri', '/ping'), ('X-Forwarded-Method', 'OPTIONS'), ('X-Forwarded-Host', 'evil.example'), ('X-Forwarded-Proto', 'https')):
        status, location, _, _ = Browser().request('GET', url + '/reports', headers={name: value})
        assert status == 302 and 'evil' not in location and 'ping' not in location and 'https%3A' not in location, (name, location)
    assert not app.seen


@case('a sign-in through Caddy reaches the application with the identity, and nothing a client planted')
def _():
    for site, spoofs in ((RECIPE, SPOOFS), (SHORT, ['X-Forwarded-User', 'x-forwarded-email'])):
        idp, app, url = stage(site)
        browser = sign_in(url, '/reports?month=11&name=a%20b%26c' if site == RECIPE else '/reports')
        status, _, text, _ = browser.request('GET', url + '/reports', headers={name: 'planted' for name in spoofs})
        assert status == 200 and 'X-Forwarded-User: u-1001' in text and 'X-Forwarded-Email: alice@example.org' in text, text
        assert 'planted' not in text, text
        status, _, text, _ = browser.request('POST', url + '/reports', {'field': 'value'})
        assert status == 501 or 'u-1001' in text, (status, text)


@case('the question itself cannot be asked from outside')
def _():
    idp, app, url = stage()
    assert Browser().request('GET', url + '/oauth2/auth')[0] == 404
    assert not app.seen


@case('who is not allowed gets 403, and the application nothing')
def _():
    idp, app, url = stage(allowed_groups='nobody')
    browser = Browser()
    callback = browser.request('GET', browser.request('GET', url + '/reports')[1])[1]
    assert browser.request('GET', callback)[0] == 403
    assert browser.request('GET', url + '/reports')[0] == 302 and not app.seen


@case('a renewed session travels back through Caddy, in several cookies where it is large')
def _():
    for arguments, least in (((), 1), (('--padding', '2000'), 2)):
        idp, app, url = stage(idp_arguments=(*BRIEF, *arguments), cookie_budget='0')
        browser = sign_in(url)
        until_due()
        before = session_cookies(browser, url)
        assert len(before) >= least, before.keys()
        for _ in range(3):
            assert browser.request('GET', url + '/reports')[0] == 200
        after = session_cookies(browser, url)
        assert before.keys() == after.keys() and all(before[n] != after[n] for n in before), (before.keys(), after.keys())
        assert idp.count('grants.refresh_token') >= 1 and idp.count('refresh_tokens_used_twice') == 0


@case('a skipped route is the one the browser asked for')
def _():
    idp, app, url = stage(skip_auth_routes='GET=^/public$')
    assert Browser().request('GET', url + '/public')[0] == 200
    for path, headers in (('/private', {'X-Forwarded-Uri': '/public'}), ('/public/../private', {}), ('/%2570ublic', {})):
        assert Browser().request('GET', url + path, headers=headers)[0] in (302, 308), path
    assert [path for path, _ in app.seen] == ['/public']


@case('signing out ends it')
def _():
    idp, app, url = stage()
    browser = sign_in(url)
    browser.request('POST', url + '/oauth2/sign_out', {})
    assert not session_cookies(browser, url)
    assert browser.request('GET', url + '/reports')[0] == 302


run_all(None if shutil.which('caddy') else 'caddy is not installed')
