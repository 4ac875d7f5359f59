#!/usr/bin/env python3
"""differential.py VALUES RUNNER [FORWARD_AUTH]: sends the rows of the tables to oauth2-proxy and asks the library the same.

The environment variable OAUTH2_PROXY names the binary (7.15). Rows of the profile compat are compared, without what only one side
has: options of ours, other peers and schemes than http from 127.0.0.1. Compared are the status, where the answer leads (states and
nonces aside), the names of cookies set and cleared, and the identity headers that the application gets. A row that differs on
purpose stands in differences.tsv with its reason: one that does not differ any more fails as well. FORWARD_AUTH gets each file as
oauth2-proxy gets it, and must answer the same but for these rows; over_http.py asks it for everything else.
"""
import contextlib
import http.client
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from behaviour import HERE, Answer, asked_of, read_rows, values_of  # noqa: E402

OURS_ONLY = {'accept_http_return', 'bearer_falls_through', 'sign_out_by_cross_site_get', 'session_ends_with_tokens', 'strip_own_cookies'}
IDENTITY = re.compile(r'^(x-forwarded-(user|email|groups|preferred-username|access-token)|authorization|gap-auth|gap-signature|x-auth-request-.*|'
                      r'x[-_](user|groups|absent|api-key|bytes|both|kept|secret|exact|one))$', re.I)
# Parameters of the authorization request that are compared.
PARAMETERS = {'client_id', 'response_type', 'redirect_uri', 'prompt', 'login_hint', 'organization', 'acr_values', 'max_age', 'approval_prompt'}
# Options that oauth2-proxy has in its alpha configuration only, and where its flat ones stand there.
STRUCTURED_KEYS = {'inject_request_headers': 'injectRequestHeaders', 'inject_response_headers': 'injectResponseHeaders', 'login_url_parameters': 'loginURLParameters'}
OF_PROVIDER = {'provider': 'provider', 'client_id': 'clientID', 'client_secret': 'clientSecret', 'login_url': 'loginURL', 'redeem_url': 'redeemURL',
               'login_url_parameters': 'loginURLParameters'}
OF_OIDC = {'oidc_issuer_url': 'issuerURL', 'skip_oidc_discovery': 'skipDiscovery', 'oidc_public_key_files': 'publicKeyFiles'}
LISTS = {'email_domains', 'allowed_groups', 'skip_auth_routes', 'skip_auth_regex', 'api_routes', 'trusted_ips', 'trusted_proxy_ips', 'whitelist_domains',
         'oidc_extra_audiences', 'upstreams', 'oidc_public_key_files', 'extra_jwt_issuers', 'cookie_domains', 'htpasswd_user_groups'}


class Application(http.server.BaseHTTPRequestHandler):
    """Says which headers it got."""
    protocol_version = 'HTTP/1.1'

    def answer(self):
        body = json.dumps([[n, v] for n, v in self.headers.items()]).encode()
        self.send_response(200)
        self.send_header('X-Application', 'here')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def __getattr__(self, name):
        if name.startswith('do_'):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def toml(settings):
    lines = []
    for key, value in settings:
        if key in LISTS:
            lines.append(f'{key} = {json.dumps(value.split(","))}')
        elif value in ('true', 'false'):
            lines.append(f'{key} = {value}')
        else:
            lines.append(f'{key} = {json.dumps(value)}')
    return '\n'.join(lines) + '\n'


def split_alpha(settings, port, application_port):
    """An alpha configuration (JSON is YAML), and the settings that stay outside it."""
    alpha = {'providers': [{'id': 'p', 'oidcConfig': {}}], 'server': {'bindAddress': f'127.0.0.1:{port}'},
             'upstreamConfig': {'upstreams': [{'id': 'a', 'path': '/', 'uri': f'http://127.0.0.1:{application_port}'}]}}
    provider, core = alpha['providers'][0], []
    for key, value in settings:
        if key in STRUCTURED_KEYS:
            value = json.loads(value)
            (provider if key in OF_PROVIDER else alpha)[STRUCTURED_KEYS[key]] = value if isinstance(value, list) else [value]
        elif key in OF_PROVIDER:
            provider[OF_PROVIDER[key]] = value
        elif key in OF_OIDC:
            provider['oidcConfig'][OF_OIDC[key]] = value == 'true' if value in ('true', 'false') else value.split(',') if key in LISTS else value
        elif key != 'compat':
            core.append([key, value])
    return json.dumps(alpha), core


