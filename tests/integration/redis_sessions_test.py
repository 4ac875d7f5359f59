#!/usr/bin/env python3
"""redis_sessions_test.py BUILD: sessions in a real Redis, shared by two forward_auth, and with oauth2-proxy itself.

With OAUTH2_PROXY naming a binary (7.15) a mixed fleet is tried: what one writes the other reads, and ends.
"""
import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from random import Random

from free_port import free_port
from servers import Browser, DevIdp, ForwardAuth, Skipped, case, follow, run_all, running
from stored_sessions import Store, auth, host, same_cookies, sign_in, two, wait_until

BUILD = sys.argv[1]
SECRET = '0123456789!bcdef0123456789!bcdef'


@case('F-069: a session of one process is one of the other; the browser has a ticket, Redis a sealed record')
def _():
    _, store, a, b = two(BUILD, set_xauthrequest='true')
    browser = sign_in(a.url)
    assert auth(browser, a.url) == (202, 'alice@example.org')
    assert auth(same_cookies(browser, a.url, b.url), b.url) == (202, 'alice@example.org')
    assert len(store.keys()) == 1, store.keys()
    assert len(browser.cookies[host(a.url)]['app']) < 300, browser.cookies
    record = store.say('SELECT 2', f'GET {store.keys()[0]}')
    assert 'alice' not in record and len(record) > 100


@case('F-270: signed out at one process is signed out at the other, at the latest after the staleness')
def _():
    _, store, a, b = two(BUILD, session_cache_max_staleness='1s')
    browser = sign_in(a.url)
    elsewhere = same_cookies(browser, a.url, b.url)
    assert auth(elsewhere, b.url)[0] == 202
    copy = same_cookies(browser, a.url, a.url)
    assert browser.request('GET', a.url + '/oauth2/sign_out')[0] == 302
    assert store.keys() == []
    assert auth(copy, a.url)[0] == 401  # here at once
    wait_until('the other process believes a session that is over', lambda: auth(elsewhere, b.url)[0] == 401, 3)


@case('F-074: a ticket that was planted opens nothing after the sign-in')
def _():
    _, store, a, b = two(BUILD)
    attacker = sign_in(a.url)
    victim = same_cookies(attacker, a.url, a.url)
    status, location, _ = follow(victim, a.url + '/oauth2/start?rd=%2F', a.url + '/oauth2/callback')
    assert victim.request('GET', location)[0] == 302
    assert auth(victim, a.url)[0] == 202 and len(store.keys()) == 1
    assert auth(same_cookies(attacker, a.url, b.url), b.url)[0] == 401


@case('F-403: tokens that ran out, asked for by forty requests at two processes at once: one grant, nobody is signed out')
def _():
    idp, _, a, b = two(BUILD, ('--token-lifetime', '10'), refresh_before_expiry='1s')
    browser = sign_in(a.url)
    before = idp.count('grants.refresh_token')
    time.sleep(10.2)  # the tokens are over; the new ones are not due before all have been answered
    seen = []

    def ask(server):
        seen.append(auth(same_cookies(browser, a.url, server.url), server.url)[0])
    threads = [threading.Thread(target=ask, args=(server,)) for server in (a, b) * 20]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [202] * 40, seen
    assert idp.count('grants.refresh_token') == before + 1, idp.state()['journal']


@case('F-403: the process that renews is killed meanwhile: the other takes over, nobody is signed out')
def _():
    idp, store, a, b = two(BUILD, ('--token-lifetime', '2'), refresh_before_expiry='1s')
    browser = sign_in(a.url)
    time.sleep(3.2)
    record = store.keys()[0]
    # As if a process held the lock when it died: nobody renews, extends or releases it.
    store.say('SELECT 2', f'SET {record}.lock somebody PX 1500')
    begun = time.monotonic()
    assert auth(same_cookies(browser, a.url, b.url), b.url)[0] == 202
    assert 1.0 < time.monotonic() - begun < 5, time.monotonic() - begun
    assert auth(browser, a.url)[0] == 202


