#!/usr/bin/env python3
"""migration_test.py BUILD: from cookies to Redis and back, from one format or secret to another, process by process, while people sign in, stay and sign out.

The steps are those of README. Tokens are renewed every second, by a provider that ends the grant when a refresh token comes twice.
"""
import base64
import json
import sys
import time

from redis_servers import FaultProxy
from rolling_fleet import URL, Fleet, FleetBrowser, People
from servers import Browser, DevIdp, case, run_all
from stored_sessions import Store

BUILD = sys.argv[1]
SECRETS = ['0123456789!bcdef0123456789!bcdef', 'fedcba9876543210!bcdef0123456789']


def provider():
    idp = DevIdp(BUILD, '--token-lifetime', '2', '--redirect-uri', URL + '/oauth2/callback')
    idp.post('answer', username='alice')
    return idp


def slowly_granted(idp):
    """Settings by which tokens come a while after they were asked for, so that other requests find the renewal under way."""
    metadata = json.loads(Browser().request('GET', idp.issuer + '/.well-known/openid-configuration')[2])
    where = idp.issuer.split('/')[2]
    proxy = FaultProxy(int(where.split(':')[1]))
    proxy.delay = 0.1
    return proxy, {'skip_oidc_discovery': 'true', 'login_url': metadata['authorization_endpoint'], 'oidc_jwks_url': metadata['jwks_uri'],
                   'redeem_url': metadata['token_endpoint'].replace(where, f'127.0.0.1:{proxy.port}')}


def beside(store, **settings):
    return {'session_store_beside': 'redis', 'redis_connection_url': store.url, 'refresh_before_expiry': '1s', **settings}


def stored(store, **settings):
    return {'session_store_type': 'redis', 'redis_connection_url': store.url, 'refresh_before_expiry': '1s', **settings}


def is_ticket(browser):
    return len(browser.session) < 300


def is_signed(value):
    """In oauth2-proxy's format, not in the native one."""
    return '|' in value


def key_id(value):
    """Of a native value: which secret has sealed it."""
    return base64.urlsafe_b64decode(value[:16])[2:10]


def ends_copies(settings):
    """Whether a sign-out is promised to reach copies of the cookie: through a store."""
    return 'redis_connection_url' in settings


class Move:
    """A fleet with people in it; each step puts new settings into one process after the other."""

    def __init__(self, first, size=2, rotates=True):
        self.idp = provider()
        if not rotates:
            self.idp.misbehave('token-no-rotation', times=1000000)
        self.settings = first
        self.proxy, self.tokens = slowly_granted(self.idp)
        self.fleet = Fleet(BUILD, self.idp.issuer, [{**first, **self.tokens}] * size)
        self.people = People(self.fleet)
        self.people.hold()
        self.num_refused = 0

    def renewals(self):
        return self.idp.count('grants.refresh_token')

    def step(self, settings, until=lambda: True):
        """In each process, with renewals in between; then until that has come about. Whoever signs out in a mixed fleet is out as well."""
        for place in range(len(self.fleet.members)):
            self.fleet.replace(place, {**settings, **self.tokens})
            before = self.renewals()
            self.people.left.clear()
            self.people.go_on(lambda before=before: self.renewals() > before)
            if place == 0:
                self.check_who_left(settings)
        self.settings = settings
        self.people.left.clear()
        self.people.hold()
        self.people.go_on(until)
        self.check_who_left(settings)

    def check_who_left(self, settings):
        if ends_copies(self.settings) and ends_copies(settings):
            self.people.go_on(lambda: len(self.people.left) > 0)
            self.num_refused += self.people.check_who_left()

    def end(self):
        self.people.stop()
        self.proxy.stop()
        state = self.idp.state()['journal']
        assert self.idp.count('refresh_tokens_used_twice') == 0 and self.idp.count('families_revoked') == 0, state
        people = self.people
        print(f'     {len(people.holders)} stayed, {people.num_visits} visits, {self.renewals()} renewals, {self.num_refused} refused after their sign-out')
        assert self.num_refused > 0


@case('migration: cookies to Redis and back, while requests run: nobody is signed out, no refresh token comes twice')
def _():
    store = Store()
    plain = {'refresh_before_expiry': '1s'}
    # Several processes with cookies alone need a provider that does not rotate, before as after.
    move = Move(plain, size=3, rotates=False)
    move.step(beside(store))
    assert not any(is_ticket(browser) for browser in move.people.holders)
    move.idp.post('behave')
    move.step(stored(store, session_fallback_to_cookie='true'))
    assert [is_ticket(browser) for browser in move.people.holders] == [False, False, True]
    move.step(beside(store))
    assert [is_ticket(browser) for browser in move.people.holders] == [False, False, True, False]
    move.idp.misbehave('token-no-rotation', times=1000000)
    move.people.holders = [browser for browser in move.people.holders if not is_ticket(browser)]
    move.step(plain)
    move.end()


