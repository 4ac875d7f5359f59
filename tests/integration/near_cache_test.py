#!/usr/bin/env python3
"""near_cache_test.py BUILD: opened sessions that a process keeps, and what becomes of them when Redis tells of a change, or cannot.

The staleness is an hour wherever nothing else is said: what ends a session sooner was told.
"""
import random
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


def is_record(piece):
    """An answer to GET of a session; that of a deny list is nothing here."""
    return re.search(rb'\$\d{3,}\r\n', piece) is not None


def told_of(key):
    return lambda piece: b'invalidate' in piece and key.encode() in piece


def behind_proxies(staleness='1h', idp_arguments=(), **settings):
    """Two processes, each with a proxy of its own before one Redis; somebody signed in whom both keep in memory, and stays."""
    idp = DevIdp(BUILD, *idp_arguments)
    idp.post('answer', username='alice')
    store = Store()
    proxies = [FaultProxy(store.port, seed) for seed in (1, 2)]
    a, b = (ForwardAuth(BUILD, idp.issuer, session_store_type='redis', redis_connection_url=f'redis://127.0.0.1:{proxy.port}/2', store_timeout='30s',
                        **{SLOW: staleness}, **settings) for proxy in proxies)
    stays = sign_in(a.url)
    there = same_cookies(stays, a.url, b.url)
    wait_until('it is not kept', lambda: from_memory(stays, a.url, store) and from_memory(there, b.url, store))
    return idp, store, proxies, a, b, stays, there


def new_session(store, url):
    """Somebody who signs in, and the key of the record."""
    before = set(store.keys())
    browser = sign_in(url)
    key, = set(store.keys()) - before
    return browser, key


def late_answer(store, proxy, browser, url, meanwhile):
    """Asks for a session; the record comes out of Redis before `meanwhile`, and is heard of after it."""
    proxy.passed = []
    proxy.hold(is_record)
    statuses = []
    asking = threading.Thread(target=lambda: statuses.append(auth(browser, url)[0]))
    asking.start()
    wait_until('nothing is read', lambda: proxy.num_held == 1)
    meanwhile()
    proxy.let_go()
    asking.join()
    assert statuses == [202], statuses  # it was there when it was asked for


@case('F-427: what Redis tells overtakes the answer it is about: a session that ended meanwhile is not kept, one that did not is')
def _():
    _, store, (_, proxy), a, b, _, there = behind_proxies()
    for ends in (True, False, True, False):
        browser, key = new_session(store, a.url)
        others, others_key = new_session(store, a.url)
        elsewhere = same_cookies(browser, a.url, b.url)

        def meanwhile(ends=ends, browser=browser, key=key, others=others, others_key=others_key):
            goes, told = (browser, key) if ends else (others, others_key)
            assert goes.request('GET', a.url + '/oauth2/sign_out')[0] == 302
            wait_until('nothing is told', lambda: proxy.has_passed(told.encode()))
        late_answer(store, proxy, elsewhere, b.url, meanwhile)
        if ends:
            is_out(elsewhere, b.url, time.monotonic())
        else:
            assert from_memory(elsewhere, b.url, store)
        assert auth(there, b.url)[0] == 202


@case('F-427: what Redis tells is overtaken by the answer it is about: who signed out is out when it comes, nobody else is')
def _():
    _, store, (_, proxy), a, b, stays, there = behind_proxies()
    browser, key = new_session(store, a.url)
    elsewhere = same_cookies(browser, a.url, b.url)
    wait_until('it is not kept', lambda: from_memory(elsewhere, b.url, store))
    proxy.hold(told_of(key))
    assert browser.request('GET', a.url + '/oauth2/sign_out')[0] == 302
    wait_until('nothing is told', lambda: proxy.num_held == 1)
    assert auth(elsewhere, b.url)[0] == 202  # it cannot know
    for _ in range(3):  # told of much later, and changed nothing
        store.say('SELECT 2', f'PEXPIRE {next(k for k in store.keys() if k != key)} 600000')
    before = num_gets(store)
    assert from_memory(there, b.url, store)
    proxy.let_go()
    is_out(elsewhere, b.url, time.monotonic())
    wait_until('it is not asked for again', lambda: auth(there, b.url)[0] == 202 and num_gets(store) > before)
    wait_until('it is not kept', lambda: from_memory(stays, a.url, store) and from_memory(there, b.url, store))


