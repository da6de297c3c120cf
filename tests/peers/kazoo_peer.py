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
# Longer than any turn takes, short enough to notice a hang.
PATIENCE_S = 20
# By this others know the process.
IDENTITY = f"kazoo-{os.getpid()}"


class Peer:
    """Carries out commands, one at a time."""

    def __init__(self, client: KazooClient) -> None:
        self.client = client
        self.locks: dict[tuple[str, str], Lock] = {}

    def answer(self, line: str) -> str:
        """Does what the line says, and says what came of it."""
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
                    # kazoo's counters can only add: right as long as nobody else writes.
                    counter = self.counter(kind, path)
                    counter += int(value) - counter.value
                    return "ok"
                case words:
                    return f"error unknown command {words}"
        except Exception as error:  # whatever it is, the test is to hear of it
            return f"error {error!r}".replace("\n", " ")

    def lock(self, kind: str, path: str) -> Lock:
        """The lock of that kind and path, made when it is first asked for."""
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
        """A counter, in text as kazoo has it by default or in the bytes of Curator's SharedCount."""
        return self.client.Counter(path, support_curator={"text": False, "curator": True}[kind])


def acquire(lock: Lock, timeout_s: float) -> bool:
    """Whether the lock was had in that time. With 0: whether it is free."""
    try:
        return bool(lock.acquire(blocking=timeout_s > 0, timeout=timeout_s or None))
    except LockTimeout:
        return False


def contend(kind: str, lock: Lock, rounds: int, folder: Path) -> None:
    """Acquires, proves that nobody is there who must not be, and releases, so many times."""
    for turn in range(rounds):
        if not acquire(lock, PATIENCE_S):
            raise TimeoutError(f"waited in vain in round {turn}")
        be_inside = be_reader if kind == "read" else be_alone
        be_inside(folder, IDENTITY, lock.node)
        lock.release()


def be_alone(folder: Path, who: str, node: str) -> None:
    """The part of who must be alone."""
    alone = folder / "alone"
    alone.touch(exist_ok=False)
    if readers := os.listdir(folder / "readers"):
        raise RuntimeError(f"overlap: {node} sees {readers}")
    record(folder, f"{who} alone {node}")
    alone.unlink()


def be_reader(folder: Path, who: str, node: str) -> None:
    """The part of a reader."""
    reader = folder / "readers" / who
    reader.touch(exist_ok=False)
    if (folder / "alone").exists():
        raise RuntimeError(f"overlap: {node} sees somebody who must be alone")
    record(folder, f"{who} shared {node}")
    reader.unlink()


def record(folder: Path, line: str) -> None:
    """Appends in one write: lines of several processes do not mix."""
    with (folder / "journal").open("a") as journal:
        journal.write(line + "\n")


def main() -> None:
    """Answers commands until stdin closes."""
    # Counters that were too late try again soon: by default they double their wait each time.
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