@contextlib.contextmanager
def served(command, settings, application_port, more_environment=()):
    """The port of a program that runs with these settings in an oauth2-proxy.cfg, or None where it refuses them."""
    port = free_port()
    own = [[k, v] for k, v in settings if k != 'compat'] + [['http_address', f'127.0.0.1:{port}'], ['upstreams', f'http://127.0.0.1:{application_port}']]
    is_structured = any(k in STRUCTURED_KEYS for k, _ in settings)
    alpha, core = split_alpha(settings, port, application_port)
    with tempfile.NamedTemporaryFile('w', suffix='.cfg') as file, tempfile.NamedTemporaryFile('w', suffix='.yaml') as alpha_file:
        file.write(toml(core if is_structured else own))
        file.flush()
        alpha_file.write(alpha)
        alpha_file.flush()
        more = ['--alpha-config', alpha_file.name] if is_structured else []
        process = subprocess.Popen([*command, '--config', file.name, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={'PATH': os.environ['PATH'], **dict(more_environment)})
        try:
            for _ in range(200):
                if process.poll() is not None:
                    yield None
                    return
                with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), timeout=1):
                    yield port
                    return
                time.sleep(0.02)
            yield None
        finally:
            process.kill()
            process.wait()


def reference(binary, settings, application_port):
    return served([binary], settings, application_port)


def host_program(program, settings, application_port):
    """forward_auth with the reference's file: it forwards nothing, so that what may pass gets 501."""
    if not program:
        return contextlib.nullcontext()
    return served([program, '--ends-with-parent'], settings, application_port, {'GATELET_COMPAT': 'oauth2-proxy'})


def of_forward_auth(status, headers, body):
    return {**of_reference(status, headers, body), 'status': 'allow' if status == 501 else status}


def send(port, asked, tls=None):
    """Status, header fields and body of the answer to exactly this request; with a context `tls` by https."""
    lines = [f'{asked["method"]} {asked["target"]} HTTP/1.1']
    if not any(n.lower() == 'host' for n, _ in asked['headers']):
        lines.append(f'Host: {asked["host"]}')
    lines += [f'{n}: {v}' for n, v in asked['headers']]
    if asked['method'] in ('POST', 'PUT', 'PATCH'):
        lines.append(f'Content-Length: {len(asked.get("body", ""))}')
    with contextlib.ExitStack() as closing:
        s = closing.enter_context(socket.create_connection(('127.0.0.1', port), timeout=10))
        s = closing.enter_context(tls.wrap_socket(s)) if tls else s
        s.sendall(('\r\n'.join(lines) + '\r\n\r\n' + asked.get('body', '')).encode())
        answer = http.client.HTTPResponse(s, method=asked['method'])
        answer.begin()
        body = answer.read()
        return answer.status, answer.getheaders(), body


def place(location):
    """Where a redirect leads, without what is drawn anew."""
    url = urllib.parse.urlsplit(location)
    query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
    if 'state' not in query:
        return location
    target = query['state'][0].split(':', 1)[-1]
    known = {n: v for n, v in query.items() if n in PARAMETERS}
    return f'{url.scheme}://{url.netloc}{url.path} for {target} with {sorted(known.items())}'


def cookies(values):
    out = set()
    for value in values:
        name, rest = value.split('=', 1)
        name = re.sub(r'^(__Host-gatelet|_gatelet)_\S+_csrf$', r'\1_ATTEMPT_csrf', name)  # drawn anew
        out.add(('clears ' if rest.startswith(';') or 'Max-Age=0' in rest or '1970' in rest or '01 Jan' in rest else 'sets ') + name)
    return sorted(out)


def of_reference(status, headers, body):
    values = lambda name: [v for n, v in headers if n.lower() == name]
    seen = {'status': status, 'location': [place(v) for v in values('location')], 'cookies': cookies(values('set-cookie')), 'identity': []}
    if values('x-application') and body:
        seen['status'] = 'allow'
        seen['identity'] = sorted(f'{n.lower()}: {v}' for n, v in json.loads(body) if IDENTITY.match(n))
    elif values('x-application'):
        seen['status'] = 'allow'
    return seen


