#!/usr/bin/env python3
"""session_test.py BUILD: refresh, its troubles, sign-out and restart, over real sockets."""
import concurrent.futures
import copy
import signal
import sys
import time

from servers import BRIEF, Browser, DevIdp, ForwardAuth, case, follow, run_all, session_cookies, until_due

BUILD = sys.argv[1]


def stage(*idp_arguments, **settings):
    idp = DevIdp(BUILD, *idp_arguments)
    idp.post('answer', username='alice')
    return idp, ForwardAuth(BUILD, idp.issuer, **settings)


def sign_in(app):
    browser = Browser()
    status, location, text = follow(browser, app.url + '/', app.url + '/')
    while location and location != app.url + '/':
        status, location, text, _ = browser.request('GET', location)
    assert session_cookies(browser, app.url), (status, location, text)
    return browser


def auth(browser, app):
    return browser.request('GET', app.url + '/oauth2/auth')[0]


@case('tokens that run out soon are renewed on the way, and the new cookie replaces the old')
def _():
    idp, app = stage(*BRIEF)
    browser = sign_in(app)
    until_due()
    before = session_cookies(browser, app.url)
    assert auth(browser, app) == 202
    assert session_cookies(browser, app.url) != before and idp.count('grants.refresh_token') == 1


@case('tokens that live shorter than they are to be renewed ahead are renewed once in their life, not with every request')
def _():
    idp, app = stage('--token-lifetime', '8')  # refresh_before_expiry is 30 s
    browser = sign_in(app)
    assert auth(browser, app) == 202 and idp.count('grants.refresh_token') == 0
    time.sleep(4.2)
    for _ in range(10):
        assert auth(browser, app) == 202
    assert idp.count('grants.refresh_token') == 1, idp.state()


@case('requests at once share one refresh, and late ones with the old cookie get the new session')
def _():
    idp, app = stage(*BRIEF)
    browser = sign_in(app)
    until_due()
    copies = [copy.deepcopy(browser) for _ in range(16)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda b: auth(b, app), copies)) == {202}
    assert idp.count('refresh_tokens_used_twice') == 0, idp.state()
    late = copy.deepcopy(browser)
    assert auth(late, app) == 202
    assert idp.count('refresh_tokens_used_twice') == 0 and idp.count('families_revoked') == 0


@case('a browser that goes away during its refresh loses nothing')
def _():
    import socket
    idp, app = stage(*BRIEF, http_timeout='8s')
    browser = sign_in(app)
    until_due()
    cookie = '; '.join(f'{n}={v}' for n, v in session_cookies(browser, app.url).items())
    host, port = app.url.split('//')[1].split(':')
    with socket.create_connection((host, int(port))) as gone:
        gone.sendall(f'GET /oauth2/auth HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n\r\n'.encode())
    assert auth(browser, app) == 202
    assert idp.count('refresh_tokens_used_twice') == 0


@case('invalid_grant ends the session, and the cookies go')
def _():
    idp, app = stage(*BRIEF)
    browser = sign_in(app)
    until_due()
    idp.post('revoke', username='alice')
    assert auth(browser, app) == 401
    assert not session_cookies(browser, app.url)


@case('trouble with the provider keeps the session as long as it is good')
def _():
    idp, app = stage('--token-lifetime', '20')
    modes = ('token-500', 'token-503', 'token-429', 'token-garbage', 'token-empty', 'token-html', 'token-truncated', 'token-wrong-type')
    browsers = {mode: sign_in(app) for mode in modes}
    last = sign_in(app)
    time.sleep(10.2)  # half of their life
    for mode, browser in browsers.items():
        idp.misbehave(mode, times=-1)
        assert auth(browser, app) == 202, mode
        assert session_cookies(browser, app.url), mode
        idp.post('behave')
    idp.stop(signal.SIGKILL)
    assert auth(last, app) == 202


@case('a refreshed ID token of somebody else is refused')
def _():
    idp, app = stage(*BRIEF)
    browser = sign_in(app)
    until_due()
    idp.misbehave('id-token-wrong-sub')
    assert auth(browser, app) == 202, 'the old session is still good'
    assert 'u-9999' not in browser.request('GET', app.url + '/')[2]


@case('no new refresh token and no new ID token are both allowed')
def _():
    idp, app = stage(*BRIEF)
    browser = sign_in(app)
    idp.misbehave('token-no-rotation', times=2)
    idp.misbehave('token-no-id-token-on-refresh', times=2)
    for _ in range(4):
        until_due()
        assert auth(browser, app) == 202
    assert 'Hello, alice' in browser.request('GET', app.url + '/')[2]


