#!/usr/bin/env python3
"""cookie_store_test.py BUILD: sessions in cookies with a Redis beside them, four processes and a provider that revokes on reuse; and cookies in Redis' place."""
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from redis_servers import RedisServer
from servers import Browser, DevIdp, ForwardAuth, case, follow, run_all, running, session_cookies

BUILD = sys.argv[1]
# Tokens of two seconds, renewed a second before their end; of ten, where nothing may become due a second time meanwhile.
SHORT = ('--token-lifetime', '2')
LONG = ('--token-lifetime', '10')
OVER = 10.2


class Store(RedisServer):
    lines_said = ()

    def __init__(self):
        self.lines = []
        self.folder = tempfile.TemporaryDirectory()
        super().__init__('redis-server', Path(self.folder.name))
        running.append(self)
        self.url = f'redis://127.0.0.1:{self.port}'

    def keys(self):
        return [line for line in self.say('KEYS *').splitlines() if line[:1] not in ('*', '$', '')]


def fleet(size=4, idp_arguments=SHORT, **settings):
    idp = DevIdp(BUILD, *idp_arguments)
    idp.post('answer', username='alice')
    store = Store()
    settings = {'session_store_beside': 'redis', 'redis_connection_url': store.url, 'refresh_before_expiry': '1s', **settings}
    return idp, store, [ForwardAuth(BUILD, idp.issuer, **settings) for _ in range(size)]


def host(url):
    return url.split('//')[1]


def sign_in(app):
    browser = Browser()
    status, location, text = follow(browser, app.url + '/', app.url + '/')
    while location and location != app.url + '/':
        status, location, text, _ = browser.request('GET', location)
    assert session_cookies(browser, app.url), (status, location, text)
    return browser.cookies[host(app.url)]


def with_cookies(jar, app):
    browser = Browser()
    browser.cookies[host(app.url)] = dict(jar)
    return browser


def ask(jar, app):
    """(status, the session's cookies afterwards)"""
    browser = with_cookies(jar, app)
    return browser.request('GET', app.url + '/oauth2/auth')[0], session_cookies(browser, app.url)


def hang_up(jar, app):
    """Asks, and is gone before the answer, or half-way through it."""
    where, port = host(app.url).split(':')
    cookie = '; '.join(f'{name}={value}' for name, value in jar.items())
    with socket.create_connection((where, int(port))) as gone:
        gone.sendall(f'GET /oauth2/auth HTTP/1.1\r\nHost: {host(app.url)}\r\nCookie: {cookie}\r\n\r\n'.encode())
        if random.random() < 0.5:
            gone.settimeout(60)
            gone.recv(20)


def at_once(tasks):
    seen, threads = [], []
    for task in tasks:
        threads.append(threading.Thread(target=lambda task=task: seen.append(task())))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(tasks), f'{len(tasks) - len(seen)} requests died'
    return seen


def grants(idp):
    return idp.count('grants.refresh_token')


def nobody_reused(idp):
    assert idp.count('refresh_tokens_used_twice') == 0 and idp.count('families_revoked') == 0, idp.state()['journal']


@case('K-02: hundreds of requests at four processes, a fifth of them gone half-way: one grant, all are served, so is who is late')
def _():
    idp, store, apps = fleet(idp_arguments=LONG)
    old = sign_in(apps[0])
    before = grants(idp)
    time.sleep(OVER)  # the tokens are over
    tasks = []
    for number in range(400):
        app = apps[number % 4]
        tasks.append((lambda app=app: hang_up(old, app)) if number % 5 == 0 else (lambda app=app: ask(old, app)))
    seen = [one for one in at_once(tasks) if one]
    assert len(seen) == 320 and {status for status, _ in seen} == {202}, [status for status, _ in seen]
    assert grants(idp) == before + 1, idp.state()['journal']
    nobody_reused(idp)
    assert all(cookies and cookies['app'] != old['app'] for _, cookies in seen)
    for app in apps:  # late, with the cookie of before
        status, cookies = ask(old, app)
        assert status == 202 and cookies['app'] != old['app']
    nobody_reused(idp)
    assert len(store.keys()) == 1 and store.keys()[0].startswith('app-refresh-'), store.keys()
    record = store.say(f'GET {store.keys()[0]}')
    assert 'alice' not in record and 'rt_' not in record and len(record) > 100


@case('K-02: the session goes on over several renewals, at random processes, with the newest cookie or an old one')
def _():
    idp, _, apps = fleet()
    jars = [sign_in(apps[0])]
    for _ in range(3):
        time.sleep(1.2)
        app = random.choice(apps)
        status, cookies = ask(jars[-1], app)
        assert status == 202
        jars.append(cookies)
        for jar in jars:
            assert ask(jar, random.choice(apps))[0] == 202
    nobody_reused(idp)


