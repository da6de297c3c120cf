"""Acquires a lock in asyncio, runs several tasks while it is held, and cancels them if it is lost."""

import asyncio
import os

from zkcoord import AcquireTimeout, LockLost, aio

hosts = os.environ.get("ZKCOORD_HOSTS", "localhost:2181")


async def work(name: str, fence: int) -> None:
    """Does a part of the job. If the lock is lost, it is cancelled at its next await."""
    for step in range(3):
        print(f"{name}: step {step}, with fencing token {fence}")
        await asyncio.sleep(0.1)


async def main() -> None:
    """Runs the job, unless another process is running it."""
    async with aio.connect(hosts) as client:
        mutex = client.mutex("/examples/lock")
        try:
            async with (
                mutex.acquire(timeout=10) as guard,
                guard.cancel_on_loss(),
                asyncio.TaskGroup() as group,
            ):
                group.create_task(work("left", guard.token))
                group.create_task(work("right", guard.token))
            print("released the lock")
        except AcquireTimeout as error:
            print(f"another client holds the lock: {error}")
        except LockLost as error:
            print(f"stopped in the middle: {error}")
        print("runs so far:", await client.counter("/examples/runs").increment())


asyncio.run(main())