@case('F-427: what Redis tells never comes, while it answers: no session is believed that ended longer ago than the staleness')
def _():
    seconds = 3
    _, store, (_, proxy), a, b, _, there = behind_proxies(f'{seconds}s')
    browser, key = new_session(store, a.url)
    elsewhere = same_cookies(browser, a.url, b.url)
    wait_until('it is not kept', lambda: from_memory(elsewhere, b.url, store))
    proxy.hold(told_of(key))
    try:
        assert browser.request('GET', a.url + '/oauth2/sign_out')[0] == 302
        ended = time.monotonic()
        believed = 0
        while (asked := time.monotonic()) < ended + seconds + 1:
            status = auth(elsewhere, b.url)[0]
            assert status != 202 or asked < ended + seconds, asked - ended
            believed += status == 202
            assert auth(there, b.url)[0] == 202
        assert proxy.num_held == 1 and believed > 0 and status == 401, (proxy.num_held, believed, status)
    finally:
        proxy.let_go()


@case('F-427: pieces of answers pass each other at random, under renewals, sign-ins and sign-outs: who is out stays out, nobody else is')
def _():
    idp, store, proxies, a, b, stays, there = behind_proxies(idp_arguments=('--token-lifetime', '8'), refresh_before_expiry='1s')
    for proxy in proxies:
        proxy.reorder = 0.04
    wrong, is_over = [], threading.Event()

    def stay(browser, url):
        while not is_over.is_set():
            status = auth(browser, url)[0]
            if status != 202:
                wrong.append(f'who stays: {status}')
            time.sleep(0.02)

    def come_and_go(one, other, chance):
        num_visits = 0
        while num_visits < 6 or idp.count('grants.refresh_token') < before + 4:
            num_visits += 1
            browser = sign_in(one.url)
            copies = [(same_cookies(browser, one.url, server.url), server.url) for server in (a, b)]
            asked = copies if chance.random() < 0.5 else copies[one is b:][:1]  # where it is not asked for, the first answer may be a late one
            for _ in range(chance.randrange(2, 25)):
                status = auth(*chance.choice(asked))[0]
                if status != 202:
                    wrong.append(f'before signing out: {status}')
            asking = [threading.Thread(target=auth, args=(same_cookies(browser, one.url, url), url)) for _, url in copies * 2]
            for thread in asking:  # their answers come late
                thread.start()
            if browser.request('GET', one.url + '/oauth2/sign_out')[0] != 302:
                wrong.append('cannot sign out')
            for copy, url in copies:
                is_out(copy, url, time.monotonic())  # long before its tokens are renewed, which would tell too
            for thread in asking:
                thread.join()
            for copy, url in copies * 3:
                if auth(copy, url)[0] == 202:
                    wrong.append('in again')

    def lives(*arguments):
        try:
            come_and_go(*arguments)
        except Exception as why:
            wrong.append(repr(why))
    before = idp.count('grants.refresh_token')
    signed_in = [(stays, there)]
    for one, other in ((a, b), (b, a), (b, a)):
        browser = sign_in(one.url)
        signed_in.append((browser, same_cookies(browser, one.url, other.url))[::1 if one is a else -1])
    staying = [threading.Thread(target=stay, args=arguments) for at_a, at_b in signed_in for arguments in ((at_a, a.url), (at_b, b.url))]
    threads = [threading.Thread(target=lives, args=(*pair, random.Random(i))) for i, pair in enumerate(((a, b), (b, a)) * 2)]
    for thread in staying + threads:
        thread.start()
    for thread in threads:
        thread.join()
    is_over.set()
    for thread in staying:
        thread.join()
    assert not wrong, wrong[:5]
    num_overtaken, num_renewals = [proxy.num_overtaken for proxy in proxies], idp.count('grants.refresh_token') - before
    print(f'     {num_overtaken} of {[proxy.num_read for proxy in proxies]} pieces were overtaken, {num_renewals} renewals')
    assert min(num_overtaken) > 20, num_overtaken
    assert idp.count('refresh_tokens_used_twice') == 0 and idp.count('families_revoked') == 0, idp.state()['journal']


run_all()
