#!/usr/bin/env python3
"""near_cache_test.py BUILD: opened sessions that a process keeps, and what becomes of them when Redis tells of a change, or cannot.

The staleness is an hour wherever nothing else is said: what ends a session sooner was told.
"""
import re
import signal
import statistics
import sys
import threading
import time

from redis_servers import FaultProxy, find_valkey
from servers import DevIdp, ForwardAuth, Skipped, case, run_all
from stored_sessions import Store, auth, same_cookies, sign_in, two, wait_until

BUILD = sys.argv[1]
SLOW = 'session_cache_max_staleness'


def binary_of(name):
    binary = 'redis-server' if name == 'Redis' else find_valkey(BUILD)
    if not binary:
        raise Skipped('no valkey-server is to be had')
    return binary


def num_gets(store):
    """How often anybody asked for a record."""
    found = re.search(r'cmdstat_get:calls=(\d+)', store.say('INFO commandstats'))
    return int(found.group(1)) if found else 0


def from_memory(browser, url, store):
    """Three requests for which Redis is not asked."""
    before = num_gets(store)
    statuses = [auth(browser, url)[0] for _ in range(3)]
    return statuses == [202] * 3 and num_gets(store) == before


def is_out(browser, url, since, limit=5.0):
    """Seconds until it is refused; a request of its own each time."""
    while auth(browser, url)[0] == 202:
        assert time.monotonic() - since < limit, 'it believes a session that is over'
    return time.monotonic() - since


def ground(name='Redis', lines=(), **settings):
    """Two processes, both told; somebody signed in at the one and kept in the memory of both."""
    _, store, a, b = two(BUILD, store=Store(binary_of(name), lines), **{SLOW: '1h', **settings})
    browser = sign_in(a.url)
    elsewhere = same_cookies(browser, a.url, b.url)
    wait_until('it is not kept', lambda: from_memory(browser, a.url, store) and from_memory(elsewhere, b.url, store))
    return store, a, b, browser, elsewhere


for name in ('Redis', 'Valkey'):
    @case(f'F-427: {name}: signed out at one process is signed out at the other, as fast as it is told')
    def _(name=name):
        store, a, b, browser, elsewhere = ground(name)
        took = []
        for _ in range(15):
            copy = same_cookies(browser, a.url, a.url)
            assert browser.request('GET', a.url + '/oauth2/sign_out')[0] == 302
            took.append(is_out(elsewhere, b.url, time.monotonic(), 1.0))
            assert auth(copy, a.url)[0] != 202
            browser = sign_in(a.url)
            elsewhere = same_cookies(browser, a.url, b.url)
            wait_until('it is not kept', lambda e=elsewhere: from_memory(e, b.url, store))
        print(f'     {name}: refused after {statistics.median(took) * 1000:.1f} ms in the median, {max(took) * 1000:.1f} ms at most')

    @case(f'F-427: {name}: a record that anybody changes or deletes, and a flush')
    def _(name=name):
        store, a, b, browser, elsewhere = ground(name)
        key = store.keys()[0]
        before = num_gets(store)
        store.say('SELECT 2', f'PEXPIRE {key} 600000')
        wait_until('it is not asked for again', lambda: auth(browser, a.url)[0] == 202 and num_gets(store) > before)
        for end in (f'DEL {key}', 'FLUSHALL'):
            store.say('SELECT 2', end)
            since = time.monotonic()
            is_out(browser, a.url, since)
            is_out(elsewhere, b.url, since)
            browser = sign_in(a.url)
            elsewhere = same_cookies(browser, a.url, b.url)
            wait_until('it is not kept', lambda b1=browser, b2=elsewhere: from_memory(b1, a.url, store) and from_memory(b2, b.url, store))
            key = store.keys()[0]

    @case(f'F-427: {name}: the connections that are told are killed: no session survives that ended meanwhile, and they come back')
    def _(name=name):
        store, a, b, browser, elsewhere = ground(name)
        for _ in range(5):
            store.say('SELECT 2', 'MULTI', 'CLIENT KILL TYPE pubsub', f'DEL {store.keys()[0]}', 'EXEC')
            since = time.monotonic()
            is_out(browser, a.url, since)
            is_out(elsewhere, b.url, since)
            browser = sign_in(a.url)
            elsewhere = same_cookies(browser, a.url, b.url)
            wait_until('it does not come back', lambda b1=browser, b2=elsewhere: from_memory(b1, a.url, store) and from_memory(b2, b.url, store))
        assert not a.said('store-tells-nothing'), a.lines


