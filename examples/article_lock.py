"""A lock in the three functions in which articles about ZooKeeper like to show it.

What the usual sample does: `acquire_lock` looks whether the node is there, creates it (ephemeral) if not, and sleeps
and looks again if it is; `release_lock` deletes the node. What is wrong with that:

1. Between the look and the create somebody else can create it. The look tells nothing; only the create decides.
2. Nobody queues. Whoever happens to look first after a release gets the lock, others may never. All keep asking.
3. The session can end while the lock is held, for example during a long pause. The node goes and the next one gets the
   lock. The first does not notice, and nothing tells its late writes from those of the next.
4. When it comes to `release_lock`, it deletes the node at that path, which is the next one's by now. A third gets in.
5. When the reply to the create is lost, the node may be there all the same. Then it waits for itself.

Here the servers keep a queue, each waiter watches the one before, a guard belongs to whoever took it and knows when it
is lost, its token fences off late writers, and a lost reply is resolved.
"""

import os
import threading
import weakref
from collections import deque

import zkcoord

LOCK_PATH = "/examples/article/lock"

# By client and path, so that who releases by path alone gives back what this client has taken, and never what somebody
# else has. The oldest comes first: should there be two, it is the one that was lost.
_guards: weakref.WeakKeyDictionary[zkcoord.Client, dict[str, deque[zkcoord.Guard]]]
_guards = weakref.WeakKeyDictionary()
_changing = threading.Lock()


def acquire_lock(zk: zkcoord.Client, lock_path: str) -> zkcoord.Guard:
    """Waits for its turn and takes the lock."""
    guard = zk.mutex(lock_path).acquire()
    with _changing:
        _guards.setdefault(zk, {}).setdefault(lock_path, deque()).append(guard)
    return guard


def release_lock(zk: zkcoord.Client, lock_path: str) -> None:
    """Gives back what `acquire_lock` has taken. If that was lost meanwhile, the one who has it now keeps it."""
    with _changing:
        taken = _guards.setdefault(zk, {}).get(lock_path)
        if not taken:
            raise RuntimeError(f"{lock_path}: acquire_lock has not taken it")
        guard = taken.popleft()
    guard.release()


def main() -> None:
    """Works while the lock is held."""
    with zkcoord.connect(os.environ.get("ZKCOORD_HOSTS", "localhost:2181")) as zk:
        guard = acquire_lock(zk, LOCK_PATH)
        try:
            print(f"have the lock, with fencing token {guard.token}")
            guard.check()  # raises LockLost if somebody else may hold it by now
            print("working")
        finally:
            release_lock(zk, LOCK_PATH)
        print("gave the lock back")


if __name__ == "__main__":
    main()
