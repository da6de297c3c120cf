"""Acquires a lock, works while it is held, and releases it."""

import os
import time

import zkcoord

hosts = os.environ.get("ZKCOORD_HOSTS", "localhost:2181")

with zkcoord.connect(hosts) as client:
    mutex = client.mutex("/examples/lock")
    try:
        with mutex.acquire(timeout=10) as guard:
            print(f"acquired the lock, with fencing token {guard.token}")
            for step in range(3):
                guard.check()  # raises LockLost if another client may hold it by now
                print(f"step {step}")
                time.sleep(0.1)
        print("released the lock")
    except zkcoord.AcquireTimeout as error:
        print(f"another client holds the lock: {error}")
    except zkcoord.LockLost as error:
        print(f"stopped in the middle: {error}")
