"""The blocking and the asyncio API have the same objects, members, parameters and defaults."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import zkcoord
from zkcoord import aio

# The members of only one API. All other members must be in both.
ONLY_SYNC: dict[str, set[str]] = {
    "CounterWatch": {"__iter__", "__next__"},
}
ONLY_AIO = {
    "CounterWatch": {"__aiter__", "__anext__"},
    # Blocking code cannot be interrupted.
    "Guard": {"cancel_on_loss", "wait_lost"},
}
# Classes that exist only because of how asyncio works.
AIO_CLASSES = {"Awaiting", "CancelOnLoss"}

# The methods that do not wait, and so are not awaited.
NOT_AWAITED = {
    "Client": {
        "counter", "miss_guard", "multi_mutex", "mutex", "on_state", "rate_limiter", "reentrant_mutex", "rw_lock",
        "semaphore", "striped_counter", "window_counter",
    },
    "Counter": {"stats", "watch"},
    "CounterWatch": {"close"},
    "Guard": {"cancel_on_loss", "check", "on_lost", "on_revoke"},
    "Lost": {"is_set"},
    "MultiMutex": {"stats"},
    "Mutex": {"stats"},
    "RateLimiter": {"stats"},
    "ReentrantMutex": {"stats"},
    "Semaphore": {"stats"},
    "StripedCounter": {"add"},
}  # fmt: skip

CLASSES = sorted(set(aio.__all__) - AIO_CLASSES - {"connect"})


def _members(of: type) -> dict[str, Any]:
    blocks = {
        "__enter__",
        "__exit__",
        "__aenter__",
        "__aexit__",
        "__iter__",
        "__next__",
        "__aiter__",
        "__anext__",
    }
    return {name: member for name, member in inspect.getmembers(of) if name[0] != "_" or name in blocks}


def _names(of: type, only: dict[str, set[str]]) -> set[str]:
    blocking = {"__aenter__": "__enter__", "__aexit__": "__exit__"}
    return {blocking.get(name, name) for name in _members(of)} - only.get(of.__name__, set())


def _parameters(function: Callable[..., object]) -> list[tuple[str, object, object, object]]:
    signature = inspect.signature(function, eval_str=False)
    return [(one.name, one.kind, one.default, one.annotation) for one in signature.parameters.values()]


def _public_methods(of: type) -> dict[str, Callable[..., object]]:
    return {
        name: member for name, member in _members(of).items() if inspect.isfunction(member) and name[0] != "_"
    }


def test_the_objects_are_the_same() -> None:
    shared = {
        name
        for name in zkcoord.__all__
        if isinstance(getattr(zkcoord, name), type)
        and getattr(zkcoord, name).__module__ not in ("zkcoord.errors", "zkcoord.stats")
    } - {"Contender", "Queue", "Tls", "Versioned"}
    assert set(CLASSES) == shared


@pytest.mark.parametrize("name", CLASSES)
def test_the_members_are_the_same(name: str) -> None:
    blocking, awaited = getattr(zkcoord, name), getattr(aio, name)
    assert _names(blocking, ONLY_SYNC) == _names(awaited, ONLY_AIO)
    for each in (blocking, awaited):
        for member, of in _members(each).items():
            assert member[0] == "_" or inspect.getdoc(of), f"{each}.{member} has no docstring"


@pytest.mark.parametrize("name", CLASSES)
def test_parameters_and_defaults_are_the_same(name: str) -> None:
    blocking, awaited = _public_methods(getattr(zkcoord, name)), _public_methods(getattr(aio, name))
    for method in blocking.keys() & awaited.keys():
        ours, theirs = _parameters(blocking[method]), _parameters(awaited[method])
        if (name, method) == ("MissGuard", "load"):  # fn may be async
            ours, theirs = [one[:3] for one in ours], [one[:3] for one in theirs]  # type: ignore[misc]
        assert ours == theirs, f"{name}.{method}"


def test_connect_has_the_same_parameters() -> None:
    assert _parameters(zkcoord.connect) == _parameters(aio.connect)


@pytest.mark.parametrize("name", CLASSES)
def test_methods_that_wait_are_awaitable(name: str) -> None:
    for method, function in _public_methods(getattr(aio, name)).items():
        returns = inspect.signature(function).return_annotation
        awaitable = inspect.iscoroutinefunction(function) or str(returns).startswith("Awaiting[")
        assert awaitable is (method not in NOT_AWAITED.get(name, set())), f"{name}.{method}"


@pytest.mark.parametrize("name", CLASSES)
def test_results_are_the_same(name: str) -> None:
    blocking, awaited = _public_methods(getattr(zkcoord, name)), _public_methods(getattr(aio, name))
    for method in blocking.keys() & awaited.keys():
        ours = str(inspect.signature(blocking[method]).return_annotation)
        theirs = str(inspect.signature(awaited[method]).return_annotation)
        assert ours == theirs.removeprefix("Awaiting[").removesuffix(
            "]" if theirs.startswith("Awaiting[") else ""
        ), f"{name}.{method}"
