"""Checks arguments, so that every complaint is an ``InvalidArgument`` that names the argument and its value."""

import math
import numbers
import os
import reprlib
from collections.abc import Iterable

from zkcoord.errors import InvalidArgument

_I64 = range(-(2**63), 2**63)
_PERMITS = range(1, 2**31)
_VERSIONS = range(-1, 2**31)


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


def count(name: str, value: object, bits: int = 32) -> int:
    """A number of things; whether it may be 0 or so many is for others to say."""
    checked = integer(name, value)
    if not 0 <= checked < 2**bits:
        raise invalid(name, value, f"must be from 0 to {2**bits - 1}")
    return checked


def boolean(name: str, value: object) -> bool:
    """``True`` or ``False``."""
    if not isinstance(value, bool):
        raise invalid(name, value, "must be a bool")
    return value


def permits(value: object) -> int:
    """The argument ``permits``."""
    checked = integer("permits", value)
    if checked not in _PERMITS:
        raise invalid("permits", value, f"must be from 1 to {_PERMITS[-1]}")
    return checked


def version(value: object) -> int:
    """The argument ``version``: a node's, or -1 for any."""
    checked = integer("version", value)
    if checked not in _VERSIONS:
        raise invalid("version", value, f"must be -1 for any, or from 0 to {_VERSIONS[-1]}")
    return checked


def text(name: str, value: object) -> str:
    """A text that UTF-8 can hold."""
    if not isinstance(value, str):
        raise invalid(name, value, "must be a str")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise invalid(name, value, "must not contain surrogates") from None
    return value


def file(name: str, value: object) -> str:
    """The path of a file."""
    try:
        path = os.fspath(value)  # type: ignore[call-overload]
    except TypeError:
        path = None
    if not isinstance(path, str):
        raise invalid(name, value, "must be a str or os.PathLike")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise invalid(name, value, "is no path on this system") from None
    return path


def texts(name: str, value: object) -> list[str]:
    """Several texts. One alone is a mistake: its characters would be taken for them."""
    if isinstance(value, str | bytes | bytearray) or not isinstance(value, Iterable):
        raise invalid(name, value, "must be several str, like a list")
    return [text(name, each) for each in value]


def data(value: object) -> bytes:
    """The argument ``data``: bytes, or what can be seen as such."""
    try:
        return bytes(memoryview(value))  # type: ignore[arg-type]
    except (TypeError, ValueError, BufferError):
        raise invalid("data", value, "must be bytes-like") from None


def key(value: object) -> bytes:
    """The argument ``key``: bytes, or a text for its UTF-8."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return text("key", value).encode()
    raise invalid("key", value, "must be a str or bytes")


def function(name: str, value: object) -> None:
    """Something to call."""
    if not callable(value):
        raise invalid(name, value, "must be callable")
