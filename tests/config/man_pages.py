#!/usr/bin/env python3
"""man_pages.py OPTIONS_DEF NAME: the manual page NAME (gatelet.toml.5 or forward_auth.1) in mdoc(7), its options from lib/config/options.def."""
import re
import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from option_table import rows  # noqa: E402

HEAD = {
    'gatelet.toml.5': r"""
.Dd November 27, 2026
.Dt GATELET.TOML 5
.Os
.Sh NAME
.Nm gatelet.toml
.Nd settings of gatelet
.Sh DESCRIPTION
A file in TOML, one
.Ar option No = Ar value
a line: texts in double quotes, lists in brackets.
The names are those of oauth2-proxy, and its files can be used as they are with
.Dl compat = \(dqoauth2-proxy\(dq
.Pp
The same options can come from a JSON object, from the environment as
.Ev GATELET_CLIENT_ID
or
.Ev OAUTH2_PROXY_CLIENT_ID ,
from the flags of
.Xr forward_auth 1 ,
or from a program.
What a program sets or a flag says wins over the environment, the environment
over the file.
All problems are reported at once; a name that is not here is one of them.
.Pp
Options marked with * exist once for each provider: the plain name describes the
one with the id
.Dq default ,
a table
.Li [providers.ID]
a further one.
.Pp
Durations are written as 168h, 15m or 1h30m, sizes as 64 MiB.
""",
    'forward_auth.1': r"""
.Dd November 27, 2026
.Dt FORWARD_AUTH 1
.Os
.Sh NAME
.Nm forward_auth
.Nd says for a proxy who may pass, and signs people in
.Sh SYNOPSIS
.Nm
.Op Fl -config Ar file
.Op Fl -config-test
.Op Fl -quiet
.Op Fl -ends-with-parent
.Op Fl -set Ar option Ns = Ns Ar value
.Op Fl - Ns Ar option Ns = Ns Ar value ...
.Nm
.Fl -help | -version
.Sh DESCRIPTION
.Nm
answers the questions of nginx (auth_request), Caddy (forward_auth) and Traefik
(forwardAuth) at /oauth2/auth, and has the pages that sign people in and out.
It takes the flags, files and environment of oauth2-proxy and forwards nothing.
Recipes for the proxies lie beside its source.
.Pp
The options are:
.Bl -tag -width Ds
.It Fl -config Ar file
Settings in TOML, see
.Xr gatelet.toml 5 ,
or in JSON where the name ends in .json.
.It Fl -config-test
Judges the configuration, certificates and log file included, and ends.
.It Fl -quiet
Reports warnings and errors only.
.It Fl -ends-with-parent
Ends when the program that started it does.
.It Fl -set Ar option Ns = Ns Ar value
Sets one option by its name in a file; may be repeated.
.It Fl -help
Lists all flags.
.It Fl -version
Prints the version.
.El
.Pp
Every option of
.Xr gatelet.toml 5
is a flag as well, written with - for _; lists may be given item by item,
without the s at the end of their name.
""",
}
TAIL = {
    'gatelet.toml.5': r"""
.Sh SEE ALSO
.Xr forward_auth 1
""",
    'forward_auth.1': r"""
.Sh ENVIRONMENT
Every option as
.Ev GATELET_OPTION
or
.Ev OAUTH2_PROXY_OPTION ,
in capitals.
.Sh EXIT STATUS
0 after
.Dv SIGTERM
or
.Dv SIGINT ,
once the requests that were begun are answered, and for a configuration that
is fine; 1 for one that is not, or for an address that cannot be had; 2 for a
mistake in the flags.
A second signal ends it at once, with 1.
.Sh EXAMPLES
Behind nginx, with the file of oauth2-proxy as it was:
.Dl GATELET_COMPAT=oauth2-proxy forward_auth --config oauth2-proxy.cfg
.Sh SEE ALSO
.Xr gatelet.toml 5
""",
}


def plain(text):
    text = text.replace('\\"', '"').replace('\\', '\\e')
    return text.replace('"', '\\(dq')


def wrapped(text):
    """Lines of text, each sentence on its own, none of which begins as a request would."""
    sentences = re.split(r'(?<=\.) (?=[A-Z])', text)
    lines = [line for s in sentences for line in textwrap.wrap(s, 76, break_long_words=False, break_on_hyphens=False)]
    return [('\\&' + line) if line[0] in ".'" else line for line in lines]


def values(range_):
    parts = re.findall(r'"([^"]*)"', range_)
    if range_.startswith('one_of'):
        return 'One of: ' + ', '.join(parts[0].split('|')) + '.'
    return f'From {parts[0]} to {parts[1]}.' if len(parts) == 2 else ''


def defaults(native, compat):
    shown = lambda text: text if text else 'not set'
    if native == compat:
        return f'Default: {native}.' if native else ''
    return f'Default: {shown(native)}; compat: {shown(compat)}.'


def flag_of(key, type_):
    name = key.replace('_', '-')
    return name[:-1] if type_ == 'list' and name.endswith('s') and not name.endswith('us') else name


def item(name, row):
    key, type_, native, compat, range_, secrecy, scope, sentence = row
    mark = ' *' if scope == 'provider' else ''
    if name.endswith('.1'):
        tag = f'.It Fl -{flag_of(key, type_)}' + (' Ns Op = Ns Ar boolean' if type_ == 'boolean' else f' Ar {type_}')
    else:
        tag = f'.It Cm {key} Pq {type_}{mark}'
    sentence = plain(sentence[0].upper() + sentence[1:]) + '.'
    more = [values(range_), plain(defaults(native, compat)), 'Secret: never shown.' if secrecy == 'secret' else '']
    return [tag, *wrapped(sentence), *(line for text in more if text for line in wrapped(text))]


def page(def_text, name):
    lines = ['.\\" Made by tests/config/man_pages.py from lib/config/options.def.', *HEAD[name].strip().splitlines()]
    is_open = False
    for row in rows(def_text):
        if isinstance(row, str):
            lines += ['.El'] * is_open + ['.Ss ' + plain(row), '.Bl -tag -width Ds']
            is_open = True
        else:
            lines += item(name, row)
    return '\n'.join([*lines, '.El', *TAIL[name].strip().splitlines()]) + '\n'


if __name__ == '__main__':
    print(page(Path(sys.argv[1]).read_text(), sys.argv[2]), end='')
