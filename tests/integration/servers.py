"""Starts and stops the development provider and forward_auth, for the integration and interop suites."""
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'examples'))
from http_browser import Browser  # noqa: E402

running = []


class Server:
    """A program that says where it listens on a line that begins with `announces`."""

    def __init__(self, command, announces, env=None):
        self.lines = []
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env={**os.environ, **(env or {})})
        running.append(self)
        self.found = threading.Event()
        self.where = None
        self.reader = threading.Thread(target=self._read, args=(announces,), daemon=True)
        self.reader.start()
        if not self.found.wait(20) or self.where is None:
            raise RuntimeError(f'{command[0]} did not start:\n' + ''.join(self.lines))

    def _read(self, announces):
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith(announces) and self.where is None:
                self.where = line[len(announces):].strip()
                self.found.set()
        self.found.set()

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(20)
        self.reader.join(5)

    def said(self, text):
        return any(text in line for line in self.lines)


class DevIdp(Server):
    def __init__(self, build, *arguments):
        super().__init__([f'{build}/examples/dev_idp/dev_idp', '--port', '0', *arguments], 'issuer ')
        self.issuer = self.where

    def post(self, path, **fields):
        status, _, _, _ = Browser().request('POST', f'{self.issuer}/dev/{path}', fields)
        assert status == 200, f'/dev/{path} {fields}: {status}'

    def misbehave(self, mode, times=1):
        self.post('misbehave', mode=mode, times=times)

    def state(self):
        return json.loads(Browser().request('GET', f'{self.issuer}/dev/state')[2])

    def count(self, what):
        return self.state()['journal']['counts'][what]

    def requests(self, what):
        return self.state()['journal']['requests'].get(what, 0)


class ForwardAuth(Server):
    def __init__(self, build, issuer, address='127.0.0.1:0', **settings):
        values = {'oidc_issuer_url': issuer, 'client_id': 'gatelet-demo', 'client_secret': 'gatelet-demo-secret',
                  'cookie_secret': '0123456789!bcdef0123456789!bcdef', 'cookie_secure': 'false', 'cookie_name': 'app',
                  'insecure_allow_http_provider': 'true', **settings}
        arguments = [part for name, value in values.items() if value is not None for part in ('--set', f'{name}={value}')]
        super().__init__([f'{build}/examples/forward_auth/forward_auth', '--ends-with-parent', '--http-address', address, *arguments], 'listening on ')
        self.url = self.where


BRIEF = ('--token-lifetime', '2')  # arguments of a DevIdp


def until_due():
    """Waits until tokens that live two seconds are to be renewed: in the second half of their life."""
    time.sleep(1.2)


def session_cookies(browser, url):
    jar = browser.cookies.get(url.split('//')[1], {})
    return {n: v for n, v in jar.items() if re.fullmatch(r'app(_\d+)?', n)}


def follow(browser, target, stop_at, limit=12):
    """Follows redirects until one leads to a URL that begins with `stop_at`: (status, location, text)."""
    for _ in range(limit):
        status, location, text, _ = browser.request('GET', target)
        if location is None or location.startswith(stop_at):
            return status, location, text
        target = location
    raise AssertionError(f'redirected more than {limit} times, last to {target}')


class Skipped(Exception):
    """A case that cannot be run here, and why."""


cases = []


def case(name):
    def add(run):
        cases.append((name, run))
        return run
    return add


def run_all(skip_reason=None):
    passed = failed = skipped = 0
    if skip_reason:
        print(f'skip all: {skip_reason}')
        print(f'0 passed, 0 failed, {len(cases)} skipped')
        sys.exit(0)
    for name, run in cases:
        begun = time.monotonic()
        try:
            run()
            passed += 1
        except Skipped as why:
            skipped += 1
            print(f'skip {name}: {why}')
        except Exception:  # a case's failure is its own
            failed += 1
            print(f'not ok {name}\n{traceback.format_exc()}')
            for server in running:
                print(f'--- {Path(server.process.args[0]).name} said:\n' + ''.join(server.lines[-20:]))
        finally:
            while running:
                try:
                    running.pop().stop()
                except Exception:
                    traceback.print_exc()
        print(f'{name} ({time.monotonic() - begun:.1f} s)')
    print(f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else ''))
    sys.exit(1 if failed else 0)
