import inspect
import pickle

import zkcoord
from zkcoord import _zkcoord, errors

# The built-in base classes, as documented in docs/errors.md.
BUILT_IN_BASES = {
    "AcquireTimeout": TimeoutError,
    "ConnectionLost": ConnectionError,
    "SessionExpired": ConnectionError,
    "NotAuthorized": PermissionError,
    "InvalidArgument": ValueError,
    "BadData": ValueError,
    "CounterOverflow": OverflowError,
    "WouldDeadlock": RuntimeError,
    "ClosedError": RuntimeError,
    "ForkedError": RuntimeError,
}


def _classes() -> dict[str, type[zkcoord.ZkcoordError]]:
    found = dict[str, type[zkcoord.ZkcoordError]](inspect.getmembers(errors, inspect.isclass))
    assert found.pop("ZkcoordError") is zkcoord.ZkcoordError
    return found


def test_the_classes_match_the_table_of_the_core() -> None:
    table = {name: code for code, _, name, _ in _zkcoord.error_table()}
    assert {name: made.code for name, made in _classes().items()} == table


def test_every_class_is_exported_with_the_documented_bases() -> None:
    for name, made in _classes().items():
        assert getattr(zkcoord, name) is made
        assert name in zkcoord.__all__
        assert made.__bases__ == (
            (zkcoord.ZkcoordError, BUILT_IN_BASES[name])
            if name in BUILT_IN_BASES
            else (zkcoord.ZkcoordError,)
        )
        assert made.__doc__


def test_errors_keep_their_message_when_pickled() -> None:
    for made in _classes().values():
        copy = pickle.loads(pickle.dumps(made("the message")))
        assert type(copy) is made
        assert (str(copy), copy.code) == ("the message", made.code)
