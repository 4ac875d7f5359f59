"""Several forward_auth processes that are replaced one after the other while people use them, as behind a load balancer.

The application is http://app.example; the balancer sends each request to any process, and takes a process out before it ends it.
"""
import contextlib
import http.client
import random
import threading
import time
import traceback

from servers import Browser, ForwardAuth, follow, running

HOST = 'app.example'
URL = f'http://{HOST}'
PAUSE = 0.02  # seconds between two requests of a person: what is measured is no load


class Member:
    def __init__(self, server):
        self.server = server
        self.address = server.url.removeprefix('http://').split(':')
        self.num_under_way = self.num_answers = 0


class Fleet:
    def __init__(self, build, issuer, all_settings):
        self.build, self.issuer = build, issuer
        self.changed = threading.Condition()
        self.members = [self._start(settings) for settings in all_settings]

    def _start(self, settings):
        return Member(ForwardAuth(self.build, self.issuer, redirect_url=URL + '/oauth2/callback', **settings))

    @contextlib.contextmanager
    def member(self, chosen=None):
        """Any of them, or the chosen one; not ended before the request is."""
        with self.changed:
            one = chosen or random.choice(self.members)
            one.num_under_way += 1
        try:
            yield one
        finally:
            with self.changed:
                one.num_under_way -= 1
                one.num_answers += 1
                self.changed.notify_all()

    def replace(self, place, settings):
        fresh = self._start(settings)
        with self.changed:
            old, self.members[place] = self.members[place], fresh
            assert self.changed.wait_for(lambda: old.num_under_way == 0, 60), 'requests do not end'
        old.server.stop()
        assert old.server.process.returncode == 0, old.server.lines
        running.remove(old.server)


class FleetBrowser(Browser):
    """Has the cookies of the application, wherever its requests go."""

    def __init__(self, fleet, member=None, jar=None):
        super().__init__()
        self.fleet, self.member = fleet, member
        self.cookies[HOST] = dict(jar or {})
        self.chosen = threading.local()

    def request(self, method, target, body=None, headers=None):
        if not target.startswith(URL):
            return super().request(method, target, body, headers)
        with self.fleet.member(self.member) as one:
            self.chosen.address = one.address
            return super().request(method, target, body, {'Host': HOST, **(headers or {})})

    def _connection(self, parts):
        return http.client.HTTPConnection(*self.chosen.address, timeout=20) if parts.netloc == HOST else super()._connection(parts)

    @property
    def jar(self):
        return self.cookies[HOST]

    @property
    def session(self):
        """The cookie of the session; empty: none."""
        return self.jar.get('app', '')

    def status(self):
        return self.request('GET', URL + '/oauth2/auth')[0]

    def sign_in(self):
        """Each step at another process, as chance has it."""
        status, location, text = follow(self, f'{URL}/oauth2/start?rd=/', URL + '/oauth2/callback')
        assert location, (status, text)
        status, location, text, _ = self.request('GET', location)
        assert status == 302 and self.session, (status, location, text)
        return self

    def sign_out(self):
        status = self.request('GET', URL + '/oauth2/sign_out')[0]
        assert status == 302 and not self.session, status


class People:
    """Threads that use the fleet until they are told to stop; `wrong` is what happened to them that must not."""

    def __init__(self, fleet, visitors=3):
        self.fleet = fleet
        self.is_over = threading.Event()
        self.wrong, self.left, self.holders, self.visiting = [], [], [], []
        self.num_visits = 0
        self.threads = []
        for number in range(visitors):
            self._begin(self._visit, number)

    def _begin(self, live, *arguments):
        def run():
            while not self.is_over.is_set():
                try:
                    live(*arguments)
                except Exception:  # whatever it is, somebody saw it
                    self.wrong.append(traceback.format_exc())
                time.sleep(PAUSE)
        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def hold(self, num_tabs=2):
        """Somebody who signs in now and stays, with requests beside each other."""
        browser = FleetBrowser(self.fleet).sign_in()
        self.holders.append(browser)
        for _ in range(num_tabs):
            self._begin(self._stay, browser)
        return browser

    def _stay(self, browser):
        if browser not in self.holders:
            return time.sleep(0.1)  # has gone home
        status = browser.status()
        if status != 202 and browser in self.holders:
            self.wrong.append(f'somebody who stays: {status}')
            browser.jar.clear()
            browser.sign_in()  # for whatever else there is to see

    def values(self):
        """Of all their cookies at the moment, those of sign-ins under way too."""
        return [value for browser in [*self.holders, *self.visiting] for value in list(browser.jar.values())]

    def _visit(self, number):
        browser = FleetBrowser(self.fleet)
        self.visiting.append(browser)
        try:
            self._use(browser, number)
        finally:
            self.visiting.remove(browser)

    def _use(self, browser, number):
        browser.sign_in()
        for _ in range(random.randrange(5, 50)):  # some until their tokens are renewed
            status = browser.status()
            if status != 202:
                return self.wrong.append(f'visitor {number}, before signing out: {status}')
            time.sleep(PAUSE)
        jar = dict(browser.jar)
        browser.sign_out()
        self.left.append(jar)
        if browser.status() == 202:
            self.wrong.append(f'visitor {number}, after signing out: 202')
        self.num_visits += 1

    def go_on(self, has_happened, seconds=60.0):
        """Until it has, and until each process has answered some of them."""
        members, deadline = list(self.fleet.members), time.monotonic() + seconds
        goals = [member.num_answers + 15 for member in members]
        while not (has_happened() and all(member.num_answers >= goal for member, goal in zip(members, goals))):
            assert not self.wrong, self.wrong[:3]
            assert time.monotonic() < deadline, 'nothing goes on'
            time.sleep(PAUSE)
        assert not self.wrong, self.wrong[:3]

    def check_who_left(self, seconds=20.0):
        """Whoever signed out is out: with the cookie of before too, at each process, once it is due."""
        deadline = time.monotonic() + seconds
        jars, self.left = self.left[-8:], []
        for jar in jars:
            for member in self.fleet.members:
                while FleetBrowser(self.fleet, member, jar).status() == 202:
                    assert time.monotonic() < deadline, 'who signed out is let in'
                    time.sleep(PAUSE)
                assert FleetBrowser(self.fleet, member, jar).status() == 401
        return len(jars)

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        assert not self.wrong, self.wrong[:3]
