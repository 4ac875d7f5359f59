"""A port of 127.0.0.1 that was free a moment ago, for servers that cannot choose one themselves."""
import socket


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]