def of_library(asked, answer):
    if 'error' in answer:
        return {'status': answer['error'], 'location': [], 'cookies': [], 'identity': []}
    made = Answer(answer)
    seen = {'status': 'allow' if answer['kind'] == 'allow' else answer['status'], 'location': [place(v) for v in made.values('response', 'Location')],
            'cookies': cookies(made.values('response', 'Set-Cookie')), 'identity': []}
    if answer['kind'] == 'allow' and asked['method'] != 'HEAD':
        gone = {n.lower() for n in answer['strip']}
        kept = [(n, v) for n, v in asked['headers'] if n.lower() not in gone] + [tuple(f) for f in answer['upstream']]
        seen['identity'] = sorted(f'{n.lower()}: {v}' for n, v in kept if IDENTITY.match(n))
    return seen


def is_comparable(row):
    keys = [item.split('=', 1)[0] for item in row.settings.split('; ')]
    names = [h.split(': ', 1)[0].lower() for h in row.headers.split(' | ')]
    return 'compat' in keys and not OURS_ONLY & set(keys) and ' from ' not in row.request and ' at ' not in row.request and 'connection' not in names \
        and re.match(r'[A-Z]+ /', row.request) and 'host' not in names


def differences():
    rows = [line.split('\t') for line in (HERE / 'differences.tsv').read_text().splitlines() if line.startswith('behaviour\t')]
    return {cells[1]: cells for cells in rows}


def main():
    values_program, runner, forward_auth = (*sys.argv[1:], None)[:3]
    binary = os.environ.get('OAUTH2_PROXY')
    if not binary:
        print('skip comparison: OAUTH2_PROXY names no oauth2-proxy binary (7.15)\n0 passed, 0 failed, 1 skipped')
        return
    wanted, passed, failed, num_by_host = differences(), 0, 0, 0
    tables = sorted(p for p in HERE.glob('*.tsv') if p.name != 'differences.tsv')
    application = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Application)
    threading.Thread(target=application.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as work, subprocess.Popen([runner], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        values = values_of(values_program, work)
        groups = {}
        for path in tables:
            for row in read_rows(path):
                if is_comparable(row):
                    groups.setdefault(row.settings, []).append(row)
        for rows in groups.values():
            settings = asked_of(rows[0], values)['settings']
            with reference(binary, settings, application.server_address[1]) as port, \
                    host_program(forward_auth, settings, application.server_address[1]) as host_port:
                for row in rows:
                    asked = asked_of(row, values) | {'peer': '127.0.0.1', 'scheme': 'http'}
                    process.stdin.write(json.dumps(asked) + '\n')
                    process.stdin.flush()
                    answer = json.loads(process.stdout.readline())
                    refused = {'status': 'refused', 'location': [], 'cookies': [], 'identity': []}
                    ours = refused if 'error' in answer else of_library(asked, answer['cpp'])
                    theirs = refused if port is None else of_reference(*send(port, asked))
                    name = f'{row.settings} | {row.request} | {row.headers}'
                    is_listed = wanted.pop(name, None) is not None
                    if (ours == theirs) == is_listed:
                        failed += 1
                        print(f'not ok {row.place} {name}\n    oauth2-proxy: {theirs}\n    gatelet:      {ours}')
                    else:
                        passed += 1
                    if forward_auth and not is_listed:
                        by_host = refused if host_port is None else of_forward_auth(*send(host_port, asked))
                        is_same = by_host | {'identity': []} == theirs | {'identity': []}
                        num_by_host, failed = num_by_host + is_same, failed + (not is_same)
                        if not is_same:
                            print(f'not ok {row.place} {name}\n    oauth2-proxy: {theirs}\n    forward_auth: {by_host}')
        process.stdin.close()
    for name in wanted:
        failed += 1
        print(f'not ok differences.tsv names no row: {name}')
    if forward_auth:
        print(f'forward_auth answered {num_by_host} rows as oauth2-proxy, from the same files')
    print(f'{passed + num_by_host} passed, {failed} failed')
    sys.exit(failed != 0)


if __name__ == '__main__':
    main()
