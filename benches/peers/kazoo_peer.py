"""kazoo as a contestant."""

import sys

from contestant import Operation, serve
from kazoo.client import KazooClient
from kazoo.retry import KazooRetry

# Retries soon and forever. With the defaults most of several writers of a counter fail.
client = KazooClient(
    sys.argv[1], command_retry=KazooRetry(max_tries=-1, delay=0.001, backoff=1, max_delay=0.01)
)


def operation_of(verb: str, path: str, number: int) -> Operation:
    """Returns an operation that adds to a counter, or that acquires and releases a lock."""
    if verb == "add":
        counter = client.Counter(path)
        return lambda: counter.__add__(1)
    lock = client.Lock(path if verb == "lock" else f"{path}/{number}", "kazoo")

    def cycle() -> None:
        lock.acquire()
        lock.release()

    return cycle


if __name__ == "__main__":
    client.start()
    serve(operation_of)
