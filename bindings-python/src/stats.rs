//! How long waits and holds took.

use pyo3::prelude::*;
use zkcoord::{HoldStats, WaitStats};

use crate::op::seconds;

/// Count, timeouts, and in seconds the mean, the standard deviation, the median and the 99th percentile; all but the timeouts
/// again, of the holds.
pub(crate) type Figures = (u64, u64, f64, f64, f64, f64, Holds);

type Holds = (u64, f64, f64, f64, f64);

pub(crate) fn figures(stats: WaitStats) -> Figures {
    let WaitStats { count, timeouts, mean, stddev, p50, p99, holds, .. } = stats;
    let [mean, stddev, p50, p99] = [mean, stddev, p50, p99].map(|duration| duration.as_secs_f64());
    (count, timeouts, mean, stddev, p50, p99, hold_figures(holds))
}

fn hold_figures(holds: HoldStats) -> Holds {
    let HoldStats { count, mean, stddev, p50, p99, .. } = holds;
    let [mean, stddev, p50, p99] = [mean, stddev, p50, p99].map(|duration| duration.as_secs_f64());
    (count, mean, stddev, p50, p99)
}

/// How likely a wait ends within `budget`, by such figures; NaN before the second wait.
#[pyfunction]
pub(crate) fn success_probability(count: u64, mean: f64, stddev: f64, budget: f64) -> f64 {
    let mut stats = WaitStats::default();
    stats.count = count;
    (stats.mean, stats.stddev) = (seconds(mean), seconds(stddev));
    stats.success_probability(seconds(budget)).unwrap_or(f64::NAN)
}
