#!/usr/bin/env python3
"""K-07: programs of the tests where every stack has 64 KiB: the main thread's, and by glibc's default those of all others, the library's
own threads among them. The test harness takes its part of it. Sanitizers make frames larger, so this is of the plain build only.

Those that wait for long run with --long only.

    stack_test.py DEEP PROGRAM...
"""
import concurrent.futures
import os
import re
import subprocess
import sys
from pathlib import Path

SUMMARY = re.compile(r'test cases:\s+\d+ \|\s+(\d+) passed \|\s+0 failed|^(\d+) passed, 0 failed', re.M)

passed = failed = 0


def report(name, ok, detail=''):
    global passed, failed
    passed, failed = passed + ok, failed + (not ok)
    print(('ok ' if ok else 'not ok ') + name + (f': {detail}' if detail and not ok else ''))


def run(*command):
    # The environment stands on the main thread's stack.
    env = {name: os.environ[name] for name in ('PATH', 'LD_LIBRARY_PATH', 'OPENSSL_CONF') if name in os.environ}
    done = subprocess.run(['sh', '-c', 'ulimit -s 64; exec "$@"', 'sh', *command], capture_output=True, env=env)
    return done.returncode, done.stdout.decode('utf-8', 'replace') + done.stderr.decode('utf-8', 'replace')


WAIT_LONG = ('io_test', 'engine_test', 'capi_store_test')
deep, programs = sys.argv[1], sys.argv[2:]
if not os.environ.get('TEST_LONG'):
    programs = [program for program in programs if Path(program).name not in WAIT_LONG]
for where in ((), ('thread',)):
    name = where[0] if where else 'main thread'
    report(f'stack: the {name} has 40 KiB', run(deep, '40', *where)[0] == 0)
    report(f'stack: the {name} does not have 80 KiB', run(deep, '80', *where)[0] != 0)
with concurrent.futures.ThreadPoolExecutor(4) as pool:  # they wait more than they work
    results = list(pool.map(run, programs))
for program, (code, text) in zip(programs, results):
    found = SUMMARY.search(text)
    report(f'stack: {Path(program).name} with 64 KiB', code == 0 and found and int(found[1] or found[2]) > 0, text[-2000:])
print(f'{passed} passed, {failed} failed')
sys.exit(1 if failed else 0)
