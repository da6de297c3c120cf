"""``zkcoord counter PATH``: reads, changes and follows a counter."""

from __future__ import annotations

import argparse
import re

from zkcoord.cli import exit_codes, options
from zkcoord.cli.console import Console

_DESCRIPTION = """\
Prints the value of the counter at PATH, changes it and prints the new value, or
follows it. A change is made exactly once, or not at all; exit code 74 says that this
cannot be known.
"""
_EPILOG = """\
examples:
  zkcoord counter /counters/runs              the value; 0 when there is no such counter
  zkcoord counter /counters/runs add          count up by 1
  zkcoord counter /counters/stock add -3
  zkcoord counter /counters/runs set 0
  zkcoord counter /counters/jobs watch        a line for every change
"""


def add_to(commands: options.Commands) -> None:
    """Adds the command to the command line."""
    parser = options.add_command(
        commands,
        "counter",
        run,
        summary="read, change or follow a counter",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.usage = "zkcoord counter [options] PATH [get | add [N] | set N | watch]"
    parser.add_argument("path", metavar="PATH", help="the counter's node, like /counters/runs")
    parser.add_argument(
        "action", choices=("get", "add", "set", "watch"), nargs="?", default="get", help="default: get"
    )
    parser.add_argument("number", metavar="N", type=_integer, nargs="?", help="to add, default 1; or to set")
    parser.add_argument(
        "--format",
        choices=("i64", "i32", "text"),
        default="i64",
        help="the bytes in the node: i64 Curator's DistributedAtomicLong, i32 its SharedCount, text kazoo's Counter; "
        "default: i64",
    )
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=options.duration,
        default=10.0,
        help="to wait for an answer; default: 10",
    )


def run(given: argparse.Namespace, out: Console) -> int:
    """Carries out the command."""
    number: int | None = given.number
    if given.action == "set" and number is None:
        given.parser.error("set: to what? zkcoord counter PATH set N")
    if given.action in ("get", "watch") and number is not None:
        given.parser.error(f"{given.action}: takes no number, got {number}")
    with options.connect(given) as client:
        counter = client.counter(given.path, format=given.format)

        def tell(value: int) -> None:
            out.result({"path": given.path, "value": value}, str(value))

        if given.action == "watch":
            with counter.watch() as values:
                for value in values:
                    tell(value)
        elif given.action == "add":
            tell(counter.add(1 if number is None else number, timeout=given.timeout))
        elif number is not None:
            counter.set(number, timeout=given.timeout)
            tell(number)
        else:
            tell(counter.get(timeout=given.timeout))
    return exit_codes.OK


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", text):
        raise argparse.ArgumentTypeError(f"must be an integer: {text!r}")
    return int(text)
