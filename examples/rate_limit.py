"""Calls an API that allows the whole fleet five requests per second. Start it several times: they share them."""

import os
import time

import zkcoord

hosts = os.environ.get("ZKCOORD_HOSTS", "localhost:2181")


def call_api(number: int) -> None:
    """Stands for the request."""
    print(f"{time.strftime('%X')} request {number}")


with zkcoord.connect(hosts) as client:
    # All who share the path must give the same numbers.
    limiter = client.rate_limiter("/examples/api-limit", permits=5, per=1.0)

    # A worker waits for its turn...
    for number in range(1, 11):
        try:
            limiter.acquire(timeout=10)
        except zkcoord.AcquireTimeout:
            print("the fleet asks for more than the API allows")
            break
        call_api(number)

    # ...and a server answers at once.
    if limiter.try_acquire():
        call_api(11)
    else:
        print("429 Too Many Requests")
