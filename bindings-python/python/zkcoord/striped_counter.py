"""A sum to which many clients add without waiting for each other."""

from __future__ import annotations

from zkcoord._operations.striped_counter import StripedCounterOperations


class StripedCounter(StripedCounterOperations):
    """A sum to which many clients add often. Made by ``client.striped_counter(path)``.

    :meth:`add` only adds in memory. What has come together is written every ``flush_interval`` seconds, into a node of
    this client's own, so that clients do not compete. The price: an add does not tell the value, :meth:`sum` does; and
    what was not flushed when a process dies is lost.

    What :meth:`flush` acknowledged is in every later sum, exactly once, whatever becomes of replies, connections and
    sessions. ``client.close()`` flushes first.

    What clients that are gone have added is folded into the node at the path; a plain :class:`~zkcoord.Counter` there
    reads that part of the sum. Needs servers from 3.6. Meant for up to some hundred clients.

    Example::

        requests = client.striped_counter("/counters/requests")
        for _ in range(1000):
            requests.add()
        requests.flush()
        print(requests.sum())
    """

    def flush(self, *, timeout: float | None = None) -> None:
        """Has everything written that this client has added so far. One round trip; none when nothing waits.

        Args:
            timeout: How many seconds the servers have. ``None``: for ever; 0: try once.

        Raises:
            Indeterminate: The session died while a write was in flight: that write may be in the sum or not, and is not
                tried again. Told once, by the next flush if it was written in the background.
            ZkcoordError: All others leave what was added waiting, to be tried again: :class:`~zkcoord.AcquireTimeout`;
                :class:`~zkcoord.ConnectionLost` with a timeout of 0; :class:`~zkcoord.BadData` or
                :class:`~zkcoord.InvalidArgument` when the node at the path is something else;
                :class:`~zkcoord.CounterOverflow` when this client's part of the sum would leave 64 bits;
                :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.QuotaExceeded`, :class:`~zkcoord.Unsupported` by
                servers before 3.6, :class:`~zkcoord.WouldDeadlock`, :class:`~zkcoord.ClosedError`,
                :class:`~zkcoord.ForkedError`.
        """
        self._flush(timeout).wait()

    def sum(self, *, timeout: float | None = None) -> int:
        """The sum of all that was flushed, by all clients. What was not flushed is not in it. One round trip.

        Every flush acknowledged before the call is in it, and no later sum is without what this one has.

        Args:
            timeout: How many seconds the servers have. ``None``: for ever; 0: try once.

        Raises:
            CounterOverflow: The sum leaves 64 bits.
            BadData: A node holds something else.
            Unsupported: The servers are older than 3.6.
            ZkcoordError: :class:`~zkcoord.AcquireTimeout`, :class:`~zkcoord.ConnectionLost` with a timeout of 0,
                :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.WouldDeadlock`, :class:`~zkcoord.ClosedError`,
                :class:`~zkcoord.ForkedError`.
        """
        return self._sum(timeout).wait()