@case('F-403: the process that renews is killed before its grant: another takes over, nobody is signed out')
def _():
    idp, store, apps = fleet()
    old = sign_in(apps[0])
    before = grants(idp)
    time.sleep(2.2)
    idp.process.send_signal(signal.SIGSTOP)  # the grant waits on its way
    gone = threading.Thread(target=lambda: hang_up_quietly(old, apps[0]))
    gone.start()
    deadline = time.monotonic() + 10
    while not any(key.endswith('.lock') for key in store.keys()):
        assert time.monotonic() < deadline, 'nobody locks'
        time.sleep(0.01)
    apps[0].stop(signal.SIGKILL)
    gone.join()
    asked = []
    rest = [threading.Thread(target=lambda app=app: asked.append(ask(old, app)[0])) for app in apps[1:]]
    for thread in rest:
        thread.start()
    time.sleep(0.3)
    idp.process.send_signal(signal.SIGCONT)
    for thread in rest:
        thread.join()
    # Whether the first grant reached the provider before its sender died is the provider's luck: one more grant then, and one
    # new sign-in at the worst; never more, and no loop.
    assert len(set(asked)) == 1 and asked[0] in (202, 401), asked
    assert grants(idp) <= before + 2, idp.state()['journal']
    assert idp.count('refresh_tokens_used_twice') <= 1, idp.state()['journal']
    assert ask(sign_in(apps[1]), apps[2])[0] == 202


def hang_up_quietly(jar, app):
    try:
        hang_up(jar, app)
    except OSError:
        pass


@case('F-270: signed out at one process: an old cookie is renewed at no other')
def _():
    idp, _, apps = fleet()
    old = sign_in(apps[0])
    time.sleep(1.2)
    status, new = ask(old, apps[1])
    assert status == 202
    browser = with_cookies(new, apps[2])
    assert browser.request('GET', apps[2].url + '/oauth2/sign_out')[0] == 302
    time.sleep(1.2)  # both are due
    for jar in (old, new):
        status, cookies = ask(jar, apps[3])
        assert status == 401 and not cookies, status
    nobody_reused(idp)


@case('OP-20: Redis is away: nobody is signed out, no grant is sent, 202 all the same; it is back: renewed once')
def _():
    idp, store, apps = fleet(2, LONG)
    old = sign_in(apps[0])
    before = grants(idp)
    store.process.kill()
    store.process.wait()
    time.sleep(OVER)
    for status, cookies in at_once([lambda app=app: ask(old, app) for app in apps * 10]):
        assert status == 202 and cookies['app'] == old['app']
    assert grants(idp) == before
    assert apps[0].said('refresh-failed') and apps[0].said('store-unavailable') and not apps[0].said('rt_'), apps[0].lines
    assert with_cookies({}, apps[0]).request('GET', apps[0].url + '/ready')[0] == 200
    assert ask(sign_in(apps[0]), apps[1])[0] == 202  # signing in needs no store
    before = grants(idp)
    store.start()
    deadline = time.monotonic() + 20
    while grants(idp) == before:
        assert time.monotonic() < deadline, 'never renewed'
        assert ask(old, apps[1])[0] == 202
        time.sleep(0.1)
    for app in apps * 3:
        assert ask(old, app)[0] == 202
    assert grants(idp) == before + 1, idp.state()['journal']
    nobody_reused(idp)


@case('a session that its tokens end is renewed although Redis is away')
def _():
    idp, store, apps = fleet(2, session_ends_with_tokens='true')
    old = sign_in(apps[0])
    before = grants(idp)
    store.process.kill()
    store.process.wait()
    time.sleep(2.2)
    status, cookies = ask(old, apps[0])
    assert status == 202 and cookies['app'] != old['app'], status
    assert grants(idp) == before + 1


@case('F-250: Redis is away: by wish one signs in all the same, with cookies, is counted and told of, and stays when it is back')
def _():
    idp = DevIdp(BUILD, *LONG)
    idp.post('answer', username='alice')
    store = Store()
    apps = [ForwardAuth(BUILD, idp.issuer, session_store_type='redis', redis_connection_url=store.url, session_fallback_to_cookie='true',
                        refresh_before_expiry='1s') for _ in range(2)]
    kept = sign_in(apps[0])
    assert len(kept['app']) < 300 and ask(kept, apps[1])[0] == 202  # a ticket, while all is well
    store.process.kill()
    store.process.wait()
    fallen = sign_in(apps[0])
    assert len(fallen['app']) > 600, fallen  # a whole session
    for app in apps:
        assert ask(fallen, app)[0] == 202
    assert apps[0].said('session-fallback') and not apps[0].said('rt_'), apps[0].lines
    store.start()
    time.sleep(OVER)  # it is due
    before = grants(idp)
    seen = at_once([lambda app=app: ask(fallen, app) for app in apps * 20])
    assert {status for status, _ in seen} == {202}
    assert grants(idp) == before + 1, idp.state()['journal']
    nobody_reused(idp)
    fresh = sign_in(apps[1])
    assert len(fresh['app']) < 300
    browser = with_cookies(fallen, apps[0])
    assert browser.request('GET', apps[0].url + '/oauth2/sign_out')[0] == 302 and not session_cookies(browser, apps[0].url)


@case('F-412, migration: cookies to Redis and back, nobody signs in again')
def _():
    idp = DevIdp(BUILD)
    idp.post('answer', username='alice')
    store = Store()
    plain = ForwardAuth(BUILD, idp.issuer)
    in_cookies = sign_in(plain)
    redis = {'redis_connection_url': store.url}
    stored = ForwardAuth(BUILD, idp.issuer, session_store_type='redis', session_fallback_to_cookie='true', **redis)
    assert ask(in_cookies, stored)[0] == 202
    in_redis = sign_in(stored)
    beside = ForwardAuth(BUILD, idp.issuer, session_store_beside='redis', **redis)
    for jar in (in_cookies, in_redis):
        assert ask(jar, beside)[0] == 202
    assert ask(in_redis, plain)[0] == 401


run_all()
