"""zkcoord's Python package as a contestant."""

import sys

import zkcoord
from contestant import Operation, serve

client = zkcoord.connect(sys.argv[1])


def operation_of(verb: str, path: str, number: int) -> Operation:
    """Returns an operation that adds to a counter, or that acquires and releases a mutex."""
    if verb == "add":
        return client.counter(path).increment
    mutex = client.mutex(path if verb == "lock" else f"{path}/{number}")

    def cycle() -> None:
        mutex.acquire().release()

    return cycle


if __name__ == "__main__":
    serve(operation_of)
