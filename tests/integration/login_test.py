#!/usr/bin/env python3
"""login_test.py BUILD: the sign-in over real sockets, against a provider that does everything a good one never does."""
import sys
import urllib.parse

from servers import Browser, DevIdp, ForwardAuth, case, run_all, session_cookies

BUILD = sys.argv[1]


def stage(*idp_arguments, **settings):
    idp = DevIdp(BUILD, *idp_arguments)
    idp.post('answer', username='alice')
    return idp, ForwardAuth(BUILD, idp.issuer, **settings)


def to_callback(browser, app, path='/reports'):
    """Goes to the provider and back: the callback's URL, not yet visited."""
    status, location, text, _ = browser.request('GET', app.url + path)
    assert status == 302, (status, text)
    status, callback, text, _ = browser.request('GET', location)
    assert callback and callback.startswith(app.url + '/oauth2/callback'), (status, callback, text)
    return callback


def sign_in(app, path='/reports'):
    browser = Browser()
    status, location, text, _ = browser.request('GET', to_callback(browser, app, path))
    assert status == 302 and location == app.url + path, (status, location, text)
    return browser


def assert_refused(app, browser, answer, statuses):
    status, location, text, headers = answer
    assert status in statuses, (status, location, text)
    assert not session_cookies(browser, app.url), session_cookies(browser, app.url)
    assert 'canary' not in text, text
    assert not [n for n in browser.cookies[app.url.split('//')[1]] if n.endswith('_csrf')], 'the login-state cookie is still there'
    assert browser.request('GET', app.url + '/oauth2/auth')[0] == 401


# What the provider bends, and the statuses that may come of it.
TOKEN_MODES = [
    'missing', 'garbage', 'wrong-iss', 'wrong-aud', 'two-aud', 'wrong-azp', 'wrong-nonce', 'no-nonce', 'alg-none', 'hs256-public-key',
    'hs256-client-secret', 'bad-signature', 'unknown-kid', 'crit', 'expired', 'not-yet', 'future-iat', 'no-sub', 'no-iss', 'no-aud', 'no-exp',
    'no-iat', 'bad-at-hash']
ENDPOINT_KINDS = ['401', '404', '429', '500', '503', 'garbage', 'html', 'wrong-type', 'empty', 'truncated', 'huge', 'huge-length', 'redirect']


@case('a sign-in works, and comes back to the page that was asked for')
def _():
    idp, app = stage()
    browser = sign_in(app, '/reports?month=11')
    status, _, text, _ = browser.request('GET', app.url + '/reports?month=11')
    assert status == 200 and 'Hello, alice' in text
    assert idp.count('grants.authorization_code') == 1


@case('every ID token that must not be believed is refused, and no session comes of it')
def _():
    idp, app = stage()
    for mode in TOKEN_MODES:
        browser = Browser()
        callback = to_callback(browser, app)
        idp.misbehave('id-token-' + mode)
        assert_refused(app, browser, browser.request('GET', callback), {502, 403})
        idp.post('behave')
    assert idp.count('codes_used_twice') == 0
    sign_in(app)


@case('what a good ID token may lack is accepted')
def _():
    idp, app = stage()
    for mode in ('id-token-no-kid', 'id-token-no-at-hash', 'token-no-expires-in', 'token-text-expires-in'):
        idp.misbehave(mode)
        sign_in(app)


@case('every broken answer of the token endpoint is refused; the code is sent once')
def _():
    idp, app = stage()
    for kind in ENDPOINT_KINDS:
        browser = Browser()
        callback = to_callback(browser, app)
        before = idp.requests('POST /token')
        idp.misbehave('token-' + kind)
        assert_refused(app, browser, browser.request('GET', callback), {502})
        assert idp.requests('POST /token') == before + 1, (kind, idp.requests('POST /token') - before)
        idp.post('behave')
    for mode in ('token-invalid-grant', 'token-invalid-client', 'token-no-access-token', 'token-wrong-token-type', 'token-lost-answer'):
        browser = Browser()
        callback = to_callback(browser, app)
        idp.misbehave(mode)
        assert_refused(app, browser, browser.request('GET', callback), {502})
    assert idp.count('redirects_followed') == 0 and idp.count('codes_used_twice') == 0
    sign_in(app)


