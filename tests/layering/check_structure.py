#!/usr/bin/env python3
"""Checks the structure of the library against lib/README.md: layers, doors, words that must not occur, file sizes, and that
every source has its test.

    check_structure.py ROOT [layers|doors|reach|words|mirror|sizes ...]

Prints one line a violation, then `ok` or the number of violations; exits 0 only when there is none and something was read.
"""
import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
# Comments, and string and character literals, do not count as code.
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z])\'(?:\\.|[^\'\\\n])+\'', re.S)

# What code of the deciding layers must not say; the door where it may stand, if any.
FORBIDDEN = {
    r'\bstd::chrono::(system|steady|high_resolution)_clock::now\b': 'io/',
    r'\bsystem_clock::now\b': 'io/',
    r'(?<![\w.:>])time\s*\(\s*(NULL|nullptr|0|&)': 'io/system.cpp',
    r'\bclock_gettime\b': 'io/system.cpp',
    r'\bgetrandom\b': 'crypto/random.cpp',
    r'\bgetenv\b': None,
    r'\bf?printf\s*\(': None,
    r'\bstd::(cout|cerr|clog)\b': None,
    r'\babort\s*\(': None,
    r'\bstd::regex\b': None,
    r'\bthread_local\b': None,
    r'^\s*static\s+(?!constexpr|const\b|inline\s+const|_?assert|Result|std::\w+[<\w:> ,*&]*\s+\w+\(|bool\s+\w+\(|void\s+\w+\(|[\w:<>,\s*&]+\s+\w+\s*\()[\w:<>]+\s+\w+\s*(=|;|\{)': 'io/system.cpp',
}

MAX_LINES = 800


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.lib = self.root / 'lib'
        self.readme = (self.lib / 'README.md').read_text()
        self.files = sorted(p for p in self.lib.rglob('*') if p.suffix in ('.hpp', '.cpp'))
        self.public = sorted((self.root / 'include' / 'gatelet').glob('*.hpp'))
        if len(self.files) < 10:
            raise SystemExit(f'error: only {len(self.files)} sources below {self.lib}')
        self.layers = self.table('Layers', lambda c: (c[1], c[2].split()))
        self.doors = self.table('Doors', lambda c: (c[1], c[2].split()))

    def table(self, heading, row):
        section = self.readme.split(f'## {heading}\n', 1)[1].split('\n## ', 1)[0]
        rows = [[c.strip() for c in line.strip().strip('|').split('|')] for line in section.splitlines() if line.startswith('|')]
        if len(rows) < 4:
            raise SystemExit(f'error: lib/README.md has no table under "{heading}"')
        return dict(row(cells) for cells in rows[2:])

    def name(self, path):
        return str(path.relative_to(self.lib)) if self.lib in path.parents else str(path.relative_to(self.root))

    def includes(self, path):
        return INCLUDE.findall(path.read_text())


def layer_of(include):
    return 'include/gatelet' if include.startswith('gatelet/') else include.split('/')[0]


def check_layers(tree):
    for path in tree.files:
        name = tree.name(path)
        layer = name.split('/')[0]
        if layer not in tree.layers:
            yield f'{name}: the folder is no layer of lib/README.md'
            continue
        allowed = tree.layers[layer]
        for include in tree.includes(path):
            target = layer_of(include)
            if target not in tree.layers or target == layer:
                continue
            if target not in allowed and include not in allowed:
                yield f'{name}: includes {include}; {layer} may include {" ".join(allowed)}'
    for path in tree.public:
        for include in tree.includes(path):
            if '/' in include and not include.startswith('gatelet/'):
                yield f'{tree.name(path)}: a public header includes {include}'


def check_doors(tree):
    for path in tree.files:
        name = tree.name(path)
        for include in tree.includes(path):
            if include.startswith('gatelet/') or include.split('/')[0] in tree.layers:
                continue
            for prefix, doors in tree.doors.items():
                if include.startswith(prefix):
                    if not any(name.startswith(door) for door in doors):
                        yield f'{name}: includes <{include}>; its door is {" ".join(doors)}'
                    break
            else:
                if include.startswith(('sys/', 'netinet/', 'arpa/')) or include in ('unistd.h', 'fcntl.h', 'poll.h', 'signal.h', 'pthread.h', 'netdb.h'):
                    if not name.startswith('io/'):
                        yield f'{name}: includes <{include}>; the system is spoken to in io/'
                elif '/' in include or (include.endswith('.h') and include not in ('lz4frame.h',)):
                    yield f'{name}: includes <{include}>, which has no door in lib/README.md'


def check_reach(tree):
    for start in ('engine/decide.cpp', 'engine/conclude.cpp'):
        if not (tree.lib / start).exists():
            yield f'{start}: missing'
            continue
        seen, todo = {start: None}, [start]
        while todo:
            name = todo.pop()
            for include in tree.includes(tree.lib / name):
                if include in seen or not (tree.lib / include).exists():
                    continue
                seen[include] = name
                todo.append(include)
        for name in sorted(n for n in seen if n.startswith('io/')):
            way = [name]
            while seen[way[-1]]:
                way.append(seen[way[-1]])
            yield f'{start}: reaches io/: ' + ' <- '.join(way)


def check_words(tree):
    for path in tree.files:
        name = tree.name(path)
        code = NOISE.sub(lambda m: '""' if m.group(0)[0] in '"R' else ' ' * (1 if '\n' not in m.group(0) else 0) + '\n' * m.group(0).count('\n'),
                         path.read_text())
        for pattern, door in FORBIDDEN.items():
            if door and name.startswith(door):
                continue
            for match in re.finditer(pattern, code, re.M):
                line = code.count('\n', 0, match.start()) + 1
                yield f'{name}:{line}: says `{match.group(0).strip()}`' + (f', which stands in {door} only' if door else '')


def check_mirror(tree):
    for path in tree.files:
        name = tree.name(path)
        if path.suffix != '.cpp':
            continue
        test = tree.root / 'tests' / (name[:-4] + '_test.cpp')
        if not test.exists():
            yield f'lib/{name}: has no tests/{name[:-4]}_test.cpp'
        elif 'TEST_CASE' not in test.read_text():
            yield f'tests/{name[:-4]}_test.cpp: has no test case'


def check_sizes(tree):
    for path in tree.files:
        lines = path.read_text().count('\n')
        if lines > MAX_LINES:
            yield f'{tree.name(path)}: {lines} lines; split it ({MAX_LINES} is the limit)'
        if path.stem in ('util', 'utils', 'helper', 'helpers', 'manager', 'misc', 'common'):
            yield f'{tree.name(path)}: a file name that says nothing'


CHECKS = {name[6:]: function for name, function in list(globals().items()) if name.startswith('check_')}


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    tree = Tree(sys.argv[1])
    violations = [line for name in (sys.argv[2:] or CHECKS) for line in CHECKS[name](tree)]
    print('\n'.join(violations + [f'{len(violations)} violations' if violations else 'ok']))
    raise SystemExit(1 if violations else 0)


if __name__ == '__main__':
    main()
