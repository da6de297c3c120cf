"""The value of a counter with the version of its node."""

from __future__ import annotations

from typing import NamedTuple


class Versioned(NamedTuple):
    """The value of a counter, and the version of the node that held it.

    Attributes:
        value: The value of the counter.
        version: The number of writes to the node since it was created; -1 if it is missing.
    """

    value: int
    version: int
