"""The demo's contender in Python. tests/demo/README.md describes it."""

import os
import sys
import time
from pathlib import Path

import zkcoord


def critical_section(folder: Path, token: int) -> None:
    """Reads, changes and writes a file that only the lock protects."""
    tally = folder / "tally"
    count = int(tally.read_text())
    with (folder / "journal").open("a") as journal:
        journal.write(f"python {token}\n")
    tally.write_text(str(count + 1))


def main() -> None:
    folder = Path(os.environ["DEMO_FOLDER"])
    with zkcoord.connect(os.environ["ZKCOORD_HOSTS"]) as client:
        mutex, hits = client.mutex("/demo/lock"), client.counter("/demo/hits")
        print("ready", flush=True)
        sys.stdin.readline()
        for _ in range(int(os.environ["DEMO_ROUNDS"])):
            start = time.monotonic()
            with mutex.acquire(timeout=60) as guard:
                waited = time.monotonic() - start
                critical_section(folder, guard.token)
            hits.increment()
            print("waited", round(waited * 1e6), flush=True)


if __name__ == "__main__":
    main()
