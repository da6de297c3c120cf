"""Takes a lock, works while it is held, and gives it back."""

import os
import time

import zkcoord

hosts = os.environ.get("ZKCOORD_HOSTS", "localhost:2181")

with zkcoord.connect(hosts) as client:
    mutex = client.mutex("/examples/lock")
    try:
        with mutex.acquire(timeout=10) as guard:
            print(f"have the lock, with fencing token {guard.token}")
            for step in range(3):
                guard.check()  # raises LockLost if somebody else may hold it by now
                print(f"step {step}")
                time.sleep(0.1)
        print("gave the lock back")
    except zkcoord.AcquireTimeout as error:
        print(f"somebody else has it: {error}")
    except zkcoord.LockLost as error:
        print(f"stopped in the middle: {error}")
