#!/usr/bin/env python3
"""redis_routes_test.py BUILD: sessions in Redis behind real Sentinels, and in a real cluster.

The suite of all stores through both, over TLS as an ACL user too; elections and failovers by hand, after kill -9 and after SIGSTOP, and
slots that move, while calls run. Redis replicates behind its answers, so what an old primary confirmed last may be lost with it: that,
and only that, is allowed here to be missing; nobody ever gets another's record.
"""
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'support'))
import redis_asking as asking  # noqa: E402
from expectation import expect, verdict  # noqa: E402
from redis_asking import expect_sound  # noqa: E402
from redis_servers import RedisServer, make_certificates  # noqa: E402
from redis_topologies import RedisCluster, SentinelTrio, wait_until  # noqa: E402

build = Path(sys.argv[1])
back_within = 1.0  # seconds after an election


def Asker(url, *options):
    return asking.Asker(build, url, *options)


def expect_contract(what, asker, prefix):
    held, lines = asker.contract(prefix)
    expect(f'the suite of all stores through {what}', held, lines[-20:])


def expect_refused(what, text, *arguments):
    with Asker(*arguments) as asker:
        for _ in range(2):
            answer, took = asker.ask('get k')
            expect(f'{what} is refused', answer.startswith('error ') and text in answer and 's3cret' not in answer, answer)
            expect(f'{what} is refused soon', took < 4, took)


def check_sentinels(binary, folder, running):
    trio = SentinelTrio(binary, folder, running)
    options = ('sentinel=mymaster', 'timeout=500')
    with Asker(trio.urls(), *options) as asker:
        expect_contract('Sentinels', asker, 's:')
        expect_sound('Sentinels: nothing happens', tally := asker.load(0.6))
        expect('Sentinels: nothing happens, nothing fails', tally['failed'] == 0, tally)
    expect_refused('a name that no Sentinel knows', 'redis_sentinel_master_name', trio.urls(), 'sentinel=other')
    expect_refused('a server in place of Sentinels', '(ERR)', f'redis://127.0.0.1:{trio.primary().port}', 'sentinel=mymaster')
    expect_refused('Sentinels that are not there', 'nobody listens', 'redis://127.0.0.1:1,redis://127.0.0.1:2', 'sentinel=mymaster')

    def failover_by_hand(old):
        wait_until(lambda: trio.sentinels[0].command('SENTINEL FAILOVER mymaster') == '+OK', 'SENTINEL FAILOVER')

    def check_failover(what, strike, mend):
        old = trio.primary()
        with Asker(trio.urls(), *options) as asker, Asker(trio.urls(), *options) as other:
            def strike_and_wait():
                strike(old)
                trio.wait_for_other_than(old)
                strike_and_wait.took = other.seconds_until_written()
            tally = asker.load(1, strike_and_wait)
            expect_sound(f'{what}: while calls run', tally, may_lose=True)
            expect(f'{what}: calls end in their time', tally['longest'] < 2500, tally)
            expect(f'{what}: the new primary is used {back_within} s after the election', strike_and_wait.took < back_within, strike_and_wait.took)
            new = trio.primary()
            other.ask(f'put after-{what.replace(" ", "-")} new 60000')
            expect(f'{what}: and it is the new one', 'new' in new.say(f'GET after-{what.replace(" ", "-")}'))
            mend(old)
            # The old one may think for a moment that it is still primary.
            for i in range(20):
                other.ask(f'put mended-{i} 1 60000')
            said = new.say('EXISTS ' + ' '.join(f'mended-{i}' for i in range(20)))
            expect(f'{what}: what is written once the old one is back is with the new one', said == ':20\r\n', said)
            tally = asker.load(0.6)
            expect(f'{what}: and all stays well', tally['failed'] == 0 and tally['wrong'] == 0 and tally['lost'] == 0, tally)
        trio.wait_until_whole()

    check_failover('SENTINEL FAILOVER', failover_by_hand, lambda old: None)
    check_failover('kill -9 of the primary', lambda old: old.kill(), lambda old: old.start())
    check_failover('SIGSTOP of the primary', lambda old: old.signal(signal.SIGSTOP), lambda old: old.signal(signal.SIGCONT))

    with Asker(trio.urls(), *options) as asker:
        asker.ask('get k')
        for one in trio.sentinels[:2]:
            one.signal(signal.SIGSTOP)
        tally = asker.load(1)
        expect('Sentinels that hang disturb nobody', tally['failed'] == 0 and tally['ok'] > 100, tally)
        with Asker(trio.urls(), *options) as fresh:
            took = fresh.seconds_until_written()
            expect('Sentinels that hang are passed over', took < 4, took)
        for one in trio.sentinels[:2]:
            one.signal(signal.SIGCONT)
        for one in trio.sentinels:
            one.stop()
        tally = asker.load(1)
        expect('with all Sentinels gone the primary stays in use', tally['failed'] == 0 and tally['ok'] > 100, tally)


