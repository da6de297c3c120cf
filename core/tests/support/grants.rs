//! The permits that a rate limiter granted, and checks that it did not grant too many.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

pub(crate) const SECOND: i64 = 1_000_000;

/// The permits of one call, which were granted between just before the call and just after it, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) before: i64,
    pub(crate) after: i64,
    pub(crate) permits: u64,
}

/// Makes a call, and records its permits if the call acquired them.
pub(crate) fn record(grants: &mut Vec<Grant>, permits: u64, call: impl FnOnce() -> bool) -> bool {
    let before = now();
    let granted = call();
    if granted {
        grants.push(Grant { before, after: now(), permits });
    }
    granted
}

pub(crate) fn now() -> i64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_micros() as i64
}

pub(crate) fn permits(grants: &[Grant]) -> u64 {
    grants.iter().map(|grant| grant.permits).sum()
}

/// The largest number of permits that were certainly granted within `length`: their calls began and ended in it.
pub(crate) fn max_within(grants: &[Grant], length: i64) -> u64 {
    let begins = grants.iter().map(|grant| grant.before);
    let within = |begin| grants.iter().filter(move |it| it.before >= begin && it.after < begin + length);
    begins.map(|begin| within(begin).map(|grant| grant.permits).sum()).max().unwrap_or(0)
}

/// The largest number of permits whose calls ended within `length`.
pub(crate) fn max_ended_within(grants: &[Grant], length: i64) -> u64 {
    let begins = grants.iter().map(|grant| grant.after);
    let within = |begin| grants.iter().filter(move |it| (begin..begin + length).contains(&it.after));
    begins.map(|begin| within(begin).map(|grant| grant.permits).sum()).max().unwrap_or(0)
}

/// Asserts that no window has more than `max` permits, as far as the callers can know.
///
/// A caller does not know at which time during its call a permit was granted. So two more checks follow: there may not be
/// more permits in all than fit into the whole time, and no more than `max` calls may end within half a window. The latter
/// can only be wrong if a thread did not run for half a window.
pub(crate) fn assert_limit(grants: &[Grant], max: u64, per: Duration) {
    let per = per.as_micros() as i64;
    let certain = max_within(grants, per);
    assert!(certain <= max, "{certain} permits within {per} us, not {max}");
    let begin = grants.iter().map(|grant| grant.before).min().unwrap_or(0);
    let end = grants.iter().map(|grant| grant.after).max().unwrap_or(0);
    let (all, fit) = (permits(grants), max * ((end - begin) / per + 1) as u64);
    assert!(all <= fit, "{all} permits in {} us, not {fit}", end - begin);
    let half = (per / 2).min(per - SECOND / 4);
    let ended = max_ended_within(grants, half);
    assert!(ended <= max, "{ended} permits within {half} us, not {max}");
}
