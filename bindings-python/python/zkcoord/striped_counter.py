"""A sum to which many clients add without waiting for each other."""

from __future__ import annotations

from zkcoord._operations.striped_counter import StripedCounterOperations


class StripedCounter(StripedCounterOperations):
    """A sum to which many clients add often. Made by ``client.striped_counter(path)``.

    :meth:`add` only adds in memory. The additions are written every ``flush_interval`` seconds, into a node of this
    client's own, so that clients do not compete. In return, an addition does not return the value (:meth:`sum` does),
    and additions that were not flushed when a process dies are lost.

    Additions acknowledged by :meth:`flush` are in every later sum, exactly once, even if replies, connections or
    sessions are lost. ``client.close()`` flushes first.

    The additions of clients that have ended are merged into the node at the path; a :class:`~zkcoord.Counter` there
    reads that part of the sum. Needs ZooKeeper 3.6 or newer. Meant for up to a few hundred clients.

    Example::

        requests = client.striped_counter("/counters/requests")
        for _ in range(1000):
            requests.add()
        requests.flush()
        print(requests.sum())
    """

    def flush(self, *, timeout: float | None = None) -> None:
        """Writes everything that this client has added so far. One round trip; none if nothing is pending.

        Args:
            timeout: The seconds that the servers may take. ``None``: no limit; 0: try once.

        Raises:
            Indeterminate: The session ended while a write was in flight. That write may or may not be in the sum, and
                is not retried. If it was a background write, the next flush raises this once.
            ZkcoordError: All other errors leave the additions pending, to be retried: :class:`~zkcoord.AcquireTimeout`;
                :class:`~zkcoord.ConnectionLost` with a timeout of 0; :class:`~zkcoord.BadData` or
                :class:`~zkcoord.InvalidArgument` if the node at the path is something else;
                :class:`~zkcoord.CounterOverflow` if this client's part of the sum would exceed 64 bits;
                :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.QuotaExceeded`, :class:`~zkcoord.Unsupported` with
                servers before 3.6, :class:`~zkcoord.WouldDeadlock`, :class:`~zkcoord.ClosedError`,
                :class:`~zkcoord.ForkedError`.
        """
        self._flush(timeout).wait()

    def sum(self, *, timeout: float | None = None) -> int:
        """Returns the sum of all flushed additions of all clients. One round trip.

        It includes every flush acknowledged before the call, and no later sum lacks an addition that this one includes.

        Args:
            timeout: The seconds that the servers may take. ``None``: no limit; 0: try once.

        Raises:
            CounterOverflow: The sum exceeds 64 bits.
            BadData: A node holds something else.
            Unsupported: The servers are older than 3.6.
            ZkcoordError: :class:`~zkcoord.AcquireTimeout`, :class:`~zkcoord.ConnectionLost` with a timeout of 0,
                :class:`~zkcoord.NotAuthorized`, :class:`~zkcoord.WouldDeadlock`, :class:`~zkcoord.ClosedError`,
                :class:`~zkcoord.ForkedError`.
        """
        return self._sum(timeout).wait()
