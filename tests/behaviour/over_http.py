#!/usr/bin/env python3
"""over_http.py VALUES RUNNER FORWARD_AUTH: sends every row of the tables over HTTP to forward_auth, and asks the library the same.

Each configuration is a file for a forward_auth of its own, https where the row says https; what it answers must be what the library
decides: status, where it leads, names of cookies set and cleared, identity headers for the application and on the answer. The peer is
always 127.0.0.1: where a row's peer is inside a network of its settings, 127.0.0.1 takes the network's place. A row that no client
can send this way is counted as such, with its reason.
"""
import contextlib
import html
import ipaddress
import itertools
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from behaviour import HERE, Answer, asked_of, read_rows, values_of  # noqa: E402
from differential import IDENTITY, cookies, of_library, place, send  # noqa: E402

NETWORKS = ('trusted_proxy_ips', 'trusted_ips')
METHODS = {'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT'}
SHOWN = 160  # the demo's page cuts longer values


def loopback(settings, peer):
    """The settings with 127.0.0.1 in place of networks that hold the peer."""
    def settle(network):
        with contextlib.suppress(ValueError):
            if ipaddress.ip_address(peer) in ipaddress.ip_network(network.strip(), strict=False):
                return '127.0.0.1'
        return network

    return [[k, ','.join(settle(n) for n in v.split(','))] if k in NETWORKS else [k, v] for k, v in settings]


def why_not(asked):
    """Why no client can send this to forward_auth, or nothing."""
    if asked['method'] not in METHODS:
        return 'cpp-httplib answers 400 to methods it does not know'
    if asked['method'] == 'CONNECT':
        return 'CONNECT opens a tunnel'
    if any(n.lower() in ('range', 'expect') for n, _ in asked['headers']):
        return 'a field that cpp-httplib answers itself'
    hosts = [v for n, v in asked['headers'] if n.lower() == 'host']
    if len(hosts) == 1 and hosts[0] != asked['host']:
        return 'over HTTP the Host field is the host'
    if any(v == '' for _, v in asked['headers']):
        return 'cpp-httplib drops fields without a value'
    return ''


def short(value):
    return value[:SHOWN] + ' ...' if len(value) > SHOWN else value


def identity(fields):
    return sorted(f'{n.lower()}: {short(v)}' for n, v in fields if IDENTITY.match(n))


def of_answer(status, headers, body):
    """What came over HTTP, in the shape of of_library."""
    values = lambda name: [v for n, v in headers if n.lower() == name]
    is_page = any("style-src 'unsafe-inline'; form-action *" in v for v in values('content-security-policy'))
    rows = re.findall(r'<tr(?: class="ours")?><td>(.*?)</td><td>(.*?)</td></tr>', body.decode(), re.S) if is_page else []
    return {'status': 'allow' if is_page else status, 'location': [place(v) for v in values('location')], 'cookies': cookies(values('set-cookie')),
            'identity': identity((html.unescape(n), html.unescape(v)) for n, v in rows), 'on the answer': identity(headers)}


def of_decision(asked, answer):
    seen = of_library(asked, answer)
    seen['identity'] = sorted(f'{n}: {short(v)}' for n, v in (line.split(': ', 1) for line in seen['identity']))
    return seen | {'on the answer': identity(answer.get('response', []))}


class ForwardAuth:
    """A forward_auth with these settings, as long as the block lasts; `port` is None where it refuses them."""

    def __init__(self, program, settings, scheme, work):
        self.config = Path(work) / 'forward_auth.json'
        listens = {'http_address': '127.0.0.1:0'}
        if scheme == 'https':
            listens = {'https_address': '127.0.0.1:0', 'tls_cert_file': f'{work}/tls.pem', 'tls_key_file': f'{work}/tls.key'}
        self.config.write_text(json.dumps(dict(settings) | listens))
        self.process = subprocess.Popen([program, '--ends-with-parent', '--quiet', '--config', str(self.config)], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env={'PATH': os.environ['PATH']})
        self.port = None
        for line in self.process.stdout:
            if found := re.match(r'listening on \w+://127\.0\.0\.1:(\d+)', line):
                self.port = int(found.group(1))
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def groups_of(tables, values):
    """(settings, scheme) -> [(row, asked)], each row once."""
    groups = {}
    for row in itertools.chain.from_iterable(read_rows(t) for t in tables):
        asked = asked_of(row, values)
        settings = loopback(asked['settings'], asked['peer'])
        asked |= {'settings': settings, 'peer': '127.0.0.1'}
        groups.setdefault((json.dumps(settings), asked['scheme']), []).append((row, asked))
    return groups


def main():
    values_program, runner, forward_auth = sys.argv[1:]
    passed, failed, unsendable = 0, 0, {}
    tables = sorted(p for p in HERE.glob('*.tsv') if p.name != 'differences.tsv')
    trusting = ssl._create_unverified_context()  # who forward_auth is, is not the question here
    with tempfile.TemporaryDirectory() as work, subprocess.Popen([runner], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', f'{work}/tls.key', '-out',
                        f'{work}/tls.pem', '-days', '2', '-subj', '/CN=app.example'], check=True, capture_output=True)
        for (settings, scheme), rows in groups_of(tables, values_of(values_program, work)).items():
            with ForwardAuth(forward_auth, json.loads(settings), scheme, work) as server:
                for row, asked in rows:
                    if reason := why_not(asked):
                        unsendable[reason] = unsendable.get(reason, 0) + 1
                        continue
                    process.stdin.write(json.dumps(asked) + '\n')
                    process.stdin.flush()
                    answer = json.loads(process.stdout.readline())
                    ours = {'status': 'refused'} if 'error' in answer else of_decision(asked, answer['cpp'])
                    if server.port is None:
                        seen = {'status': 'refused'}
                    else:
                        seen = of_answer(*send(server.port, asked, trusting if scheme == 'https' else None))
                    if ours == seen:
                        passed += 1
                    else:
                        failed += 1
                        print(f'not ok {row.name()}\n    forward_auth: {seen}\n    the library:  {ours}')
        process.stdin.close()
    for reason, number in unsendable.items():
        print(f'not sent: {number} rows: {reason}')
    if passed + failed < 500 or sum(unsendable.values()) > (passed + failed) // 10:
        failed += 1
        print(f'not ok only {passed} rows went over HTTP')
    print(f'{passed} passed, {failed} failed')
    sys.exit(failed != 0)


if __name__ == '__main__':
    main()
