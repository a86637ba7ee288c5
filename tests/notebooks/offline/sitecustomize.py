"""Python imports this by itself when its folder is on PYTHONPATH: only this machine is reached then."""

from __future__ import annotations

import socket

LOOPBACK = ("127.", "::1", "localhost")


def _refuse_others(function, place):
    def guarded(*arguments, **options):
        where = arguments[place]
        host = where[0] if isinstance(where, tuple) else where
        # A path is a Unix socket, None is this machine.
        if isinstance(host, str) and "/" not in host and not host.startswith(LOOPBACK):
            raise OSError(f"the network is closed in tests: {host}")
        return function(*arguments, **options)

    return guarded


socket.socket.connect = _refuse_others(socket.socket.connect, 1)
socket.socket.connect_ex = _refuse_others(socket.socket.connect_ex, 1)
socket.getaddrinfo = _refuse_others(socket.getaddrinfo, 0)
