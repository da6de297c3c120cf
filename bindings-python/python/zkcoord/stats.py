"""How long waits and holds took, and what that says of the next wait."""

from __future__ import annotations

from dataclasses import dataclass

from zkcoord import _arguments, _zkcoord


@dataclass(frozen=True, slots=True)
class HoldStats:
    """The holds of what one lock object acquired, in seconds: those that ended with a release. Lost ones do not count.

    Mean, deviation and quantiles are those of the latest 1,024.

    Attributes:
        count: How many holds ended.
        mean: The mean.
        stddev: The standard deviation.
        p50: Half of the holds took at most this long.
        p99: 99 % of them took at most this long.
    """

    count: int
    mean: float
    stddev: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class WaitStats:
    """The waits of one lock, counter or limiter object that ended well, in seconds. Made by its ``stats()``.

    Mean, deviation and quantiles are those of the latest 1,024.

    Attributes:
        count: How many waits ended well.
        timeouts: How many ended with :class:`~zkcoord.AcquireTimeout`.
        mean: The mean.
        stddev: The standard deviation.
        p50: Half of the waits took at most this long.
        p99: 99 % of them took at most this long.
        holds: How long was held what was waited for, or had by trying. All zero where nothing is held.
    """

    count: int
    timeouts: int
    mean: float
    stddev: float
    p50: float
    p99: float
    holds: HoldStats = HoldStats(0, 0.0, 0.0, 0.0, 0.0)

    def success_probability(self, budget_seconds: float) -> float:
        """How likely a wait ends within so many seconds, from 0 to 1. NaN before the second wait.

        An estimate: with n waits seen it is off by about 0.45 / √n, and it cannot know what changed since.

        Raises:
            InvalidArgument: ``budget_seconds`` is no number of at least 0.

        Example::

            if mutex.stats().success_probability(0.5) < 0.1:
                raise Busy("not now")  # rather than queue in vain
        """
        budget = _arguments.seconds("budget_seconds", budget_seconds)
        return _zkcoord.success_probability(self.count, self.mean, self.stddev, budget)


def wait_stats(
    figures: tuple[int, int, float, float, float, float, tuple[int, float, float, float, float]],
) -> WaitStats:
    """What the native half tells, with names."""
    count, timeouts, mean, stddev, p50, p99, holds = figures
    return WaitStats(count, timeouts, mean, stddev, p50, p99, HoldStats(*holds))
