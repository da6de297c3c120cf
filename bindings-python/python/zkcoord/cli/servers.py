"""Requests to single servers, by ZooKeeper's four-letter command ``srvr``."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass

from zkcoord.tls import Tls

_PORT = 2181


@dataclass(frozen=True, slots=True)
class Server:
    """The answer of a server.

    Attributes:
        name: Its address.
        error: The reason why it does not answer; ``None`` if it does.
        mode: ``"leader"``, ``"follower"``, ``"standalone"``...; ``None`` if it does not report it.
        version: The version, like ``"3.8.0"``; ``None`` if it does not report it.
    """

    name: str
    error: str | None = None
    mode: str | None = None
    version: str | None = None


def addresses(hosts: str) -> list[tuple[str, int]]:
    """Returns the servers of a connect string, like ``zk1:2181,[::1]:2182/app``."""
    found = []
    for part in hosts.partition("/")[0].split(","):
        match = re.fullmatch(r"\s*(?:\[(.+)\]|([^:\[\]]+))(?::(\d{1,5}))?\s*", part)
        if match:
            found.append((match[1] or match[2], int(match[3] or _PORT)))
    return found


def ask(address: tuple[str, int], timeout: float, tls: Tls | None = None) -> Server:
    """Asks a server for its mode and version, with a timeout in seconds."""
    host, port = address
    name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        with socket.create_connection(address, timeout=timeout) as connection:
            if tls is None:
                answer = _answer(connection)
            else:
                with _encrypted(connection, host, tls) as encrypted:
                    answer = _answer(encrypted)
    except (OSError, OverflowError, UnicodeError) as error:
        return Server(name, error=str(getattr(error, "strerror", None) or error))
    return Server(name, mode=_find(r"^Mode: (\S+)", answer), version=_find(r"version: ([\d.]+\d)", answer))


def _encrypted(connection: socket.socket, host: str, tls: Tls) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=tls.ca)
    context.check_hostname = tls.verify_hostname
    if tls.cert is not None:
        context.load_cert_chain(tls.cert, tls.key)
    return context.wrap_socket(connection, server_hostname=host)


def _answer(connection: socket.socket) -> str:
    """Returns the answer, which is empty if the server does not answer such commands, as a port that expects TLS."""
    received = b""
    try:
        connection.sendall(b"srvr")
        while len(received) < 65536 and (more := connection.recv(4096)):
            received += more
    except TimeoutError:
        pass
    return received.decode(errors="replace")


def _find(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else None