@case('sessions decide while the provider is dead, also after a restart')
def _():
    idp, app = stage()
    browser = sign_in(app)
    issuer = idp.issuer
    idp.stop(signal.SIGKILL)
    assert auth(browser, app) == 202
    again = ForwardAuth(BUILD, issuer)
    jar = browser.cookies.pop(app.url.split('//')[1])
    browser.cookies[again.url.split('//')[1]] = jar
    assert auth(browser, again) == 202
    assert Browser().request('GET', again.url + '/')[0] == 502


@case('sign-out clears every cookie and ends the session at the provider, with a checked state')
def _():
    idp, app = stage(end_session='true')
    browser = sign_in(app)
    status, location, text, _ = browser.request('POST', app.url + '/oauth2/sign_out', {})
    assert status == 302 and location.startswith(idp.issuer + '/end_session?'), (status, location, text)
    assert 'id_token_hint=' in location and not session_cookies(browser, app.url)
    status, back, _, _ = browser.request('GET', location)
    assert back.startswith(app.url + '/oauth2/signed_out?state='), back
    assert Browser().request('GET', back)[0] == 403, 'another browser does not know the state'
    assert browser.request('GET', back)[0] in (200, 302)
    assert idp.count('sign_outs') == 1


@case('a sign-out works while the provider is dead')
def _():
    idp, app = stage(end_session='true')
    browser = sign_in(app)
    idp.stop(signal.SIGKILL)
    status, _, _, _ = browser.request('POST', app.url + '/oauth2/sign_out', {})
    assert status in (200, 302) and not session_cookies(browser, app.url), status


@case('by another secret a cookie is no session and stays, for the process that knows it; a cut one is cleared')
def _():
    idp, app = stage()
    browser = sign_in(app)
    other = ForwardAuth(BUILD, idp.issuer, cookie_secret='fedcba9876543210!bcdef0123456789')
    jar = browser.cookies[app.url.split('//')[1]]
    browser.cookies[other.url.split('//')[1]] = dict(jar)
    assert auth(browser, other) == 401
    assert session_cookies(browser, other.url) == session_cookies(browser, app.url)
    name, value = next(iter(session_cookies(browser, app.url).items()))
    for broken in (value[:-1], value[:60], value[1:], value[:30] + '|' + value[31:]):
        probe = Browser()
        probe.cookies[app.url.split('//')[1]] = {name: broken}
        assert auth(probe, app) == 401, broken
        assert not session_cookies(probe, app.url), broken
    assert Browser().request('GET', app.url + '/oauth2/auth', headers={'Cookie': f'{name}='})[0] == 401
    assert auth(browser, app) == 202


@case('three secrets one after the other, and nobody signs in again; a secret that is gone opens nothing')
def _():
    secrets = ['0123456789abcdef!123456789abcdef', 'fedcba9876543210!bcdef0123456789', 'another secret, as long as a key']
    idp, app = stage(cookie_secret=secrets[0])
    browser = sign_in(app)
    for number in (1, 2):
        jar = browser.cookies[app.url.split('//')[1]]
        app = ForwardAuth(BUILD, idp.issuer, cookie_secret=secrets[number], cookie_secrets_previous=str(secrets[:number]).replace("'", '"'))
        browser.cookies[app.url.split('//')[1]] = dict(jar)
        assert auth(browser, app) == 202, number
    assert idp.count('grants.authorization_code') == 1
    last = ForwardAuth(BUILD, idp.issuer, cookie_secret=secrets[2])
    browser.cookies[last.url.split('//')[1]] = dict(jar)
    assert auth(browser, last) == 401


@case('a refresh seals with the new secret, so that the old one can go')
def _():
    old, new = '0123456789abcdef!123456789abcdef', 'fedcba9876543210!bcdef0123456789'
    idp, app = stage(*BRIEF, cookie_secret=old)
    browser = sign_in(app)
    until_due()
    jar = dict(browser.cookies[app.url.split('//')[1]])
    for settings in ({'cookie_secrets_previous': old}, {'refresh_before_expiry': '0s'}):
        app = ForwardAuth(BUILD, idp.issuer, cookie_secret=new, **settings)
        browser.cookies[app.url.split('//')[1]] = jar
        assert auth(browser, app) == 202, settings
        jar = dict(browser.cookies[app.url.split('//')[1]])
    assert idp.count('grants.refresh_token') == 1


@case('the userinfo endpoint tells who is there')
def _():
    idp, app = stage()
    import json
    assert Browser().request('GET', app.url + '/oauth2/userinfo')[0] == 401
    browser = sign_in(app)
    status, _, text, _ = browser.request('GET', app.url + '/oauth2/userinfo')
    told = json.loads(text)
    assert status == 200 and told['user'] == 'u-1001' and told['email'] == 'alice@example.org' and told['groups'] == ['staff', 'ops'], told


run_all()
