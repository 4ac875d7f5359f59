#!/usr/bin/env python3
"""oidc_provider_test.py BUILD: sign in, refresh and sign out with the npm package oidc-provider."""
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'integration'))
from servers import Browser, ForwardAuth, Server, case, follow, run_all, session_cookies, until_due  # noqa: E402
from free_port import free_port  # noqa: E402

BUILD = sys.argv[1]
HERE = Path(__file__).resolve().parent


def stage(lean='0', **settings):
    port, app_port = free_port(), free_port()
    url = f'http://127.0.0.1:{app_port}'
    idp = Server(['node', HERE / 'oidc_provider.mjs', port, url + '/oauth2/callback', url + '/oauth2/signed_out'], 'issuer ',
                 env={'LEAN_ID_TOKEN': lean})
    return idp, ForwardAuth(BUILD, idp.where, address=f'127.0.0.1:{app_port}', end_session='true', **settings)


def sign_in(idp, app, who='alice'):
    browser = Browser()
    _, _, page = follow(browser, app.url + '/reports', app.url)
    base = idp.where
    _, location, _, _ = browser.submit(base, page, login=who, password='any')
    _, _, page = follow(browser, location, app.url)
    _, location, _, _ = browser.submit(base, page)
    status, callback, _ = follow(browser, location, app.url)
    status, location, text, _ = browser.request('GET', callback)
    assert status == 302 and location == app.url + '/reports', (status, location, text)
    assert session_cookies(browser, app.url)
    return browser


@case('sign in: the identity reaches the application')
def _():
    idp, app = stage()
    browser = sign_in(idp, app)
    status, _, text, _ = browser.request('GET', app.url + '/reports')
    assert status == 200 and 'alice@example.org' in text, text


@case('claims that only userinfo tells arrive as well')
def _():
    idp, app = stage(lean='1')
    browser = sign_in(idp, app, 'bob')
    assert 'bob@example.org' in browser.request('GET', app.url + '/reports')[2]


@case('refresh: tokens are renewed with rotation, and none is used twice')
def _():
    idp, app = stage()
    browser = sign_in(idp, app)
    before = session_cookies(browser, app.url)
    for _ in range(4):
        until_due()
        assert browser.request('GET', app.url + '/oauth2/auth')[0] == 202
    assert session_cookies(browser, app.url) != before
    assert not idp.said('grant.error'), idp.lines


@case('sign out: the provider asks, ends its session, and sends back')
def _():
    idp, app = stage()
    browser = sign_in(idp, app)
    status, location, _, _ = browser.request('POST', app.url + '/oauth2/sign_out', {})
    assert status == 302 and location.startswith(idp.where + '/session/end'), location
    assert not session_cookies(browser, app.url)
    _, _, page, _ = browser.request('GET', location)
    status, location, text, _ = browser.submit(idp.where, page, logout='yes')
    assert location and location.startswith(app.url + '/oauth2/signed_out'), (status, location, text)
    assert browser.request('GET', location)[0] in (200, 302)
    _, _, page = follow(browser, app.url + '/reports', app.url)
    assert 'name="login"' in page, 'the provider asks who it is again'


def reason_to_skip():
    if not os.environ.get('TEST_NODE_MODULES'):
        return 'node packages are not installed'
    version = subprocess.run(['node', '--version'], capture_output=True, text=True).stdout.strip()
    if int(version.lstrip('v').split('.')[0]) < 20:
        return f'oidc-provider needs node 20, this is {version}'
    return None


run_all(reason_to_skip())
