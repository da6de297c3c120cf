"""What the waiting and the asyncio world do alike: the operations of each object, with their arguments checked.

A class of this package has the methods that do not wait, and for each that does one which makes the operation. The
classes of the same name in :mod:`zkcoord` wait for it, those in :mod:`zkcoord.aio` await it.
"""


def title(thing: object) -> str:
    """The public name of a thing's class: that of its package, not of the file that it is in."""
    kind = type(thing)
    return f"{kind.__module__.rpartition('.')[0]}.{kind.__name__}"
