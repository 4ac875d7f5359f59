#!/usr/bin/env python3
"""replay.py TARGET CORPUS: replays a corpus, then fuzzes for 5 s from it (60 s with --long); what it finds is kept and shown."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

target, corpus = sys.argv[1:]
seeds = sorted(p for p in Path(corpus).iterdir() if p.is_file()) if Path(corpus).is_dir() else []
if len(seeds) < 3:
    sys.exit(f'not ok {Path(corpus).name}: only {len(seeds)} seeds in {corpus}')
env = dict(os.environ, ASAN_OPTIONS='detect_leaks=1', UBSAN_OPTIONS='print_stacktrace=1:halt_on_error=1')
with tempfile.TemporaryDirectory() as work:
    replay = subprocess.run([target, '-runs=1', '-timeout=10', '-rss_limit_mb=2048', f'-artifact_prefix={work}/', *map(str, seeds)], env=env,
                            capture_output=True, text=True)
    seconds = 60 if os.environ.get('TEST_LONG') else 5
    found = subprocess.run([target, f'-max_total_time={seconds}', '-timeout=10', '-rss_limit_mb=2048', '-max_len=8192', f'-artifact_prefix={work}/',
                            work, corpus], env=env, capture_output=True, text=True) if replay.returncode == 0 else replay
    if found.returncode != 0:
        print(found.stderr[-4000:])
        for path in Path(work).glob('*-*'):
            if path.name.startswith(('crash', 'leak', 'timeout', 'oom')):
                print(f'not ok {Path(corpus).name}: input in hex: {path.read_bytes()[:2000].hex()}')
    print(f'{int(found.returncode == 0)} passed, {int(found.returncode != 0)} failed')
    sys.exit(found.returncode != 0)
