#!/usr/bin/env python3
"""symbols_test.py BUILD: the compiled layers that decide call nothing that blocks, waits or asks the system (house rule 4).

Objects of every layer above io/, and engine's decide and conclude, must not need these symbols; io's objects, the control, do.
"""
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'support'))
from expectation import expect, verdict  # noqa: E402

lib = Path(sys.argv[1]) / 'lib'
PURE = ['base', 'http', 'json', 'crypto', 'jose', 'oidc', 'session', 'policy', 'flow', 'config']
FORBIDDEN = re.compile(
    r'^(connect|accept4?|send|sendto|sendmsg|recv|recvfrom|recvmsg|poll|ppoll|select|epoll_\w+|open|open64|openat|openat64|fopen|fopen64|read|write|'
    r'getaddrinfo|gethostbyname\w*|sleep|usleep|nanosleep|clock_nanosleep|clock_gettime|gettimeofday|time|getrandom|getentropy|getenv|fork|'
    r'pthread_cond_\w+|std::condition_variable.*|std::chrono::_V2::\w+_clock::now\(\)|std::this_thread::.*)$')



def needed(objects):
    """The forbidden symbols that these objects leave undefined, as OBJECT: SYMBOL."""
    found = []
    for path in objects:
        said = subprocess.run(['nm', '-u', '-C', str(path)], capture_output=True, text=True, check=True).stdout
        for line in said.splitlines():
            name = line.split(maxsplit=1)[-1].split('@')[0]
            if FORBIDDEN.match(name):
                found.append(f'{path.name}: {name}')
    return found


def objects_of(layer):
    return sorted((lib / layer).glob(f'libgatelet_{layer}*.a.p/*.o'))


for layer in PURE:
    objects = objects_of(layer)
    expect(f'{layer} was built', len(objects) > 0)
    expect(f'{layer} asks nothing of the system', not needed(objects), needed(objects)[:5])
deciding = [o for o in objects_of('engine') if re.match(r'(decide\w*|conclude|presented|failure)\.cpp\.o$', o.name)]
expect('the deciding part of engine was built', len(deciding) >= 3, deciding)
expect('the deciding part of engine asks nothing of the system', not needed(deciding), needed(deciding)[:5])
expect('control: io is seen to ask', len(needed(objects_of('io'))) > 3, needed(objects_of('io')))
sys.exit(verdict())
