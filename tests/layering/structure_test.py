#!/usr/bin/env python3
"""Runs every structure check on the tree, and shows of each that it turns red: a violation is planted in a copy.

    structure_test.py ROOT
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(sys.argv[1])
CHECK = ROOT / 'tests' / 'layering' / 'check_structure.py'

# check, file, what is appended to it, what the report must name
PLANTED = [
    ('layers', 'lib/http/url.cpp', '#include "oidc/provider.hpp"\n', 'http/url.cpp: includes oidc/provider.hpp'),
    ('layers', 'lib/json/reader.cpp', '#include "http/url.hpp"\n', 'json/reader.cpp: includes http/url.hpp'),
    ('layers', 'lib/flow/sign_out.cpp', '#include "engine/conclude.hpp"\n', 'flow/sign_out.cpp: includes engine/conclude.hpp'),
    ('layers', 'lib/io/driver.cpp', '#include "oidc/token.hpp"\n', 'io/driver.cpp: includes oidc/token.hpp'),
    ('layers', 'include/gatelet/engine.hpp', '#include "io/driver.hpp"\n', 'a public header includes io/driver.hpp'),
    ('doors', 'lib/http/url.cpp', '#include <openssl/evp.h>\n', 'includes <openssl/evp.h>; its door is crypto/'),
    ('doors', 'lib/flow/flow.hpp', '#include <curl/curl.h>\n', 'includes <curl/curl.h>; its door is io/http_client.cpp'),
    ('doors', 'lib/policy/pages.cpp', '#include <boost/asio.hpp>\n', 'has no door'),
    ('doors', 'lib/session/record.cpp', '#include <sys/socket.h>\n', 'the system is spoken to in io/'),
    ('reach', 'lib/engine/snapshot.hpp', '#include "io/driver.hpp"\n', 'engine/decide.cpp: reaches io/: io/driver.hpp <- engine/snapshot.hpp'),
    ('words', 'lib/policy/authorize.cpp', 'auto t = std::chrono::system_clock::now();\n', 'says `std::chrono::system_clock::now`'),
    ('words', 'lib/session/record.cpp', 'void f() { abort(); }\n', 'says `abort(`'),
    ('words', 'lib/http/url.cpp', 'static int calls = 0;\n', 'says `static int calls ='),
    ('words', 'lib/config/validate.cpp', 'auto e = getenv("X");\n', 'says `getenv`'),
    ('mirror', 'lib/http/planted.cpp', 'int planted;\n', 'lib/http/planted.cpp: has no tests/http/planted_test.cpp'),
    ('sizes', 'lib/http/url.cpp', '\n' * 800, 'lines; split it'),
    ('sizes', 'lib/http/util.cpp', '\n', 'a file name that says nothing'),
]

passed = failed = 0


def report(name, ok, detail=''):
    global passed, failed
    passed, failed = passed + ok, failed + (not ok)
    print(('ok ' if ok else 'not ok ') + name + (f': {detail}' if detail and not ok else ''))


def run(root, check):
    done = subprocess.run([sys.executable, str(CHECK), str(root), check], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


for check in ('layers', 'doors', 'reach', 'words', 'mirror', 'sizes'):
    code, text = run(ROOT, check)
    report(f'structure: {check} hold', code == 0, text.strip())

for check, file, text, expected in PLANTED:
    with tempfile.TemporaryDirectory() as copy:
        for part in ('lib', 'include', 'tests'):
            shutil.copytree(ROOT / part, Path(copy) / part, ignore=shutil.ignore_patterns('node_modules', 'vectors', 'corpus', '__pycache__'))
        with open(Path(copy) / file, 'a') as out:
            out.write('\n' + text)
        code, output = run(copy, check)
        report(f'structure: {check} turns red when {file} says {text.strip()[:40] or "too much"}', code != 0 and expected in output, output.strip()[:300])

code, text = run(Path(tempfile.gettempdir()) / 'there-is-no-such-tree', 'layers')
report('structure: a missing tree fails', code != 0)
print(f'{passed} passed, {failed} failed')
sys.exit(1 if failed else 0)
