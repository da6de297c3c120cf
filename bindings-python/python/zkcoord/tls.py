"""The options of encrypted connections."""

from __future__ import annotations

import os
from dataclasses import dataclass

from zkcoord import _arguments


@dataclass(frozen=True, kw_only=True)
class Tls:
    """The encryption of connections and the certificates of both sides: the argument ``tls`` of :func:`connect`.

    All files are PEM files. They are checked before anything is sent, and read again for every new connection, so that
    renewed certificates need no restart.

    Args:
        ca: The file with the certificates of the only authorities to trust. ``None``: those of the system, which the
            environment variable ``SSL_CERT_FILE`` can replace.
        cert: The file with the certificate to present to servers, which require one unless their ``ssl.clientAuth`` is
            ``none``. Needs ``key``.
        key: The file with the unencrypted private key of ``cert``. It may be the same file.
        verify_hostname: ``True`` requires that a server's certificate is valid for its host name. Otherwise anyone with
            a certificate of a trusted authority can impersonate the server.

    Raises:
        InvalidArgument: An argument has the wrong type. Problems with a file are raised by :func:`connect`.

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
            _arguments.optional(_arguments.file, f"tls.{name}", getattr(self, name))
        _arguments.boolean("tls.verify_hostname", self.verify_hostname)


def native(tls: object) -> tuple[str | None, str | None, str | None, bool] | None:
    """Returns the argument ``tls`` in the form that the native module takes."""
    if tls is None:
        return None
    if not isinstance(tls, Tls):
        raise _arguments.invalid("tls", tls, "must be a zkcoord.Tls")
    ca, cert, key = (None if file is None else os.fspath(file) for file in (tls.ca, tls.cert, tls.key))
    return ca, cert, key, tls.verify_hostname
