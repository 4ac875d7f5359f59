#!/usr/bin/env python3
"""sqlite_store_test.py BUILD: the example that keeps sessions in SQLite, by several processes on one file.

Every promise of a store; four processes that lock and update at once; one that is killed between any two calls; a writer that holds
the file.
"""
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'support'))
from expectation import expect, verdict  # noqa: E402

build = Path(sys.argv[1])


def program(name, *arguments):
    return subprocess.Popen([build / 'examples/sqlite_store' / name, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended(process):
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


def number(path, name):
    with sqlite3.connect(path) as file:
        found = file.execute('SELECT value FROM sessions WHERE key = ?', (b'check:' + name,)).fetchone()
    return int(found[0]) if found else 0


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / 'sessions.db'

    # All at once, on a file that is not there yet.
    adding = [program('sqlite_check', path, 'add', 100) for _ in range(4)]
    for process in adding:
        code, said = ended(process)
        expect('a process among four keeps lock and number', code == 0, said)
    code, said = ended(program('sqlite_check', path, 'sum', 400))
    expect('four processes: a lock has one owner, no update is lost', code == 0, said)
    code, said = ended(program('sqlite_check', path, 'sum', 400))
    expect('control: what does not add up is seen', code == 1 and 'not kept: a lock has one owner' in said, said)

    code, said = ended(program('sqlite_check', path))
    expect('every promise of a store is kept', code == 0 and said == 'every promise is kept\n', said)

    # kill -9 in the middle: the file stays whole, and the lock of the dead is another's when its lease has passed.
    for i in range(5):
        victim = program('sqlite_check', path, 'add', 100000)
        deadline, before = time.monotonic() + 30, number(path, b'guarded')
        while number(path, b'guarded') < before + 5 + i and time.monotonic() < deadline:
            time.sleep(0.003)
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
    before = number(path, b'guarded'), number(path, b'swapped')
    expect('those that were killed had begun', before[0] >= 25, before)
    code, said = ended(program('sqlite_check', path, 'add', 10))
    expect('after processes were killed others go on', code == 0, said)
    after = number(path, b'guarded'), number(path, b'swapped')
    expect('and nothing of theirs is lost', after == (before[0] + 10, before[1] + 10), (before, after))
    with sqlite3.connect(path) as file:
        expect('the file is whole', file.execute('PRAGMA integrity_check').fetchone() == ('ok',))
        expect('the file is written ahead', file.execute('PRAGMA journal_mode').fetchone() == ('wal',))

    # The example's engine; then while somebody else holds the file: looking needs no lock.
    code, said = ended(program('sqlite_host', path))
    expect('the engine is ready', code == 0 and said.startswith('ready'), said)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute('BEGIN IMMEDIATE')
    code, said = ended(program('sqlite_host', path))
    expect('a reader waits for no writer', code == 0 and said.startswith('ready'), said)
    holder.execute('ROLLBACK')
    holder.close()

    # A file that goes away under the engine, or is none.
    code, said = ended(program('sqlite_host', Path(folder) / 'no' / 'such' / 'folder'))
    expect('a file that cannot be opened is said at the start', code == 2 and 'usage' in said, said)
    (Path(folder) / 'text').write_text('no database' * 1000)
    code, said = ended(program('sqlite_host', Path(folder) / 'text'))
    expect('a file that is no database is said at the start', code == 2, said)

sys.exit(verdict())