@case('OP-20: Redis is away: 503, cookies untouched; back within a second of its return')
def _():
    _, store, a, _ = two(BUILD, session_cache_max_staleness='0s', skip_auth_routes='^/open')
    browser = sign_in(a.url)
    assert browser.request('GET', a.url + '/ready')[0] == 200
    store.process.kill()
    store.process.wait()
    assert browser.request('GET', a.url + '/ready')[0] == 503 and browser.request('GET', a.url + '/ping')[0] == 200
    before = dict(browser.cookies[host(a.url)])
    status, _, text, headers = browser.request('GET', a.url + '/oauth2/auth')
    assert status == 503 and headers.get_all('Set-Cookie') is None, (status, headers)
    assert browser.cookies[host(a.url)] == before
    status, _, text, _ = browser.request('GET', a.url + '/page', headers={'Accept': 'text/html'})
    assert status == 503 and 'Sign-ins cannot be looked up' in text and 'edis' not in text, text
    assert a.said('store-unavailable') and not a.said('p@ss'), a.lines
    visitor = Browser()
    _, location, _ = follow(visitor, a.url + '/', a.url + '/oauth2/callback')
    status, _, text, _ = visitor.request('GET', location)  # a sign-in ends where nothing can be kept
    assert status == 503 and 'app' not in visitor.cookies[host(a.url)], (status, text)
    store.start()
    begun = time.monotonic()
    wait_until('it does not come back', lambda: auth(browser, a.url)[0] == 401, 5)  # Redis kept nothing
    assert time.monotonic() - begun < 5 and browser.request('GET', a.url + '/ready')[0] == 200
    assert auth(sign_in(a.url), a.url)[0] == 202


