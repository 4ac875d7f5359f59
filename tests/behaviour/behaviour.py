#!/usr/bin/env python3
"""behaviour.py VALUES RUNNER [NAME...]: asks every row of the tables in this folder, and compares what comes with what they say.

Each row is decided through the C++ API and through the C API; both must answer the same. A row has five columns, divided by
tabs: the sentence or option it is about; the settings; the request; its headers; what must come.

settings  KEY=VALUE divided by "; ". `compat` takes oauth2-proxy's defaults, `default` nothing. Every engine knows a provider.
request   METHOD TARGET [with FORM] [from PEER] [at SCHEME://HOST]
headers   NAME: VALUE divided by " | ", or - for none
must come divided by "; ":
  allow, login (302 to the provider), own (a health check, or nobody is there), error (the settings are refused), or a status
  REASON in brackets             (free-pass)
  up NAME: VALUE, no up NAME     a field the application gets
  strip NAME, keeps NAME         a field of the client that is removed, or not
  has NAME: VALUE, has no NAME   a field of the answer; VALUE may end in *
  returns TARGET                 where the sign-in leads back to
  asks NAME=VALUE, asks no NAME  a parameter of the authorization request
  json, page, text; body TEXT    the answer's body
  sets login, clears session, no cookie
  as EMAIL, as nobody            who is let in
{a,b} in settings, request or headers makes a row for each. {cookie:jane}, {compat:jane}, {token:alice} and {users}
(a htpasswd file: zoe with the password secret, jane with "correct horse") stand for the values that VALUES prints,
{rules:NAME} in settings for what structured.json has under that name.
"""
import itertools
import json
import re
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROVIDER = [('client_id', 'c'), ('client_secret', 's'), ('cookie_secret', '0123456789!bcdef0123456789!bcdef'), ('oidc_issuer_url', 'https://idp.example'),
            ('skip_oidc_discovery', 'true'), ('login_url', 'https://idp.example/authorize'), ('redeem_url', 'https://idp.example/token')]
COMPAT = [('compat', 'oauth2-proxy'), ('provider', 'oidc'), ('email_domains', '*')]
USERS = 'zoe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\njane:$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6\n'
STRUCTURED = json.loads((HERE / 'structured.json').read_text())
BRACES = re.compile(r'\{(?!cookie:|compat:|token:)([^{}]*,[^{}]*)\}')


class Row:
    def __init__(self, place, cells):
        self.place = place
        self.about, self.settings, self.request, self.headers, self.expected = cells

    def name(self):
        return f'{self.place} {self.about}: {self.settings} | {self.request} | {self.headers}'

    def each(self):
        """This row with every {a,b} chosen; the same braces in several columns are chosen together."""
        texts = [self.settings, self.request, self.headers]
        choices = list(dict.fromkeys(m for t in texts for m in BRACES.findall(t)))
        for chosen in itertools.product(*(c.split(',') for c in choices)):
            made = list(texts)
            for choice, text in zip(choices, chosen):
                made = [t.replace('{' + choice + '}', text) for t in made]
            yield Row(self.place, [self.about, *made, self.expected])