@case('every broken answer of the userinfo endpoint is refused where its claims are needed')
def _():
    idp, app = stage('--lean-id-token')
    for mode in [f'userinfo-{kind}' for kind in ENDPOINT_KINDS] + ['userinfo-other-sub', 'userinfo-no-sub']:
        browser = Browser()
        callback = to_callback(browser, app)
        idp.misbehave(mode)
        assert_refused(app, browser, browser.request('GET', callback), {502})
        idp.post('behave')
    browser = sign_in(app)
    assert 'alice@example.org' in browser.request('GET', app.url + '/')[2]


@case('a tampered authorization response is refused before anything is sent')
def _():
    idp, app = stage()
    for mode, statuses in (('answer-wrong-iss', {403}), ('answer-no-iss', {403}), ('answer-wrong-state', {403}), ('answer-no-state', {400}),
                           ('answer-two-states', {400}), ('answer-two-codes', {400}), ('answer-no-code', {400}), ('answer-server-error', {403})):
        browser = Browser()
        status, location, _, _ = browser.request('GET', app.url + '/')
        idp.misbehave(mode)
        callback = browser.request('GET', location)[1]
        status, _, text, _ = browser.request('GET', callback)
        assert status in statuses, (mode, status, text)
        assert not session_cookies(browser, app.url), mode
    assert idp.requests('POST /token') == 0


@case('a callback replayed, in another browser, or without its cookie gets nothing')
def _():
    idp, app = stage()
    browser = Browser()
    callback = to_callback(browser, app)
    assert Browser().request('GET', callback)[0] == 403
    assert idp.requests('POST /token') == 0
    assert browser.request('GET', callback)[0] == 302
    status, location, _, _ = browser.request('GET', callback)
    assert status == 302 and location == app.url + '/reports', 'the back button leads on'
    assert Browser().request('GET', callback)[0] == 403
    assert idp.requests('POST /token') == 1


@case('whoever is denied at the provider sees why, and nothing else')
def _():
    idp, app = stage()
    idp.post('answer', denies='1')
    browser = Browser()
    status, _, text, _ = browser.request('GET', to_callback(browser, app))
    assert status == 403 and 'access_denied' in text and not session_cookies(browser, app.url), (status, text)


@case('groups decide who is let in')
def _():
    idp, app = stage(allowed_groups='ops')
    sign_in(app)
    idp.post('answer', username='bob')
    browser = Browser()
    assert_refused(app, browser, browser.request('GET', to_callback(browser, app)), {403})


@case('an address that is not verified is refused; who has none signs in by subject')
def _():
    idp, app = stage()
    idp.post('answer', username='dave')
    browser = Browser()
    assert_refused(app, browser, browser.request('GET', to_callback(browser, app)), {403})
    idp.post('answer', username='carol')
    browser = sign_in(app)
    assert 'u-1003' in browser.request('GET', app.url + '/')[2]


@case('keys that rotate are fetched again, and not for every stranger')
def _():
    idp, app = stage()
    sign_in(app)
    idp.post('rotate-keys')
    sign_in(app)
    idp.post('rotate-keys', keep='0')
    sign_in(app)
    before = idp.requests('GET /jwks')
    for _ in range(8):
        browser = Browser()
        callback = to_callback(browser, app)
        idp.misbehave('id-token-unknown-kid')
        assert_refused(app, browser, browser.request('GET', callback), {502})
    assert idp.requests('GET /jwks') - before <= 3, idp.requests('GET /jwks') - before


