#!/usr/bin/env python3
"""nginx_test.py BUILD: nginx with examples/forward_auth/nginx.conf in front of an application; forward_auth answers auth_request."""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from free_port import free_port
from fronted import SPOOFS, Application, sign_in
from servers import BRIEF, ROOT, Browser, DevIdp, ForwardAuth, case, follow, run_all, running, session_cookies, until_due

BUILD = sys.argv[1]


class Nginx:
    def __init__(self, port, auth_port, app_port):
        self.folder = Path(tempfile.mkdtemp())
        self.lines = []
        site = (ROOT / 'examples/forward_auth/nginx.conf').read_text()
        for old, new in (('127.0.0.1:8080', f'127.0.0.1:{port}'), ('127.0.0.1:4180', f'127.0.0.1:{auth_port}'), ('127.0.0.1:9000', f'127.0.0.1:{app_port}')):
            assert old in site
            site = site.replace(old, new)
        site = site.replace('_oauth2_proxy', 'app')
        (self.folder / 'nginx.conf').write_text(
            f'daemon off;\npid {self.folder}/pid;\nerror_log {self.folder}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n'
            + ''.join(f'{kind}_temp_path {self.folder}/{kind};\n' for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi')) + site + '}\n')
        # As root nginx would hand its workers to a user who may not enter the folder.
        owner = ['-g', 'user root;'] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(['nginx', '-p', str(self.folder), '-c', str(self.folder / 'nginx.conf'), *owner])
        running.append(self)
        deadline = time.monotonic() + 10
        while True:
            try:
                Browser().request('GET', f'http://127.0.0.1:{port}/ping')
                break
            except ConnectionError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError('nginx did not start: ' + (self.folder / 'error.log').read_text())
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def stage(idp_arguments=(), **settings):
    port = free_port()
    idp = DevIdp(BUILD, *idp_arguments)
    idp.post('answer', username='alice')
    auth = ForwardAuth(BUILD, idp.issuer, reverse_proxy='true', trusted_proxy_ips='127.0.0.1', set_xauthrequest='true',
                       whitelist_domains=f'127.0.0.1:{port}', accept_http_return='true', **settings)
    app = Application()
    Nginx(port, auth.where.rsplit(':', 1)[1], app.port)
    return idp, app, f'http://127.0.0.1:{port}'


@case('nobody reaches the application without signing in')
def _():
    idp, app, url = stage()
    status, location, _, _ = Browser().request('GET', url + '/reports')
    assert status == 302 and location.startswith(idp.issuer + '/authorize?'), (status, location)
    for name in SPOOFS:
        assert Browser().request('GET', url + '/reports', headers={name: 'alice'})[0] == 302, name
    assert not [path for path, _ in app.seen if path == '/reports']


@case('a sign-in through nginx reaches the application with the identity, and nothing a client planted')
def _():
    idp, app, url = stage()
    browser = sign_in(url)
    status, _, text, _ = browser.request('GET', url + '/reports', headers={name: 'planted' for name in SPOOFS})
    assert status == 200 and 'X-Forwarded-User: u-1001' in text and 'X-Forwarded-Email: alice@example.org' in text, text
    assert 'planted' not in text, text


@case('the question itself cannot be asked from outside')
def _():
    idp, app, url = stage()
    assert Browser().request('GET', url + '/oauth2/auth')[0] == 404


@case('a renewed session travels back through nginx, in several cookies where it is large')
def _():
    for arguments, least in (((), 1), (('--padding', '2000'), 2)):
        idp, app, url = stage((*BRIEF, *arguments), cookie_budget='0')
        browser = sign_in(url)
        before = session_cookies(browser, url)
        assert len(before) >= least, before.keys()
        for _ in range(2):
            until_due()
            status, _, _, headers = browser.request('GET', url + '/reports')
            assert status == 200 and all('HttpOnly' in c and 'Max-Age=604800' in c for c in headers.get_all('Set-Cookie')), headers
        after = session_cookies(browser, url)
        assert before.keys() == after.keys() and all(before[n] != after[n] for n in before), (before.keys(), after.keys())
        assert idp.count('grants.refresh_token') >= 1 and idp.count('refresh_tokens_used_twice') == 0


@case('signing out ends it')
def _():
    idp, app, url = stage()
    browser = sign_in(url)
    browser.request('POST', url + '/oauth2/sign_out', {})
    assert not session_cookies(browser, url)
    assert browser.request('GET', url + '/reports')[0] == 302


run_all(None if shutil.which('nginx') else 'nginx is not installed')
