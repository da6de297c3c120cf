"""A counter's value and its node's version."""

from __future__ import annotations

from typing import NamedTuple


class Versioned(NamedTuple):
    """A value, and the version of the node that held it.

    Attributes:
        value: The counter's value.
        version: How often the node was written since it was made; -1 when it is missing.
    """

    value: int
    version: int
