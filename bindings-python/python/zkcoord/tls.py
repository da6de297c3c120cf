"""Encrypted connections: whom to trust, and who we are."""

from __future__ import annotations

import os
from dataclasses import dataclass

from zkcoord import _arguments


@dataclass(frozen=True, kw_only=True)
class Tls:
    """How connections are encrypted, and how both sides prove who they are: the argument ``tls`` of :func:`connect`.

    All files hold PEM. They are checked before anything is sent, and read again for every new connection, so that
    renewed certificates need no restart.

    Args:
        ca: The file with the certificates of the authorities that are trusted, and only they. ``None``: the system's,
            which the environment variable ``SSL_CERT_FILE`` can name.
        cert: The file with the certificate that is shown to servers, which ask for one unless their ``ssl.clientAuth``
            says ``none``. Needs ``key``.
        key: The file with the private key to ``cert``, not encrypted. It may be the same file.
        verify_hostname: Whether a server's certificate must be one for the host that was named. Without it, whoever has
            any certificate of a trusted authority can pose as the server.

    Raises:
        InvalidArgument: An argument has the wrong type. What is wrong with a file is raised by :func:`connect`.

    Example::

        tls = zkcoord.Tls(ca="/etc/zk/ca.pem", cert="/etc/zk/worker.pem", key="/etc/zk/worker.key")
        client = zkcoord.connect("zk1:2281,zk2:2281/app", tls=tls)
    """

    ca: str | os.PathLike[str] | None = None
    cert: str | os.PathLike[str] | None = None
    key: str | os.PathLike[str] | None = None
    verify_hostname: bool = True

    def __post_init__(self) -> None:
        for name in ("ca", "cert", "key"):
            if getattr(self, name) is not None:
                _arguments.file(f"tls.{name}", getattr(self, name))
        _arguments.boolean("tls.verify_hostname", self.verify_hostname)


def native(tls: object) -> tuple[str | None, str | None, str | None, bool] | None:
    """The argument ``tls`` as the native half takes it."""
    if tls is None:
        return None
    if not isinstance(tls, Tls):
        raise _arguments.invalid("tls", tls, "must be a zkcoord.Tls")
    ca, cert, key = (None if file is None else os.fspath(file) for file in (tls.ca, tls.cert, tls.key))
    return ca, cert, key, tls.verify_hostname
