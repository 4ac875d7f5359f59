#!/usr/bin/env python3
"""exports_test.py LIBRARY EXPORTS_TXT MAP HEADER..: what the shared library shows is what it promises, and nothing else."""
import re
import subprocess
import sys

library, golden, symbol_map, *headers = sys.argv[1:]
shown = {}
for line in subprocess.run(['nm', '-D', '-C', '--defined-only', library], capture_output=True, text=True, check=True).stdout.splitlines():
    _, kind, name = line.split(' ', 2)
    if kind != 'A':
        name, _, node = name.rpartition('@@')
        shown[name] = node

c_shown = sorted(n for n, node in shown.items() if node == 'GATELET_0')
cxx_shown = sorted(n for n, node in shown.items() if node.startswith('GATELET_CXX_0.'))
c_golden = open(golden).read().split()
in_map = re.findall(r'^    (gatelet_\w+);', open(symbol_map).read(), re.M)
in_header = [n for h in headers for n in re.findall(r'\b(gatelet_\w+)\s*\((?!\*)', re.sub(r'/\*.*?\*/', ' ', open(h).read(), flags=re.S))]

passed = failed = 0


def expect(what, is_true, seen=''):
    global passed, failed
    if is_true:
        passed += 1
    else:
        failed += 1
        print(f'not ok {what}: {seen}')


expect('the library has C symbols at all', len(c_shown) > 20, c_shown)
expect('the C symbols are those of exports.txt', c_shown == sorted(c_golden), set(c_shown) ^ set(c_golden))
expect('the map lists what the header declares', set(in_map) == {n for n in in_header}, set(in_map) ^ set(in_header))
expect('every symbol has a version', all(shown.values()), [n for n, node in shown.items() if not node][:5])
expect('the C++ symbols are public classes only',
       all(re.match(r'(typeinfo (name )?for |vtable for )?gatelet::v\d+_\d+::', n) for n in cxx_shown),
       [n for n in cxx_shown if not re.match(r'(typeinfo (name )?for |vtable for )?gatelet::v\d+_\d+::', n)][:5])
expect('the C++ API is there', any('Engine::decide' in n for n in cxx_shown), cxx_shown[:5])
print(f'{passed} passed, {failed} failed')
sys.exit(1 if failed else 0)
