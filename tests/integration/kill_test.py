#!/usr/bin/env python3
"""kill_test.py BUILD: a process that dies between any two of its effects while it signs in, signs out, revokes or keeps data (K-04).

The process speaks to Redis through a proxy that kills it before or after one of its commands (killing_proxy.py), each time another. Whatever
it was at, others go on: nothing is lost, and nobody is let in. How renewals die stands in stampede_test.py.
"""
import http.client
import itertools
import re
import signal
import subprocess
import sys
import time

from killing_proxy import KillingProxy, http_request
from servers import Browser, DevIdp, ForwardAuth, case, follow, run_all, running, session_cookies
from stored_sessions import Store, auth, host, same_cookies, sign_in, wait_until

BUILD = sys.argv[1]
ALICE, BOB = 'u-1001', 'u-1002'
HOME = 'http://127.0.0.1:1'  # what the provider takes for the address of each: one may finish a sign-in that another began
IN_REDIS, IN_COOKIES = {'session_store_type': 'redis'}, {'session_store_beside': 'redis'}
WHERE = {id(IN_REDIS): 'sessions in Redis', id(IN_COOKIES): 'sessions in cookies beside Redis'}
ASKED_EACH_TIME, TOLD = {'session_cache_max_staleness': '0s'}, {'session_cache_max_staleness': '1h'}


