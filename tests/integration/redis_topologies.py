"""Starts real Sentinels with a primary and a replica, and real clusters, on loopback."""
import socket
import time

from free_port import free_port
from redis_servers import RedisServer

ACL = ['user alice on >s3cret/x ~* &* +@all']


def wait_until(holds, what, seconds=30):
    def holds_now():
        try:
            return holds()
        except ConnectionError:  # a server whose role changes drops whoever asks it
            return False
    deadline = time.monotonic() + seconds
    while not holds_now():
        if time.monotonic() > deadline:
            raise RuntimeError(f'not within {seconds} s: {what}')
        time.sleep(0.02)


def read_reply(stream):
    """One reply: a text, None, or a list of them."""
    line = stream.readline().decode().rstrip()
    if line[:1] == '$':
        return None if line == '$-1' else stream.read(int(line[1:]) + 2)[:-2].decode()
    if line[:1] == '*':
        return None if line == '*-1' else [read_reply(stream) for _ in range(int(line[1:]))]
    return line


class Sentinel(RedisServer):
    def __init__(self, binary, folder, port, certificate, password):
        tls = ['tls-replication yes'] if certificate else []
        passwords = [f'requirepass {password}', f'sentinel sentinel-pass {password}'] if password else []
        super().__init__(binary, folder, certificate, [
            f'sentinel monitor mymaster 127.0.0.1 {port} 2', 'sentinel down-after-milliseconds mymaster 1500',
            'sentinel failover-timeout mymaster 1500', *passwords, *tls], mode=['--sentinel'])
        self.password = password
        # Not at the pace of a data centre (Redis 7.0; older ones take longer).
        self.command('SENTINEL DEBUG info-period 500 publish-period 300 ask-period 300 election-timeout 3000')

    def command(self, line):
        """The reply, signed in. A Sentinel knows no QUIT."""
        with socket.create_connection(('127.0.0.1', self.port), 10) as connection, connection.makefile('rb') as stream:
            lines = [f'AUTH {self.password}'] if self.password else []
            connection.sendall(''.join(one + '\r\n' for one in [*lines, line]).encode())
            return [read_reply(stream) for _ in [*lines, line]][-1]

    def primary_port(self):
        return int(self.command('SENTINEL get-master-addr-by-name mymaster')[1])

    def knows_all(self):
        said = self.command('SENTINEL master mymaster')
        fields = dict(zip(said[::2], said[1::2]))
        return fields['num-other-sentinels'] == '2' and fields['num-slaves'] == '1'


class SentinelTrio:
    """Three Sentinels, a primary and its replica; over TLS throughout where there is a certificate."""

    def __init__(self, binary, folder, running, certificate=None, password=''):
        tls = ['tls-replication yes'] if certificate else []
        lines = ['repl-diskless-sync-delay 0', *tls, *(ACL if certificate else [])]
        first = RedisServer(binary, folder, certificate, lines)
        running.append(first)
        self.is_tls = certificate is not None
        second = RedisServer(binary, folder, certificate, [*lines, f'replicaof 127.0.0.1 {self.port_of(first)}'])
        running.append(second)
        self.servers = {self.port_of(one): one for one in (first, second)}
        wait_until(lambda: 'master_link_status:up' in second.say('INFO replication'), 'the replica follows')
        self.sentinels = [Sentinel(binary, folder, self.port_of(first), certificate, password) for _ in range(3)]
        running.extend(self.sentinels)
        wait_until(lambda: all(one.knows_all() for one in self.sentinels), 'the Sentinels know each other')

    def port_of(self, server):
        return server.tls_port if self.is_tls else server.port

    def urls(self, before=''):
        scheme, host = ('rediss', 'localhost') if self.is_tls else ('redis', '127.0.0.1')
        return ','.join(f'{scheme}://{before}{host}:{self.port_of(one)}' for one in self.sentinels)

    def primary(self):
        return self.servers[self.sentinels[-1].primary_port()]

    def other(self, server):
        return next(one for one in self.servers.values() if one is not server)

    def wait_for_other_than(self, old):
        """Until the Sentinels name another primary, and each of them does."""
        wait_until(lambda: all(one.primary_port() != self.port_of(old) for one in self.sentinels), 'an election')

    def wait_until_whole(self):
        def is_whole():
            primary = self.primary()
            return all(one.primary_port() == self.port_of(primary) for one in self.sentinels) and 'master_link_status:up' in self.other(primary).say('INFO replication')
        wait_until(is_whole, 'the old primary follows the new one', 60)


class RedisCluster:
    """Three primaries with a replica each."""

    def __init__(self, binary, folder, running, certificate=None):
        self.is_tls = certificate is not None
        self.nodes = []
        for _ in range(6):
            bus = free_port()
            node = RedisServer(binary, folder, certificate, [
                'cluster-enabled yes', f'cluster-config-file nodes-{bus}.conf', f'cluster-port {bus}', 'cluster-node-timeout 1500',
                'cluster-require-full-coverage no', 'repl-diskless-sync-delay 0', 'cluster-replica-validity-factor 0',
                *(['tls-cluster yes', 'tls-replication yes', *ACL] if certificate else [])])
            node.bus = bus
            node.id = node.say('CLUSTER MYID').split('\r\n')[1]
            self.nodes.append(node)
            running.append(node)
        first = self.nodes[0]
        bounds = [0, 5461, 10923, 16384]
        for i in range(3):
            self.nodes[i].say(f'CLUSTER ADDSLOTSRANGE {bounds[i]} {bounds[i + 1] - 1}')
        deadline = time.monotonic() + 30
        while not all('cluster_known_nodes:6' in one.say('CLUSTER INFO') for one in self.nodes):
            if time.monotonic() > deadline:
                raise RuntimeError('the nodes do not meet: ' + first.say('CLUSTER NODES'))
            # Who was met and did not answer in time is forgotten.
            known = first.say('CLUSTER NODES')
            for node in self.nodes[1:]:
                if f':{self.port_of(node)}@' not in known:
                    first.say(f'CLUSTER MEET 127.0.0.1 {self.port_of(node)} {node.bus}')
            time.sleep(0.1)
        for i in range(3):
            wait_until(lambda: '+OK' in self.nodes[i + 3].say(f'CLUSTER REPLICATE {self.nodes[i].id}'), 'a replica')
        wait_until(self.is_whole, 'the cluster is up')

    def port_of(self, node):
        return node.tls_port if self.is_tls else node.port

    def urls(self, before='', num=6):
        scheme, host = ('rediss', 'localhost') if self.is_tls else ('redis', '127.0.0.1')
        return ','.join(f'{scheme}://{before}{host}:{self.port_of(one)}' for one in self.nodes[:num])

    def is_whole(self):
        for one in self.nodes:
            info, role = one.say('CLUSTER INFO'), one.say('ROLE')
            if 'cluster_state:ok' not in info or 'cluster_slots_ok:16384' not in info:
                return False
            if 'slave' in role and 'connected' not in role:
                return False
        return sum('slave' in one.say('ROLE') for one in self.nodes) == 3

    def owner(self, slot, ask=None):
        """The node that has the slot, as another one sees it."""
        for line in (ask or self.nodes[0]).say('CLUSTER NODES').split('\n'):
            words = line.split()
            for part in words[8:]:
                ends = part.split('-')
                if ends[0].isdigit() and int(ends[0]) <= slot <= int(ends[-1]):
                    return next(one for one in self.nodes if one.id == words[0])
        return None
