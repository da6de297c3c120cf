"""The arguments that the commands share, and the client made from them."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

import zkcoord
from zkcoord.cli import exit_codes
from zkcoord.cli.console import printable
from zkcoord.client import Client
from zkcoord.tls import Tls


class Parser(argparse.ArgumentParser):
    """An argument parser that reports errors as all commands do, and keeps the line breaks of examples."""

    def __init__(self, **settings: object) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Prints an error about the arguments and exits."""
        self.print_usage(sys.stderr)
        self.exit(exit_codes.USAGE, f"{self.prog}: error: {printable(message)}\n")


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def parser(description: str, epilog: str) -> Parser:
    """Returns the parser of the whole command line, without its commands."""
    made = Parser(prog="zkcoord", description=description, epilog=epilog, parents=[_common()])
    made.add_argument("--version", action="version", version=f"zkcoord {zkcoord.__version__}")
    return made


def add_command(
    commands: Commands,
    name: str,
    run: Callable[..., int],
    *,
    summary: str,
    description: str,
    epilog: str,
    path: str,
    takes_command: bool = False,
) -> Parser:
    """Adds a command with the shared options and the argument PATH, which ``path`` describes.

    ``run(options, console)`` runs the command and returns the exit code.
    """
    made = commands.add_parser(
        name, help=summary, description=description, epilog=epilog, parents=[_common()]
    )
    made.set_defaults(run=run, parser=made, takes_command=takes_command)
    made.add_argument("path", metavar="PATH", help=path)
    return made


def add_timeout(parser: Parser, *, default: float) -> None:
    """Adds the option for the time that each request may take."""
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=duration,
        default=default,
        help=f"seconds to wait for each answer; default: {default:g}",
    )


def _common() -> Parser:
    """Returns the shared options, which may be given before or after the name of the command."""
    # Without defaults: those of the place that is not used must not override the values of the other.
    made = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    made.add_argument("--json", action="store_true", help="print JSON, as described in docs/cli.md")
    add = made.add_argument_group("connection").add_argument
    add("--hosts", help="the servers, like zk1:2181,zk2:2181/app; default: $ZKCOORD_HOSTS or localhost:2181")
    add(
        "--session-timeout",
        metavar="S",
        type=duration,
        help="seconds after which the servers end a silent session; default: 10",
    )
    add("--connect-timeout", metavar="S", type=duration, help="seconds connecting may take; default: 10")
    add("--identity", metavar="TEXT", help="the text that others see in the queue; default: host:pid")
    add(
        "--auth",
        metavar="SCHEME:SECRET",
        help="credentials like digest:user:password, or @FILE for a file that contains them; default: $ZKCOORD_AUTH. "
        "All users of this machine can see arguments, but not the file and the environment",
    )
    add(
        "--acl",
        choices=("open", "creator", "read"),
        help="the permissions of created nodes; default: open",
    )
    add(
        "--tls",
        action="store_true",
        help="encrypt connections and trust the system's authorities; each of the next options implies it",
    )
    add("--tls-ca", metavar="FILE", help="the only authorities to trust")
    add("--tls-cert", metavar="FILE", help="the certificate to present")
    add("--tls-key", metavar="FILE", help="the private key of the certificate")
    add("--no-verify-hostname", action="store_true", help="accept a certificate for another host")
    return made


_DEFAULTS = {
    "hosts": None,
    "session_timeout": 10.0,
    "connect_timeout": 10.0,
    "identity": None,
    "auth": None,
    "acl": "open",
    "tls": False,
    "tls_ca": None,
    "tls_cert": None,
    "tls_key": None,
    "no_verify_hostname": False,
    "json": False,
}


def parse(parser: Parser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parses the arguments. Those after ``--`` become the list ``command``, which is ``None`` without ``--``."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = None
    if "--" in words:
        at = words.index("--")
        words, command = words[:at], words[at + 1 :]
    parsed = parser.parse_args(words, argparse.Namespace(**_DEFAULTS, command=command))
    if command is not None and not parsed.takes_command:
        parsed.parser.error(f"unexpected arguments: -- {' '.join(command)}")
    return parsed


def duration(text: str) -> float:
    """Returns an argument in seconds."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"must be a number of seconds, at least 0: {text!r}")
    return value


def count(text: str) -> int:
    """Returns an argument that is an integer of at least 1."""
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer, at least 1: {text!r}")
    return int(text)


def hosts(options: argparse.Namespace) -> str:
    """Returns the servers to connect to."""
    return options.hosts or os.environ.get("ZKCOORD_HOSTS") or "localhost:2181"


def tls(options: argparse.Namespace) -> Tls | None:
    """Returns the options of encrypted connections, or ``None`` if connections are not encrypted."""
    ca, cert, key = options.tls_ca, options.tls_cert, options.tls_key
    if not (options.tls or ca or cert or key or options.no_verify_hostname):
        return None
    return Tls(ca=ca, cert=cert, key=key, verify_hostname=not options.no_verify_hostname)


def connect(options: argparse.Namespace, within: float | None = None) -> Client:
    """Connects according to the options, and within that many seconds if that is less than they allow."""
    limit: float = options.connect_timeout
    return zkcoord.connect(
        hosts(options),
        session_timeout=options.session_timeout,
        connect_timeout=limit if within is None else min(limit, within),
        identity=options.identity,
        auth=_auth(options),
        tls=tls(options),
        acl=options.acl,
    )


def _auth(options: argparse.Namespace) -> tuple[str, str | bytes] | None:
    given: str | None = options.auth or os.environ.get("ZKCOORD_AUTH")
    if not given:
        return None
    if given.startswith("@"):
        try:
            given = Path(given[1:]).read_text().rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise zkcoord.InvalidArgument(f"--auth {printable(given)}: {error}") from None
    scheme, colon, secret = given.partition(":")
    if not scheme or not colon:
        # The message omits the value, which may contain a password.
        raise zkcoord.InvalidArgument("--auth: must be SCHEME:SECRET, like digest:user:password, or @FILE")
    return scheme, secret
