#!/usr/bin/env python3
"""option_table.py OPTIONS_DEF [README]: the option table as Markdown, from lib/config/options.def.

Prints it; with README, checks that the file holds exactly this table and exits 1 when it does not.
"""
import re
import sys
from pathlib import Path

# OPTION(key, type, "default", "compat", range, secrecy, scope, "sentence"); a range may hold commas in parentheses.
ROW = re.compile(r'^OPTION\((\w+), (\w+), "((?:\\.|[^"\\])*)", "((?:\\.|[^"\\])*)", (\w+(?:\([^)]*\))?), (\w+), (\w+), "((?:\\.|[^"\\])*)"\)$')
HEADING = re.compile(r'^// (The profile|The provider|Who is|Where|Own|Cookies|Headers|Behind|Without|Tokens|Users|Logs|Limits|The server|Upstreams).*$')


def plain(text):
    return text.replace('\\"', '"').replace('|', '\\|')


def cell(text):
    return f'`{plain(text)}`' if text else ''


def values(range_):
    """What stands in a range's parentheses, for a reader: `lax`, `strict`, `none`; 1s to 24h."""
    parts = re.findall(r'"([^"]*)"', range_)
    if range_.startswith('one_of'):
        return ' (' + ', '.join(f'`{choice}`' for choice in parts[0].split('|')) + ')'
    return f' ({parts[0]} to {parts[1]})' if len(parts) == 2 else ''


def rows(def_text):
    """Headings as one text, options as tuples of the eight columns."""
    for line in def_text.splitlines():
        if line.startswith('OPTION('):
            row = ROW.match(line)
            if not row:
                sys.exit(f'error: cannot read {line}')
            yield row.groups()
        elif heading := HEADING.match(line):
            yield heading.group(0)[3:]


def table(def_text):
    lines, num_rows = [], 0
    for row in rows(def_text):
        if not isinstance(row, str):
            key, type_, native, compat, range_, secrecy, scope, sentence = row
            compat_cell = 'same' if compat == native else cell(compat) or 'not set'
            mark = ' *' if scope == 'provider' else ''
            note = ' Secret.' if secrecy == 'secret' else ''
            lines.append(f'| `{key}`{mark} | {type_}{values(range_)} | {cell(native)} | {compat_cell} | {plain(sentence)}.{note} |')
            num_rows += 1
        else:
            lines += [''] * bool(lines) + [f'**{row}**', '',
                                           '| option | value | default | compat | what it does |', '|---|---|---|---|---|']
    if num_rows < 50:
        sys.exit(f'error: only {num_rows} rows')
    return '\n'.join(lines) + '\n\nOptions with * exist once for each provider: `providers.<id>.<option>`.\n'


def main():
    text = table(Path(sys.argv[1]).read_text())
    if len(sys.argv) < 3:
        print(text, end='')
    elif text not in Path(sys.argv[2]).read_text():
        sys.exit(f'{sys.argv[2]} does not hold the table that {sys.argv[0]} prints')


if __name__ == '__main__':
    main()
