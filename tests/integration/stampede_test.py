#!/usr/bin/env python3
"""stampede_test.py BUILD: one session whose tokens ran out, asked for by very many at once, and a process that dies while it renews.

The provider revokes the whole grant when a refresh token comes a second time: whoever sends one too many is signed out, and seen here.
"""
import asyncio
import collections
import re
import sys
import time

from killing_proxy import KillingProxy
from servers import DevIdp, ForwardAuth, case, run_all, running
from stored_sessions import Store, sign_in

BUILD = sys.argv[1]
TOKEN_LIFETIME = 2  # seconds
LONG_TOKEN_LIFETIME = 12  # where all requests must be answered before the new tokens are due


def provider(lifetime=TOKEN_LIFETIME):
    idp = DevIdp(BUILD, '--token-lifetime', lifetime)
    idp.post('answer', username='alice')
    return idp


def stored(idp, url, **settings):
    return ForwardAuth(BUILD, idp.issuer, session_store_type='redis', redis_connection_url=url, refresh_before_expiry='1s', **settings)


def cookies_of(browser, url):
    return '; '.join(f'{name}={value}' for name, value in browser.cookies[url.split('//')[1]].items() if re.fullmatch(r'app(_\d+)?', name))


def wait_for_expiry(lifetime=TOKEN_LIFETIME):
    time.sleep(lifetime + 0.3)


async def ask(url, cookie, hangs_up=False):
    """The status of one request on a connection of its own; None where the client goes away before the answer."""
    where, port = url.split('//')[1].split(':')
    reader, writer = await asyncio.open_connection(where, int(port))
    try:
        writer.write(f'GET /oauth2/auth HTTP/1.1\r\nHost: {where}:{port}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n'.encode())
        await writer.drain()
        if hangs_up:
            return None
        answer = await asyncio.wait_for(reader.read(), 60)
        return int(answer.split(b' ', 2)[1])
    finally:
        writer.close()


def ask_all(requests):
    async def all_of_them():
        return await asyncio.gather(*(ask(*one) for one in requests))
    return collections.Counter(asyncio.run(all_of_them()))


@case('F-403: 1,000 requests at 4 processes on one stored session whose tokens ran out: one grant, no logout, all served')
def _():
    idp, store = provider(LONG_TOKEN_LIFETIME), Store()
    fleet = [stored(idp, store.url) for _ in range(4)]
    browser = sign_in(fleet[0].url)
    bystander = sign_in(fleet[1].url)
    cookie = cookies_of(browser, fleet[0].url)
    wait_for_expiry(LONG_TOKEN_LIFETIME)
    before = idp.count('grants.refresh_token')
    seen = ask_all([(fleet[i % 4].url, cookie) for i in range(1000)])
    assert seen == {202: 1000}, seen
    assert idp.count('grants.refresh_token') == before + 1, idp.state()['journal']
    assert ask_all([(server.url, cookie) for server in fleet]) == {202: 4}
    assert ask_all([(fleet[0].url, cookies_of(bystander, fleet[1].url))]) == {202: 1}


@case('K-02: 1,000 requests at one process on one cookie session, late ones and clients that hang up: one grant, no logout')
def _():
    idp = provider(LONG_TOKEN_LIFETIME)
    server = ForwardAuth(BUILD, idp.issuer, refresh_before_expiry='1s')
    browser = sign_in(server.url)
    old = cookies_of(browser, server.url)
    wait_for_expiry(LONG_TOKEN_LIFETIME)
    before = idp.count('grants.refresh_token')
    seen = ask_all([(server.url, old, i % 4 == 0) for i in range(1000)])
    assert seen == {None: 250, 202: 750}, seen
    assert ask_all([(server.url, old)] * 20) == {202: 20}  # late, on the cookie that was replaced
    assert idp.count('grants.refresh_token') == before + 1, idp.state()['journal']
    assert browser.request('GET', server.url + '/oauth2/auth')[0] == 202
    assert cookies_of(browser, server.url) != old
    assert idp.count('grants.refresh_token') == before + 1


@case('F-403: kill -9 of the process that renews, before and after each of its commands: at most one grant more, nobody else is signed out')
def _():
    num_deaths = num_lost = 0
    idp, store = provider(), Store()
    other = stored(idp, store.url, session_cache_max_staleness='0s')
    bystander = sign_in(other.url)
    for after in (False, True):
        for fatal in range(1, 16):
            proxy = KillingProxy(store.port)
            victim = stored(idp, f'redis://127.0.0.1:{proxy.port}/2', session_cache_max_staleness='0s', driver='thread')
            browser = sign_in(victim.url)
            cookie = cookies_of(browser, victim.url)
            wait_for_expiry()
            before = idp.count('grants.refresh_token')
            proxy.arm(victim, fatal, after)
            try:
                asyncio.run(ask(victim.url, cookie))
            except (OSError, IndexError, asyncio.TimeoutError):
                pass
            deadline = time.monotonic() + 1  # what goes on behind the answer
            while victim.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            died = victim.process.poll() is not None
            num_deaths += died
            # Whoever the browser reaches next serves it, once the dead one's lock has ended; or signs it out, once, where the new tokens died
            # with it. Nothing else is lost.
            status = asyncio.run(ask(other.url, cookie))
            grants = idp.count('grants.refresh_token') - before
            assert status in (202, 401), (fatal, after, status)
            assert grants <= 2, (fatal, after, grants)
            if status == 401:
                num_lost += 1
                assert died, (fatal, after)
                again = sign_in(other.url)  # no loop
                assert again.request('GET', other.url + '/oauth2/auth')[0] == 202
                again.request('GET', other.url + '/oauth2/sign_out')
            assert bystander.request('GET', other.url + '/oauth2/auth')[0] == 202, (fatal, after)
            asyncio.run(ask(other.url, cookie))
            for server in (victim, proxy):
                server.stop()
                if server in running:
                    running.remove(server)
            if not died:
                break  # it renewed with fewer commands than that
    print(f'{num_deaths} deaths, {num_lost} sessions lost with the tokens they had just got')
    assert num_deaths >= 12, num_deaths
    assert num_lost <= 4, num_lost  # between the provider's answer and the record


run_all()
