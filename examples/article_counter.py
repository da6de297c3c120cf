"""A counter in the function in which articles about ZooKeeper like to show it.

What the usual sample does: `increment_counter` reads the node, adds one, and sets the node to the result. What is wrong
with that:

1. Two who read the same number both write the same next one: an increment is lost. To set the node only at the version
   that was read helps, and then somebody has to try again.
2. When the reply to the set is lost, it may have been applied or not. Who tries again may count twice, who does not may
   not have counted at all.
3. The first one has to create the node. Two who both see that it is missing both try, and one fails.

Here each increment is applied exactly once, or raises. Where that cannot be known, because the session died with the
reply, it raises `Indeterminate`, and nothing is tried again behind your back.
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
