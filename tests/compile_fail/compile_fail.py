#!/usr/bin/env python3
"""Each case compiles as it stands, and does not with -DMUST_NOT_COMPILE, for the reason its first line names.

    compile_fail.py INCLUDE_DIRS(:separated) CASES_DIR COMPILER...
"""
import re
import subprocess
import sys
from pathlib import Path

includes, cases, compiler = sys.argv[1].split(':'), sorted(Path(sys.argv[2]).glob('*.cpp')), sys.argv[3:]
flags = ['-std=c++20', '-fsyntax-only', '-Wall', '-Wextra', '-Werror', *(f'-I{i}' for i in includes)]
passed = failed = 0
for case in cases:
    expected = re.match(r'// must fail with: (.+)\n', case.read_text())
    good = subprocess.run([*compiler, *flags, str(case)], capture_output=True, text=True)
    bad = subprocess.run([*compiler, *flags, '-DMUST_NOT_COMPILE', str(case)], capture_output=True, text=True)
    if not expected:
        why = 'its first line does not say `// must fail with: REGEX`'
    elif good.returncode != 0:
        why = 'does not compile even as it stands: ' + good.stderr[:500]
    elif bad.returncode == 0:
        why = 'compiles, and must not'
    elif not re.search(expected[1], bad.stderr):
        why = f'fails for another reason than /{expected[1]}/: ' + bad.stderr[:500]
    else:
        why = None
    passed, failed = passed + (why is None), failed + (why is not None)
    print(f'ok {case.stem}' if why is None else f'not ok {case.stem}: {why}')
print(f'{passed} passed, {failed} failed')
sys.exit(1 if failed or not cases else 0)
