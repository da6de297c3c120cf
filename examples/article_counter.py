"""A counter with the function that articles about ZooKeeper usually show.

In the usual sample, `increment_counter` reads the node, adds one, and sets the node to the result. That has three
faults:

1. Two clients that read the same number both write the same next one, so an increment is lost. Setting the node only at
   the version that was read prevents this, but then the caller has to try again.
2. If the reply to the set is lost, the set may have been applied or not. A client that tries again may count twice, and
   one that does not may not have counted at all.
3. The first client has to create the node. If two clients see that it is missing, both try, and one fails.

Here each increment is applied exactly once, or raises. If the outcome cannot be known, because the session died with
the reply, it raises `Indeterminate`, and the increment is not tried again.
"""

import os

import zkcoord

COUNTER_PATH = "/examples/article/counter"


def increment_counter(zk: zkcoord.Client, counter_path: str) -> int:
    """Adds one and returns the new value."""
    return zk.counter(counter_path).increment()


def main() -> None:
    """Counts three times."""
    with zkcoord.connect(os.environ.get("ZKCOORD_HOSTS", "localhost:2181")) as zk:
        for _ in range(3):
            print(f"the counter stands at {increment_counter(zk, COUNTER_PATH)}")


if __name__ == "__main__":
    main()
