#!/usr/bin/env python3
"""traefik_test.py BUILD: Traefik's forwardAuth. By a client that asks as Traefik does; and, where the environment variable TRAEFIK names a
binary (3.4 or newer), by Traefik itself with examples/forward_auth/traefik.yml in front of an application.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from free_port import free_port
from fronted import SPOOFS, Application, sign_in
from servers import BRIEF, ROOT, Browser, DevIdp, ForwardAuth, Skipped, case, run_all, running, session_cookies, until_due

BUILD = sys.argv[1]


def forward_auth(idp, **settings):
    return ForwardAuth(BUILD, idp.issuer, reverse_proxy='true', trusted_proxy_ips='127.0.0.1', set_xauthrequest='true', upstreams='static://202', **settings)


def ask(auth, target, method='GET', host='app.example', **more):
    """As Traefik asks: a GET of the address, what was asked for in X-Forwarded-*, the client's other fields as they came."""
    fields = {'X-Forwarded-Method': method, 'X-Forwarded-Proto': 'http', 'X-Forwarded-Host': host, 'X-Forwarded-Uri': target, 'X-Forwarded-For': '203.0.113.7', **more}
    status, location, _, headers = Browser().request('GET', auth.url + '/', headers=fields)
    return status, location, headers


@case('the question: a redirect to the sign-in for nobody, 202 with the identity for somebody')
def _():
    idp = DevIdp(BUILD)
    idp.post('answer', username='alice')
    auth = forward_auth(idp)
    status, location, headers = ask(auth, '/reports?a=b%20c')
    assert status == 302 and location.startswith(idp.issuer) and 'app.example%2Foauth2%2Fcallback' in location, (status, location)
    assert '%3A%2Freports%3Fa%3Db%2520c' in location and '_csrf=' in headers['Set-Cookie'], location
    assert ask(auth, '/reports', Accept='application/json')[0] == 401
    browser = Browser()
    callback = browser.request('GET', browser.request('GET', auth.url + '/')[1])[1]
    assert browser.request('GET', callback)[0] == 302
    cookie = '; '.join(f'{n}={v}' for n, v in session_cookies(browser, auth.url).items())
    status, _, headers = ask(auth, '/reports', Cookie=cookie)
    assert status == 202 and headers['X-Auth-Request-User'] == 'u-1001' and headers['X-Auth-Request-Email'] == 'alice@example.org', headers


@case('rules go by what was asked of Traefik; its health checks are not the application\'s')
def _():
    auth = forward_auth(DevIdp(BUILD), skip_auth_routes='GET=^/public$,^/robots.txt$', skip_auth_preflight='true')
    assert ask(auth, '/public')[0] == 202 and ask(auth, '/public', 'POST')[0] == 302 and ask(auth, '/private', 'OPTIONS')[0] == 202
    for target in ('/private', '/ping', '/ready', '/oauth2/auth', '/oauth2/sign_in', '/public/../private', '/%2570ublic'):
        assert ask(auth, target)[0] == 302, target
    for target in ('/a#b', 'http://other.example/', 'private', '/%zz'):
        assert ask(auth, target)[0] == 400, target
    assert ask(auth, '/private', 'GE T')[0] == 400


@case('who is no trusted proxy is believed nothing')
def _():
    idp = DevIdp(BUILD)
    auth = ForwardAuth(BUILD, idp.issuer, reverse_proxy='true', trusted_proxy_ips='10.0.0.1', upstreams='static://202', skip_auth_routes='^/public$')
    status, location, _ = ask(auth, '/public', host='evil.example')
    assert status == 302 and 'evil' not in location, (status, location)


class Traefik:
    def __init__(self, port, auth_port, app_port):
        self.folder = Path(tempfile.mkdtemp())
        self.lines = []
        site = (ROOT / 'examples/forward_auth/traefik.yml').read_text()
        for old, new in (('127.0.0.1:4180', f'127.0.0.1:{auth_port}'), ('127.0.0.1:9000', f'127.0.0.1:{app_port}'), ('_oauth2_proxy', 'app')):
            assert old in site
            site = site.replace(old, new)
        (self.folder / 'site.yml').write_text(site)
        self.process = subprocess.Popen([os.environ['TRAEFIK'], f'--entryPoints.web.address=127.0.0.1:{port}', f'--providers.file.filename={self.folder}/site.yml',
                                         '--global.checkNewVersion=false', '--global.sendAnonymousUsage=false'],
                                        stdout=open(self.folder / 'log', 'w'), stderr=subprocess.STDOUT, cwd=self.folder)
        running.append(self)
        deadline = time.monotonic() + 20
        while True:
            try:
                if Browser().request('GET', f'http://127.0.0.1:{port}/oauth2/sign_in')[0] != 404:
                    break
            except ConnectionError:
                pass
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError('traefik did not start: ' + (self.folder / 'log').read_text())
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def stage(*idp_arguments, **settings):
    port = free_port()
    idp = DevIdp(BUILD, *idp_arguments)
    idp.post('answer', username='alice')
    auth = forward_auth(idp, **settings)
    app = Application()
    Traefik(port, auth.where.rsplit(':', 1)[1], app.port)
    return idp, app, f'http://127.0.0.1:{port}'


def with_traefik(name):
    def add(run):
        def perhaps():
            if not os.environ.get('TRAEFIK'):
                raise Skipped('TRAEFIK names no binary (3.4 or newer)')
            run()
        return case(f'Traefik: {name}')(perhaps)
    return add


@with_traefik('nobody reaches the application without signing in')
def _():
    idp, app, url = stage()
    for target in ('/reports', '/ping', '/ready', '/robots.txt'):
        status, location, _, _ = Browser().request('GET', url + target)
        assert status == 302 and location.startswith(idp.issuer + '/authorize?'), (target, status, location)
    for name, value in [(name, 'alice') for name in SPOOFS] + [('X-Forwarded-Uri', '/ping'), ('X-Forwarded-Method', 'OPTIONS'), ('X-Forwarded-Host', 'evil.example')]:
        status, location, _, _ = Browser().request('GET', url + '/reports', headers={name: value})
        assert status == 302 and 'evil' not in location and '%3A%2Freports' in location, (name, location)
    assert not app.seen


@with_traefik('a sign-in reaches the application with the identity, and nothing a client planted')
def _():
    idp, app, url = stage()
    browser = sign_in(url)
    status, _, text, _ = browser.request('GET', url + '/reports', headers={name: 'planted' for name in SPOOFS})
    assert status == 200 and 'X-Auth-Request-User: u-1001' in text and 'X-Auth-Request-Email: alice@example.org' in text, text
    assert 'planted' not in text, text


@with_traefik('a renewed session travels back, in several cookies where it is large; signing out ends it')
def _():
    for arguments, least in (((), 1), (('--padding', '2000'), 2)):
        idp, app, url = stage(*BRIEF, *arguments)
        browser = sign_in(url)
        until_due()
        before = session_cookies(browser, url)
        assert len(before) >= least
        for _ in range(3):
            assert browser.request('GET', url + '/reports')[0] == 200
        after = session_cookies(browser, url)
        assert before.keys() == after.keys() and all(before[n] != after[n] for n in before), (before.keys(), after.keys())
        assert idp.count('refresh_tokens_used_twice') == 0
        browser.request('POST', url + '/oauth2/sign_out', {})
        assert not session_cookies(browser, url) and browser.request('GET', url + '/reports')[0] == 302


run_all()
