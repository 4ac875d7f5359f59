"""What tests of sessions in Redis share: a Redis that ends with the case, processes that use it, people who sign in."""
import re
import tempfile
import time
from pathlib import Path

from redis_servers import RedisServer
from servers import Browser, DevIdp, ForwardAuth, follow, running


class Store(RedisServer):
    lines_said = ()

    def __init__(self, binary='redis-server', lines=()):
        self.lines = []
        self.folder = tempfile.TemporaryDirectory()
        super().__init__(binary, Path(self.folder.name), lines=lines)
        running.append(self)
        self.url = f'redis://127.0.0.1:{self.port}/2'

    def keys(self):
        """Of sessions: the index and the deny list are none."""
        return [line for line in self.say('SELECT 2', 'KEYS *').splitlines() if re.fullmatch(r'app-[0-9a-f]{32}', line)]


def wait_until(what, holds, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def two(build, idp_arguments=(), store=None, **settings):
    """A provider, a store, and two processes that share both."""
    idp = DevIdp(build, *idp_arguments)
    idp.post('answer', username='alice')
    store = store or Store()
    settings = {'session_store_type': 'redis', 'redis_connection_url': store.url, **settings}
    return idp, store, ForwardAuth(build, idp.issuer, **settings), ForwardAuth(build, idp.issuer, **settings)


def sign_in(url):
    browser = Browser()
    status, location, text = follow(browser, url + '/', url + '/oauth2/callback')
    assert location and location.startswith(url + '/oauth2/callback'), (status, location, text)
    status, location, text, _ = browser.request('GET', location)
    assert status == 302, (status, text)
    return browser


def host(url):
    return url.split('//')[1]


def same_cookies(browser, of, at):
    """A browser that brings the cookies of one server to another."""
    other = Browser()
    other.cookies[host(at)] = dict(browser.cookies[host(of)])
    return other


def auth(browser, url):
    status, _, _, headers = browser.request('GET', url + '/oauth2/auth')
    return status, headers['X-Auth-Request-Email']
