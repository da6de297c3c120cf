"""The command line ``zkcoord``: runs commands under a lock, shows queues, counts, and finds problems. See docs/cli.md.

Each command has its own module here. They share ``options.py`` (arguments, and the client made from them),
``console.py`` (output), ``exit_codes.py`` and ``interruption.py`` (Ctrl-C and similar signals).
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
  zkcoord lock --try /locks/report -- ./make-report  the same, but do not wait
  zkcoord inspect /locks/report                      list the holder and the waiters of a lock
  zkcoord counter /counters/runs add                 add 1, and print the new value
  zkcoord doctor /locks/report                       look for problems

environment: ZKCOORD_HOSTS and ZKCOORD_AUTH are the defaults of --hosts and --auth.
exit codes: 0 success, 64 invalid usage, 69 no server reachable, 75 timed out, 77 not authorized;
lock otherwise exits with the code of its command. All exit codes: docs/cli.md.
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
        return out.discard_stdout()
    except Exception as error:
        # A traceback would not help the user of a command line.
        out.error("INTERNAL", f"this is a bug in zkcoord, please report it: {type(error).__name__}: {error}")
        return exit_codes.INTERNAL
