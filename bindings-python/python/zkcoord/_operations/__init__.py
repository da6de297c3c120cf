"""The code that the blocking and the asyncio API share: one class per object, with the arguments checked.

A class of this package has the methods that do not wait. For each method that waits it has a private one that returns
the native operation. The class of the same name in :mod:`zkcoord` blocks until that operation is done, the one in
:mod:`zkcoord.aio` awaits it.
"""


def public_name(thing: object) -> str:
    """Returns the qualified name of an object's class, as imported from the package and not from its module."""
    kind = type(thing)
    return f"{kind.__module__.rpartition('.')[0]}.{kind.__name__}"
