"""Reads and changes the server's data without zkcoord, for the test programs: VERB PATH DATA.

`create`, `set` and `delete` exit with 0, `count` with the number of children, and `holds` with 0 if the node's data is
DATA.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kit" / "python"))
from zkcoord_testkit import Kit

verb, path, data = sys.argv[1:]
with Kit() as kit:
    observer = kit.observer(os.environ["ZKCOORD_HOSTS"])
    match verb:
        case "create":
            observer.create(path, data.encode())
        case "set":
            observer.set(path, data.encode())
        case "delete":
            observer.delete(path)
        case "count":
            sys.exit(len(observer.children(path) or []))
        case "holds":
            found = observer.data(path)
            sys.exit(found is None or found[0] != data.encode())
        case _:
            sys.exit(f"no such verb: {verb}")
