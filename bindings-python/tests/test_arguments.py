from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import zkcoord
from conftest import Sandbox
from zkcoord import Client

BAD_PATHS = ["", "/", "lock", "/a/", "//a", "/a//b", "/a/./b", "/a/..", "/a\0b", "/a\x7f", "/" + "a" * 5000]
NO_TEXTS = ["/\ud800", None, 7, b"/lock", ["/lock"]]
BAD_TIMEOUTS = [-1, -0.001, float("nan"), float("-inf"), -(10**400), True, False, "5", [], Decimal(1), 1j]
BAD_TIMES = [None, *BAD_TIMEOUTS]
LONG_TIMEOUTS = [float("inf"), 1e300, 10**400, Fraction(10**400), 2**63]
BAD_INTEGERS = [1.0, True, "1", None, 2**63, -(2**63) - 1, 10**5000]
BAD_HOSTS = [
    "",
    "  ",
    ":2181",
    "zk1:",
    "zk1:0",
    "zk1:65536",
    "zk1:port",
    "zk1,,zk2",
    "::1",
    "zk1/a/",
    "zk1/a//b",
]


def refused(call: Callable[[], object], *, name: str) -> None:
    with pytest.raises(zkcoord.InvalidArgument) as caught:
        call()
    assert isinstance(caught.value, ValueError)
    assert caught.value.code == "INVALID_ARGUMENT"
    assert str(caught.value).startswith(name)
    assert len(str(caught.value)) < 250


def unwanted(key: object) -> None:
    pytest.fail(f"looked up {key!r}")


@pytest.mark.parametrize("path", [*BAD_PATHS, *NO_TEXTS], ids=lambda path: repr(path)[:20])
def test_paths(client: Client, path: Any) -> None:
    refused(lambda: client.mutex(path), name="path")
    refused(lambda: client.reentrant_mutex(path), name="path")
    refused(lambda: client.counter(path), name="path")
    refused(lambda: client.striped_counter(path), name="path")
    refused(lambda: client.window_counter(path), name="path")
    refused(lambda: client.rate_limiter(path), name="path")
    refused(lambda: client.miss_guard(path), name="path")
    refused(lambda: client.rw_lock(path), name="path")
    refused(lambda: client.semaphore(path, permits=3), name="path")
    refused(lambda: client.multi_mutex(["/lock", path]), name="paths")
    refused(lambda: client.request_revoke(path), name="node")
    with client.mutex("/lock").acquire() as guard:
        refused(lambda: guard.set_data(path, b""), name="path")
        refused(lambda: guard.create(path, b""), name="path")
        refused(lambda: guard.delete(path), name="path")
        assert guard.is_held


@pytest.mark.parametrize("timeout", BAD_TIMEOUTS, ids=lambda timeout: repr(timeout)[:20])
def test_timeouts(client: Client, timeout: Any) -> None:
    mutex, counter = client.mutex("/lock"), client.counter("/n")
    refused(lambda: mutex.acquire(timeout), name="timeout")
    with mutex.acquire() as guard:
        refused(lambda: guard.lost.wait(timeout), name="timeout")
        refused(lambda: guard.release(timeout), name="timeout")
        refused(lambda: guard.set_data("/lock", b"", timeout=timeout), name="timeout")
        refused(lambda: guard.create("/new", b"", timeout=timeout), name="timeout")
        refused(lambda: guard.delete("/new", timeout=timeout), name="timeout")
        assert guard.is_held
    refused(lambda: mutex.inspect(timeout), name="timeout")
    refused(lambda: client.reentrant_mutex("/lock").acquire(timeout), name="timeout")
    refused(lambda: client.rw_lock("/lock").read.acquire(timeout), name="timeout")
    refused(lambda: client.semaphore("/s", 3).acquire(timeout=timeout), name="timeout")
    refused(lambda: client.multi_mutex(["/lock"]).acquire(timeout), name="timeout")
    refused(lambda: client.request_revoke("/lock", timeout), name="timeout")
    refused(lambda: mutex.stats().success_probability(timeout), name="budget_seconds")
    for operate in (counter.add, counter.increment, counter.decrement, counter.get):
        refused(lambda operate=operate: operate(timeout=timeout), name="timeout")  # type: ignore[misc]
    refused(lambda: counter.set(1, timeout=timeout), name="timeout")
    refused(lambda: counter.get_and_set(1, timeout=timeout), name="timeout")
    refused(lambda: counter.compare_and_set(1, 1, timeout=timeout), name="timeout")
    refused(lambda: counter.versioned(timeout=timeout), name="timeout")
    refused(lambda: counter.reserve(1, timeout=timeout), name="timeout")
    refused(lambda: counter.watch().next(timeout), name="timeout")
    striped, window = client.striped_counter("/striped"), client.window_counter("/window")
    refused(lambda: striped.flush(timeout=timeout), name="timeout")
    refused(lambda: striped.sum(timeout=timeout), name="timeout")
    refused(lambda: window.add(timeout=timeout), name="timeout")
    refused(lambda: window.count(timeout=timeout), name="timeout")
    refused(lambda: client.rate_limiter("/limit").acquire(timeout=timeout), name="timeout")
    misses = client.miss_guard("/misses")
    refused(lambda: misses.load("key", unwanted, timeout=timeout), name="timeout")
    refused(lambda: misses.forget("key", timeout=timeout), name="timeout")
    for name in ("session_timeout", "connect_timeout"):
        refused(lambda name=name: zkcoord.connect("zk1", **{name: timeout}), name=name)  # type: ignore[misc]