def check_secure_sentinels(binary, folder, running):
    trio = SentinelTrio(binary, folder, running, 'good', 'sentinel-pw')
    ca = f'ca={folder}/ca.pem'
    name, password, alice = 'sentinel=mymaster', 'sentinel-password=sentinel-pw', 'alice:s3cret%2Fx@'
    with Asker(trio.urls(alice), name, password, ca) as asker:
        expect_contract('Sentinels with a password, over TLS, as an ACL user', asker, 't:')
    expect_refused('a wrong password for Sentinels', '(WRONGPASS)', trio.urls(alice), name, 'sentinel-password=s3cret', ca)
    expect_refused('no password for Sentinels', '(NOAUTH)', trio.urls(alice), name, ca)
    expect_refused('a wrong password for the primary', '(WRONGPASS)', trio.urls('alice:s3cret@'), name, password, ca)
    expect_refused('Sentinels of nobody\'s authority', 'redis_ca_path', trio.urls(alice), name, password)
    by_address = trio.urls(alice).replace('localhost', '127.0.0.1')
    expect_refused('a certificate for the name where only the address is known', 'another name', by_address, name, password, ca)


def move_slots(cluster, slots, meanwhile):
    """From their owner to the next primary; `meanwhile` between the beginning and the moving of keys."""
    source = cluster.owner(slots[0])
    target = next(one for one in cluster.nodes if one is not source and 'master' in one.say('ROLE'))
    target.say(*(f'CLUSTER SETSLOT {slot} IMPORTING {source.id}' for slot in slots))
    source.say(*(f'CLUSTER SETSLOT {slot} MIGRATING {target.id}' for slot in slots))
    meanwhile()
    for slot in slots:
        while keys := [line for line in source.say(f'CLUSTER GETKEYSINSLOT {slot} 100').split('\r\n') if line and line[0] not in '*$']:
            source.say(f'MIGRATE 127.0.0.1 {target.port} "" 0 5000 KEYS ' + ' '.join(keys))
    target.say(*(f'CLUSTER SETSLOT {slot} NODE {target.id}' for slot in slots))
    source.say(*(f'CLUSTER SETSLOT {slot} NODE {target.id}' for slot in slots))
    return target


def check_cluster(binary, folder, running):
    cluster = RedisCluster(binary, folder, running)
    options = ('cluster', 'timeout=500')
    with Asker(cluster.urls(num=1), *options) as asker:
        expect_contract('a cluster', asker, 'c:')
        expect_sound('a cluster: nothing happens', tally := asker.load(0.6))
        expect('a cluster: nothing happens, nothing fails', tally['failed'] == 0, tally)

        moved = {}

        def move():
            moved['to'] = move_slots(cluster, range(0, 200), lambda: time.sleep(0.5))
            moved['asked'] = moved['to'].say('INFO commandstats')
        tally = asker.load(1, move)
        expect_sound('a cluster: slots move', tally)
        expect('a cluster: slots move: nothing fails', tally['failed'] == 0, tally)
        expect('a cluster: slots move: calls were sent behind ASKING', 'cmdstat_asking' in moved['asked'])
        expect('a cluster: slots move: they have', cluster.owner(100) is moved['to'])

        replica = next(one for one in cluster.nodes if 'slave' in one.say('ROLE'))
        tally = asker.load(1, lambda: (replica.say('CLUSTER FAILOVER'), wait_until(lambda: 'master' in replica.say('ROLE'), 'CLUSTER FAILOVER')))
        expect_sound('CLUSTER FAILOVER', tally)
        expect('CLUSTER FAILOVER: nothing fails', tally['failed'] == 0, tally)
    alone = RedisServer(binary, folder)
    running.append(alone)
    expect_refused('a server that is no cluster', '(ERR)', f'redis://127.0.0.1:{alone.port}', 'cluster')
    expect_refused('a cluster that is not there', 'nobody listens', 'redis://127.0.0.1:1', 'cluster')

    def check_loss(what, strike, mend):
        wait_until(cluster.is_whole, 'the cluster is whole')
        slot = 8000
        witness = next(one for one in cluster.nodes if one is not cluster.owner(slot))
        old = cluster.owner(slot, witness)
        key = next(f'k{i}' for i in range(100000) if int(witness.say(f'CLUSTER KEYSLOT k{i}')[1:]) in range(7900, 8100))
        with Asker(cluster.urls(), *options) as asker, Asker(cluster.urls(), *options) as other:
            other.ask(f'put {key} 1 60000')

            def strike_and_wait():
                strike(old)
                wait_until(lambda: cluster.owner(slot, witness) is not old, 'an election')
                began = time.monotonic()
                while other.ask(f'put {key} 2 60000')[0] != 'done' and time.monotonic() < began + 20:
                    time.sleep(0.005)
                strike_and_wait.took = time.monotonic() - began
            tally = asker.load(1, strike_and_wait)
            expect_sound(f'a cluster: {what}: while calls run', tally, may_lose=True)
            expect(f'a cluster: {what}: calls end in their time', tally['longest'] < 2500, tally)
            expect(f'a cluster: {what}: the new primary is used {back_within} s after the election', strike_and_wait.took < back_within, strike_and_wait.took)
            mend(old)
            tally = asker.load(0.6)
            expect(f'a cluster: {what}: and all stays well', tally['failed'] == 0 and tally['wrong'] == 0 and tally['lost'] == 0, tally)

    check_loss('kill -9 of a primary', lambda old: old.kill(), lambda old: old.start())
    check_loss('SIGSTOP of a primary', lambda old: old.signal(signal.SIGSTOP), lambda old: old.signal(signal.SIGCONT))


