//! Rules: which of the requests that come by are to be lost, or are to lose their reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::Op;
use super::state::Shared;

/// A rule that was given to a [`Proxy`](super::Proxy); it stays in force when this is dropped.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(super) fired: Fired,
    pub(super) shared: Arc<Shared>,
}

impl Rule {
    /// How many frames the rule has swallowed. For a lost reply that means: the server has done the request.
    #[must_use]
    pub fn fired(&self) -> usize {
        self.fired.count()
    }

    /// Waits until the rule has swallowed a frame; `false` if it has not after `timeout`.
    #[must_use]
    pub fn wait_fired(&self, timeout: Duration) -> bool {
        self.shared.wait(timeout, |_| self.fired() > 0)
    }
}

/// How often a rule has fired; shared between the rule, its handle and the requests whose reply is to be
/// lost.
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
    /// At the n-th matching request from now, once.
    Nth(usize),
    /// At each matching request with this probability.
    Random { probability: f64, random: Random },
}

/// One rule in force.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) op: Op,
    pub(super) target: Target,
    pub(super) when: When,
    pub(super) fired: Fired,
}

impl Active {
    /// Looks at one request; `true` if the rule's turn has come.
    fn meets(&mut self, code: i32) -> bool {
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

/// Shows a request to all rules (each of them counts it) and returns the first one whose turn has come.
pub(super) fn first_to_fire(rules: &mut [Active], code: i32) -> Option<&Active> {
    let mut chosen = None;
    for rule in rules {
        if rule.meets(code) && chosen.is_none() {
            chosen = Some(&*rule);
        }
    }
    chosen
}

/// Random numbers that are the same for the same seed (splitmix64).
#[derive(Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to but not including 1.
    fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / 4_294_967_296.0
    }
}
