"""The command ``zkcoord counter PATH``, which reads, changes and follows a counter."""

from __future__ import annotations

import argparse
import re

from zkcoord.cli import exit_codes, options
from zkcoord.cli.console import Console

_DESCRIPTION = """\
Prints the value of the counter at PATH; changes it and prints the new value; or prints
every new value. A change is applied exactly once or not at all. If the outcome cannot be
known, the exit code is 74.
"""
_EPILOG = """\
examples:
  zkcoord counter /counters/runs              print the value; 0 if the counter does not exist
  zkcoord counter /counters/runs add          add 1
  zkcoord counter /counters/stock add -3
  zkcoord counter /counters/runs set 0
  zkcoord counter /counters/jobs watch        print a line for every change
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
        path="the node of the counter, like /counters/runs",
    )
    parser.usage = "zkcoord counter [options] PATH [get | add [N] | set N | watch]"
    parser.add_argument(
        "action", choices=("get", "add", "set", "watch"), nargs="?", default="get", help="default: get"
    )
    parser.add_argument(
        "number", metavar="N", type=_integer, nargs="?", help="the number to add (default: 1) or to set"
    )
    parser.add_argument(
        "--format",
        choices=("i64", "i32", "text"),
        default="i64",
        help="the format of the node: i64 as Curator's DistributedAtomicLong, i32 as its SharedCount, text as kazoo's "
        "Counter; default: i64",
    )
    options.add_timeout(parser, default=10.0)


def run(given: argparse.Namespace, out: Console) -> int:
    """Runs the command."""
    number: int | None = given.number
    if given.action == "set" and number is None:
        given.parser.error("set: missing the new value; usage: zkcoord counter PATH set N")
    if given.action in ("get", "watch") and number is not None:
        given.parser.error(f"{given.action}: takes no number, but got {number}")
    with options.connect(given) as client:
        counter = client.counter(given.path, format=given.format)

        def show(value: int) -> None:
            out.result({"path": given.path, "value": value}, str(value))

        if given.action == "watch":
            with counter.watch() as values:
                for value in values:
                    show(value)
        elif given.action == "add":
            show(counter.add(1 if number is None else number, timeout=given.timeout))
        elif number is not None:
            counter.set(number, timeout=given.timeout)
            show(number)
        else:
            show(counter.get(timeout=given.timeout))
    return exit_codes.OK


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", text):
        raise argparse.ArgumentTypeError(f"must be an integer: {text!r}")
    return int(text)
