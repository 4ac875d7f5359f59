#!/usr/bin/env python3
"""Builds and runs the test suites; called by tests/run, which installs what this needs.

Three builds: g++ optimised (every suite), clang with ASan and UBSan (the suites that run in process), g++ with TSan
(engine, io and capi). A suite's test is a program; how many cases it ran is read from its output: doctest's summary, a line
`N passed, N failed[, N skipped]`, or else the program itself is one case. `skip NAME: reason` lines are repeated at the end.
--long adds memcheck, longer fuzzing and the checks of long_checks.py.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import long_checks

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / 'build-test'

SUITES = {
    'unit': 'does each source do what its header says?',
    'flow': 'do whole flows hold when every effect fails in turn?',
    'capi': 'does the C API keep its promises, from C?',
    'structure': 'is the house as lib/README.md says, does what must not compile not compile, does decide() not block?',
    'vectors': 'do we agree with oauth2-proxy, Wycheproof and the RFCs?',
    'behaviour': 'does every sentence of the specification come true, row by row, through both APIs?',
    'integration': 'does the engine hold against a provider over real sockets?',
    'interop': 'do other people\'s providers sign in, refresh and sign out with us?',
    'browser': 'does a real browser get through?',
    'demo': 'does the demo do the whole round?',
    'fuzz-regress': 'do all fuzz corpora replay, and does a short fuzz find nothing?',
    'consumers': 'can others build against the installed library?',
}
LEGS = [  # name, compilers, meson options, what runs: suites, or names of tests
    ('gcc', ('gcc', 'g++'), ['-Doptimization=2', '-Ddebug=false', '-Dwerror=true', '-Dwrap_mode=nodownload'], lambda t: True),
    ('asan', ('clang-14', 'clang++-14'),
     ['-Doptimization=1', '-Ddebug=true', '-Db_sanitize=address,undefined', '-Db_lundef=false', '-Dwerror=true',
      '-Dfuzz=enabled', '-Dexamples=disabled', '-Dbench=disabled'],
     lambda t: t['suites'] & {'unit', 'flow', 'vectors', 'behaviour', 'capi', 'fuzz-regress'} and 'plain-build' not in t['suites']),
    ('tsan', ('gcc', 'g++'), ['-Doptimization=1', '-Ddebug=true', '-Db_sanitize=thread', '-Db_lundef=false', '-Dexamples=disabled', '-Dbench=disabled'],
     lambda t: t['name'] in ('engine', 'engine host_process', 'io', 'capi config', 'capi decide', 'capi null_matrix', 'capi store', 'capi unload')),
]
# A suite of the sanitizer leg only: the fuzz targets need clang.
ONLY_ASAN = {'fuzz-regress'}

started = time.monotonic()
on_terminal = sys.stdout.isatty()


def say(text):
    print(f'[{time.monotonic() - started:6.0f} s] {text}', flush=True)


def run_step(step, total, what, command, log, env=None):
    say(f'step {step} of {total}: {what}')
    with open(log, 'w') as out:
        done = subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=env)
    if done.returncode == 0:
        return True
    lines = Path(log).read_text(errors='replace').splitlines()
    print('\n'.join(lines[-30:]))
    say(f'{what}: failed; the whole log is {log}')
    return False


def environment(compilers):
    env = dict(os.environ)
    cache = 'ccache ' if subprocess.run(['which', 'ccache'], capture_output=True).returncode == 0 else ''
    env['CC'], env['CXX'] = cache + compilers[0], cache + compilers[1]
    return env


def tests_of(build):
    listed = json.loads(subprocess.run(['meson', 'introspect', '--tests', str(build)], capture_output=True, text=True, check=True).stdout)
    for test in listed:
        test['suites'] = {s.split(':')[-1] for s in test['suite']}
    return listed


SUMMARY = re.compile(r'^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$', re.M)
SKIP = re.compile(r'^skip .', re.M)
DOCTEST = re.compile(r'\[doctest\] test cases:\s+(\d+) \|\s+(\d+) passed \|\s+(\d+) failed \|\s+(\d+) skipped')
SANITIZER = re.compile(r'^(==\d+==ERROR: |WARNING: ThreadSanitizer|SUMMARY: \w+Sanitizer|.*runtime error: )', re.M)


def count(output, code):
    """passed, failed, skipped of one program. A program that says all is well but fails, fails."""
    passed = failed = skipped = 0
    found = False
    for match in DOCTEST.finditer(output):
        found, passed, failed, skipped = True, passed + int(match[2]), failed + int(match[3]), skipped + int(match[4])
    for match in SUMMARY.finditer(output):
        found, passed, failed, skipped = True, passed + int(match[1]), failed + int(match[2]), skipped + int(match[3] or 0)
    if not found:
        return (1, 0, 0) if code == 0 else (0, 1, 0)
    if (code != 0 or SANITIZER.search(output)) and failed == 0:
        failed = 1
    skipped = max(skipped, len(SKIP.findall(output)))  # a program may say so without adding it up
    if passed + failed + skipped == 0:
        failed = 1  # a program that ran no case tested nothing
    return passed, failed, skipped


# --long runs the programs of the g++ build under memcheck as well.
# A child that ends with _exit would count all of the parent's memory as leaked: tests that fork are left out.
NO_FORKS = ['--test-suite-exclude=io/fork', '--test-case-exclude=*fork*']
VALGRIND = ['valgrind', '--quiet', '--error-exitcode=99', '--leak-check=full', '--errors-for-leak-kinds=definite,indirect',
            f'--suppressions={ROOT}/tests/valgrind.supp']


def runs_under_valgrind(test):
    """Programs of ours. Not scripts, not those with a malloc of their own, which memcheck puts its own in place of, and not the
    one about signals, some of which memcheck needs for itself."""
    if 'plain-build' in test['suites'] or test['name'].endswith(' allocation') or test['name'] == 'engine host_process':
        return False
    return bool(test['suites'] & {'unit', 'flow', 'capi'}) and 'python' not in test['cmd'][0] and not test['cmd'][0].endswith('.sh')


def run_under_valgrind(test, log_dir):
    forks = NO_FORKS if test['name'] in ('io', 'engine') else []
    return run_test('valgrind', BUILD / 'gcc', {**test, 'cmd': [*test['cmd'], *forks]}, log_dir, VALGRIND, 10)


def run_test(leg, build, test, log_dir, prefix=(), patience=1):
    env = dict(os.environ, **test['env'])
    env['ASAN_OPTIONS'] = 'detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=1'
    env['UBSAN_OPTIONS'] = 'print_stacktrace=1:halt_on_error=1'
    env['TSAN_OPTIONS'] = 'halt_on_error=0:second_deadlock_stack=1'
    log = log_dir / f"{leg}-{test['name'].replace('/', '_').replace(' ', '_')}.log"
    begun = time.monotonic()
    timeout = test['timeout'] * (1 if leg == 'gcc' else 4) * patience if test['timeout'] > 0 else None
    with open(log, 'w') as out:
        try:
            code = subprocess.run([*prefix, *test['cmd']], cwd=test['workdir'] or build, env=env, stdout=out, stderr=subprocess.STDOUT, timeout=timeout,
                                  stdin=subprocess.DEVNULL).returncode
        except subprocess.TimeoutExpired:
            code = 'timeout'
    output = log.read_text(errors='replace')
    passed, failed, skipped = count(output, code)
    if code == 'timeout':
        failed = max(failed, 1)
    return test, log, output, passed, failed, skipped, code, time.monotonic() - begun


def main():
    arguments = sys.argv[1:]
    if '--list' in arguments:
        for name, question in SUITES.items():
            print(f'{name:14} {question}')
        return 0
    is_long = '--long' in arguments
    wanted = [a for a in arguments if a != '--long']
    unknown = [a for a in wanted if a not in SUITES]
    if unknown:
        print(f'there is no suite {" ".join(unknown)}; there are: {" ".join(SUITES)}')
        return 2
    wanted = set(wanted or SUITES)
    os.environ.pop('TEST_LONG', None)  # tests ask whether it is set
    if is_long:
        os.environ['TEST_LONG'] = '1'
    log_dir = BUILD / 'logs'
    log_dir.mkdir(parents=True, exist_ok=True)

    legs = [leg for leg in LEGS if leg[0] != 'gcc' or wanted - ONLY_ASAN]
    total_steps = 3 * len(legs)
    passed = failed = skipped = step = 0
    failures, skips = [], []
    jobs = str(os.cpu_count() or 2)

    def add_up(leg, results):
        nonlocal passed, failed, skipped, skips, failures
        for test, log, output, p, f, s, code, seconds in results:
            passed, failed, skipped = passed + p, failed + f, skipped + s
            say(f"{'ok  ' if f == 0 else 'FAIL'} {leg} {test['name']}: {p} passed, {f} failed" + (f', {s} skipped' if s else '') + f' ({seconds:.1f} s)')
            skips += [f"{leg} {test['name']}: {line[5:]}" for line in output.splitlines() if line.startswith('skip ')]
            if f:
                failures.append(f"{leg}: {'/'.join(sorted(test['suites']))}: {test['name']}" + (' (time is up)' if code == 'timeout' else ''))
                shown = [l for l in output.splitlines() if l.startswith('not ok')][:20] or output.splitlines()[-30:]
                print('\n'.join('    ' + line for line in shown))
                print(f'    the whole log is {log}')

    for leg, compilers, options, selects in legs:
        build, env = BUILD / leg, environment(compilers)
        setup = ['meson', 'setup', str(build), *options] + (['--reconfigure'] if (build / 'build.ninja').exists() else [])
        step += 1
        if not run_step(step, total_steps, f'configure ({leg})', setup, log_dir / f'{leg}-configure.log', env):
            failed, failures = failed + 1, failures + [f'{leg}: configure']
            step += 2
            continue
        tests = [t for t in tests_of(build) if t['suites'] & wanted and selects(t) and (leg == 'asan' or not t['suites'] & ONLY_ASAN)]
        step += 1
        if not tests:
            step += 1
            continue
        targets = [] if leg == 'gcc' else sorted({d for t in tests for d in t.get('depends', [])})
        command = ['ninja', '-C', str(build), '-j', jobs]
        if targets:
            names = {t['id']: t['filename'] for t in json.loads(subprocess.run(
                ['meson', 'introspect', '--targets', str(build)], capture_output=True, text=True, check=True).stdout)}
            command += [os.path.relpath(f, build) for d in targets for f in names.get(d, [])]
        if not run_step(step, total_steps, f'build ({leg})', command, log_dir / f'{leg}-build.log', env):
            failed, failures = failed + 1, failures + [f'{leg}: build']
            step += 1
            continue
        step += 1
        say(f'step {step} of {total_steps}: test ({leg}): {len(tests)} programs')
        quick = [t for t in tests if t['is_parallel']]
        alone = [t for t in tests if not t['is_parallel']]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            results = list(pool.map(lambda t: run_test(leg, build, t, log_dir), quick)) + [run_test(leg, build, t, log_dir) for t in alone]
        add_up(leg, results)

    if is_long and not any(f.endswith((': configure', ': build')) for f in failures):
        tests = [t for t in tests_of(BUILD / 'gcc') if t['suites'] & wanted and runs_under_valgrind(t)]
        say(f'valgrind: {len(tests)} programs')
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            add_up('valgrind', list(pool.map(lambda t: run_under_valgrind(t, log_dir), tests)))

    if is_long:
        for name, p, f, s, text in long_checks.run_all(log_dir, say):
            passed, failed, skipped = passed + p, failed + f, skipped + s
            say(f"{'FAIL' if f else 'skip' if s else 'ok  '} long {name}\n{text}")
            skips += [f'long {name}: {text}'] if s else []
            failures += [f'long: {name}'] if f else []

    for line in skips:
        print(f'skipped: {line}')
    for line in failures:
        print(f'failed: {line}')
    say(f'logs are in {log_dir}')
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 1 if failed or passed == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
