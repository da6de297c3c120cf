"""Counts its own runs on all machines."""

import os

import zkcoord

hosts = os.environ.get("ZKCOORD_HOSTS", "localhost:2181")

with zkcoord.connect(hosts) as client:
    hits = client.counter("/examples/hits")
    print(f"run number {hits.increment()}")