def read_rows(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith('#'):
            continue
        cells = line.split('\t')
        if len(cells) != 5:
            sys.exit(f'{path.name}:{number}: {len(cells)} columns, not 5')
        yield from Row(f'{path.name}:{number}', cells).each()


def asked_of(row, values):
    fill = lambda text: re.sub(r'\{((?:cookie|compat|token):[^{}]*)\}', lambda m: values[m.group(1)], text)
    settings = dict(PROVIDER) | {'oidc_public_key_files': values['key file']}
    for item in row.settings.split('; '):
        if item == 'compat':
            settings |= dict(COMPAT)
        elif item != 'default':
            key, value = item.split('=', 1)
            rules = re.fullmatch(r'\{rules:(.*)\}', value)
            settings[key] = json.dumps(STRUCTURED[rules.group(1)]) if rules else value.replace('{users}', values['users'])
    parts = re.fullmatch(r'(\S+) (\S+)(?: with (\S+))?(?: from (\S+))?(?: at (\w+)://(\S+))?', row.request)
    method, target, form, peer, scheme, host = parts.groups()
    headers = [] if row.headers == '-' else [fill(h).split(': ', 1) for h in row.headers.split(' | ')]
    return {'settings': [[k, v] for k, v in settings.items() if v], 'method': method, 'target': target, 'peer': peer or '203.0.113.7',
            'scheme': scheme or 'https', 'host': host or 'app.example', 'headers': headers} | ({'body': form} if form else {})


def without_chance(answer):
    """Without what is drawn for each answer anew, and the second it was asked in: states, nonces, sealed cookies."""
    def settle(name, value):
        if name == 'Set-Cookie':
            value = re.sub(r'^(\S*?(?:gatelet|_oauth2_proxy))=[^;]+', r'\1=...', value)
            return re.sub(r'^(\S*?(?:gatelet|_oauth2_proxy))(?:_\S+)?_csrf=[^;]*', r'\1_csrf=...', value)
        return re.sub(r'(state|nonce|code_challenge)=[^&]*', r'\1=...', value) if name == 'Location' else value

    if 'response' not in answer:
        return answer
    body = re.sub(r'<code>[0-9a-f]+</code>|"request_id":"[0-9a-f]+"|<time .*?</time>', '...', answer['body'])
    return answer | {'response': [[n, settle(n, v)] for n, v in answer['response']], 'body': body}


def values_of(program, folder):
    """What the tables name in braces, made anew; the key file goes to the folder."""
    key_file, users = str(Path(folder) / 'key.pem'), Path(folder) / 'users'
    users.write_text(USERS)
    printed = subprocess.run([program, key_file], capture_output=True, text=True, check=True).stdout
    return dict(line.split('=', 1) for line in printed.splitlines()) | {'key file': key_file, 'users': str(users)}


class Answer:
    def __init__(self, answer):
        self.answer = answer

    def values(self, side, name):
        return [v for n, v in self.answer[side] if n.lower() == name.lower()]

    def returns(self):
        """The target in the state of a sign-in."""
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.values('response', 'Location')[0]).query)
        return query['state'][0].split(':', 1)[1]

    def asked_parameter(self, name):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.values('response', 'Location')[0]).query)
        return query.get(name, [])

    def cookies(self):
        for value in self.values('response', 'Set-Cookie'):
            name, rest = value.split('=', 1)
            yield name, rest.startswith(';') or 'Max-Age=0' in rest

    def meets(self, wish):
        answer = self.answer
        if wish == 'own':
            return answer['reason'] in ('ping', 'ready', 'no-session', 'sign-in-page')
        if wish == 'allow':
            return answer['kind'] == 'allow'
        if wish == 'login':
            return answer['status'] == 302 and answer['reason'] == 'login-started'
        if wish.isdigit():
            return answer['kind'] != 'allow' and answer['status'] == int(wish)
        if m := re.fullmatch(r'\((.*)\)', wish):
            return answer['reason'] == m.group(1)
        if m := re.fullmatch(r'(up|has) ([^:]+): (.*)', wish):
            side = {'up': 'upstream', 'has': 'response'}[m.group(1)]
            found = self.values(side, m.group(2))
            wanted = m.group(3)
            return len(found) == 1 and (found[0].startswith(wanted[:-1]) if wanted.endswith('*') else found[0] == wanted)
        if m := re.fullmatch(r'asks no (.*)', wish):
            return not self.asked_parameter(m.group(1))
        if m := re.fullmatch(r'asks ([^=]+)=(.*)', wish):
            return self.asked_parameter(m.group(1)) == [m.group(2)]
        if m := re.fullmatch(r'no up (.*)', wish):
            return not self.values('upstream', m.group(1))
        if m := re.fullmatch(r'has no (.*)', wish):
            return not self.values('response', m.group(1))
        if m := re.fullmatch(r'strip (.*)', wish):
            return m.group(1).lower() in [n.lower() for n in answer['strip']]
        if m := re.fullmatch(r'keeps (.*)', wish):
            return m.group(1).lower() not in [n.lower() for n in answer['strip']]
        if m := re.fullmatch(r'returns (.*)', wish):
            return self.returns() == m.group(1)
        if m := re.fullmatch(r'body (.*)', wish):
            return answer['body'].strip() == m.group(1)
        if wish in ('json', 'page', 'text'):
            kind = {'json': 'application/json', 'page': 'text/html', 'text': 'text/plain'}[wish]
            return [v.split(';')[0] for v in self.values('response', 'Content-Type')] == [kind]
        if wish == 'sets login':
            return any('_csrf' in name and not gone for name, gone in self.cookies())
        if wish == 'clears session':
            return any('_csrf' not in name and gone for name, gone in self.cookies())
        if wish == 'no cookie':
            return not list(self.cookies())
        if wish == 'as nobody':
            return answer['email'] == ''
        if m := re.fullmatch(r'as (.*)', wish):
            return answer['email'] == m.group(1)
        sys.exit(f'no such wish: {wish}')


def complaint(row, answer):
    """What is wrong with an answer, or nothing."""
    if row.expected == 'error' or 'error' in answer:
        return '' if row.expected == 'error' and 'error' in answer and 'disagree' not in answer['error'] else json.dumps(answer)
    if without_chance(answer['cpp']) != without_chance(answer['c']):
        return f'the C API answers otherwise: {json.dumps(answer)}'
    if 'error' in answer['cpp']:
        return answer['cpp']['error']
    for wish in row.expected.split('; '):
        if not Answer(answer['cpp']).meets(wish):
            return f'not "{wish}": {json.dumps(answer["cpp"])}'
    return ''


def main():
    values_program, runner, *names = sys.argv[1:]
    tables = sorted(p for p in HERE.glob('*.tsv') if p.name != 'differences.tsv' and (not names or p.stem in names))
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as work:
        values = values_of(values_program, work)
        with subprocess.Popen([runner], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            for row in itertools.chain.from_iterable(read_rows(p) for p in tables):
                process.stdin.write(json.dumps(asked_of(row, values)) + '\n')
                process.stdin.flush()
                said = complaint(row, json.loads(process.stdout.readline()))
                passed, failed = passed + (not said), failed + bool(said)
                if said:
                    print(f'not ok {row.name()}\n    {said[:1500]}')
            process.stdin.close()
            if process.wait() != 0:
                failed += 1
                print(f'not ok the runner ended with {process.returncode}')
    if not names and passed + failed < 300:
        failed += 1
        print(f'not ok only {passed} rows')
    print(f'{passed} passed, {failed} failed')
    sys.exit(failed != 0)


if __name__ == '__main__':
    main()
