//! Statistics of waits and holds.

use pyo3::prelude::*;
use zkcoord::{HoldStats, WaitStats};

use crate::op::seconds;

/// Count, timeouts, and in seconds the mean, the standard deviation, the median and the 99th percentile of the waits; then
/// the same, without timeouts, of the holds.
pub(crate) type StatsTuple = (u64, u64, f64, f64, f64, f64, HoldsTuple);

type HoldsTuple = (u64, f64, f64, f64, f64);

pub(crate) fn stats_tuple(stats: WaitStats) -> StatsTuple {
    let WaitStats { count, timeouts, mean, stddev, p50, p99, holds, .. } = stats;
    let [mean, stddev, p50, p99] = [mean, stddev, p50, p99].map(|duration| duration.as_secs_f64());
    (count, timeouts, mean, stddev, p50, p99, holds_tuple(holds))
}

fn holds_tuple(holds: HoldStats) -> HoldsTuple {
    let HoldStats { count, mean, stddev, p50, p99, .. } = holds;
    let [mean, stddev, p50, p99] = [mean, stddev, p50, p99].map(|duration| duration.as_secs_f64());
    (count, mean, stddev, p50, p99)
}

/// The probability, by such statistics, that a wait ends within `budget` seconds; NaN before the second wait.
#[pyfunction]
pub(crate) fn success_probability(count: u64, mean: f64, stddev: f64, budget: f64) -> f64 {
    let mut stats = WaitStats::default();
    stats.count = count;
    (stats.mean, stats.stddev) = (seconds(mean), seconds(stddev));
    stats.success_probability(seconds(budget)).unwrap_or(f64::NAN)
}