@pytest.mark.parametrize(
    "timeout", [*LONG_TIMEOUTS, Fraction(7, 2), 5, None], ids=lambda timeout: repr(timeout)[:20]
)
def test_long_timeouts_are_accepted(client: Client, timeout: Any) -> None:
    with client.mutex("/lock").acquire(timeout) as guard:
        guard.release(timeout)
    assert client.counter("/n").increment(timeout=timeout) == 1
    assert client.counter("/n").get(timeout=timeout) == 1


@pytest.mark.parametrize("n", BAD_INTEGERS, ids=lambda n: type(n).__name__)
def test_integers(client: Client, n: Any) -> None:
    counter = client.counter("/n")
    refused(lambda: counter.add(n), name="n ")
    refused(lambda: counter.set(n), name="value ")
    refused(lambda: counter.get_and_set(n), name="value ")
    refused(lambda: counter.compare_and_set(n, 0), name="expected ")
    refused(lambda: counter.compare_and_set(0, n), name="new ")
    refused(lambda: counter.reserve(n), name="n ")
    refused(lambda: client.striped_counter("/striped").add(n), name="n ")
    refused(lambda: client.window_counter("/window").add(n), name="n ")
    refused(lambda: client.window_counter("/window").add(-1), name="n ")
    for none in (0, -1):
        refused(lambda none=none: counter.reserve(none), name="n ")  # type: ignore[misc]
    for stale in (1, None, "yes"):
        refused(lambda stale=stale: counter.get(stale), name="stale")  # type: ignore[misc]
    assert counter.get() == 0


@pytest.mark.parametrize("permits", [*BAD_INTEGERS, 0, -1, 2**31, 4], ids=lambda n: type(n).__name__)
def test_permits(client: Client, permits: Any) -> None:
    if permits != 4:
        refused(lambda: client.semaphore("/s", permits), name="permits ")
    semaphore = client.semaphore("/s", 3)
    refused(lambda: semaphore.acquire(permits), name="permits ")
    refused(lambda: semaphore.try_acquire(permits), name="permits ")
    limiter = client.rate_limiter("/limit", permits=3)
    refused(lambda: limiter.acquire(permits), name="permits ")
    refused(lambda: limiter.try_acquire(permits), name="permits ")
    refused(lambda: client.semaphore("/s", 1000).acquire(501), name="permits ")


@pytest.mark.parametrize("paths", [[], (), "/lock", b"/lock", None, 7, {}], ids=repr)
def test_several_paths(client: Client, paths: Any) -> None:
    refused(lambda: client.multi_mutex(paths), name="paths ")


@pytest.mark.parametrize("scheme", ["other", "", "Curator", "\ud800", None, 7], ids=repr)
def test_schemes(client: Client, scheme: Any) -> None:
    refused(lambda: client.mutex("/lock", scheme=scheme), name="scheme ")
    refused(lambda: client.reentrant_mutex("/lock", scheme=scheme), name="scheme ")
    refused(lambda: client.rw_lock("/lock", scheme=scheme), name="scheme ")
    refused(lambda: client.multi_mutex(["/lock"], scheme=scheme), name="scheme ")


@pytest.mark.parametrize("version", [*BAD_INTEGERS, -2, 2**31], ids=lambda n: type(n).__name__)
def test_versions(client: Client, version: Any) -> None:
    with client.mutex("/lock").acquire() as guard:
        refused(lambda: guard.set_data("/lock", b"", version), name="version ")
        refused(lambda: guard.delete("/lock", version), name="version ")


@pytest.mark.parametrize("data", ["text", None, 7, [1], object()], ids=lambda data: type(data).__name__)
def test_data(client: Client, data: Any) -> None:
    with client.mutex("/lock").acquire() as guard:
        refused(lambda: guard.set_data("/lock", data), name="data ")
        refused(lambda: guard.create("/new", data), name="data ")


@pytest.mark.parametrize("hosts", [*BAD_HOSTS, *NO_TEXTS[1:], "zk\ud800"], ids=repr)
def test_hosts(hosts: Any) -> None:
    refused(lambda: zkcoord.connect(hosts), name="hosts")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("session_timeout", 0),
        ("session_timeout", 1e9),
        ("session_timeout", float("inf")),
        ("session_timeout", None),
        ("connect_timeout", 0),
        ("connect_timeout", None),
        ("identity", "unlock"),
        ("identity", "x" * 2000),
        ("identity", 7),
        ("auth", "user:password"),
        ("auth", ("digest",)),
        ("auth", ("digest", 7)),
        ("auth", ("digest", "\ud800")),
        ("auth", ("", "user:password")),
        ("tls", object()),
        ("tls", {"ca": "ca.pem"}),
        ("tls", True),
        ("acl", "creator"),
        ("acl", "everybody"),
        ("acl", None),
    ],
)
def test_options(name: str, value: Any) -> None:
    refused(lambda: zkcoord.connect("zk1", **{name: value}), name=name)


