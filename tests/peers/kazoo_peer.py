"""kazoo's locks and counters for the tests of zkcoord. The commands are described in README.md."""

import os
import sys
from functools import partial
from pathlib import Path

from kazoo.client import KazooClient
from kazoo.exceptions import LockTimeout
from kazoo.recipe.counter import Counter
from kazoo.recipe.lock import Lock
from kazoo.retry import KazooRetry

SESSION_S = 10
# The longest wait for a lock: longer than it ever takes, short enough to notice a hang.
TIMEOUT_S = 20
# kazoo writes this into its nodes.
IDENTITY = f"kazoo-{os.getpid()}"


class Peer:
    """Carries out commands, one at a time."""

    def __init__(self, client: KazooClient) -> None:
        self.client = client
        self.locks: dict[tuple[str, str], Lock] = {}

    def answer(self, line: str) -> str:
        """Carries out the command in the line and returns the answer."""
        try:
            match line.split():
                case ["acquire", kind, path, timeout_ms]:
                    lock = self.lock(kind, path)
                    return f"ok {lock.node}" if acquire(lock, int(timeout_ms) / 1000) else "busy"
                case ["release", kind, path]:
                    self.lock(kind, path).release()
                    return "ok"
                case ["contend", kind, path, rounds, folder]:
                    contend(kind, self.lock(kind, path), int(rounds), Path(folder))
                    return "ok"
                case ["session"]:
                    return f"ok {self.client.client_id[0]}"
                case ["count", kind, path, times]:
                    counter = self.counter(kind, path)
                    for _ in range(int(times)):
                        counter += 1
                    return "ok"
                case ["value", kind, path]:
                    return f"ok {self.counter(kind, path).value}"
                case ["set", kind, path, value]:
                    # kazoo's counters can only add, so this is correct only if nothing else writes at the same time.
                    counter = self.counter(kind, path)
                    counter += int(value) - counter.value
                    return "ok"
                case words:
                    return f"error unknown command {words}"
        except Exception as error:  # the test reports any error
            return f"error {error!r}".replace("\n", " ")

    def lock(self, kind: str, path: str) -> Lock:
        """Returns the lock of that kind and path, which is created on first use."""
        makers = {
            "mutex": self.client.Lock,
            "bilingual": partial(self.client.Lock, extra_lock_patterns=["-lock-"]),
            "read": self.client.ReadLock,
            "write": self.client.WriteLock,
        }
        if (kind, path) not in self.locks:
            self.locks[kind, path] = makers[kind](path, identifier=IDENTITY)
        return self.locks[kind, path]

    def counter(self, kind: str, path: str) -> Counter:
        """Returns a counter, as text, which is kazoo's default, or in the format of Curator's SharedCount."""
        return self.client.Counter(path, support_curator={"text": False, "curator": True}[kind])


def acquire(lock: Lock, timeout_s: float) -> bool:
    """Returns whether the lock was acquired within the timeout; a timeout of 0 means one attempt."""
    try:
        return bool(lock.acquire(blocking=timeout_s > 0, timeout=timeout_s or None))
    except LockTimeout:
        return False


def contend(kind: str, lock: Lock, rounds: int, folder: Path) -> None:
    """Acquires the lock, proves mutual exclusion, and releases it, as many times as given."""
    for number in range(rounds):
        if not acquire(lock, TIMEOUT_S):
            raise TimeoutError(f"timed out acquiring the lock in round {number}")
        hold = hold_shared if kind == "read" else hold_exclusively
        hold(folder, IDENTITY, lock.node)
        lock.release()


def hold_exclusively(folder: Path, holder: str, node: str) -> None:
    """Proves that nothing else holds the lock."""
    exclusive = folder / "exclusive"
    exclusive.touch(exist_ok=False)
    if readers := os.listdir(folder / "readers"):
        raise RuntimeError(f"overlap: {node} sees {readers}")
    record(folder, f"{holder} exclusive {node}")
    exclusive.unlink()


def hold_shared(folder: Path, holder: str, node: str) -> None:
    """Proves that no writer holds the lock while a reader does."""
    reader = folder / "readers" / holder
    reader.touch(exist_ok=False)
    if (folder / "exclusive").exists():
        raise RuntimeError(f"overlap: {node} sees an exclusive holder")
    record(folder, f"{holder} shared {node}")
    reader.unlink()


def record(folder: Path, line: str) -> None:
    """Appends the line in one write, so that lines of several processes do not mix."""
    with (folder / "journal").open("a") as journal:
        journal.write(line + "\n")


def main() -> None:
    """Answers commands until stdin closes."""
    # Lets a counter whose write conflicted try again soon. By default kazoo doubles the delay each time.
    retry = KazooRetry(max_tries=-1, delay=0.001, backoff=1, max_delay=0.01)
    client = KazooClient(sys.argv[1], timeout=SESSION_S, command_retry=retry)
    client.start()
    peer = Peer(client)
    print("ok", flush=True)
    for line in sys.stdin:
        print(peer.answer(line), flush=True)
    client.stop()


if __name__ == "__main__":
    main()