@case('broken metadata: 502, and it works again when the provider does')
def _():
    idp = DevIdp(BUILD)
    idp.post('answer', username='alice')
    for mode in [f'discovery-{kind}' for kind in ENDPOINT_KINDS] + ['discovery-wrong-issuer', 'discovery-no-issuer', 'discovery-no-token-endpoint']:
        app = ForwardAuth(BUILD, idp.issuer)
        idp.misbehave(mode, times=-1)
        status, location, text, _ = Browser().request('GET', app.url + '/')
        assert status == 502 and 'canary' not in text, (mode, status, text)
        idp.post('behave')
        app.stop()
    sign_in(ForwardAuth(BUILD, idp.issuer))


@case('an issuer with a path and a trailing slash is compared byte by byte')
def _():
    idp = DevIdp(BUILD, '--issuer-path', '/realms/demo/')
    base = idp.issuer.rstrip('/')
    assert Browser().request('POST', base + '/dev/answer', {'username': 'alice'})[0] == 200
    sign_in(ForwardAuth(BUILD, idp.issuer))
    assert Browser().request('GET', ForwardAuth(BUILD, base).url + '/')[0] == 502


@case('client_secret_post, no secret, and other signature algorithms work')
def _():
    for arguments, settings in ((['--auth-method', 'client_secret_post'], {}),
                                (['--auth-method', 'client_secret_basic'], {'client_auth_method': 'client_secret_basic'}),
                                (['--client-secret', ''], {'client_secret': None, 'client_auth_method': 'none'}),
                                (['--client-secret', 'a secret: with+reserved/bytes%'], {'client_secret': 'a secret: with+reserved/bytes%'}),
                                (['--algorithm', 'ES256'], {}), (['--algorithm', 'PS256'], {}), (['--algorithm', 'EdDSA'], {})):
        idp = DevIdp(BUILD, *arguments)
        idp.post('answer', username='alice')
        sign_in(ForwardAuth(BUILD, idp.issuer, **settings))
    idp = DevIdp(BUILD, '--algorithm', 'ES256')
    idp.post('answer', username='alice')
    app = ForwardAuth(BUILD, idp.issuer, oidc_enabled_signing_algs='RS256')
    assert Browser().request('GET', app.url + '/')[0] == 502, 'an algorithm outside the list is refused'


@case('large tokens make several cookies, and all of them go at sign-out')
def _():
    idp, app = stage('--padding', '2000', cookie_budget='0')
    browser = sign_in(app)
    assert len(session_cookies(browser, app.url)) >= 2, session_cookies(browser, app.url).keys()
    assert browser.request('GET', app.url + '/oauth2/auth')[0] == 202
    browser.request('POST', app.url + '/oauth2/sign_out', {})
    assert not session_cookies(browser, app.url)


@case('a return path to another site is replaced by /')
def _():
    idp, app = stage()
    for wish in ('https://evil.example/', '//evil.example', '/\\evil.example', '/%2fevil.example', 'javascript:alert(1)'):
        browser = Browser()
        status, location, _, _ = browser.request('GET', app.url + '/oauth2/start?rd=' + urllib.parse.quote(wish, safe=''))
        callback = browser.request('GET', location)[1]
        status, location, _, _ = browser.request('GET', callback)
        assert status == 302 and location == app.url + '/', (wish, location)


@case('a provider that hangs during one sign-in delays nobody else')
def _():
    idp, app = stage(http_timeout='12s')
    signed_in = sign_in(app)
    slow = Browser()
    callback = to_callback(slow, app)
    import threading
    idp.misbehave('token-hang')
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(slow.request('GET', callback)))
    waiting.start()
    for _ in range(50):
        assert signed_in.request('GET', app.url + '/oauth2/auth')[0] == 202
    other = sign_in(app)
    assert other.request('GET', app.url + '/oauth2/auth')[0] == 202
    assert not answers, 'the slow one still waits: the others did not wait for it'
    waiting.join(20)
    assert_refused(app, slow, answers[0], {502})


run_all()
