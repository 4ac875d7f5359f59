#!/usr/bin/env python3
"""K-06: a host's locale changes nothing. Runs the programs of the rooms in a German locale, where 1.5 is written 1,5 and a thousand
1.000, and in a Turkish one, where the capital of i is not I.

    locale_test.py SHOWN PROGRAM...
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LOCALES = {'de_DE.UTF-8': ('de_DE', 'UTF-8', '1,5 1.000 I'), 'tr_TR.ISO-8859-9': ('tr_TR', 'ISO-8859-9', '1,5 1.000 i')}
SUMMARY = re.compile(r'test cases:\s+(\d+) \|\s+(\d+) passed \|\s+(\d+) failed')

passed = failed = skipped = 0


def report(name, ok, detail=''):
    global passed, failed
    passed, failed = passed + ok, failed + (not ok)
    print(('ok ' if ok else 'not ok ') + name + (f': {detail}' if detail and not ok else ''))


def run(program, env):
    done = subprocess.run([program], capture_output=True, env=env)
    return done.returncode, done.stdout.decode('utf-8', 'replace') + done.stderr.decode('utf-8', 'replace')


check, programs = sys.argv[1], sys.argv[2:]
with tempfile.TemporaryDirectory() as place:
    for name, (source, charset, shown) in LOCALES.items():
        try:
            subprocess.run(['localedef', '--no-archive', '-i', source, '-f', charset, str(Path(place) / name)], capture_output=True)
        except FileNotFoundError:
            pass
        if not (Path(place) / name).exists():
            print(f'skip locale: {name} cannot be made; Debian has localedef in libc-bin, its sources in the package locales')
            skipped += 1
            continue
        env = dict(os.environ, LOCPATH=place, TEST_LOCALE=name)
        code, text = run(check, env)
        report(f'locale: {name} is in force, in C and in C++', code == 0 and text.strip() == shown, text)
        for program in programs:
            code, text = run(program, env)
            found = SUMMARY.search(text)
            report(f'locale: {Path(program).name} in {name}', code == 0 and found and int(found[2]) > 0, text[-2000:])
    code, text = run(check, dict(os.environ, LOCPATH=place, TEST_LOCALE='no_SUCH'))
    report('locale: one that does not exist is told', code != 0, text)
print(f'{passed} passed, {failed} failed, {skipped} skipped')
sys.exit(1 if failed else 0)