@pytest.mark.parametrize("name", ["ca", "cert", "key"])
@pytest.mark.parametrize("value", [7, b"ca.pem", Path, "\ud800", True])
def test_tls_files(name: str, value: Any) -> None:
    refused(lambda: zkcoord.Tls(**{name: value}), name=f"tls.{name} ")


def test_tls_options() -> None:
    refused(lambda: zkcoord.Tls(verify_hostname=1), name="tls.verify_hostname ")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        zkcoord.Tls("ca.pem")  # type: ignore[call-arg]
    assert zkcoord.Tls(ca="ca.pem") == zkcoord.Tls(ca="ca.pem", verify_hostname=True)


@pytest.mark.parametrize("handoff", [*BAD_INTEGERS, -1, 2**32], ids=lambda n: type(n).__name__)
def test_handoff(client: Client, handoff: Any) -> None:
    refused(lambda: client.mutex("/lock", handoff=handoff), name="handoff ")


def test_counter_options(client: Client) -> None:
    bad: list[tuple[str, dict[str, Any]]] = [
        ("format", {"format": "i128"}),
        ("format", {"format": None}),
        ("format", {"format": "\ud800"}),
        ("default", {"default": None}),
        ("default", {"default": 2**31, "format": "i32"}),
        ("default", {"default": 10, "max": 9}),
        ("default", {"default": 10, "min": 11}),
        ("min", {"min": 1, "max": 0}),
        ("exactly_once", {"exactly_once": 1}),
        *((name, {name: value}) for name in ("min", "max", "default") for value in (1.0, "9", True, 2**63)),
    ]
    for name, options in bad:
        refused(lambda: client.counter("/n", **options), name=name)  # noqa: B023


def test_options_of_striped_and_window_counters(client: Client) -> None:
    for value in BAD_TIMES:
        any_value: Any = value
        refused(lambda: client.striped_counter("/n", flush_interval=any_value), name="flush_interval")  # noqa: B023
    windows: list[tuple[str, Any]] = [
        *(("window", value) for value in (*BAD_TIMES, 0, 0.0001, 1e12, 10**400)),
        *(("buckets", value) for value in (*BAD_INTEGERS, 0, -1, 10_001, 2**32)),
    ]
    for name, value in windows:
        refused(lambda: client.window_counter("/n", **{name: value}), name=name)  # noqa: B023


def test_rate_limiter_options(client: Client) -> None:
    bad: list[tuple[str, Any]] = [
        *(("permits", value) for value in (*BAD_INTEGERS, 0, -1, 1_000_001, 2**32)),
        *(("burst", value) for value in (1.0, "1", True, 0, -1, 1_000_001, 2**32, 2**64)),
        *(("per", value) for value in (*BAD_TIMES, *LONG_TIMEOUTS, 0, 0.0001)),
    ]
    for name, value in bad:
        refused(lambda: client.rate_limiter("/limit", **{name: value}), name=name)  # noqa: B023


def test_miss_guard_options(client: Client) -> None:
    bad: list[tuple[str, Any]] = [
        *(("threshold", value) for value in (*BAD_INTEGERS, 0, -1, 1001, 2**32)),
        *((name, value) for name in ("window", "hold") for value in (*BAD_TIMES, 0, 0.0009, 86401)),
    ]
    for name, value in bad:
        refused(lambda: client.miss_guard("/misses", **{name: value}), name=name)  # noqa: B023
    misses = client.miss_guard("/misses")
    for key in ("\ud800", None, 7, bytearray(b"key"), ["key"]):
        any_key: Any = key
        refused(lambda: misses.load(any_key, unwanted), name="key")  # noqa: B023
        refused(lambda: misses.forget(any_key), name="key")  # noqa: B023


def test_callbacks_must_be_callable(client: Client) -> None:
    nothing: Any = None
    refused(lambda: client.on_state(nothing), name="fn")
    with client.mutex("/lock").acquire() as guard:
        refused(lambda: guard.on_lost(nothing), name="fn")
        refused(lambda: guard.on_revoke(nothing), name="fn")
    refused(lambda: client.miss_guard("/misses").load("key", nothing), name="fn")


def test_valid_options_connect(sandbox: Sandbox) -> None:
    with zkcoord.connect(
        sandbox.hosts + "/new/chroot",
        session_timeout=5,
        connect_timeout=float("inf"),
        identity="a test",
        auth=("digest", b"user:password"),
        acl="read",
    ) as client:
        client.counter("/n").increment()
        with client.mutex("/lock").acquire() as guard:
            found = sandbox.observer.data(f"{sandbox.root}/new/chroot{guard.node}")
    assert found is not None
    assert found[0] == b"a test"