class Host:
    """session_host.cpp: what an application does through the C++ API."""

    def __init__(self, issuer, url, **settings):
        values = {'oidc_issuer_url': issuer, 'client_id': 'gatelet-demo', 'client_secret': 'gatelet-demo-secret', 'cookie_name': 'app',
                  'cookie_secret': '0123456789!bcdef0123456789!bcdef', 'cookie_secure': 'false', 'insecure_allow_http_provider': 'true',
                  'redirect_url': HOME + '/oauth2/callback', 'redis_connection_url': url, **ASKED_EACH_TIME, **settings}
        self.process = subprocess.Popen([f'{BUILD}/tests/integration/session_host', *(f'{name}={value}' for name, value in values.items())],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = []
        running.append(self)
        assert self.process.stdout.readline() == 'ready\n'

    def say(self, *words):
        """The words of the answer; None where it died."""
        self.process.stdin.write(' '.join(words) + '\n')
        self.process.stdin.flush()
        said = self.process.stdout.readline()
        self.lines.append(f'{words[0]}: {said[:40].strip()}\n')
        return said.split() or None

    def lets_in(self, cookies):
        said = self.say('get', 'color', cookies)
        assert said[0] in ('allow', '401'), said
        return said[0] == 'allow'

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(20)


def line_of(browser, url):
    return '; '.join(f'{name}={value}' for name, value in session_cookies(browser, url).items())


class Fleet:
    """A provider, a Redis, a forward_auth that is told of changes and a host that asks each time, and Bob, whom nothing of it concerns."""

    def __init__(self, how, *idp_arguments, **settings):
        self.idp, self.store = DevIdp(BUILD, *idp_arguments), Store()
        self.is_stored = how is IN_REDIS
        self.settings = {'redirect_url': HOME + '/oauth2/callback', **how, **settings}
        self.web = self.forward_auth(self.store.url, **TOLD)
        self.host = self.api_host(self.store.url)
        self.bob = self.signed_in('bob')
        self.idp.post('answer', username='alice')

    def forward_auth(self, url, **settings):
        return ForwardAuth(BUILD, self.idp.issuer, **{'redis_connection_url': url, **self.settings, **settings})

    def api_host(self, url):
        return Host(self.idp.issuer, url, **self.settings)

    def signed_in(self, name='alice'):
        """A browser of that person, known to the forward_auth from memory too."""
        self.idp.post('answer', username=name)
        browser = Browser()
        call_back(browser, self.web.url, begin(browser, self.web.url))
        assert auth(browser, self.web.url)[0] == 202
        return browser

    def line(self, browser):
        return line_of(browser, self.web.url)

    def is_served(self, browser):
        """At both; they agree."""
        wait_until('one process lets somebody in whom the other refuses',
                   lambda: (auth(self.copy(browser), self.web.url)[0] == 202) == self.host.lets_in(self.line(browser)))
        return self.host.lets_in(self.line(browser))

    def copy(self, browser):
        return same_cookies(browser, self.web.url, self.web.url)

    def check_rest(self, where, *others):
        for browser in (self.bob, *others):
            assert self.is_served(browser), where
        for key, lifetime in lifetimes(self.store).items():
            assert lifetime >= 0, (where, key, lifetime)
            assert not key.endswith('.lock') or lifetime <= 2000, (where, key, lifetime)


def lifetimes(store):
    """Of every key, in milliseconds; -1: for ever."""
    keys = [line for line in store.say('SELECT 2', 'KEYS *').splitlines() if not re.match(r'[+*$]', line)]
    found = {key: int(store.say('SELECT 2', f'PTTL {key}').split(':')[1]) for key in keys}
    return {key: lifetime for key, lifetime in found.items() if lifetime != -2}  # ended meanwhile


def begin(browser, url):
    """Over the provider, up to what the callback is asked for."""
    status, location, text = follow(browser, url + '/oauth2/start?rd=/', HOME + '/')
    assert location and location.startswith(HOME + '/oauth2/callback'), (status, location, text)
    return location.removeprefix(HOME)


def call_back(browser, url, callback):
    """The status; None: nobody answered."""
    try:
        return browser.request('GET', url + callback)[0]
    except (OSError, http.client.HTTPException):
        return None


class Death:
    def __init__(self, who, answer, where, was_killed):
        self.who, self.answer, self.where, self.was_killed = who, answer, where, was_killed


def deaths(target, start, prepare, act, least, whole=None, meanwhile=None):
    """A flow again and again, each time at a process that dies one step later; the last of each round gets through, and dies then.

    start(port) gives the process, prepare(process) whom it is about, act(process, whom) the answer, None where there is none. `meanwhile` happens
    to whom right before the fatal step.
    """
    names = []
    for after in (False, True):
        for fatal in itertools.count(1):
            proxy = KillingProxy(target, *([whole] if whole else []))
            victim = start(proxy.port)
            who = prepare(victim)
            proxy.arm(victim, fatal, after, (lambda who=who: meanwhile(who)) if meanwhile else None)
            answer = act(victim, who)
            deadly = proxy.disarm()
            victim.stop(signal.SIGKILL)
            running.remove(victim)
            proxy.stop()
            where = f'{"after" if after else "before"} command {fatal}, {deadly}'
            yield Death(who, answer, where, deadly is not None)
            if deadly is None:
                break
            names.append(deadly)
    print(f'{len(names)} deaths: {" ".join(names)}')
    assert len(names) >= least, names


def sign_in_again(fleet, browser, callback, where):
    """A reload at another process ends well or is refused, and a new sign-in goes through; the reload's status."""
    before = session_cookies(browser, fleet.web.url)
    status = call_back(browser, fleet.web.url, callback)
    is_well = session_cookies(browser, fleet.web.url) != before
    assert (status == 302 and fleet.is_served(browser)) if is_well else 400 <= status < 600, (where, status)
    assert call_back(browser, fleet.web.url, begin(browser, fleet.web.url)) == 302, where  # no loop
    assert fleet.is_served(browser), where
    return status


def sign_ins(fleet, target, settings_of, has_old, least, whole=None):
    """Alice signs in at a process that dies, perhaps with a session of before in her browser."""
    elsewhere = fleet.signed_in()
    kept = set(fleet.store.keys())

    def start(port):
        return fleet.forward_auth(**{'url': fleet.store.url, **ASKED_EACH_TIME, **settings_of(port)})

    def prepare(victim):
        browser = fleet.signed_in() if has_old else Browser()
        old = fleet.copy(browser) if has_old else None
        old_key = set(fleet.store.keys()) - kept
        jar = browser.cookies.pop(host(fleet.web.url), {})
        browser.cookies[host(victim.url)] = jar
        assert browser.request('GET', victim.url + '/ready')[0] == 200
        return browser, old, old_key, begin(browser, victim.url)

    def act(victim, who):
        status = call_back(who[0], victim.url, who[3])
        who[0].cookies[host(fleet.web.url)] = who[0].cookies.pop(host(victim.url))
        return status

    for death in deaths(target, start, prepare, act, least, whole):
        browser, old, old_key, callback = death.who
        fleet.check_rest(death.where, elsewhere)
        assert death.answer == (None if death.was_killed else 302), (death.where, death.answer)
        if death.was_killed:
            if has_old:  # it serves, or has gone for a new one
                left = set(fleet.store.keys()) - kept
                assert fleet.is_served(old) == (old_key <= left), death.where
                assert left, death.where
            yield death, sign_in_again(fleet, browser, callback, death.where)
        else:
            assert fleet.is_served(browser) and not (has_old and fleet.is_served(old)), death.where
        # Whatever was begun can be ended by whoever ends all of hers: no record is there that nobody knows.
        said = fleet.host.say('revoke_others', ALICE, fleet.line(elsewhere))
        assert said[0] == 'ok' and set(fleet.store.keys()) == kept, (death.where, said, fleet.store.keys(), kept)
        assert not fleet.is_served(browser), death.where
        fleet.check_rest(death.where, elsewhere)


for has_old in (False, True):
    @case(f'K-04: kill -9 while somebody signs in, {"over a session of before" if has_old else "for the first time"}: who had no answer does it again')
    def _(has_old=has_old):
        fleet = Fleet(IN_REDIS)
        settings = lambda port: {'url': f'redis://127.0.0.1:{port}/2'}  # noqa: E731
        for death, reloaded in sign_ins(fleet, fleet.store.port, settings, has_old, 8 if has_old else 6):
            assert reloaded == 502, (death.where, reloaded)  # the code was redeemed before anything was put into Redis


@case('K-04: kill -9 around code, keys and userinfo: the code counts once, and who had no answer signs in again, perhaps by a reload')
def _():
    fleet = Fleet(IN_REDIS, '--lean-id-token')
    port = int(re.search(r':(\d+)', host(fleet.idp.issuer))[1])

    def settings(near):
        here = f'http://127.0.0.1:{near}'
        return {'skip_oidc_discovery': 'true', 'login_url': f'{fleet.idp.issuer}/authorize', 'redeem_url': here + '/token',
                'oidc_jwks_url': here + '/jwks', 'profile_url': here + '/userinfo'}
    seen = {}
    for death, reloaded in sign_ins(fleet, port, settings, True, 6, http_request):
        when, number, name = re.fullmatch(r'(before|after) command (\d+), (\w+)', death.where).groups()
        seen[int(number), when == 'after', name] = reloaded
    redeemed = next(number for number, _, name in seen if name == 'POST')
    for (number, is_after, _), reloaded in seen.items():
        is_used = (number, is_after) >= (redeemed, True)
        assert reloaded == (502 if is_used else 302), (seen, fleet.web.lines, fleet.idp.state()['journal'])


def sign_out(browser, url):
    """The status; None: nobody answered."""
    try:
        return browser.request('GET', url + '/oauth2/sign_out')[0]
    except (OSError, http.client.HTTPException):
        return None


def sign_outs(fleet, people, least, target=None, settings_of=None, whole=None):
    """Each of them signs out at a process that dies: (death, the browser, which had an answer or not)."""
    def start(port):
        settings = settings_of(port) if settings_of else {'url': f'redis://127.0.0.1:{port}/2'}
        return fleet.forward_auth(**{'url': fleet.store.url, **ASKED_EACH_TIME, **settings})

    def prepare(victim):
        assert Browser().request('GET', victim.url + '/ready')[0] == 200
        return next(people)

    def act(victim, browser):
        there = same_cookies(browser, fleet.web.url, victim.url)
        status = sign_out(there, victim.url)
        assert status is None or not session_cookies(there, victim.url)
        return status

    for death in deaths(target or fleet.store.port, start, prepare, act, least, whole):
        assert death.answer == (None if death.was_killed else 302), (death.where, death.answer)
        yield death, death.who


@case('K-04: kill -9 while somebody signs out, session in Redis: alive everywhere or over everywhere, and the next sign-out is final')
def _():
    fleet = Fleet(IN_REDIS)
    elsewhere = fleet.signed_in()
    kept = set(fleet.store.keys())
    seen = []
    for death, browser in sign_outs(fleet, iter(fleet.signed_in, None), 6):
        is_alive = set(fleet.store.keys()) != kept
        seen.append(is_alive)
        assert fleet.is_served(browser) == is_alive, death.where
        if death.was_killed:
            again = fleet.copy(browser)
            assert sign_out(again, fleet.web.url) == 302 and not session_cookies(again, fleet.web.url), death.where
        assert not fleet.is_served(browser) and set(fleet.store.keys()) == kept, death.where
        fleet.check_rest(death.where, elsewhere)
        assert len(fleet.host.say('list', ALICE)) == 2, death.where
    assert True in seen and False in seen, seen


@case('K-04: kill -9 while the provider is told of a sign-out: the session was over before it heard')
def _():
    fleet = Fleet(IN_REDIS)
    elsewhere = fleet.signed_in()
    kept = set(fleet.store.keys())
    port = int(re.search(r':(\d+)', host(fleet.idp.issuer))[1])
    settings = lambda near: {'backend_logout_url': f'http://127.0.0.1:{near}/dev/elsewhere', 'end_session': 'true'}  # noqa: E731
    for death, browser in sign_outs(fleet, iter(fleet.signed_in, None), 2, port, settings, http_request):
        assert not fleet.is_served(browser) and set(fleet.store.keys()) == kept, death.where
        fleet.check_rest(death.where, elsewhere)


DUE = ('--token-lifetime', '2')
WAIT = 1.2  # a second before their end tokens are renewed
RAN_OUT = 2.3


@case('K-04: kill -9 while somebody signs out, session in cookies beside Redis: all renew it or none does, and none after the next')
def _():
    fleet = Fleet(IN_COOKIES, *DUE, refresh_before_expiry='1s')
    people = [fleet.signed_in() for _ in range(32)]
    first = [fleet.copy(browser) for browser in people]
    time.sleep(WAIT)
    for browser, old in zip(people, first):
        assert auth(browser, fleet.web.url)[0] == 202 and session_cookies(browser, fleet.web.url) != session_cookies(old, fleet.web.url)
    bringing = iter(zip(people, first))
    brought = []  # who signs out does it with the cookie of before that renewal

    def bring():
        for both in bringing:
            brought.append(both)
            yield both[1]

    ended = []
    for signs_out_again in (False, True):
        for death, old in sign_outs(fleet, bring(), 6):
            if death.was_killed and signs_out_again:
                assert sign_out(fleet.copy(old), fleet.web.url) == 302, death.where
            ended.append((death.where, signs_out_again or not death.was_killed, brought[-1]))
    time.sleep(WAIT)
    seen = []
    for where, is_final, both in ended:
        asked = {fleet.is_served(browser) for browser in both}
        assert len(asked) == 1 and not (is_final and True in asked), (where, is_final, asked)
        seen += [] if is_final else asked
    assert True in seen and False in seen, seen
    assert fleet.idp.count('refresh_tokens_used_twice') == 0, fleet.idp.state()['journal']
    fleet.check_rest('at the end')


def host_deaths(fleet, prepare, act, least, meanwhile=None):
    """A host of the C++ API that dies; it is connected before."""
    def start(port):
        victim = fleet.api_host(f'redis://127.0.0.1:{port}/2')
        # Nothing goes on behind this answer that would shift the count.
        assert victim.say('list', 'nobody') == ['ok'] if fleet.is_stored else victim.lets_in(fleet.line(fleet.bob))
        return victim
    return deaths(fleet.store.port, start, prepare, act, least, meanwhile=meanwhile)


class Revocation:
    """What is asked for, with Alice at two browsers: who is to be out after it, and who stays."""

    def __init__(self, verb, fleet):
        one, other = fleet.signed_in(), fleet.signed_in()
        self.words, self.out, self.stay = {
            'revoke_session': lambda: ([ALICE, self.handle_of(fleet, one, other)], [one], [other]),
            'revoke_sessions': lambda: ([ALICE], [one, other], []),
            'revoke_others': lambda: ([ALICE, fleet.line(other)], [one], [other]),
        }[verb]()
        self.words.insert(0, verb)

    @staticmethod
    def handle_of(fleet, one, other):
        """Of Alice's, `one` signed in right before `other`, the latest of all: the second of the list."""
        return fleet.host.say('list', ALICE)[2]


@case('the handle that a revocation names below is that of the session it means')
def _():
    fleet = Fleet(IN_REDIS)
    for _ in range(3):
        asked = Revocation('revoke_session', fleet)
        assert fleet.host.say(*asked.words) == ['ok', asked.words[-1]]
        assert not fleet.is_served(asked.out[0]) and fleet.is_served(asked.stay[0])


for how, verb, least in ((IN_REDIS, 'revoke_session', 10), (IN_REDIS, 'revoke_sessions', 10), (IN_REDIS, 'revoke_others', 10),
                         (IN_COOKIES, 'revoke_sessions', 4), (IN_COOKIES, 'revoke_others', 4)):
    @case(f'K-04: kill -9 in {verb}, {WHERE[id(how)]}: asked again it is done; what was answered is never undone; the others stay')
    def _(how=how, verb=verb, least=least):
        fleet = Fleet(how)
        num_ended = 0
        for death in host_deaths(fleet, lambda _: Revocation(verb, fleet), lambda victim, asked: victim.say(*asked.words), least):
            asked = death.who
            assert (death.answer is None) == death.was_killed and (death.was_killed or death.answer[0] == 'ok'), (death.where, death.answer)
            fleet.check_rest(death.where, *asked.stay)
            served = [fleet.is_served(browser) for browser in asked.out]
            num_ended += not any(served)
            if death.was_killed:
                assert fleet.host.say(*asked.words)[0] == 'ok', death.where
            assert not any(fleet.is_served(browser) for browser in asked.out), (death.where, served)
            assert death.was_killed or not any(served), death.where
            fleet.check_rest(death.where, *asked.stay)
        assert num_ended > 2, num_ended  # more than the two that got through


def keep_color(process, fleet, browser, value):
    """The first word of the answer, which the browser takes; None: nobody answered."""
    said = process.say('set', 'color', value, fleet.line(browser))
    for cookie in said[1:] if said and said[0] == 'allow' else []:
        name, _, sealed = cookie.partition('=')
        browser.cookies[host(fleet.web.url)][name] = sealed
    return said[0] if said else None


def color_of(fleet, browser):
    """As another process reads it; None: there is no session."""
    said = fleet.host.say('get', 'color', fleet.line(browser))
    return said[1] if said[0] == 'allow' else None


def people_with_color(how, is_due, num_people):
    """Who keeps data renews the tokens first where they ran out and end the session. The same grant serves each renewal here, so that none is
    lost with a process: what is lost then is told in stampede_test.py."""
    fleet = Fleet(how, *(DUE if is_due else ()), refresh_before_expiry='1s', session_ends_with_tokens='true')
    fleet.idp.misbehave('token-no-rotation', times=-1)
    people = [fleet.signed_in() for _ in range(num_people)]
    for browser in people:
        assert keep_color(fleet.host, fleet, browser, 'old') == 'allow'
    if is_due:
        time.sleep(RAN_OUT)
    return fleet, people


def data_deaths(fleet, people, least, meanwhile=None):
    people = iter(people)
    for death in host_deaths(fleet, lambda _: next(people), lambda victim, browser: keep_color(victim, fleet, browser, 'new'), least, meanwhile):
        fleet.check_rest(death.where)
        yield death


for how, is_due, least in ((IN_REDIS, False, 6), (IN_REDIS, True, 16), (IN_COOKIES, False, 2), (IN_COOKIES, True, 10)):
    tokens = 'tokens that ran out' if is_due else 'good tokens'

    @case(f'K-04: kill -9 in set_session_data, {WHERE[id(how)]}, {tokens}: the data is the old or the new, no session is lost, no lock stays')
    def _(how=how, is_due=is_due, least=least):
        fleet, people = people_with_color(how, is_due, 32)
        seen = []
        died = list(data_deaths(fleet, people, least))
        for death in died:
            assert death.answer == (None if death.was_killed else 'allow'), (death.where, death.answer)
            color = color_of(fleet, death.who)
            assert color in ('old', 'new') if death.was_killed else color == 'new', (death.where, color)
            seen.append(color)
            assert fleet.is_served(death.who), death.where
            assert keep_color(fleet.host, fleet, death.who, 'newer') == 'allow' and color_of(fleet, death.who) == 'newer', death.where
        assert seen[0] == 'old', seen
        wait_until('a lock stays', lambda: not any(key.endswith('.lock') for key in lifetimes(fleet.store)))
        fleet.check_rest('at the end')


def revoke_all_of(fleet, _):
    assert fleet.host.say('revoke_sessions', ALICE)[0] == 'ok'


def sign_out_of(fleet, browser):
    assert sign_out(fleet.copy(browser), fleet.web.url) == 302


for how, is_due, least, what, end in ((IN_REDIS, False, 6, 'a revocation', revoke_all_of), (IN_REDIS, True, 16, 'a sign-out', sign_out_of),
                                      (IN_COOKIES, True, 10, 'a sign-out', sign_out_of)):
    @case(f'K-04: kill -9 in set_session_data, {WHERE[id(how)]}, right after {what} elsewhere: nobody is brought back')
    def _(how=how, is_due=is_due, least=least, end=end):
        fleet, people = people_with_color(how, is_due, 32 if is_due else 0)
        for death in data_deaths(fleet, people or iter(fleet.signed_in, None), least, lambda browser: end(fleet, browser)):
            assert fleet.is_served(death.who) == (not death.was_killed), death.where
            assert (keep_color(fleet.host, fleet, death.who, 'newer') == 'allow') == (not death.was_killed), death.where
            assert fleet.is_served(death.who) == (not death.was_killed), death.where


run_all()
