"""A lock with the three functions that articles about ZooKeeper usually show.

In the usual sample, `acquire_lock` creates an ephemeral node if there is none, and otherwise sleeps and checks again;
`release_lock` deletes the node. That has five faults:

1. Another client can create the node between the check and the create. Only the create decides.
2. There is no queue. The client that happens to check first after a release acquires the lock, others may never do so,
   and all of them keep asking.
3. The session can end while the lock is held, for example during a long pause. The node is deleted and the next client
   acquires the lock. The first one does not notice, and its late writes cannot be told from those of the next.
4. When the first client calls `release_lock`, it deletes the node at that path, which now belongs to the next client. A
   third client then acquires the lock as well.
5. If the reply to the create is lost, the node may have been created nevertheless. The client then waits for itself.

Here the servers keep a queue, each waiter watches the one before it, a guard belongs to the caller that acquired it and
knows when the lock is lost, its token fences off late writers, and a lost reply is resolved.
"""

import os
import threading
import weakref
from collections import deque

import zkcoord

LOCK_PATH = "/examples/article/lock"

# The guards by client and path, so that a release by path alone releases only a lock that this client has acquired. The
# oldest guard comes first: if there are two, it is the one that was lost.
_guards: weakref.WeakKeyDictionary[zkcoord.Client, dict[str, deque[zkcoord.Guard]]]
_guards = weakref.WeakKeyDictionary()
_changing = threading.Lock()


def acquire_lock(zk: zkcoord.Client, lock_path: str) -> zkcoord.Guard:
    """Acquires the lock, and waits for its turn."""
    guard = zk.mutex(lock_path).acquire()
    with _changing:
        _guards.setdefault(zk, {}).setdefault(lock_path, deque()).append(guard)
    return guard


def release_lock(zk: zkcoord.Client, lock_path: str) -> None:
    """Releases the lock that `acquire_lock` has acquired. If it was lost meanwhile, its present holder keeps it."""
    with _changing:
        acquired = _guards.setdefault(zk, {}).get(lock_path)
        if not acquired:
            raise RuntimeError(f"{lock_path}: not acquired by acquire_lock")
        guard = acquired.popleft()
    guard.release()


def main() -> None:
    """Works while the lock is held."""
    with zkcoord.connect(os.environ.get("ZKCOORD_HOSTS", "localhost:2181")) as zk:
        guard = acquire_lock(zk, LOCK_PATH)
        try:
            print(f"acquired the lock, with fencing token {guard.token}")
            guard.check()  # raises LockLost if another client may hold it by now
            print("working")
        finally:
            release_lock(zk, LOCK_PATH)
        print("released the lock")


if __name__ == "__main__":
    main()
