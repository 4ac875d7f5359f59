#!/usr/bin/env python3
"""drop_in_test.py BUILD: configurations of oauth2-proxy, as people have them, run forward_auth unchanged: sign in, decide, sign out.

The files are given as they are; what differs here (ports, the provider's address) comes from the environment, as oauth2-proxy takes it.
With OAUTH2_PROXY naming a binary (7.15) the same is done with oauth2-proxy itself, and must come to the same.
"""
import contextlib
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from free_port import free_port
from fronted import Application
from servers import Browser, DevIdp, case, run_all, running

BUILD = sys.argv[1]
FILES = Path(__file__).parent / 'oauth2-proxy'
work = tempfile.TemporaryDirectory()
subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', f'{work.name}/tls.key', '-out', f'{work.name}/tls.crt', '-days', '2', '-subj',
                '/CN=localhost'], check=True, capture_output=True)


class Proxy:
    """A program with one of the files."""

    def __init__(self, command, name, port, issuer, upstream, more=None):
        self.port = port
        scheme = 'https' if name == 'tls.cfg' else 'http'
        self.url = f'{scheme}://127.0.0.1:{self.port}'
        prefix = '/_login' if name == 'tls.cfg' else '/oauth2'
        self.lines = []
        moved = {'OIDC_ISSUER_URL': issuer, f'{scheme.upper()}_ADDRESS': f'127.0.0.1:{self.port}', 'REDIRECT_URL': f'{self.url}{prefix}/callback'}
        if name == 'tls.cfg':
            moved |= {'TLS_CERT_FILE': f'{work.name}/tls.crt', 'TLS_KEY_FILE': f'{work.name}/tls.key', 'LOGGING_FILENAME': f'{work.name}/log-{self.port}'}
        if name == 'sidecar.cfg':
            moved |= {'UPSTREAMS': upstream}
        env = {'PATH': os.environ['PATH'], **{f'OAUTH2_PROXY_{key}': value for key, value in moved.items()}, **(more or {})}
        self.process = subprocess.Popen([*command, '--config', str(FILES / name)], env=env, stdout=open(f'{work.name}/said', 'w'), stderr=subprocess.STDOUT)
        running.append(self)
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError):
                if self.browser().request('GET', self.url + '/ping')[0] == 200:
                    return
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f'{command[0]} did not start: ' + Path(f'{work.name}/said').read_text())
            time.sleep(0.05)

    def browser(self):
        return Browser(tls=ssl._create_unverified_context())

    def stop(self):
        self.process.kill()
        self.process.wait()


def names(jar):
    return sorted(re.sub(r'_[-\w]{8}_csrf$', '_ATTEMPT_csrf', name) for name in jar)


def journey(proxy, prefix, issuer, forwards):
    """What happens to a browser that signs in, asks and signs out, step by step."""
    seen = []
    browser = proxy.browser()
    jar = browser.cookies.setdefault(proxy.url.split('//')[1], {})

    def step(what, *request, **more):
        status, location, text, headers = browser.request(*request, **more)
        place = re.sub(r'\?.*', '', location or '').replace(proxy.url, '').replace(issuer, 'PROVIDER')
        status = 'forwarded' if forwards and (status == 501 or 'X-Application' in headers) else status
        seen.append((what, status, place, names(jar)))
        return location, text, headers

    step('nobody', 'GET', proxy.url + '/page?a=b', headers={'Accept': 'text/html'})
    step('nobody asks', 'GET', proxy.url + prefix + '/auth')
    step('a program', 'GET', proxy.url + '/api/x', headers={'Accept': 'application/json'})
    location, _, _ = step('start', 'GET', proxy.url + prefix + '/start?rd=%2Fpage%3Fa%3Db')
    query = dict(re.findall(r'[?&](\w+)=([^&]*)', location))
    seen.append(('asked of the provider', sorted(query), query['scope'], query.get('code_challenge_method')))
    status, callback, text, _ = browser.request('GET', location)
    assert callback and callback.startswith(proxy.url + prefix + '/callback'), (status, location, text)
    location, _, _ = step('callback', 'GET', callback)
    assert location.endswith('/page?a=b'), location
    step('the page', 'GET', proxy.url + '/page?a=b')
    _, _, headers = step('asks', 'GET', proxy.url + prefix + '/auth')
    told = {name: headers[name] for name in ('X-Auth-Request-User', 'X-Auth-Request-Email', 'X-Auth-Request-Groups', 'X-Auth-Request-Preferred-Username', 'GAP-Auth', 'Authorization')}
    seen.append(('told', told, bool(headers['X-Auth-Request-Access-Token'])))
    seen.append(('userinfo', json.loads(step('userinfo', 'GET', proxy.url + prefix + '/userinfo')[1])))
    step('other groups', 'GET', proxy.url + prefix + '/auth?allowed_groups=nobody')
    step('signs out', 'GET', proxy.url + prefix + '/sign_out?rd=%2Fbye')
    step('nobody again', 'GET', proxy.url + prefix + '/auth')
    return seen


def add_case(name, prefix, forwards):
    @case(f'{name} runs as it is: sign in, decide, sign out')
    def _():
        ports = [free_port(), free_port()]
        scheme = 'https' if name == 'tls.cfg' else 'http'
        idp = DevIdp(BUILD, *(part for port in ports for part in ('--redirect-uri', f'{scheme}://127.0.0.1:{port}{prefix}/callback')))
        idp.post('answer', username='alice')
        app = Application()
        upstream = f'http://127.0.0.1:{app.port}/'
        ours = Proxy([f'{BUILD}/examples/forward_auth/forward_auth'], name, ports[0], idp.issuer, upstream, {'GATELET_COMPAT': 'oauth2-proxy'})
        seen = journey(ours, prefix, idp.issuer, forwards)
        steps = {step[0]: step for step in seen}
        assert steps['callback'][1] == 302 and steps['asks'][1] == 202 and steps['nobody asks'][1] == 401 and steps['nobody again'][1] == 401, seen
        assert steps['the page'][1] == ('forwarded' if forwards else 202 if name == 'nginx.cfg' else 200), seen
        assert steps['signs out'][1:3] == (302, '/bye') and not [n for n in steps['signs out'][3] if 'csrf' not in n], seen
        assert steps['userinfo'][1]['email'] == ('u-1001' if name == 'tls.cfg' else 'alice@example.org'), seen  # user_id_claim
        if name == 'tls.cfg':
            assert 'signed-in' in Path(f'{work.name}/log-{ours.port}').read_text()
        if not (reference := os.environ.get('OAUTH2_PROXY')):
            print(f'skip {name} by oauth2-proxy: OAUTH2_PROXY names no oauth2-proxy binary (7.15)')
            return
        theirs = journey(Proxy([reference], name, ports[1], idp.issuer, upstream), prefix, idp.issuer, forwards)
        for a, b in zip(seen, theirs, strict=True):
            assert a == b, f'\n  forward_auth: {a}\n  oauth2-proxy: {b}'


add_case('nginx.cfg', '/oauth2', False)
add_case('sidecar.cfg', '/oauth2', True)
add_case('tls.cfg', '/_login', False)
run_all()
