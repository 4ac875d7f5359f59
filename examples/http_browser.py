"""A browser of a few lines: keeps cookies, follows nothing by itself, sends forms. For the demo's check and the tests."""
import html
import http.client
import json
import re
import urllib.parse


class Browser:
    """Keeps cookies per host and port, follows nothing by itself."""

    def __init__(self, tls=None):
        self.cookies = {}
        self.tls = tls  # an ssl context for https

    def request(self, method, target, body=None, headers=None):
        """`body`: the fields of a form. Answers (status, absolute Location or None, text, headers)."""
        form = {'Content-Type': 'application/x-www-form-urlencoded'} if body is not None else {}
        return self._send(method, target, urllib.parse.urlencode(body) if body is not None else None, {**form, **(headers or {})})

    def send_json(self, method, target, body):
        return self._send(method, target, json.dumps(body), {'Content-Type': 'application/json'})

    def _send(self, method, target, body, headers):
        parts = urllib.parse.urlsplit(target)
        jar = self.cookies.setdefault(parts.netloc, {})
        cookies = list(jar.items())  # at once: threads may share a browser
        fields = {'Cookie': '; '.join(f'{k}={v}' for k, v in cookies)} if cookies else {}
        fields.update(headers)
        connection = self._connection(parts)
        connection.request(method, (parts.path or '/') + ('?' + parts.query if parts.query else ''),
                           body, fields)
        answer = connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all('Set-Cookie') or []:
            name, value = cookie.split(';')[0].split('=', 1)
            if re.search(r'max-age=0', cookie, re.I):
                jar.pop(name, None)
            else:
                jar[name] = value
        connection.close()
        location = answer.headers.get('Location')
        return answer.status, urllib.parse.urljoin(target, location) if location else None, text, answer.headers

    def _connection(self, parts):
        if parts.scheme == 'https':
            return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=20, context=self.tls)
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)

    def submit(self, base, page, **values):
        action = html.unescape(re.search(r'<form\b[^>]*\baction="([^"]+)"', page)[1])
        fields = {html.unescape(n): html.unescape(v) for n, v in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)}
        return self.request('POST', urllib.parse.urljoin(base, action), {**fields, **values})
