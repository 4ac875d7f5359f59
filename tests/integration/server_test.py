#!/usr/bin/env python3
"""server_test.py BUILD: what forward_auth does as a server: where it listens, TLS, metrics, its log, its end, how it ends after mistakes.

With OAUTH2_PROXY naming a binary (7.15), how oauth2-proxy ends after the same arguments is compared as well.
"""
import concurrent.futures
import contextlib
import gzip
import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import sys

from free_port import free_port
from servers import ROOT, Browser, DevIdp, ForwardAuth, Server, case, run_all, running

BUILD = sys.argv[1]
PROGRAM = f'{BUILD}/examples/forward_auth/forward_auth'
FLAGS = ['--provider=oidc', '--client-id=c', '--client-secret=s', '--cookie-secret=0123456789abcdef', '--email-domain=*', '--oidc-issuer-url=https://127.0.0.1:1',
         '--skip-oidc-discovery', '--login-url=https://127.0.0.1:1/a', '--redeem-url=https://127.0.0.1:1/t', '--oidc-jwks-url=https://127.0.0.1:1/k']
work = tempfile.TemporaryDirectory()
WORK = Path(work.name)


def make_certificate(name, *key):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', *key, '-nodes', '-keyout', WORK / f'{name}.key', '-out', WORK / f'{name}.pem', '-days', '2', '-subj',
                    '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'], check=True, capture_output=True)
    return [WORK / f'{name}.pem', WORK / f'{name}.key']


RSA = make_certificate('rsa', 'rsa:2048')
OTHER = make_certificate('other', 'rsa:2048')


class Program(Server):
    """forward_auth with these arguments, once it says where it listens."""

    def __init__(self, *arguments, announces='listening on ', env=None):
        super().__init__([PROGRAM, '--ends-with-parent', *FLAGS, *arguments], announces, env)

    def line(self, begin):
        return next(line[len(begin):].strip() for line in self.lines if line.startswith(begin))


