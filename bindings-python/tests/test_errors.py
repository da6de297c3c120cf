import inspect
import pickle

import zkcoord
from zkcoord import _zkcoord, errors

# What the classes are besides, as docs/errors.md and the design have it.
ALSO = {
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


def test_the_classes_are_those_of_the_cores_table() -> None:
    table = {name: code for code, _, name, _ in _zkcoord.error_table()}
    assert {name: made.code for name, made in _classes().items()} == table


def test_every_class_is_public_and_has_its_bases() -> None:
    for name, made in _classes().items():
        assert getattr(zkcoord, name) is made
        assert name in zkcoord.__all__
        assert made.__bases__ == (
            (zkcoord.ZkcoordError, ALSO[name]) if name in ALSO else (zkcoord.ZkcoordError,)
        )
        assert made.__doc__


def test_errors_carry_their_text_and_can_be_sent_to_other_processes() -> None:
    for made in _classes().values():
        copy = pickle.loads(pickle.dumps(made("the message")))
        assert type(copy) is made
        assert (str(copy), copy.code) == ("the message", made.code)
