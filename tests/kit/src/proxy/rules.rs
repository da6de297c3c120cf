//! Rules, which choose the requests and replies that are swallowed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::Op;
use super::state::Shared;

/// A rule of a [`Proxy`](super::Proxy). It remains active when this is dropped.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(super) fired: Fired,
    pub(super) shared: Arc<Shared>,
}

impl Rule {
    /// Returns the number of frames that the rule has swallowed. If it swallowed a reply, the server has done the request.
    #[must_use]
    pub fn fired(&self) -> usize {
        self.fired.count()
    }

    /// Waits until the rule has swallowed a frame. Returns `false` if it has not within `timeout`.
    #[must_use]
    pub fn wait_fired(&self, timeout: Duration) -> bool {
        self.shared.wait(timeout, |_| self.fired() > 0)
    }
}

/// The number of times that a rule has fired. Shared by the rule, its handle and the requests whose reply is swallowed.
#[derive(Debug, Clone, Default)]
pub(super) struct Fired(Arc<AtomicUsize>);

impl Fired {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    Request,
    Reply,
}

#[derive(Debug)]
pub(super) enum When {
    /// Once, at the n-th matching request from now.
    Nth(usize),
    /// At each matching request with this probability.
    Random { probability: f64, random: Random },
}

/// An active rule.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) op: Op,
    pub(super) target: Target,
    pub(super) when: When,
    pub(super) fired: Fired,
}

impl Active {
    /// Counts a request, and returns whether the rule fires for it.
    fn fires_for(&mut self, code: i32) -> bool {
        if !self.op.matches(code) {
            return false;
        }
        match &mut self.when {
            When::Nth(0) => false,
            When::Nth(left) => {
                *left -= 1;
                *left == 0
            }
            When::Random { probability, random } => random.fraction() < *probability,
        }
    }
}

/// Lets all rules count a request, and returns the first rule that fires for it.
pub(super) fn first_to_fire(rules: &mut [Active], code: i32) -> Option<&Active> {
    let mut chosen = None;
    for rule in rules {
        if rule.fires_for(code) && chosen.is_none() {
            chosen = Some(&*rule);
        }
    }
    chosen
}

/// Pseudo-random numbers that are the same for the same seed (splitmix64).
#[derive(Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 (inclusive) to 1 (exclusive).
    fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / 4_294_967_296.0
    }
}
