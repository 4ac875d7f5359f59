#!/usr/bin/env python3
"""docs_test.py ROOT [--write]: what README shows is what is tested. Every code block is a file of the tree, byte for byte, or a command that a
suite runs; the table of settings is the one made from options.def; every link leads somewhere. --write brings README up to date.
The manual pages are made from the same table, and can be read without a complaint.
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'support'))
from expectation import expect, verdict  # noqa: E402

root = Path(sys.argv[1])
readme_path = root / 'README.md'
readme = readme_path.read_text()

# Language of a block -> the file it must equal.
FILES = {'c': 'examples/sqlite_store/host.c', 'cpp': 'examples/decide_cpp.cpp', 'toml': 'examples/guide/gatelet.toml', 'meson': 'examples/guide/subproject.meson',
         'yaml': 'examples/guide/alpha.yaml', 'cc': 'examples/session_hooks.cpp'}
# Made by tests/config/man_pages.py.
MAN_PAGES = ['examples/guide/gatelet.toml.5', 'examples/forward_auth/forward_auth.1']
# Commands and pictures of text in blocks without a language, and who runs or checks them.
COMMANDS = {'./examples/run-demo': 'demo', ' request -> decide()': 'a picture'}

def man_page(name):
    return subprocess.run([sys.executable, root / 'tests/config/man_pages.py', root / 'lib/config/options.def', Path(name).name], capture_output=True, text=True, check=True).stdout


table = subprocess.run([sys.executable, root / 'tests/config/option_table.py', root / 'lib/config/options.def'], capture_output=True, text=True, check=True).stdout
if '--write' in sys.argv:
    for language, name in FILES.items():
        text = (root / name).read_text()
        readme = re.sub(rf'```{language}\n.*?```', lambda _: f'```{language}\n{text}```', readme, flags=re.S)
    readme = re.sub(r'(<!-- settings -->\n).*?(<!-- end of settings -->)', lambda m: m[1] + table + m[2], readme, flags=re.S)
    readme_path.write_text(readme)
    for name in MAN_PAGES:
        (root / name).write_text(man_page(name))
    sys.exit(0)

blocks = re.findall(r'^```(\w*)\n(.*?)^```$', readme, re.M | re.S)
expect('README has code blocks', len(blocks) >= 5, len(blocks))
seen_languages = set()
for language, text in blocks:
    seen_languages.add(language)
    if language in FILES:
        expect(f'the {language} block is {FILES[language]}', text == (root / FILES[language]).read_text(), text[:80])
    else:
        expect('a block without a file is a command that is run', not language and any(text.strip('\n').startswith(c) or c in text for c in COMMANDS), text[:80])
expect('every file to show is shown', set(FILES) <= seen_languages, set(FILES) - seen_languages)
expect('the table of settings is made from options.def', table in readme, 'run tests/layering/docs_test.py . --write')
for name in MAN_PAGES:
    expect(f'{name} is made from options.def', (root / name).read_text() == man_page(name), 'run tests/layering/docs_test.py . --write')
    if shutil.which('mandoc'):
        said = subprocess.run(['mandoc', '-T', 'lint', '-W', 'warning', root / name], capture_output=True, text=True)
        expect(f'{name} can be read', said.returncode == 0 and not said.stdout, said.stdout + said.stderr)
if not shutil.which('mandoc'):
    print('skip whether the manual pages can be read: mandoc is not installed')
for target in re.findall(r'\]\(([^)#]+)\)', readme):
    expect(f'the link {target} leads somewhere', target.startswith('https://') or (root / target).exists())
before_code = readme.split('```')[0]
expect('no more than 150 words before the first code', len(before_code.split()) <= 150, len(before_code.split()))
sample = (root / FILES['cpp']).read_text()
expect('the sample is short', len(sample.splitlines()) <= 45, len(sample.splitlines()))
sys.exit(verdict())
