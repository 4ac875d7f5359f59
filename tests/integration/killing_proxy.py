"""A proxy that kills the process which speaks through it between two of its effects."""
import re
import signal
import socket
import threading


def redis_command(said):
    """How long the first whole command is, and its name; 0: it has not come whole yet."""
    end = said.find(b'\r\n')
    if end < 0:
        return 0, ''
    num_words, at, words = int(said[1:end]), end + 2, []
    for _ in range(num_words):
        end = said.find(b'\r\n', at)
        if end < 0:
            return 0, ''
        size = int(said[at + 1:end])
        words.append(said[end + 2:end + 2 + size])
        at = end + 2 + size + 2
    return (at, words[0].decode()) if at <= len(said) else (0, '')


def http_request(said):
    head, end, _ = said.partition(b'\r\n\r\n')
    length = re.search(rb'(?i)\r\ncontent-length: *(\d+)', head)
    size = len(head) + len(end) + (int(length[1]) if length else 0)
    return (size, head.split(b' ')[0].decode()) if end and size <= len(said) else (0, '')


class KillingProxy:
    """Passes commands on to a server, one by one however many came together, and answers back. When command `fatal` of those since arm() comes,
    it kills the process that sent it: before the server has seen the command, or when the server has done it and nobody has heard."""

    # Sent behind the fatal command: Redis answers in order, so once it repeats this the command is done.
    _asks_whether_done = {redis_command: (b'*2\r\n$4\r\nPING\r\n$15\r\nall of it done?\r\n', b'all of it done?'), http_request: (b'', b'')}

    def __init__(self, target, whole=redis_command):
        self.target, self.whole = target, whole
        self.question, self.mark = self._asks_whether_done[whole]
        self.lock, self.done = threading.Lock(), threading.Event()
        self.victim, self.fatal, self.after, self.meanwhile = None, 0, False, None
        self.num_commands = 0
        self.deadly = None  # the name of the command at which the process was killed
        self.is_deaf = False
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, victim, fatal, after, meanwhile=None):
        """`meanwhile` is called right before the fatal command is passed on, or is not."""
        with self.lock:
            self.victim, self.fatal, self.after, self.meanwhile, self.num_commands = victim, fatal, after, meanwhile, 0

    def disarm(self):
        """From now on nobody is killed; at which command somebody was, or None."""
        with self.lock:
            self.victim = None
            return self.deadly

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(('127.0.0.1', self.target), 5)
            except OSError:
                return
            far.settimeout(None)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._commands, args=(near, far), daemon=True).start()
            threading.Thread(target=self._answers, args=(far, near), daemon=True).start()

    def _commands(self, near, far):
        said = b''
        try:
            while chunk := near.recv(1 << 20):
                said += chunk
                while (found := self.whole(said))[0]:
                    size, name = found
                    with self.lock:
                        if not self._pass_on(said[:size], name, far):
                            return
                    said = said[size:]
        except OSError:
            pass
        finally:
            far.close()

    def _pass_on(self, command, name, far):
        self.num_commands += 1
        if self.victim is None or self.num_commands < self.fatal:
            far.sendall(command)
            return True
        if self.meanwhile:
            self.meanwhile()
        if self.after:
            self.is_deaf = True
            far.sendall(command + self.question)
            assert self.done.wait(20), 'the server does not answer'
        self.deadly = name
        self.victim.process.send_signal(signal.SIGKILL)
        self.victim.process.wait(20)
        self.victim = None
        return False

    def _answers(self, far, near):
        said = b''
        try:
            while chunk := far.recv(1 << 20):
                if not self.is_deaf:
                    near.sendall(chunk)
                    continue
                said += chunk
                if self.mark in said:
                    self.done.set()
        except OSError:
            pass
        finally:
            near.close()

    def stop(self):
        self.listener.close()
