"""Asks single servers who they are, by ZooKeeper's four-letter command ``srvr``."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

_PORT = 2181


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself.

    Attributes:
        name: Its address.
        trouble: Why it does not answer; ``None`` when it does.
        mode: ``"leader"``, ``"follower"``, ``"standalone"``...; ``None`` when it will not say.
        version: Like ``"3.8.0"``; ``None`` when it will not say.
    """

    name: str
    trouble: str | None = None
    mode: str | None = None
    version: str | None = None


def addresses(hosts: str) -> list[tuple[str, int]]:
    """The servers of a connect string, like ``zk1:2181,[::1]:2182/app``."""
    found = []
    for part in hosts.partition("/")[0].split(","):
        match = re.fullmatch(r"\s*(?:\[(.+)\]|([^:\[\]]+))(?::(\d{1,5}))?\s*", part)
        if match:
            found.append((match[1] or match[2], int(match[3] or _PORT)))
    return found


def ask(address: tuple[str, int], timeout: float) -> Server:
    """Asks a server who it is."""
    host, port = address
    name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        with socket.create_connection(address, timeout=timeout) as connection:
            answer = _answer(connection)
    except (OSError, OverflowError, UnicodeError) as error:
        return Server(name, trouble=str(getattr(error, "strerror", None) or error))
    return Server(name, mode=_found(r"^Mode: (\S+)", answer), version=_found(r"version: ([\d.]+\d)", answer))


def _answer(connection: socket.socket) -> str:
    """What it says; nothing when it does not answer such commands, as behind TLS."""
    received = b""
    try:
        connection.sendall(b"srvr")
        while len(received) < 65536 and (more := connection.recv(4096)):
            received += more
    except TimeoutError:
        pass
    return received.decode(errors="replace")


def _found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else None
