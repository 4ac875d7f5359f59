"""What the tests of proxies in front of forward_auth share: an application that says what reached it, and a way through the sign-in."""
import http.server
import threading

from servers import Browser, follow

# How a client may try to say who it is; each must be gone, signed in or not.
SPOOFS = ['X-Forwarded-User', 'x-forwarded-email', 'X-Forwarded-Groups', 'X-Forwarded-Preferred-Username', 'X-Forwarded-Access-Token', 'X-Auth-Request-User',
          'X-Auth-Request-Email', 'X-Auth-Request-Groups', 'X-Auth-Request-Access-Token', 'GAP-Auth', 'X_Forwarded_User', 'X-Forwarded_Email', 'X-Auth_Request-User']


class Application:
    """Answers with the headers it got; notes what reached it."""

    def __init__(self):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append((self.path, list(self.headers.items())))
                body = ''.join(f'{n}: {v}\n' for n, v in self.headers.items()).encode()
                self.send_response(200)
                self.send_header('X-Application', 'here')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def sign_in(url, path='/reports?month=11&year=2026&name=a%20b%26c'):
    browser = Browser()
    status, location, text = follow(browser, url + path, url + '/oauth2/callback')
    assert location and location.startswith(url + '/oauth2/callback'), (status, location, text)
    status, location, text, _ = browser.request('GET', location)
    assert status == 302 and location == url + path, (status, location, text)
    return browser
