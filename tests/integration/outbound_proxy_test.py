#!/usr/bin/env python3
"""outbound_proxy_test.py BUILD: the provider reached through a real proxy, Squid, which alone knows where idp.test is."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from free_port import free_port
from servers import Browser, DevIdp, ForwardAuth, case, follow, run_all, running

BUILD = sys.argv[1]
WORK = Path(tempfile.mkdtemp())


def until_it_listens(port, process, log):
    deadline = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(('127.0.0.1', port), 1).close()
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(f'{process.args[0]} did not start: ' + (log.read_text() if log.exists() else ''))
            time.sleep(0.05)


class Squid:
    """Lets a user called me, with the password p@ss, through to idp.test and to nobody else."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp())
        self.lines = []
        self.port = free_port()
        hashed = subprocess.run(['openssl', 'passwd', '-apr1', 'p@ss'], check=True, capture_output=True, text=True).stdout.strip()
        (self.folder / 'users').write_text(f'me:{hashed}\n')
        (self.folder / 'hosts').write_text('127.0.0.1 idp.test\n')
        log = self.folder / 'cache.log'
        (self.folder / 'squid.conf').write_text(f'''
http_port 127.0.0.1:{self.port}
hosts_file {self.folder}/hosts
pid_filename none
cache_log {log}
access_log stdio:{self.folder}/access.log
logfile_rotate 0
cache deny all
coredump_dir {self.folder}
shutdown_lifetime 0 seconds
auth_param basic program /usr/lib/squid/basic_ncsa_auth {self.folder}/users
auth_param basic children 1 startup=1
acl known proxy_auth REQUIRED
acl provider dstdomain idp.test
http_access allow provider known
http_access deny all
''')
        # As root Squid runs as a user of its own, who must write its logs here.
        if os.geteuid() == 0:
            self.folder.chmod(0o777)
        self.process = subprocess.Popen(['squid', '-N', '-f', str(self.folder / 'squid.conf')], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        running.append(self)
        until_it_listens(self.port, self.process, log)

    def asked(self):
        """What it was asked for, in order: ('TCP_TUNNEL/200', 'CONNECT idp.test:443')."""
        return re.findall(r'(TCP_\S+/\d+) \d+ (\S+ \S+)', (self.folder / 'access.log').read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


class TlsFront:
    """nginx that ends TLS for idp.test before the development provider."""

    def __init__(self, provider):
        self.folder = Path(tempfile.mkdtemp())
        self.lines = []
        self.port = free_port()
        self.certificate = self.folder / 'idp.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', self.folder / 'idp.key', '-out', self.certificate, '-days', '2',
                        '-subj', '/CN=test', '-addext', 'subjectAltName=DNS:idp.test'], check=True, capture_output=True)
        temporary = ''.join(f'{kind}_temp_path {self.folder}/{kind};\n' for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        (self.folder / 'nginx.conf').write_text(f'''
daemon off;
pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{}}
http {{
  access_log off;
  {temporary}
  server {{
    listen 127.0.0.1:{self.port} ssl;
    ssl_certificate {self.certificate};
    ssl_certificate_key {self.folder}/idp.key;
    location / {{ proxy_pass {provider}; }}
  }}
}}
''')
        owner = ['-g', 'user root;'] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(['nginx', '-p', str(self.folder), '-c', str(self.folder / 'nginx.conf'), *owner])
        running.append(self)
        until_it_listens(self.port, self.process, self.folder / 'error.log')

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def stage(proxy_url, https=True, more_environment=None, **settings):
    """Browsers reach the provider by its address; the library, for token and keys, only as idp.test."""
    idp = DevIdp(BUILD)
    idp.post('answer', username='alice')
    squid = Squid()
    if https:
        front = TlsFront(idp.issuer)
        base = f'https://idp.test:{front.port}'
        settings['provider_ca_files'] = front.certificate
    else:
        base = idp.issuer.replace('127.0.0.1', 'idp.test')
    environment = {name: proxy_url.format(port=squid.port) for name in ('HTTPS_PROXY', 'HTTP_PROXY')}
    saved = dict(os.environ)
    os.environ.update({**environment, **(more_environment or {})})
    try:
        auth = ForwardAuth(BUILD, idp.issuer, skip_oidc_discovery='true', login_url=f'{idp.issuer}/authorize', redeem_url=f'{base}/token',
                           oidc_jwks_url=f'{base}/jwks', **settings)
    finally:
        os.environ.clear()
        os.environ.update(saved)
    return idp, squid, auth, base


def callback(auth):
    """Signs in as far as the callback, and gives its answer."""
    browser = Browser()
    status, location, text = follow(browser, auth.url + '/', auth.url + '/oauth2/callback')
    assert location and location.startswith(auth.url + '/oauth2/callback'), (status, location, text)
    answer = browser.request('GET', location)
    return answer, browser.request('GET', auth.url + '/oauth2/auth')[0]


def endpoints(idp):
    text = Browser().request('GET', idp.issuer + '/.well-known/openid-configuration')[2]
    return {name: text.split(f'"{name}":"')[1].split('"')[0] for name in ('token_endpoint', 'jwks_uri')}


@case('the addresses this test writes are the provider\'s')
def _():
    idp = DevIdp(BUILD)
    assert endpoints(idp) == {'token_endpoint': f'{idp.issuer}/token', 'jwks_uri': f'{idp.issuer}/jwks'}, endpoints(idp)


@case('F-116: a sign-in whose code and keys go through the proxy of the environment, in tunnels')
def _():
    idp, squid, auth, base = stage('http://me:p%40ss@127.0.0.1:{port}')
    answer, session = callback(auth)
    assert answer[0] == 302 and session == 202, (answer, session)
    auth.stop()  # Squid notes a tunnel when it closes
    deadline = time.monotonic() + 10
    while not (asked := squid.asked()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert asked and all(result == 'TCP_TUNNEL/200' and what == f'CONNECT {base[8:]}' for result, what in asked), asked
    assert auth.said(f'calls to providers go through a proxy: http://127.0.0.1:{squid.port}'), auth.lines
    assert not auth.said('p%40ss') and not auth.said('p@ss'), auth.lines


@case('F-116: plain http asks the proxy for the whole URL')
def _():
    idp, squid, auth, base = stage('http://me:p%40ss@127.0.0.1:{port}', https=False)
    answer, session = callback(auth)
    assert answer[0] == 302 and session == 202, (answer, session)
    assert [what for _, what in squid.asked()] == [f'GET {base}/jwks', f'POST {base}/token'], squid.asked()


@case('F-116: a proxy that refuses the password: no session, the code is not lost on the way, and the log says what to do')
def _():
    idp, squid, auth, base = stage('http://me:canary@127.0.0.1:{port}')
    answer, session = callback(auth)
    assert answer[0] == 502 and session == 401, (answer, session)
    assert idp.requests('token') == 0, idp.state()
    # Keys first, thrice since a GET may be; the code was never sent.
    assert set(squid.asked()) == {('TCP_DENIED/407', f'CONNECT {base[8:]}')}, squid.asked()
    assert auth.said('the proxy wants a user and password') and not auth.said('canary'), auth.lines
    assert 'proxy' not in answer[2] and 'canary' not in answer[2], answer[2]


@case('F-116: a host in NO_PROXY is not asked of the proxy, and outbound_proxy wins over the environment')
def _():
    _, squid, auth, _ = stage('http://me:p%40ss@127.0.0.1:{port}', more_environment={'NO_PROXY': '.other.example, idp.test'})
    answer, session = callback(auth)
    assert answer[0] == 502 and session == 401 and squid.asked() == [], (answer, squid.asked())
    assert auth.said('its name has no address'), auth.lines

    _, squid, auth, _ = stage('http://me:p%40ss@127.0.0.1:{port}', outbound_proxy='-')
    answer, session = callback(auth)
    assert answer[0] == 502 and session == 401 and squid.asked() == [], (answer, squid.asked())


run_all(None if shutil.which('squid') else 'squid is not installed')
