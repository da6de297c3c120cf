"""Statistics of waits and holds, and the probability that the next wait succeeds in time."""

from __future__ import annotations

from dataclasses import dataclass

from zkcoord import _arguments, _zkcoord


@dataclass(frozen=True, slots=True)
class HoldStats:
    """Statistics of the holds of one lock object, in seconds. Only holds that ended with a release count.

    Mean, deviation and quantiles are those of the latest 1,024 holds.

    Attributes:
        count: The number of holds.
        mean: The mean.
        stddev: The standard deviation.
        p50: The median.
        p99: The 99th percentile.
    """

    count: int
    mean: float
    stddev: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class WaitStats:
    """Statistics of the successful waits of one lock, counter or limiter object, in seconds. Made by its ``stats()``.

    Mean, deviation and quantiles are those of the latest 1,024 waits.

    Attributes:
        count: The number of successful waits.
        timeouts: The number of waits that ended with :class:`~zkcoord.AcquireTimeout`.
        mean: The mean.
        stddev: The standard deviation.
        p50: The median.
        p99: The 99th percentile.
        holds: The holds of locks acquired by waiting or by trying. All zero for objects that hold nothing.
    """

    count: int
    timeouts: int
    mean: float
    stddev: float
    p50: float
    p99: float
    holds: HoldStats = HoldStats(0, 0.0, 0.0, 0.0, 0.0)

    def success_probability(self, budget_seconds: float) -> float:
        """Returns the probability, from 0 to 1, that a wait succeeds within a time. NaN before the second wait.

        It is an estimate: after n waits its error is about 0.45 / √n, and it cannot reflect later changes.

        Args:
            budget_seconds: The time in seconds.

        Raises:
            InvalidArgument: ``budget_seconds`` is not a number of at least 0.

        Example::

            if mutex.stats().success_probability(0.5) < 0.1:
                raise Busy("not now")  # rather than queue in vain
        """
        budget = _arguments.seconds("budget_seconds", budget_seconds)
        return _zkcoord.success_probability(self.count, self.mean, self.stddev, budget)


def wait_stats(native: _zkcoord._WaitStats) -> WaitStats:
    """Returns the statistics of the native object with names."""
    count, timeouts, mean, stddev, p50, p99, holds = native
    return WaitStats(count, timeouts, mean, stddev, p50, p99, HoldStats(*holds))
