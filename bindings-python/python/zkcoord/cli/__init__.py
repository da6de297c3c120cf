"""The command line ``zkcoord``: run commands under a lock, look at queues, count, look for trouble. See docs/cli.md.

Each command has a file of its own here. What they share: ``options.py`` (arguments, and the client made from them),
``console.py`` (what is printed), ``exit_codes.py``, ``interruption.py`` (Ctrl-C and the like).
"""

from __future__ import annotations

from collections.abc import Sequence

from zkcoord.cli import console, counter, doctor, exit_codes, inspect, lock, options
from zkcoord.cli.interruption import Interrupted, interruptible
from zkcoord.errors import ZkcoordError

_DESCRIPTION = "Locks and counters over ZooKeeper, from the command line."
_EPILOG = """\
examples:
  zkcoord lock /locks/report -- ./make-report        run it while no other host does
  zkcoord lock --try /locks/report -- ./make-report  ... or not at all
  zkcoord inspect /locks/report                      who holds the lock, and who waits
  zkcoord counter /counters/runs add                 count up, and print the new value
  zkcoord doctor /locks/report                       look for trouble

environment: ZKCOORD_HOSTS and ZKCOORD_AUTH stand in for --hosts and --auth.
exit codes: 0 done, 64 wrong usage, 69 no server reachable, 75 not had in time, 77 refused by an ACL;
of lock otherwise those of the command. All of them: docs/cli.md.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command, by default that of this process's arguments, and returns the exit code."""
    parser = options.parser(_DESCRIPTION, _EPILOG)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (lock, inspect, counter, doctor):
        command.add_to(commands)
    parsed = options.parse(parser, arguments)
    out = console.Console(json=parsed.json)
    try:
        with interruptible():
            code: int = parsed.run(parsed, out)
            out.flush()
            return code
    except ZkcoordError as error:
        out.error(error.code, str(error))
        return exit_codes.of(error)
    except Interrupted as interrupted:
        return exit_codes.of_signal(interrupted.signal)
    except BrokenPipeError:
        return out.give_up()
    except Exception as error:
        # No traceback for whoever cannot do anything about it.
        out.error("INTERNAL", f"this is a bug, please report it: {type(error).__name__}: {error}")
        return exit_codes.INTERNAL
