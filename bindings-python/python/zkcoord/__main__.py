"""The entry point of ``python -m zkcoord``, which is the command ``zkcoord``."""

import sys

from zkcoord.cli import main

if __name__ == "__main__":
    sys.exit(main())
