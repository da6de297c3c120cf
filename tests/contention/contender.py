"""A contender in Python. What it does is told in README.md."""

import os
import sys
import threading
import time

import zkcoord


def main() -> None:
    hosts, log = sys.argv[1:]
    over = threading.Event()

    def await_end() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=await_end, daemon=True).start()
    with open(log, "ab", buffering=0) as file, zkcoord.connect(hosts, session_timeout=2) as client:
        mutex = client.mutex("/contention")
        print("ready", flush=True)
        while not over.is_set():
            with mutex.acquire(timeout=60) as guard:
                file.write(f"begin python {os.getpid()} {guard.token}\n".encode())
                time.sleep(0.005)
                what = "end" if guard.is_held else "lost"
                file.write(f"{what} python {os.getpid()} {guard.token}\n".encode())


if __name__ == "__main__":
    main()
