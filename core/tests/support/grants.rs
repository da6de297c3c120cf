//! What a rate limiter let through, and whether that was too much.

#![allow(dead_code, reason = "every test program uses a part of it")]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

pub(crate) const SECOND: i64 = 1_000_000;

/// Permits that a call had: somewhere between just before it and just after it, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) before: i64,
    pub(crate) after: i64,
    pub(crate) permits: u64,
}

/// Makes a call, and notes its permits if it had them.
pub(crate) fn note(grants: &mut Vec<Grant>, permits: u64, call: impl FnOnce() -> bool) -> bool {
    let before = now();
    let had = call();
    if had {
        grants.push(Grant { before, after: now(), permits });
    }
    had
}

pub(crate) fn now() -> i64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_micros() as i64
}

pub(crate) fn permits(grants: &[Grant]) -> u64 {
    grants.iter().map(|grant| grant.permits).sum()
}

/// The most permits that were certainly had within `length`: their calls began and ended in it.
pub(crate) fn most_within(grants: &[Grant], length: i64) -> u64 {
    let begins = grants.iter().map(|grant| grant.before);
    let within = |begin| grants.iter().filter(move |it| it.before >= begin && it.after < begin + length);
    begins.map(|begin| within(begin).map(|grant| grant.permits).sum()).max().unwrap_or(0)
}

/// The most permits whose calls ended within `length`.
pub(crate) fn most_ended_within(grants: &[Grant], length: i64) -> u64 {
    let begins = grants.iter().map(|grant| grant.after);
    let within = |begin| grants.iter().filter(move |it| (begin..begin + length).contains(&it.after));
    begins.map(|begin| within(begin).map(|grant| grant.permits).sum()).max().unwrap_or(0)
}

/// No window has more than `most`, as far as those can tell who made the calls.
///
/// They cannot tell when exactly a call that waited was let through. So there may not be more in all than fit, either; nor may
/// more of them end in half a window: only a thread that did not run for as long as that can be wrong there.
pub(crate) fn assert_limit(grants: &[Grant], most: u64, per: Duration) {
    let per = per.as_micros() as i64;
    let certain = most_within(grants, per);
    assert!(certain <= most, "{certain} permits within {per} us, not {most}");
    let begin = grants.iter().map(|grant| grant.before).min().unwrap_or(0);
    let end = grants.iter().map(|grant| grant.after).max().unwrap_or(0);
    let (all, fit) = (permits(grants), most * ((end - begin) / per + 1) as u64);
    assert!(all <= fit, "{all} permits in {} us, not {fit}", end - begin);
    let half = (per / 2).min(per - SECOND / 4);
    let ended = most_ended_within(grants, half);
    assert!(ended <= most, "{ended} permits within {half} us, not {most}");
}
