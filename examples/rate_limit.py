"""Calls an API that allows five requests per second. Several processes share them; start the example more than once."""

import os
import time

import zkcoord

hosts = os.environ.get("ZKCOORD_HOSTS", "localhost:2181")


def call_api(number: int) -> None:
    """Stands for the request."""
    print(f"{time.strftime('%X')} request {number}")


with zkcoord.connect(hosts) as client:
    # All clients that share the path must give the same numbers.
    limiter = client.rate_limiter("/examples/api-limit", permits=5, per=1.0)

    # A worker waits for a permit.
    for number in range(1, 11):
        try:
            limiter.acquire(timeout=10)
        except zkcoord.AcquireTimeout:
            print("all processes together ask for more than the API allows")
            break
        call_api(number)

    # A server must answer at once.
    if limiter.try_acquire():
        call_api(11)
    else:
        print("429 Too Many Requests")