def ends(*arguments, program=PROGRAM, flags=FLAGS, env=None):
    done = subprocess.run([program, *flags, *[str(a) for a in arguments]], capture_output=True, text=True, timeout=20, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout + done.stderr


def tls_get(where, path='/ping', authority=RSA[0], **limits):
    host, port = where.split('//')[1].rsplit(':', 1)
    context = ssl.create_default_context(cafile=authority)
    for name, value in limits.items():
        context.set_ciphers(value) if name == 'ciphers' else setattr(context, name, value)
    connection = http.client.HTTPSConnection(host, int(port), timeout=10, context=context)
    connection.request('GET', path)
    answer = connection.getresponse()
    negotiated = connection.sock.version() if connection.sock else None
    return answer.status, answer.read().decode(), answer.headers, negotiated


def refuses_tls(where, **limits):
    try:
        tls_get(where, **limits)
    except (ssl.SSLError, ConnectionError):
        return True
    return False


# Where it listens.

@case('it listens at every kind of address, and tells where')
def _():
    assert Browser().request('GET', Program('--http-address=127.0.0.1:0').where + '/ping')[0] == 200
    port = free_port()
    every = Program(f'--http-address=:{port}')
    for host in ('127.0.0.1', 'localhost'):
        assert Browser().request('GET', f'http://{host}:{port}/ping')[0] == 200
    every.stop()
    assert Browser().request('GET', Program(f'--http-address=http://127.0.0.1:{port}').where + '/ping')[0] == 200


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('app.example', timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def unix_get(path, target='/ping', **headers):
    connection = UnixConnection(path)
    connection.request('GET', target, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.headers


@case('a unix socket: its mode, what a killed process left, and its end')
def _():
    path = WORK / 'a.sock'
    server = Program(f'--http-address=unix://{path},mode=0600')
    assert server.where == f'unix://{path}' and path.stat().st_mode & 0o777 == 0o600
    assert unix_get(path)[0] == 200
    code, said = ends(f'--http-address=unix://{path}')
    assert code == 1 and 'cannot be listened on' in said, said
    assert unix_get(path)[0] == 200, 'the first still listens'
    server.stop(signal.SIGKILL)
    again = Program(f'--http-address=unix://{path}')
    assert unix_get(path)[0] == 200
    again.stop()
    assert not path.exists()
    path.write_text('not a socket')
    code, said = ends(f'--http-address=unix://{path}')
    assert code == 1 and path.read_text() == 'not a socket', 'no file of somebody else is removed'


@case('who connects by a unix socket counts as 127.0.0.1, and is trusted when that is')
def _():
    for trusted, wanted in (('127.0.0.1', 'https%3A%2F%2Ftrusted.example'), ('10.0.0.1', 'http%3A%2F%2Fapp.example')):
        path = WORK / 'b.sock'
        server = Program(f'--http-address=unix://{path}', '--reverse-proxy', f'--trusted-proxy-ip={trusted}', '--cookie-secure=false', '--skip-provider-button')
        status, headers = unix_get(path, '/', **{'X-Forwarded-Host': 'trusted.example', 'X-Forwarded-Proto': 'https'})
        assert status == 302 and wanted in headers['Location'], headers['Location']
        server.stop()


@case('a socket that was handed over is served, and is left to its owner')
def _():
    with socket.create_server(('127.0.0.1', 0)) as owner:
        os.set_inheritable(owner.fileno(), True)
        url = f'http://127.0.0.1:{owner.getsockname()[1]}'
        command = [PROGRAM, *FLAGS, f'--http-address=fd:{owner.fileno()}']
        for _ in range(2):
            with subprocess.Popen([str(c) for c in command], pass_fds=[owner.fileno()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
                while not process.stdout.readline().startswith('listening on '):
                    pass
                assert Browser().request('GET', url + '/ping')[0] == 200
                process.terminate()
                process.stdout.read()
                assert process.wait(20) == 0
    code, said = ends('--http-address=fd:77')
    assert code == 1 and 'no listening socket' in said, said


@case('nowhere to listen, and an address that is taken, are told')
def _():
    for off in ('-', ''):
        code, said = ends(f'--http-address={off}')
        assert code == 1 and 'http_address: is off' in said, said
    with socket.create_server(('127.0.0.1', 0)) as taken:
        code, said = ends(f'--http-address=127.0.0.1:{taken.getsockname()[1]}')
        assert code == 1 and 'in use' in said, said


# TLS.

@case('a certificate makes it https, and only https')
def _():
    server = Program('--https-address=127.0.0.1:0', f'--tls-cert-file={RSA[0]}', f'--tls-key-file={RSA[1]}', '--http-address=127.0.0.1:0')
    assert server.where.startswith('https://') and len([line for line in server.lines if line.startswith('listening')]) == 1
    status, body, _, _ = tls_get(server.where)
    assert status == 200 and body == 'OK'
    location = tls_get(server.where, '/oauth2/start')[2]['Location']
    assert 'redirect_uri=https%3A%2F%2F' in location, location
    try:
        assert Browser().request('GET', server.where.replace('https', 'http') + '/ping')[0] not in (200, 302)
    except (ConnectionError, http.client.HTTPException):
        pass
    assert refuses_tls(server.where, authority=OTHER[0]), 'the check itself can fail'


@case('old TLS versions are refused, newer ones by choice')
def _():
    server = Program('--https-address=127.0.0.1:0', f'--tls-cert-file={RSA[0]}', f'--tls-key-file={RSA[1]}')
    v12, v13, v11 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_1
    assert tls_get(server.where, maximum_version=v12)[3] == 'TLSv1.2' and tls_get(server.where)[3] == 'TLSv1.3'
    assert refuses_tls(server.where, minimum_version=v11, maximum_version=v11, ciphers='ALL:@SECLEVEL=0')
    assert refuses_tls(server.where, maximum_version=v12, ciphers='AES256-GCM-SHA384'), 'no forward secrecy'
    new = Program('--https-address=127.0.0.1:0', f'--tls-cert-file={RSA[0]}', f'--tls-key-file={RSA[1]}', '--tls-min-version=TLS1.3')
    assert tls_get(new.where, minimum_version=v13)[0] == 200 and refuses_tls(new.where, maximum_version=v12)


@case('cipher suites are those that were named')
def _():
    v12 = ssl.TLSVersion.TLSv1_2
    server = Program('--https-address=127.0.0.1:0', f'--tls-cert-file={RSA[0]}', f'--tls-key-file={RSA[1]}',
                     '--tls-cipher-suite=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', '--tls-cipher-suite=TLS_RSA_WITH_AES_256_GCM_SHA384')
    assert tls_get(server.where, maximum_version=v12, ciphers='ECDHE-RSA-AES128-GCM-SHA256')[0] == 200
    assert tls_get(server.where, maximum_version=v12, ciphers='AES256-GCM-SHA384')[0] == 200
    assert refuses_tls(server.where, maximum_version=v12, ciphers='ECDHE-RSA-AES256-GCM-SHA384')
    assert tls_get(server.where)[3] == 'TLSv1.3', 'the suites of TLS 1.3 stay, as in the reference'
    only = Program('--https-address=127.0.0.1:0', f'--tls-cert-file={RSA[0]}', f'--tls-key-file={RSA[1]}', '--tls-cipher-suite=TLS_AES_128_GCM_SHA256')
    assert tls_get(only.where)[3] == 'TLSv1.3' and refuses_tls(only.where, maximum_version=v12)
    code, said = ends(f'--tls-cert-file={RSA[0]}', f'--tls-key-file={RSA[1]}', '--tls-cipher-suite=TLS_RSA_WITH_RC4_128_SHA')
    assert code == 1 and 'TLS_RSA_WITH_RC4_128_SHA" is not among' in said and 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' in said, said


@case('certificates that cannot be used are told, key and certificate by their names')
def _():
    (WORK / 'garbage').write_text('canary')
    locked = WORK / 'locked.key'
    subprocess.run(['openssl', 'rsa', '-aes128', '-passout', 'pass:canary', '-in', RSA[1], '-out', locked], check=True, capture_output=True)
    for cert, key, wanted in ((RSA[0], '', 'tls_key_file: missing'), ('', RSA[1], 'tls_cert_file: missing'), ('/none', RSA[1], 'tls_cert_file: /none cannot'),
                              (WORK / 'garbage', RSA[1], 'tls_cert_file: '), (RSA[0], WORK / 'garbage', 'tls_key_file: '), (RSA[0], locked, 'pass phrase'),
                              (RSA[0], OTHER[1], 'is not the key of tls_cert_file')):
        for test in ([], ['--config-test']):
            code, said = ends(f'--tls-cert-file={cert}', f'--tls-key-file={key}', *test)
            assert code == 1 and wanted in said and 'canary' not in said, (cert, key, said)
    code, said = ends('--metrics-secure-address=127.0.0.1:0')
    assert code == 1 and 'metrics_tls_cert_file: missing' in said, said


@case('metrics: plain, by TLS, and nothing else there')
def _():
    server = Program('--http-address=127.0.0.1:0', '--metrics-address=127.0.0.1:0', '--metrics-secure-address=127.0.0.1:0', f'--metrics-tls-cert-file={OTHER[0]}',
                     f'--metrics-tls-key-file={OTHER[1]}')
    plain, secure = server.line('metrics on http:'), server.line('metrics on https:')
    status, _, text, headers = Browser().request('GET', 'http:' + plain)
    assert status == 200 and 'gatelet_decisions_total' in text and headers['Content-Type'].startswith('text/plain')
    assert 'gatelet_decisions_total' in tls_get('https:' + secure.removesuffix('/metrics'), '/metrics', authority=OTHER[0])[1]
    for path in ('/', '/oauth2/start', '/ping'):
        assert Browser().request('GET', 'http:' + plain.removesuffix('/metrics') + path)[0] == 404, path
    assert Browser().request('GET', server.where + '/metrics')[0] == 302, 'the application\'s address has none'


# What a connection may carry.

def raw(server, *pieces, pause=0.3):
    """Everything that comes back on one connection for these bytes."""
    host, port = server.where.split('//')[1].split(':')
    with socket.create_connection((host, int(port)), timeout=10) as s:
        with contextlib.suppress(OSError):  # it may be closed before all is sent
            for piece in pieces:
                s.sendall(piece)
                time.sleep(pause)
            s.shutdown(socket.SHUT_WR)
        said = b''
        with contextlib.suppress(ConnectionResetError):
            while more := s.recv(65536):
                said += more
        return said


PUBLIC = ['--http-address=127.0.0.1:0', '--upstream=static://202', '--skip-auth-route=^/public']


@case('a forwarded target arrives as it was sent, percent signs and all')
def _():
    server = Program(*PUBLIC, '--reverse-proxy', '--trusted-proxy-ip=127.0.0.1')
    for target, wanted in (('/public/a%20b?x=%26', 202), ('/%70ublic', 202), ('/%2570ublic', 302), ('/public%2f..%2fadmin', 302)):
        assert Browser().request('GET', server.where + '/', headers={'X-Forwarded-Uri': target})[0] == wanted, target
    location = Browser().request('GET', server.where + '/', headers={'X-Forwarded-Uri': '/a%20b?c=%25%26'})[1]
    assert '%3A%2Fa%2520b%3Fc%3D%2525%2526' in location, location


@case('a head that can be read in two ways is refused, and nothing after it on that connection is answered')
def _():
    server = Program(*PUBLIC)
    good = b'GET /public HTTP/1.1\r\nHost: a.example\r\n\r\n'
    assert raw(server, good, good).count(b'HTTP/1.1 202') == 2, 'two good ones are both answered'
    for head in (b'GET /public HTTP/1.1\r\nHost: a.example\r\nX y: 1\r\n\r\n', b'GET /public HTTP/1.1\r\nHost: a.example\r\n folded\r\n\r\n',
                 b'GET /public HTTP/1.1\r\nHost: a.example\r\nno colon\r\n\r\n', b'GET /public HTTP/1.1\nHost: a.example\n\n\r\n\r\n',
                 b'GET /public HTTP/1.1\r\nHost: a.example\r\nX: a\rb\r\n\r\n', b'GET /public HTTP/1.1\r\nHost: a.example\r\nX: \0\r\n\r\n',
                 b'GET /public HTTP/2.0\r\nHost: a.example\r\n\r\n', b'GET  /public HTTP/1.1\r\nHost: a.example\r\n\r\n',
                 b'GET /public#x HTTP/1.1\r\nHost: a.example\r\n\r\n', b'GET /public HTTP/1.1\r\nHost: a.example\r\nHost : b.example\r\n\r\n',
                 b'POST /public HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
                 b'POST /public HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n',
                 b'POST /public HTTP/1.1\r\nHost: a.example\r\nContent-Length: +1\r\n\r\n',
                 b'POST /public HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
                 b'GET /public HTTP/1.1\r\nHost: a.example\r\nX: ' + b'a' * 70000 + b'\r\n\r\n'):
        said = raw(server, head, good)
        assert said.startswith(b'HTTP/1.1 400') and b'202' not in said, (head[:80], said[:200])


@case('the body of a request is never taken for the next one')
def _():
    server = Program(*PUBLIC)
    inner = b'GET /public HTTP/1.1\r\nHost: a.example\r\n\r\n'
    for method in (b'GET', b'HEAD', b'OPTIONS', b'DELETE', b'POST'):
        for head in (b'Content-Length: %d' % len(inner), b'Transfer-Encoding: chunked'):
            said = raw(server, method + b' /ping HTTP/1.1\r\nHost: a.example\r\n' + head + b'\r\n\r\n', inner, inner)
            assert b' 202 ' not in said and said.count(b'HTTP/1.1 ') == 1, (method, head, said)


def seconds_held(where, first, drip, tls=None):
    """How long a client that sends a byte a second keeps its connection."""
    host, port = where.split('//')[1].split(':')
    begun = time.monotonic()
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=10) as plain:
        s = tls.wrap_socket(plain, server_hostname='localhost') if tls else plain
        s.sendall(first)
        while time.monotonic() - begun < 40:
            time.sleep(1)
            s.sendall(drip)
            s.setblocking(False)
            with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
                if s.recv(1) == b'':
                    break
            s.setblocking(True)
    return time.monotonic() - begun


@case('a client that sends a byte now and then is not waited for, neither in a head, a body nor TLS')
def _():
    plain = Program('--http-address=127.0.0.1:0')
    secure = Program('--https-address=127.0.0.1:0', f'--tls-cert-file={RSA[0]}', f'--tls-key-file={RSA[1]}')
    context = ssl.create_default_context(cafile=RSA[0])
    clients = [(plain.where, b'GET /ping HTTP/1.1\r\nX: ', b'a'), (plain.where, b'POST /oauth2/sign_out HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n', b'a'),
               (secure.where, b'\x16\x03\x01\x02\x00', b'\x01'), (secure.where, b'GET /ping HTTP/1.1\r\nX: ', b'a', context)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        held = list(pool.map(lambda client: seconds_held(*client), clients))
    assert all(seconds < 28 for seconds in held), held
    assert Browser().request('GET', plain.where + '/ping')[0] == 200 and tls_get(secure.where)[0] == 200


@case('a browser may bring more than 8 KiB of cookies')
def _():
    idp = DevIdp(BUILD, '--padding', '5000')
    idp.post('answer', username='alice')
    app = ForwardAuth(BUILD, idp.issuer, cookie_budget='0')
    browser = Browser()
    callback = browser.request('GET', browser.request('GET', app.url + '/')[1])[1]
    assert browser.request('GET', callback)[0] == 302
    jar = browser.cookies[app.url.split('//')[1]]
    assert sum(len(n) + len(v) for n, v in jar.items()) > 8192, {n: len(v) for n, v in jar.items()}
    assert browser.request('GET', app.url + '/oauth2/auth')[0] == 202


# What a request gets that may pass.

@case('static upstreams answer with their status, others say who forwards')
def _():
    public = ['--http-address=127.0.0.1:0', '--skip-auth-route=^/']
    for arguments, answers in ((['--upstream=static://202'], {'/': 202, '/any/thing': 202}),
                               (['--upstream=static://204'], {'/': 204}),
                               (['--upstream=static://200', '--upstream=http://127.0.0.1:1/api/'], {'/': 200, '/api/x': 501, '/api': 200}),
                               (['--upstream=http://127.0.0.1:1/exact'], {'/exact': 501, '/exact/x': 404, '/': 404}),
                               (['--upstream=file:///srv/#/files/'], {'/files/a': 501, '/srv/': 404}),
                               (['--upstream=https://127.0.0.1:1'], {'/': 501, '/a/b': 501})):
        server = Program(*public, *arguments)
        for path, wanted in answers.items():
            status, _, text, _ = Browser().request('GET', server.where + path)
            assert status == wanted and (text == 'Authenticated' if status in (200, 202) else text != 'Authenticated'), (arguments, path, status, text)
        has_warned = server.said('gatelet forwards no requests')
        assert has_warned == any('static' not in a for a in arguments), arguments
        server.stop()
    closed = Program('--http-address=127.0.0.1:0', '--upstream=static://202')
    assert Browser().request('GET', closed.where + '/')[0] == 302, 'whoever is nobody gets no 202'


# The log.

def logged(path):
    return path.read_text() if path.exists() else ''


@case('a log file: lines with their time, errors elsewhere unless they are wanted here')
def _():
    path = WORK / 'one.log'
    server = Program('--http-address=127.0.0.1:0', f'--logging-filename={path}', '--request-logging=false')
    Browser().request('GET', server.where + '/ping')
    server.stop()
    lines = logged(path).splitlines()
    assert any(' info ping ' in line for line in lines) and path.stat().st_mode & 0o777 == 0o600, lines
    assert all(time.strptime(line[:21], '[%Y/%m/%d %H:%M:%S]') for line in lines)
    assert not server.said(' info ping '), server.lines
    for wanted, arguments in ((False, []), (True, ['--errors-to-info-log'])):
        path = WORK / f'errors-{wanted}.log'
        server = Program('--http-address=127.0.0.1:0', f'--logging-filename={path}', '--ssl-insecure-skip-verify', *arguments)
        server.stop()
        assert ('warning insecure-setting' in logged(path)) == wanted and server.said('warning insecure-setting') != wanted, arguments
    hours = {}
    for zone in ('true', 'false'):
        path = WORK / f'zone-{zone}.log'
        server = Program('--http-address=127.0.0.1:0', f'--logging-filename={path}', f'--logging-local-time={zone}', '--request-logging=false', env={'TZ': 'TST-05:00'})
        Browser().request('GET', server.where + '/ping')
        server.stop()
        hours[zone] = int(logged(path).splitlines()[-1][12:14])
    assert (hours['true'] - hours['false']) % 24 in (4, 5), hours


@case('lines as oauth2-proxy writes them: requests by themselves, events for whoever sets a format')
def _():
    time_of = r'\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\]'
    request = rf'127\.0\.0\.1 - \S+ - - {time_of} \S+ GET - "/ping\?code=x" HTTP/1\.1 "" 200 2 \d+\.\d+'
    for arguments, event in (([], rf'{time_of} info ping request=\S+: .*'), (['--standard-logging-format={{.Message}} at {{.File}}'], r'the health check .* at ping')):
        path = WORK / f'lines-{len(arguments)}.log'
        server = Program('--http-address=127.0.0.1:0', f'--logging-filename={path}', *arguments)
        Browser().request('GET', server.where + '/ping?code=x')
        server.stop()
        lines = logged(path).splitlines()[1:]  # the first is about the start
        assert len(lines) == 2 and re.fullmatch(event, lines[0]) and re.fullmatch(request, lines[1]), lines
    path = WORK / 'silent.log'
    server = Program('--http-address=127.0.0.1:0', f'--logging-filename={path}', '--silence-ping-logging', '--standard-logging=false')
    Browser().request('GET', server.where + '/ping')
    server.stop()
    assert logged(path) == '', logged(path)


@case('a log file that has grown is put aside; old ones are compressed, and too many deleted')
def _():
    folder = WORK / 'rotating'
    folder.mkdir()
    (folder / 'app-2001-01-01T00-00-00.000.log').write_text('old')
    os.utime(folder / 'app-2001-01-01T00-00-00.000.log', (0, 0))
    (folder / 'app-notes.log').write_text('somebody else\'s')
    (folder / 'app.log').write_text('x' * (1024 * 1024 - 300) + '\n')
    server = Program('--http-address=127.0.0.1:0', f'--logging-filename={folder}/app.log', '--logging-max-size=1', '--logging-max-backups=2', '--logging-compress')
    for _ in range(4):
        Browser().request('GET', server.where + '/ping')
    deadline = time.monotonic() + 10
    while not list(folder.glob('*.gz')) and time.monotonic() < deadline:
        time.sleep(0.05)
    server.stop()
    aside = sorted(folder.glob('app-2*'))
    assert len(aside) == 1 and aside[0].name.endswith('.log.gz'), aside
    kept = gzip.open(aside[0], 'rt').read()
    now = logged(folder / 'app.log')
    assert kept.startswith('xxx') and kept.endswith('\n') and (kept + now).count(' info ping ') == 4 and 'ping' in now, (len(kept), now)
    assert (folder / 'app-notes.log').exists() and not list(folder.glob('*.part'))


@case('a log file that cannot be written is told')
def _():
    code, said = ends('--logging-filename=/nonexistent/x.log', '--config-test')
    assert code == 1 and 'logging_filename: /nonexistent/x.log cannot be written: No such file' in said, said


# The end.

@case('the end waits for requests that were begun, takes no more, and comes whatever happens')
def _():
    idp = DevIdp(BUILD)
    idp.post('answer', username='alice')
    app = ForwardAuth(BUILD, idp.issuer, http_timeout='3s')
    browser = Browser()
    location = browser.request('GET', app.url + '/')[1]
    callback = browser.request('GET', location)[1]
    idp.misbehave('token-hang')
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(browser.request('GET', callback)))
    waiting.start()
    time.sleep(0.7)
    host, port = app.url.split('//')[1].split(':')
    idle = socket.create_connection((host, int(port)))
    begun = time.monotonic()
    app.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert app.process.poll() is None, 'it waits for the sign-in'
    try:
        Browser().request('GET', app.url + '/ping')
        raise AssertionError('it took a new request')
    except OSError:
        pass
    waiting.join(20)
    assert answers and answers[0][0] == 502, answers
    assert app.process.wait(20) == 0 and time.monotonic() - begun < 15
    idle.close()


@case('a second signal ends it at once')
def _():
    server = Program('--http-address=127.0.0.1:0')
    host, port = server.where.split('//')[1].split(':')
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b'GET / HTTP/1.1\r\n')
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(2) == 1


# How it ends after mistakes: arguments, our status, oauth2-proxy's where it is another one, and why.
ENDS = [
    (['--version'], 0, 0, ''),
    (['--help'], 0, 0, ''),
    (['-h'], 0, 0, ''),
    (['--config-test'], 0, 0, ''),
    (['--nonsense'], 2, 2, ''),
    (['--cookie-secure=maybe', '--config-test'], 2, 2, ''),
    (['--cookie-expire=x', '--config-test'], 2, 2, ''),
    (['--logging-max-size=x', '--config-test'], 2, 2, ''),
    (['--client-id'], 2, 2, ''),
    (['--cookie-name=a b', '--config-test'], 1, 1, ''),
    (['--cookie-samesite=Lax', '--config-test'], 1, 1, ''),
    (['--cookie-secret=short', '--config-test'], 1, 1, ''),
    (['--upstream=ftp://x', '--config-test'], 1, 1, ''),
    (['--config=/nonexistent', '--config-test'], 1, 1, ''),
    (['--logging-filename=/nonexistent/x', '--config-test'], 1, 1, ''),
    (['--upstream=static://202', '--upstream-timeout=5s', '--pass-host-header=false', '--config-test'], 0, 0, ''),
    (['--http-address=:80', '--https-address=:443', '--metrics-address=:9100', '--config-test'], 0, 0, ''),
    (['--tls-cert-file=/none', '--tls-key-file=/none', '--config-test'], 1, 0, 'it looks for certificates at its start only'),
    (['--tls-min-version=TLS1.1', '--config-test'], 1, 0, 'it judges this at its start only'),
    (['--upstream=static://abc', '--config-test'], 1, 0, 'it takes 200 for it'),
    (['--config-test', 'false'], 2, 0, 'it passes over words: --cookie-secure false leaves cookies secure there'),
]


@case('mistakes end it as they end oauth2-proxy')
def _():
    reference = os.environ.get('OAUTH2_PROXY')
    for arguments, ours, theirs, why in ENDS:
        code, said = ends(*arguments)
        assert code == ours, (arguments, code, said)
        assert (ours == theirs) == (why == ''), arguments
        if reference:
            code, said = ends(*arguments, program=reference)
            assert code == theirs, (arguments, code, said)
    if not reference:
        print('skip how oauth2-proxy ends: OAUTH2_PROXY names no oauth2-proxy binary (7.15)')


@case('--help has every option with its sentence')
def _():
    code, said = ends('--help')
    said = ' '.join(said.split())
    table = (ROOT / 'lib/config/options.def').read_text()
    options = re.findall(r'^OPTION\((\w+), (\w+), .*, "((?:\\.|[^"\\])*)"\)$', table, re.M)
    assert code == 0 and len(options) == table.count('\nOPTION('), len(options)
    for key, kind, sentence in options:
        name = key.replace('_', '-')
        assert f'--{name[:-1] if kind == "list" and name.endswith("s") else name}' in said, key
        assert ' '.join(sentence.replace('\\"', '"').split()) in said, (key, sentence)


@case('settings come from the environment too, and a file loses to it')
def _():
    config = WORK / 'a.cfg'
    config.write_text('http_address = "nonsense"\nlogging_max_size = 7\nupstreams = ["static://202"]\n')
    code, said = ends('--config', config, '--config-test')
    assert code == 1 and 'http_address: "nonsense"' in said, said
    code, said = ends('--config', config, '--config-test', env={'OAUTH2_PROXY_HTTP_ADDRESS': ':80'})
    assert code == 0, said
    code, said = ends('--config', config, '--config-test', env={'GATELET_UPSTREAMS': 'x'})
    assert code == 1 and 'upstreams: "x" is no upstream' in said, said


run_all()
