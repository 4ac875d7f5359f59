#!/usr/bin/env python3
"""install.py FOLDER COMMAND...: installs package.json's packages below FOLDER, once, then runs COMMAND with NODE_PATH set."""
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
with open(folder / 'lock', 'w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)  # two suites may come at once
    wanted = (here / 'package.json').read_text()
    done = folder / 'done.json'
    if not done.exists() or done.read_text() != wanted:
        shutil.copy(here / 'package.json', folder / 'package.json')
        ran = subprocess.run(['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'], cwd=folder,
                             capture_output=True, text=True)
        if ran.returncode != 0:
            print(ran.stdout + ran.stderr)
            print('not ok npm install')
            sys.exit(1)
        done.write_text(wanted)
os.environ['TEST_NODE_MODULES'] = str(folder / 'node_modules')
os.execvp(sys.argv[2], sys.argv[2:])