@case('migration: Redis without and with sessions in cookies besides, the last step there and the first back, while requests run')
def _():
    store = Store()
    both = stored(store, session_fallback_to_cookie='true')
    move = Move(both)
    for settings in (stored(store), both, beside(store)):
        move.step(settings)
    assert [is_ticket(browser) for browser in move.people.holders] == [True, True, True, False]
    move.end()


def formats(settings):
    """To the native format and back, each cookie rewritten before the old one is forgotten."""
    old, new = {'session_format': 'oauth2-proxy'}, {'session_format': 'native'}
    both = {'accept_other_session_format': 'true'}
    move = Move({**settings, **old})
    for now, then in ((old, new), (new, old)):
        move.step({**settings, **now, **both})
        move.step({**settings, **then, **both}, lambda then=then: all(is_signed(value) == (then is old) for value in move.people.values()))
        move.step({**settings, **then})
    move.end()


@case("migration: oauth2-proxy's format to the native one and back, sessions in cookies, while requests run")
def _():
    formats(beside(Store()))


@case("migration: oauth2-proxy's format to the native one and back, sessions in Redis, while requests run")
def _():
    formats(stored(Store()))


def secrets(settings):
    """The new one is read by all before any writes it, the old one until each cookie is rewritten."""
    old, new = SECRETS
    move = Move({**settings, 'cookie_secret': old})
    move.step({**settings, 'cookie_secret': old, 'cookie_secrets_previous': new})
    move.step({**settings, 'cookie_secret': new, 'cookie_secrets_previous': old}, lambda: len(set(map(key_id, move.people.values()))) == 1)
    move.step({**settings, 'cookie_secret': new})
    move.end()


@case('migration: the secret is replaced, sessions in cookies, while requests run')
def _():
    secrets(beside(Store()))


@case('migration: the secret is replaced, sessions in Redis, while requests run')
def _():
    secrets(stored(Store()))


@case('migration: the profile compat is left, sessions in Redis, while requests run')
def _():
    store = Store()
    compat, both = {'compat': 'oauth2-proxy', 'provider': 'oidc', 'email_domains': '*'}, {'accept_other_session_format': 'true'}
    # A sign-in may begin at one process and end at another, so what must agree is said until all have left.
    begun_there = {'cookie_csrf_per_request': 'false', 'insecure_oidc_skip_nonce': 'true'}
    move = Move(stored(store, **compat))
    move.step(stored(store, **compat, **both))
    move.step(stored(store, **compat, **both, session_format='native'), lambda: not any(map(is_signed, move.people.values())))
    move.step(stored(store, **begun_there))
    move.end()


@case('migration: a process that was not told of it refuses what another writes, one that was told does not')
def _():
    store, idp = Store(), provider()
    old, new = SECRETS
    native, theirs, both = {'session_format': 'native'}, {'session_format': 'oauth2-proxy'}, {'accept_other_session_format': 'true'}
    for writes, is_not_told, is_told in (
            (stored(store), {}, beside(store)),
            ({}, stored(store), stored(store, session_fallback_to_cookie='true')),
            (native, theirs, {**theirs, **both}),
            (theirs, native, {**native, **both}),
            (stored(store, **native), stored(store, **theirs), stored(store, **theirs, **both)),
            (stored(store, **theirs), stored(store, **native), stored(store, **native, **both)),
            ({'cookie_secret': new}, {'cookie_secret': old}, {'cookie_secret': old, 'cookie_secrets_previous': new})):
        fleet = Fleet(BUILD, idp.issuer, [writes, is_not_told, is_told])
        jar = FleetBrowser(fleet, fleet.members[0]).sign_in().jar
        assert FleetBrowser(fleet, fleet.members[2], jar).status() == 202, writes
        refused = FleetBrowser(fleet, fleet.members[1], jar)
        assert refused.status() == 401, writes
        # Only of another secret's cookies it is known that they may be good elsewhere.
        assert bool(refused.session) == ('cookie_secret' in writes), writes


@case('migration: a step left out signs people out, which these tests notice')
def _():
    move = Move({'refresh_before_expiry': '1s'})
    move.fleet.replace(0, stored(Store()))
    deadline = time.monotonic() + 60
    while not any('401' in what for what in move.people.wrong):
        assert time.monotonic() < deadline, 'nobody is signed out'
        time.sleep(0.05)
    move.people.is_over.set()
    for thread in move.people.threads:
        thread.join()


run_all()
