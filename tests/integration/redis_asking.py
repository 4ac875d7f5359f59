"""The program redis_asker as a partner in conversation."""
import json
import subprocess
import time

from expectation import expect


def expect_sound(what, tally, may_lose=False):
    expect(f'{what}: nobody got another\'s record', tally['wrong'] == 0 and tally['ok'] > 100, tally)
    expect(f'{what}: no record went missing', may_lose or tally['lost'] == 0, tally)


class Asker:
    """One that runs, with its options."""

    def __init__(self, build, url, *options):
        self.process = subprocess.Popen([build / 'tests/integration/redis_asker', url, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.code = self.process.wait(60)
        expect('the asker ends well', self.code == 0, self.code)

    def say(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def ask(self, line):
        """What was answered, and after how many seconds."""
        took, answer = self.say(line).split(' ', 1)
        return answer, int(took) / 1000

    def contract(self, prefix):
        self.process.stdin.write(f'contract {prefix}\n')
        self.process.stdin.flush()
        lines = []
        while not lines or lines[-1] not in ('held', 'broken', ''):
            lines.append(self.process.stdout.readline().strip() or ('-' if self.process.poll() is None else ''))
        return lines[-1] == 'held' and any('passed' in line for line in lines), lines

    def load(self, seconds, meanwhile=lambda: None, num=40):
        """Load for so long, with something happening; what came of it."""
        self.say(f'load {num}')
        time.sleep(seconds / 2)
        meanwhile()
        time.sleep(seconds / 2)
        return json.loads(self.say('stop'))

    def seconds_until_well(self, limit=10):
        began = time.monotonic()
        while time.monotonic() - began < limit:
            if self.ask('get well')[0] in ('none', 'value 1'):
                return time.monotonic() - began
            time.sleep(0.005)
        return limit

    def seconds_until_written(self, limit=20):
        began = time.monotonic()
        while time.monotonic() - began < limit:
            if self.ask('put well 1 60000')[0] == 'done':
                return time.monotonic() - began
            time.sleep(0.005)
        return limit