def check_told_in_cluster(binary, folder, running):
    """Changes at a node that gets its first slot are told, though nobody was redirected there."""
    cluster = RedisCluster(binary, folder, running)
    first = cluster.nodes[0]

    def empty_node():
        node = next(one for one in cluster.nodes if 'slave' in one.say('ROLE'))
        node.say('CLUSTER RESET SOFT')
        node.say(f'CLUSTER MEET 127.0.0.1 {first.port} {first.bus}')
        wait_until(lambda: 'cluster_state:ok' in node.say('CLUSTER INFO') and 'cluster_known_nodes:6' in node.say('CLUSTER INFO')
                   and all(f'{node.id} 127.0.0.1:{node.port}@{node.bus} master' in one.say('CLUSTER NODES') for one in cluster.nodes if one is not node), 'an empty node')
        return node

    def slot_of(key):
        return int(first.say(f'CLUSTER KEYSLOT {key}').split('\r\n')[0][1:])

    def begin_to_move(slot, target):
        source = cluster.owner(slot)
        target.say(f'CLUSTER SETSLOT {slot} IMPORTING {source.id}')
        source.say(f'CLUSTER SETSLOT {slot} MIGRATING {target.id}')
        return source

    def told(asker):
        state, num_all, *keys = asker.say('told').split(' ')
        return state == 'telling', int(num_all), keys

    with Asker(cluster.urls(), 'cluster', 'told=app-') as asker:
        expect('told: nothing is there', asker.ask('get app-1')[0] == 'none')
        wait_until(lambda: told(asker)[0], 'it is told')
        num_all = told(asker)[1]
        slot, node = slot_of('app-1'), empty_node()
        source = begin_to_move(slot, node)
        for one in (node, source):
            one.say(f'CLUSTER SETSLOT {slot} NODE {node.id}')
        moved = time.monotonic()
        wait_until(lambda: told(asker)[1] > num_all, 'anything may have changed')
        took = time.monotonic() - moved
        print(f'     a slot that moved was noticed after {took:.1f} s without a call')
        expect('told: a slot that moved is noticed without a call', took < 7, took)
        wait_until(lambda: told(asker)[0], 'it is told again')
        node.say('SET app-1 x')
        wait_until(lambda: 'app-1' in told(asker)[2], 'what changes at the new node is told')

        slot, node = slot_of('app-2'), empty_node()
        source = begin_to_move(slot, node)
        expect('told: nothing is there, behind ASKING', asker.ask('get app-2')[0] == 'none')
        wait_until(lambda: 'sub=1' in node.say('CLIENT LIST TYPE pubsub') and told(asker)[0], 'who takes a slot is asked to tell')
        node.say('ASKING', 'SET app-2 x')
        wait_until(lambda: 'app-2' in told(asker)[2], 'what changes at who takes a slot is told')


def check_secure_cluster(binary, folder, running):
    cluster = RedisCluster(binary, folder, running, 'good')
    ca = f'ca={folder}/ca.pem'
    with Asker(cluster.urls('alice:s3cret%2Fx@', num=2), 'cluster', ca) as asker:
        expect_contract('a cluster over TLS as an ACL user', asker, 'u:')
    expect_refused('a wrong password for a cluster', '(WRONGPASS)', cluster.urls('alice:s3cret@'), 'cluster', ca)
    expect_refused('a cluster of nobody\'s authority', 'redis_ca_path', cluster.urls('alice:s3cret%2Fx@'), 'cluster')


def run(check, binary, folder):
    running = []
    try:
        check(binary, folder, running)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        expect(f'{check.__name__} runs to its end', False)
    finally:
        for server in running:
            server.stop()


def main():
    binary = shutil.which('redis-server')
    if not binary:
        print('skip: no redis-server is installed')
        return 77
    folder = Path(tempfile.mkdtemp(prefix='redis_routes_test'))
    make_certificates(folder)
    began = time.monotonic()
    for checks in ((check_sentinels, check_secure_cluster), (check_cluster, check_told_in_cluster, check_secure_sentinels)):
        for check in checks:
            at = time.monotonic()
            run(check, binary, folder)
            print(f'{check.__name__}: {time.monotonic() - at:.0f} s', flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    print(f'{time.monotonic() - began:.0f} s')
    return verdict()


sys.exit(main())
