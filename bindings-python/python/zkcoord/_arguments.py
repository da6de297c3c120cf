"""Checks arguments, so that every complaint is an ``InvalidArgument`` that names the argument and its value."""

import math
import numbers
import reprlib

from zkcoord.errors import InvalidArgument

_I64 = range(-(2**63), 2**63)


def invalid(name: str, value: object, problem: str) -> InvalidArgument:
    """The complaint about one argument."""
    try:
        shown = reprlib.repr(value)
    except Exception:  # a repr of the caller's, or an int with too many digits for text
        shown = f"<{type(value).__name__}>"
    return InvalidArgument(f"{name} {shown}: {problem}")


def seconds(name: str, value: object) -> float:
    """A number of seconds. More than a float can hold is as good as infinite."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise invalid(name, value, "must be a number of seconds")
    try:
        result = float(value)
    except OverflowError:
        result = -math.inf if value < 0 else math.inf
    if not result >= 0:  # NaN neither
        raise invalid(name, value, "must be at least 0 seconds")
    return result


def timeout(value: object) -> float | None:
    """The argument ``timeout``: seconds, or ``None`` for ever."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise invalid("timeout", value, "must be None or a number of seconds")
    return seconds("timeout", value)


def integer(name: str, value: object) -> int:
    """A 64-bit integer."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(name, value, "must be an int")
    if value not in _I64:
        raise invalid(name, value, "must fit in 64 bits with sign")
    return value


def text(name: str, value: object) -> str:
    """A text that UTF-8 can hold."""
    if not isinstance(value, str):
        raise invalid(name, value, "must be a str")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise invalid(name, value, "must not contain surrogates") from None
    return value


def function(name: str, value: object) -> None:
    """Something to call."""
    if not callable(value):
        raise invalid(name, value, "must be callable")
