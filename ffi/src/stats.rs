//! How long waits and holds took.

use std::time::Duration;

use zkcoord_core::{HoldStats, WaitStats};

use crate::boundary::free;

/// How long the waits took that ended well, until zkcoord_mutex_stats() or its like was called; a counter's changes are such
/// waits too. And how long locks were held, of the holds that ended with a release or a free of the guard; lost ones do not
/// count. It does not change any more. Mean, deviation and quantiles are those of the latest 1024, in seconds; 0 before the
/// first, and for NULL.
pub struct zkcoord_stats(pub(crate) WaitStats);

/// How many waits ended well.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_count(stats: Option<&zkcoord_stats>) -> u64 {
    stats.map_or(0, |stats| stats.0.count)
}

/// How many waits ended with ZKCOORD_STATUS_TIMEOUT.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_timeouts(stats: Option<&zkcoord_stats>) -> u64 {
    stats.map_or(0, |stats| stats.0.timeouts)
}

/// The mean of the waits, in seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_mean(stats: Option<&zkcoord_stats>) -> f64 {
    seconds(stats, |stats| stats.mean)
}

/// The standard deviation of the waits, in seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_stddev(stats: Option<&zkcoord_stats>) -> f64 {
    seconds(stats, |stats| stats.stddev)
}

/// Half of the waits took at most so many seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_p50(stats: Option<&zkcoord_stats>) -> f64 {
    seconds(stats, |stats| stats.p50)
}

/// 99 % of the waits took at most so many seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_p99(stats: Option<&zkcoord_stats>) -> f64 {
    seconds(stats, |stats| stats.p99)
}

/// How likely a wait ends within `budget_ms`, from 0 to 1; for a negative budget, which is for ever, 1. NaN before the
/// second wait, and for NULL.
///
/// Waits are taken to be distributed logistically: P = 1 / (1 + e^-k), k = (budget - mean) / (stddev * sqrt(3) / pi).
/// With n waits seen it is off by at most about 0.45 / sqrt(n): 0.1 with 20, 0.015 with 1000.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_success_probability(stats: Option<&zkcoord_stats>, budget_ms: i64) -> f64 {
    let budget = u64::try_from(budget_ms).map_or(Duration::MAX, Duration::from_millis);
    stats.and_then(|stats| stats.0.success_probability(budget)).unwrap_or(f64::NAN)
}

/// How many holds ended.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_hold_count(stats: Option<&zkcoord_stats>) -> u64 {
    stats.map_or(0, |stats| stats.0.holds.count)
}

/// The mean of the holds, in seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_hold_mean(stats: Option<&zkcoord_stats>) -> f64 {
    hold_seconds(stats, |holds| holds.mean)
}

/// The standard deviation of the holds, in seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_hold_stddev(stats: Option<&zkcoord_stats>) -> f64 {
    hold_seconds(stats, |holds| holds.stddev)
}

/// Half of the holds took at most so many seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_hold_p50(stats: Option<&zkcoord_stats>) -> f64 {
    hold_seconds(stats, |holds| holds.p50)
}

/// 99 % of the holds took at most so many seconds.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_stats_hold_p99(stats: Option<&zkcoord_stats>) -> f64 {
    hold_seconds(stats, |holds| holds.p99)
}

/// Takes ownership of the figures. NULL is fine.
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
