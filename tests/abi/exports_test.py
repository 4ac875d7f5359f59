#!/usr/bin/env python3
"""exports_test.py LIBRARY EXPORTS_TXT MAP HEADER UNSTABLE_HEADER...: what the shared library shows is what it promises, and nothing else."""
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'support'))
from expectation import expect, verdict  # noqa: E402

library, golden, symbol_map, header, *unstable_headers = sys.argv[1:]
shown = {}
for line in subprocess.run(['nm', '-D', '-C', '--defined-only', library], capture_output=True, text=True, check=True).stdout.splitlines():
    _, kind, name = line.split(' ', 2)
    if kind != 'A':
        name, _, node = name.rpartition('@@')
        shown[name] = node

c_shown = sorted(n for n, node in shown.items() if node == 'GATELET_0')
cxx_shown = sorted(n for n, node in shown.items() if node.startswith('GATELET_CXX_0.'))
c_golden = open(golden).read().split()
unstable_shown = {n for n, node in shown.items() if node == 'GATELET_UNSTABLE'}
nodes = dict(re.findall(r'^(\w+) \{(.*?)^\};', re.sub(r'@\w+@', '0', open(symbol_map).read()), re.M | re.S))
in_map = re.findall(r'^    (gatelet_\w+);', nodes['GATELET_0'], re.M)


def declared(name):
    return set(re.findall(r'^GATELET_C_API[^;(]*?\b(gatelet_\w+)\s*\(', re.sub(r'/\*.*?\*/', ' ', open(name).read(), flags=re.S), re.M))


in_header = declared(header)
in_unstable = set().union(*(declared(name) for name in unstable_headers))

expect('the library has C symbols at all', len(c_shown) > 20, c_shown)
expect('the C symbols are those of exports.txt', c_shown == sorted(c_golden), set(c_shown) ^ set(c_golden))
expect('the map lists what the header declares', set(in_map) == in_header, set(in_map) ^ in_header)
expect('what unstable headers declare is there, in a node without a promise', in_unstable and unstable_shown == in_unstable, unstable_shown ^ in_unstable)
expect('every symbol has a version', all(shown.values()), [n for n, node in shown.items() if not node][:5])
expect('the C++ symbols are public classes only',
       all(re.match(r'(typeinfo (name )?for |vtable for )?gatelet::v\d+_\d+::', n) for n in cxx_shown),
       [n for n in cxx_shown if not re.match(r'(typeinfo (name )?for |vtable for )?gatelet::v\d+_\d+::', n)][:5])
expect('the C++ API is there', any('Engine::decide' in n for n in cxx_shown), cxx_shown[:5])
sys.exit(verdict())
