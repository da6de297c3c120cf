"""Ends sessions of other clients, by the part of ZooKeeper's protocol that this needs."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Sequence

_TIMEOUT = 20.0
_CLOSE_SESSION = -11


def password_of(session_id: int) -> bytes:
    """Returns the password that a server has given to the owner of the session.

    It is not secret: ``ZooKeeperServer.generatePasswd`` draws it from ``java.util.Random``, seeded with the session's
    id and a constant.
    """
    multiplier, mask = 0x5DEECE66D, (1 << 48) - 1
    state = (session_id ^ 0xB3415C00 ^ multiplier) & mask
    words = []
    for _ in range(4):
        state = (state * multiplier + 0xB) & mask
        words.append(state >> 16)
    return struct.pack("<4I", *words)


def end_session(addresses: Sequence[tuple[str, int]], session_id: int, password: bytes) -> None:
    """Takes over a session and closes it, again if its owner takes it back, until the servers no longer know it.

    Raises:
        ValueError: The servers do not know the session, or the password is wrong.
        OSError: No server answered.
    """
    has_existed = False
    failure: Exception = OSError("no server is running")
    deadline = time.monotonic() + _TIMEOUT
    while addresses and time.monotonic() < deadline:
        for address in addresses:
            try:
                known = _close(address, session_id, password)
            except OSError as error:
                failure = error
                continue
            if known:
                has_existed = True
            elif has_existed:
                return
            else:
                raise ValueError(
                    f"session {session_id:#x}: the servers do not know it, or the password is wrong"
                )
    raise failure


def _close(address: tuple[str, int], session_id: int, password: bytes) -> bool:
    """Closes a session through one server. Returns ``True`` if the server knew it."""
    with socket.create_connection(address, timeout=5) as connection:
        # Protocol version, last zxid seen, timeout in ms, session id, length of the password, password, read-only.
        _send(connection, struct.pack(">iqiqi16s?", 0, 0, 30_000, session_id, 16, password, False))
        _, granted_ms = struct.unpack_from(">ii", _receive(connection))
        if granted_ms <= 0:
            return False
        with contextlib.suppress(OSError):  # the next handshake shows whether it worked
            _send(connection, struct.pack(">ii", 1, _CLOSE_SESSION))
            _receive(connection)
        return True


def _send(connection: socket.socket, frame: bytes) -> None:
    connection.sendall(struct.pack(">i", len(frame)) + frame)


def _receive(connection: socket.socket) -> bytes:
    (length,) = struct.unpack(">i", _exactly(connection, 4))
    return _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        more = connection.recv(count - len(received))
        if not more:
            raise ConnectionError("the server closed the connection")
        received += more
    return received