@case('RD-06, RD-08: a record that is foreign or above 1 MiB: nobody, the log says why, it stays, and nobody else notices')
def _():
    _, store, a, b = two(BUILD, session_cache_max_staleness='0s')
    spoilt = sign_in(a.url)
    key = store.keys()[0]
    good = sign_in(a.url)
    for change, reason in ((f'SETRANGE {key} 2 x', 'not authentic'), (f'SETRANGE {key} 2097152 x', 'more than 1 MiB')):
        store.say('SELECT 2', change)
        size = store.say('SELECT 2', f'STRLEN {key}')
        seen = {}

        def ask(number, browser, server):
            seen[number] = [auth(same_cookies(browser, a.url, server.url), server.url)[0] for _ in range(5)]
        threads = [threading.Thread(target=ask, args=(i, good if i % 2 else spoilt, (a, b)[i % 4 // 2])) for i in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(statuses == [202 if number % 2 else 401] * 5 for number, statuses in seen.items()), seen
        for server in (a, b):
            wait_until('the log does not say why', lambda: server.said('is no session') and server.said(reason))
            assert not server.said('store-unavailable'), server.lines
        assert store.say('SELECT 2', f'STRLEN {key}') == size


@case('a wrong password of Redis is told in the log, and not shown')
def _():
    idp = DevIdp(BUILD)
    idp.post('answer', username='alice')
    store = Store()
    server = ForwardAuth(BUILD, idp.issuer, session_store_type='redis', redis_connection_url=store.url, redis_username='nobody', redis_password='canary')
    browser = Browser()
    _, location, _ = follow(browser, server.url + '/', server.url + '/oauth2/callback')
    status, _, text, _ = browser.request('GET', location)
    assert status == 503, (status, text)
    wait_until('the log does not say why', lambda: server.said('the session store refused'))
    assert not server.said('canary') and 'canary' not in text, server.lines


class OAuth2Proxy:
    def __init__(self, issuer, redis_url, port):
        self.lines = []
        self.url = f'http://127.0.0.1:{port}'
        options = {'provider': 'oidc', 'oidc-issuer-url': issuer, 'client-id': 'gatelet-demo', 'client-secret': 'gatelet-demo-secret', 'cookie-secret': SECRET,
                   'cookie-name': 'app', 'cookie-secure': 'false', 'email-domain': '*', 'session-store-type': 'redis', 'redis-connection-url': redis_url,
                   'http-address': f'127.0.0.1:{port}', 'upstream': 'static://202', 'redirect-url': f'{self.url}/oauth2/callback', 'cookie-refresh': '2s',
                   'set-xauthrequest': 'true', 'skip-provider-button': 'true', 'code-challenge-method': 'S256'}
        self.process = subprocess.Popen([os.environ['OAUTH2_PROXY'], *(f'--{name}={value}' for name, value in options.items())],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        running.append(self)

        def answers():
            with contextlib.suppress(OSError):
                return Browser().request('GET', self.url + '/ping')[0] == 200
            return False
        wait_until('oauth2-proxy did not start', answers)

    def stop(self):
        self.process.kill()
        self.process.wait()


def mixed_fleet():
    if 'OAUTH2_PROXY' not in os.environ:
        raise Skipped('OAUTH2_PROXY names no oauth2-proxy binary (7.15)')
    idp = DevIdp(BUILD)
    idp.post('answer', username='alice')
    store = Store()
    ours = ForwardAuth(BUILD, idp.issuer, compat='oauth2-proxy', provider='oidc', email_domains='*', session_store_type='redis', redis_connection_url=store.url,
                       set_xauthrequest='true', skip_provider_button='true', cookie_refresh='2s', session_cache_max_staleness='0s', cookie_secret=SECRET,
                       code_challenge_method='S256')
    return idp, store, ours, OAuth2Proxy(idp.issuer, store.url, free_port())


@case('F-424: a mixed fleet: what oauth2-proxy or this writes the other reads, renews and ends')
def _():
    idp, store, ours, theirs = mixed_fleet()
    for one, other in ((ours, theirs), (theirs, ours)):
        browser = sign_in(one.url)
        assert auth(browser, one.url) == (202, 'alice@example.org')
        elsewhere = same_cookies(browser, one.url, other.url)
        assert auth(elsewhere, other.url) == (202, 'alice@example.org')
        refreshes = idp.count('grants.refresh_token')
        time.sleep(3.2)  # cookie_refresh: whoever is asked first renews, for both
        assert auth(elsewhere, other.url)[0] == 202
        wait_until('nobody renewed', lambda: idp.count('grants.refresh_token') == refreshes + 1, 5)
        assert auth(browser, one.url)[0] == 202
        time.sleep(0.3)
        assert idp.count('grants.refresh_token') == refreshes + 1, idp.state()['journal']
        assert other.url and elsewhere.request('GET', other.url + '/oauth2/sign_out')[0] == 302
        wait_until('the session is still there', lambda: auth(browser, one.url)[0] == 401, 3)
        assert store.keys() == [], store.keys()


@case('F-424, F-081: traffic that flips between oauth2-proxy and this at random: nobody signs in again, each renewal happens once')
def _():
    idp, store, ours, theirs = mixed_fleet()
    browser = sign_in(ours.url)
    random = Random(7)
    browser.cookies[host(theirs.url)] = browser.cookies[host(ours.url)]  # one jar: whoever writes a cookie writes it for both
    asked = {ours.url: 0, theirs.url: 0}
    begun = time.monotonic()
    while time.monotonic() < begun + 11:
        url = random.choice((ours.url, theirs.url))
        assert auth(browser, url) == (202, 'alice@example.org'), (url, asked, idp.state()['journal'])
        asked[url] += 1
        time.sleep(0.02)
    assert min(asked.values()) > 50, asked
    assert idp.count('grants.authorization_code') == 1 and idp.count('refresh_tokens_used_twice') == 0, idp.state()['journal']
    assert 3 <= idp.count('grants.refresh_token') <= 5, idp.count('grants.refresh_token')
    assert len(store.keys()) == 1, store.keys()


run_all()
