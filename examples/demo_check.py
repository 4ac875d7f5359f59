#!/usr/bin/env python3
"""demo_check.py URL ISSUER: a whole round through the demo without a browser, as `run-demo --check` does.

Sign in, see the page, let the tokens be renewed, ask nginx's question, sign out; and what must be refused on the way.
"""
import json
import sys
import time
import urllib.parse

from http_browser import Browser

url, issuer = sys.argv[1], sys.argv[2]


def expect(what, is_true, seen=''):
    if not is_true:
        sys.exit(f'demo check failed: {what}' + (f'; seen: {seen}' if seen else ''))
    print(f'  ok  {what}')


def counts():
    return json.loads(Browser().request('GET', issuer + '/dev/state')[2])['journal']['counts']


def main():
    browser = Browser()
    status, location, _, _ = browser.request('GET', url + '/reports?month=11')
    expect('a stranger is sent to the provider', status == 302 and location.startswith(issuer + '/authorize?'), (status, location))
    expect('a program gets 401', browser.request('GET', url + '/', headers={'Accept': 'application/json'})[0] == 401)
    expect('nginx is told 401', browser.request('GET', url + '/oauth2/auth')[0] == 401)

    status, _, page, _ = browser.request('GET', location)
    expect('the provider asks who it is', status == 200 and 'Who are you?' in page, status)
    status, _, page, _ = browser.submit(location, page, username='alice')
    expect('the provider asks for consent', status == 200 and 'Allow' in page, status)
    status, callback, _, _ = browser.submit(location, page, answer='allow')
    expect('the provider sends back to the callback', callback.startswith(url + '/oauth2/callback?'), callback)

    stranger = Browser()
    expect('the callback is refused in another browser', stranger.request('GET', callback)[0] == 403)
    expect('which asked the provider for nothing', counts()['grants.authorization_code'] == 0)

    status, location, _, _ = browser.request('GET', callback)
    expect('the sign-in leads back to where it began', status == 302 and location == url + '/reports?month=11', (status, location))
    time.sleep(1.2)  # the tokens live two seconds, and are to be renewed in the second of them
    status, _, page, _ = browser.request('GET', location, headers={'X-Forwarded-User': 'planted'})
    expect('the page is shown', status == 200 and 'Hello, alice' in page, status)
    expect('with the identity in the headers', 'alice@example.org' in page and 'u-1001' in page)
    expect('and without what the client planted', 'planted' not in page)
    expect('the tokens were renewed on the way', counts()['grants.refresh_token'] >= 1, counts())
    expect('and no token was used twice', counts()['refresh_tokens_used_twice'] == 0 and counts()['codes_used_twice'] == 0)
    expect('nginx is told 202', browser.request('GET', url + '/oauth2/auth')[0] == 202)
    forged = dict(browser.cookies[urllib.parse.urlsplit(url).netloc])
    expect('a damaged cookie is refused', all(
        Browser().request('GET', url + '/oauth2/auth', headers={'Cookie': f'{n}={v[:-3]}AAA'})[0] == 401 for n, v in forged.items()))

    status, location, _, _ = browser.request('POST', url + '/oauth2/sign_out', {})
    expect('sign-out leads to the provider', status == 302 and location.startswith(issuer + '/end_session?'), (status, location))
    status, location, _, _ = browser.request('GET', location)
    expect('which sends back', location is not None and location.startswith(url), (status, location))
    browser.request('GET', location)
    expect('and the session is over', browser.request('GET', url + '/oauth2/auth')[0] == 401)
    print('demo check: all well')


if __name__ == '__main__':
    main()
