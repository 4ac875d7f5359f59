#!/usr/bin/env python3
"""header_test.py INCLUDE CC.. -- CXX..: the C headers alone, under every language they promise, pedantic and twice over."""
import subprocess
import sys

include, *compilers = sys.argv[1:]
cc, cxx = (' '.join(compilers).split(' -- ')[i].split() for i in (0, 1))
SOURCE = '#include <gatelet/gatelet.h>\n#include <gatelet/gatelet.h>\ngatelet_request r = GATELET_REQUEST_INIT;\nint main(void) { return r.num_headers == 0 ? 0 : 1; }\n'
STRICT = ['-pedantic', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-I', include]

passed = failed = 0


def attempt(name, command, source, succeeds):
    global passed, failed
    done = subprocess.run(command + ['-'], input=source, capture_output=True, text=True)
    if (done.returncode == 0) == succeeds:
        passed += 1
    else:
        failed += 1
        print(f'not ok {name}\n{done.stderr[:2000]}')


for std in ('c99', 'c11', 'c17'):
    attempt(f'the header alone is {std}', cc + ['-x', 'c', f'-std={std}'] + STRICT, SOURCE, True)
for std in ('c++11', 'c++20'):
    attempt(f'the header alone is {std}', cxx + ['-x', 'c++', f'-std={std}'] + STRICT, SOURCE, True)
UNSTABLE = {
    'unstable/hooks.h': 'gatelet_session_fn f;\nint main(void) { return f == 0 ? GATELET_SESSION_ENDED - 8 : 1; }\n',
    'unstable/store.h': 'gatelet_store s = GATELET_STORE_INIT;\ngatelet_store_write w = GATELET_STORE_WRITE_INIT;\nint main(void) { return s.get || w.erases; }\n',
    'unstable/store_check.h': 'int main(void) { return 0; }\n',
    'unstable/sessions.h': 'gatelet_session_info i = GATELET_SESSION_INFO_INIT;\nint main(void) { return i.is_current != 0; }\n',
}
for header, use in UNSTABLE.items():
    source = f'#include <gatelet/{header}>\n#include <gatelet/{header}>\n' + use
    for std in ('c99', 'c11', 'c17'):
        attempt(f'{header} alone is {std}', cc + ['-x', 'c', f'-std={std}'] + STRICT, source, True)
    for std in ('c++11', 'c++20'):
        attempt(f'{header} alone is {std}', cxx + ['-x', 'c++', f'-std={std}'] + STRICT, source, True)
# The control: what C99 does not know must be noticed.
attempt('a C++ word in the header would be noticed', cc + ['-x', 'c', '-std=c99'] + STRICT, SOURCE + 'bool b;\n', False)
attempt('a C++ header in it would be noticed', cc + ['-x', 'c', '-std=c99'] + STRICT, '#include <gatelet/gatelet.hpp>\n' + SOURCE, False)
print(f'{passed} passed, {failed} failed')
sys.exit(1 if failed else 0)
