//! Statistics about the durations of waits and holds.

use std::time::Duration;

use zkcoord_core::{HoldStats, WaitStats};

use crate::pointer::free;
use crate::time::timeout;

/// Statistics about waits and holds, as they were when zkcoord_mutex_stats() or a similar function returned them. They
/// do not change.
///
/// Waits are the successful calls that acquire, or the changes of a counter. Holds are the times for which locks were
/// held, if they ended with a release or a free of the guard; lost locks do not count. Mean, standard deviation and
/// quantiles cover the latest 1024 waits or holds and are in seconds. They are 0 before the first, and for NULL.
pub struct zkcoord_stats(pub(crate) WaitStats);

/// Returns the number of successful waits.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_count(stats: Option<&zkcoord_stats>) -> u64 {
    stats.map_or(0, |stats| stats.0.count)
}

/// Returns the number of waits that ended with ZKCOORD_STATUS_TIMEOUT.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_timeouts(stats: Option<&zkcoord_stats>) -> u64 {
    stats.map_or(0, |stats| stats.0.timeouts)
}

/// Returns the mean of the waits, in seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_mean(stats: Option<&zkcoord_stats>) -> f64 {
    seconds(stats, |stats| stats.mean)
}

/// Returns the standard deviation of the waits, in seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_stddev(stats: Option<&zkcoord_stats>) -> f64 {
    seconds(stats, |stats| stats.stddev)
}

/// Returns the median of the waits, in seconds: half of them took no longer.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_p50(stats: Option<&zkcoord_stats>) -> f64 {
    seconds(stats, |stats| stats.p50)
}

/// Returns the 99th percentile of the waits, in seconds: 99 % of them took no longer.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_p99(stats: Option<&zkcoord_stats>) -> f64 {
    seconds(stats, |stats| stats.p99)
}

/// Returns the probability, from 0 to 1, that a wait ends within `budget_ms` milliseconds. A negative budget is
/// infinite and gives 1. Returns NaN before the second wait, and for NULL.
///
/// Waits are assumed to have a logistic distribution: P = 1 / (1 + e^-k), k = (budget - mean) / (stddev * sqrt(3) /
/// pi). After n waits the error is at most about 0.45 / sqrt(n): 0.1 with 20, 0.015 with 1000.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_success_probability(stats: Option<&zkcoord_stats>, budget_ms: i64) -> f64 {
    let budget = timeout(budget_ms);
    stats.and_then(|stats| stats.0.success_probability(budget)).unwrap_or(f64::NAN)
}

/// Returns the number of holds that ended.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_hold_count(stats: Option<&zkcoord_stats>) -> u64 {
    stats.map_or(0, |stats| stats.0.holds.count)
}

/// Returns the mean of the holds, in seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_hold_mean(stats: Option<&zkcoord_stats>) -> f64 {
    hold_seconds(stats, |holds| holds.mean)
}

/// Returns the standard deviation of the holds, in seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_hold_stddev(stats: Option<&zkcoord_stats>) -> f64 {
    hold_seconds(stats, |holds| holds.stddev)
}

/// Returns the median of the holds, in seconds: half of them took no longer.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_hold_p50(stats: Option<&zkcoord_stats>) -> f64 {
    hold_seconds(stats, |holds| holds.p50)
}

/// Returns the 99th percentile of the holds, in seconds: 99 % of them took no longer.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_hold_p99(stats: Option<&zkcoord_stats>) -> f64 {
    hold_seconds(stats, |holds| holds.p99)
}

/// Takes ownership of the statistics and frees them. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_free(stats: Option<Box<zkcoord_stats>>) {
    free(stats);
}

fn seconds(stats: Option<&zkcoord_stats>, figure: impl FnOnce(&WaitStats) -> Duration) -> f64 {
    stats.map_or(0.0, |stats| figure(&stats.0).as_secs_f64())
}

fn hold_seconds(stats: Option<&zkcoord_stats>, figure: impl FnOnce(&HoldStats) -> Duration) -> f64 {
    seconds(stats, |stats| figure(&stats.holds))
}
