"""Argument checks. Each raises an ``InvalidArgument`` that names the argument and its value, or returns the value."""

import math
import numbers
import os
import reprlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from zkcoord.errors import InvalidArgument

_T = TypeVar("_T")
_Function = TypeVar("_Function")

_I64 = range(-(2**63), 2**63)
_PERMITS = range(1, 2**31)
_VERSIONS = range(-1, 2**31)


def invalid(name: str, value: object, problem: str) -> InvalidArgument:
    """Returns the error for one argument."""
    try:
        shown = reprlib.repr(value)
    except Exception:  # a repr defined by the caller, or an int with too many digits to print
        shown = f"<{type(value).__name__}>"
    return InvalidArgument(f"{name} {shown}: {problem}")


def optional(check: Callable[[str, object], _T], name: str, value: object) -> _T | None:
    """Returns ``None`` for ``None``, and otherwise ``check(name, value)``."""
    return None if value is None else check(name, value)


def seconds(name: str, value: object, expected: str = "a number of seconds") -> float:
    """Returns a number of seconds. A number too large for a float becomes infinity."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise invalid(name, value, f"must be {expected}")
    try:
        result = float(value)
    except OverflowError:
        result = -math.inf if value < 0 else math.inf
    if not result >= 0:  # also refuses NaN
        raise invalid(name, value, "must be at least 0 seconds")
    return result


def timeout(value: object) -> float | None:
    """Returns the argument ``timeout``: seconds, or ``None`` for no limit."""
    return None if value is None else seconds("timeout", value, "None or a number of seconds")


def integer(name: str, value: object) -> int:
    """Returns a signed 64-bit integer."""
    return _integer(name, value, _I64, "must fit in a signed 64-bit integer")


def count(name: str, value: object, bits: int = 32) -> int:
    """Returns an unsigned integer of ``bits`` bits. Narrower limits are checked by the core."""
    return _integer(name, value, range(2**bits), f"must be from 0 to {2**bits - 1}")


def permits(value: object) -> int:
    """Returns the argument ``permits``."""
    return _integer("permits", value, _PERMITS, f"must be from 1 to {_PERMITS[-1]}")


def version(value: object) -> int:
    """Returns the argument ``version``: the version of a node, or -1 for any version."""
    return _integer("version", value, _VERSIONS, f"must be -1 for any version, or from 0 to {_VERSIONS[-1]}")


def _integer(name: str, value: object, allowed: range, problem: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(name, value, "must be an int")
    if value not in allowed:
        raise invalid(name, value, problem)
    return value


def boolean(name: str, value: object) -> bool:
    """Returns ``True`` or ``False``."""
    if not isinstance(value, bool):
        raise invalid(name, value, "must be a bool")
    return value


def text(name: str, value: object) -> str:
    """Returns a string that can be encoded as UTF-8."""
    if not isinstance(value, str):
        raise invalid(name, value, "must be a str")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise invalid(name, value, "must not contain surrogates") from None
    return value


def texts(name: str, value: object) -> list[str]:
    """Returns several strings. A single string is refused: its characters would be taken for the items."""
    if isinstance(value, str | bytes | bytearray) or not isinstance(value, Iterable):
        raise invalid(name, value, "must be an iterable of str, such as a list")
    return [text(name, item) for item in value]


def file(name: str, value: object) -> str:
    """Returns the path of a file."""
    try:
        path = os.fspath(value)  # type: ignore[call-overload]
    except TypeError:
        path = None
    if not isinstance(path, str):
        raise invalid(name, value, "must be a str or os.PathLike")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise invalid(name, value, "cannot be encoded as a path on this system") from None
    return path


def data(value: object) -> bytes:
    """Returns the argument ``data``: the bytes of any object that supports the buffer protocol."""
    try:
        return bytes(memoryview(value))  # type: ignore[arg-type]
    except (TypeError, ValueError, BufferError):
        raise invalid("data", value, "must be bytes-like") from None


def key(value: object) -> bytes:
    """Returns the argument ``key``: bytes, or the UTF-8 encoding of a string."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return text("key", value).encode()
    raise invalid("key", value, "must be a str or bytes")


def function(name: str, value: _Function) -> _Function:
    """Returns an object that can be called."""
    if not callable(value):
        raise invalid(name, value, "must be callable")
    return value