@case('F-427: a server that does not let itself be asked to tell: one event, and Redis is asked with every request')
def _():
    store = Store(lines=['user default on nopass ~* &* +@all -client|tracking'])
    _, store, a, b = two(BUILD, store=store, **{SLOW: '1h'})
    browser = sign_in(a.url)
    elsewhere = same_cookies(browser, a.url, b.url)
    before = num_gets(store)
    assert [auth(elsewhere, b.url)[0] for _ in range(5)] == [202] * 5
    assert num_gets(store) >= before + 5
    wait_until('nothing is said', lambda: b.said('store-tells-nothing'))
    assert browser.request('GET', a.url + '/oauth2/sign_out')[0] == 302
    assert auth(elsewhere, b.url)[0] == 401  # at once
    assert sum('store-tells-nothing' in line for line in b.lines) == 1, b.lines
    store.say('ACL SETUSER default +client|tracking')
    browser = sign_in(b.url)
    wait_until('it is not tried again', lambda: from_memory(browser, b.url, store), 25)


@case('F-427: a way that swallows everything: no session is believed that ended longer ago than the staleness')
def _():
    store = Store()
    idp = DevIdp(BUILD)
    idp.post('answer', username='alice')
    proxy = FaultProxy(store.port)
    seconds = 3
    server = ForwardAuth(BUILD, idp.issuer, session_store_type='redis', redis_connection_url=f'redis://127.0.0.1:{proxy.port}/2', **{SLOW: f'{seconds}s'})
    browser = sign_in(server.url)
    wait_until('it is not kept', lambda: from_memory(browser, server.url, store))
    proxy.is_black_hole = True
    store.say('SELECT 2', f'DEL {store.keys()[0]}')
    ended = time.monotonic()
    believed = 0
    while True:
        asked = time.monotonic()
        status = auth(browser, server.url)[0]
        believed += status == 202
        assert status != 202 or asked < ended + seconds, asked - ended
        if asked > ended + seconds + 1:
            break
    assert believed > 0  # it was in memory
    assert status == 503, status
    proxy.is_black_hole = False
    wait_until('it does not come back', lambda: auth(browser, server.url)[0] == 401)


@case('F-427: Redis stands still: what is kept counts no longer than the staleness, and again when it goes on')
def _():
    seconds = 2
    store, a, _, browser, _ = ground(**{SLOW: f'{seconds}s'})
    store.signal(signal.SIGSTOP)
    try:
        stopped = time.monotonic()
        while time.monotonic() < stopped + seconds + 1:
            asked = time.monotonic()
            status = auth(browser, a.url)[0]
            assert status != 202 or asked < stopped + seconds, asked - stopped
        assert status == 503, status
    finally:
        store.signal(signal.SIGCONT)
    wait_until('it does not come back', lambda: from_memory(browser, a.url, store))


@case('F-427: sessions that come and go by the hundred, in two processes that are told: nobody is ever let in who is out')
def _():
    store, a, b, _, _ = ground()
    wrong = []

    def live(one, other):
        for _ in range(25):
            browser = sign_in(one.url)
            elsewhere = same_cookies(browser, one.url, other.url)
            for _ in range(3):
                if (auth(browser, one.url)[0], auth(elsewhere, other.url)[0]) != (202, 202):
                    wrong.append('out too early')
            if browser.request('GET', one.url + '/oauth2/sign_out')[0] != 302:
                wrong.append('cannot sign out')
            try:
                is_out(elsewhere, other.url, time.monotonic())
            except AssertionError:
                wrong.append('in too long')
    threads = [threading.Thread(target=live, args=pair) for pair in ((a, b), (b, a)) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong


run_all()
