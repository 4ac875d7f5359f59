#!/usr/bin/env python3
"""glewlwyd_test.py BUILD: sign in, refresh and sign out with Debian's glewlwyd, whose issuer has a path."""
import http.client
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'integration'))
from free_port import free_port  # noqa: E402
from servers import Browser, ForwardAuth, case, follow, run_all, running, session_cookies, until_due  # noqa: E402

BUILD = sys.argv[1]
TABLES = Path('/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3')
CONFIG = '''port={port}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:{port}"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="WARNING"
cookie_secure=0
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_session_authentication="cookie"
profile_session_authentication="cookie"
login_api_enabled=true
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm = "SHA512"
database = {{ type = "sqlite3"; path = "{folder}/glewlwyd.db"; }}
'''


class Glewlwyd:
    """The server with a fresh database, one plugin instance, one client, one user."""

    def __init__(self, app_url):
        self.port = free_port()
        self.base = f'http://127.0.0.1:{self.port}'
        self.issuer = self.base + '/api/oidc'
        self.folder = tempfile.mkdtemp()
        self.lines = []
        database = sqlite3.connect(f'{self.folder}/glewlwyd.db')
        database.executescript(TABLES.read_text())
        database.commit()
        database.close()
        Path(self.folder, 'glewlwyd.conf').write_text(CONFIG.format(port=self.port, folder=self.folder))
        self.log = open(f'{self.folder}/log', 'w')
        self.process = subprocess.Popen(['glewlwyd', f'--config-file={self.folder}/glewlwyd.conf'], stdout=self.log, stderr=self.log)
        running.append(self)
        self.cookie = self._admin()
        self._set_up(app_url)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, path, body=None, cookie=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
        fields = {'Content-Type': 'application/json', **({'Cookie': cookie} if cookie else {})}
        connection.request(method, path, json.dumps(body) if body is not None else None, fields)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, answer.headers

    def _admin(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                status, text, headers = self.call('POST', '/api/auth/', {'username': 'admin', 'password': 'password'})
                assert status == 200, text
                return headers.get_all('Set-Cookie')[-1].split(';')[0]
            except ConnectionError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError('glewlwyd did not start:\n' + Path(self.folder, 'log').read_text())
                time.sleep(0.05)

    def _set_up(self, app_url):
        def openssl(*arguments, text=None):
            return subprocess.run(['openssl', *arguments], input=text, capture_output=True, text=True, check=True).stdout
        key = openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048')
        plugin = {
            'iss': self.issuer, 'jwt-type': 'rsa', 'jwt-key-size': '256', 'key': key, 'cert': openssl('pkey', '-pubout', text=key), 'default-kid': 'k1',
            'access-token-duration': 2, 'refresh-token-duration': 3600, 'code-duration': 60, 'refresh-token-rolling': True,
            'refresh-token-one-use': 'always', 'allow-non-oidc': False, 'auth-type-code-enabled': True, 'auth-type-code-revoke-replayed': True,
            'auth-type-token-enabled': False, 'auth-type-id-token-enabled': False, 'auth-type-none-enabled': False,
            'auth-type-password-enabled': False, 'auth-type-client-enabled': False, 'auth-type-device-enabled': False,
            'auth-type-refresh-enabled': True, 'scope': [], 'additional-parameters': [],
            'claims': [{'name': 'preferred_username', 'type': 'string', 'user-property': 'username', 'scope': ['openid'], 'mandatory': True}],
            'service-documentation': '', 'op-policy-uri': '', 'op-tos-uri': '', 'jwks-show': True, 'jwks-x5c': [], 'request-parameter-allow': False,
            'pkce-allowed': True, 'pkce-method-plain-allowed': False, 'pkce-required': True, 'introspection-revocation-allowed': False,
            'register-client-allowed': False, 'session-management-allowed': True, 'session-cookie-name': 'GLEWLWYD2_OIDC_SESSION',
            'session-cookie-expiration': 2419200, 'subject-type': 'public', 'name-claim': 'on-demand', 'email-claim': 'mandatory',
            'scope-claim': 'no', 'oauth-as-iss-id': True, 'allowed-scope': ['openid']}
        for path, body in (
                ('/api/mod/plugin/', {'module': 'oidc', 'name': 'oidc', 'display_name': 'OIDC', 'parameters': plugin, 'enabled': True}),
                ('/api/user/', {'username': 'alice', 'name': 'Alice', 'password': 'alice-pw', 'email': 'alice@example.org', 'scope': ['openid'],
                                'enabled': True}),
                ('/api/client/', {'client_id': 'gatelet-demo', 'name': 'demo', 'client_secret': 'gatelet-demo-secret', 'confidential': True,
                                  'redirect_uri': [app_url + '/oauth2/callback'], 'authorization_type': ['code', 'refresh_token'],
                                  'token_endpoint_auth_method': ['client_secret_basic'],
                                  'post_logout_redirect_uri': app_url + '/oauth2/signed_out', 'scope': [], 'enabled': True})):
            status, text, _ = self.call('POST', path, body, self.cookie)
            assert status == 200, (path, status, text)


def stage(**settings):
    port = free_port()
    idp = Glewlwyd(f'http://127.0.0.1:{port}')
    return idp, ForwardAuth(BUILD, idp.issuer, address=f'127.0.0.1:{port}', scope='openid', end_session='true',
                            insecure_oidc_allow_unverified_email='true', **settings)


def sign_in(idp, app):
    browser = Browser()
    status, authorize, _, _ = browser.request('GET', app.url + '/reports')
    assert status == 302 and authorize.startswith(idp.issuer + '/auth?'), authorize
    browser.request('GET', authorize)
    # What the login page's script does.
    for method, path, body in (('POST', '/api/auth/', {'username': 'alice', 'password': 'alice-pw'}),
                               ('PUT', '/api/auth/grant/gatelet-demo', {'scope': 'openid'})):
        status, _, text, _ = browser.send_json(method, idp.base + path, body)
        assert status == 200, (path, status, text)
    status, callback, text = follow(browser, authorize + '&g_continue', app.url)
    assert callback and 'code=' in callback, (status, callback, text)
    status, location, text, _ = browser.request('GET', callback)
    assert status == 302 and location == app.url + '/reports', (status, location, text)
    return browser


@case('sign in: the identity reaches the application')
def _():
    idp, app = stage()
    browser = sign_in(idp, app)
    status, _, text, _ = browser.request('GET', app.url + '/reports')
    assert status == 200 and 'Hello, alice' in text, (status, text)


@case('refresh: tokens are renewed with one-use refresh tokens')
def _():
    idp, app = stage()
    browser = sign_in(idp, app)
    before = session_cookies(browser, app.url)
    for _ in range(3):
        until_due()
        assert browser.request('GET', app.url + '/oauth2/auth')[0] == 202
    assert session_cookies(browser, app.url) != before
    assert not app.said('refresh-failed'), app.lines


@case('sign out leads to the provider with a hint, and the session here is over')
def _():
    idp, app = stage()
    browser = sign_in(idp, app)
    status, location, _, _ = browser.request('POST', app.url + '/oauth2/sign_out', {})
    assert status == 302 and location.startswith(idp.issuer + '/end_session?') and 'id_token_hint=' in location, location
    status, location, text, _ = browser.request('GET', location)
    assert status in (200, 302), (status, text)
    assert browser.request('GET', app.url + '/oauth2/auth')[0] == 401


def reason_to_skip():
    if shutil.which('glewlwyd') is None or not TABLES.exists():
        return 'glewlwyd is not installed'
    return None


run_all(reason_to_skip())
