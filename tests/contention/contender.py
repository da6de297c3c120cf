"""A contender in Python. README.md describes it."""

import os
import sys
import threading
import time

import zkcoord


def main() -> None:
    hosts, log = sys.argv[1:]
    input_ended = threading.Event()

    def read_until_end() -> None:
        sys.stdin.read()
        input_ended.set()

    threading.Thread(target=read_until_end, daemon=True).start()
    with open(log, "ab", buffering=0) as file, zkcoord.connect(hosts, session_timeout=2) as client:
        mutex = client.mutex("/contention")
        print("ready", flush=True)
        while not input_ended.is_set():
            with mutex.acquire(timeout=60) as guard:
                file.write(f"begin python {os.getpid()} {guard.token}\n".encode())
                time.sleep(0.005)
                event = "end" if guard.is_held else "lost"
                file.write(f"{event} python {os.getpid()} {guard.token}\n".encode())


if __name__ == "__main__":
    main()
