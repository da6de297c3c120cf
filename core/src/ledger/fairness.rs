//! Whose turn it is, when several clients write one node.
//!
//! Of the clients that write at the same time one wins, and the others are told `BadVersion`. The winner is told first, so its
//! next write would win again, and it would never learn of the others. Therefore:
//!
//! 1. Who loses tries again at once, with what was read behind the failed write.
//! 2. Who has lost lately gives way after each win: it reads the node once or twice, by chance, before it writes again. Reads
//!    take about as long as others need for their write, tell what they wrote, and let the own batch grow.
//! 3. Who has won [`CALM`] times in a row gives way once in so many wins only: to learn of others, if there are any.
//! 4. Nobody gives way who was not about to write again within a round trip: the others had their turn.

use std::time::Duration;

use crate::session::BootInstant;

/// So many wins in a row mean that nobody else writes.
const CALM: u64 = 64;

/// How this client fared against others.
#[derive(Debug)]
pub(super) struct Fairness {
    wins_in_a_row: u64,
    last_win: Option<Win>,
}

#[derive(Debug)]
struct Win {
    at: BootInstant,
    took: Duration,
}

impl Default for Fairness {
    fn default() -> Fairness {
        Fairness { wins_in_a_row: CALM, last_win: None }
    }
}

impl Fairness {
    /// A write that was sent then has been applied.
    pub(super) fn won(&mut self, sent: BootInstant) {
        let at = BootInstant::now();
        self.wins_in_a_row += 1;
        self.last_win = Some(Win { at, took: sent.until(at) });
    }

    /// Somebody else wrote first.
    pub(super) fn lost(&mut self) {
        self.wins_in_a_row = 0;
    }

    /// Whether others write too. Then a read goes out behind the write.
    pub(super) fn are_shared(&self) -> bool {
        self.wins_in_a_row < CALM
    }

    /// How often to read before the next write.
    pub(super) fn reads_owed(&self) -> usize {
        let at_once = self.last_win.as_ref().is_some_and(|win| win.at.until(BootInstant::now()) < win.took);
        let owing = self.are_shared() || self.wins_in_a_row.is_multiple_of(CALM);
        if at_once && owing { fastrand::usize(1..=2) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A write that took a minute, so that the next comes within a round trip.
    fn win(fairness: &mut Fairness) {
        let now = BootInstant::now().as_micros();
        fairness.won(BootInstant::from_micros(now - 60_000_000));
    }

    #[test]
    fn who_is_alone_gives_way_rarely() {
        let mut fairness = Fairness::default();
        assert_eq!((fairness.reads_owed(), fairness.are_shared()), (0, false));
        let gave_way = (0..CALM * 10).filter(|_| {
            win(&mut fairness);
            fairness.reads_owed() > 0
        });
        assert_eq!(gave_way.count(), 10);
    }

    #[test]
    fn who_has_lost_gives_way_until_nobody_seems_to_be_there() {
        let mut fairness = Fairness::default();
        fairness.lost();
        for _ in 1..CALM {
            assert!(fairness.are_shared());
            win(&mut fairness);
            assert!((1..=2).contains(&fairness.reads_owed()));
        }
        win(&mut fairness);
        assert!(!fairness.are_shared());
    }

    #[test]
    fn who_comes_back_later_has_given_way() {
        let mut fairness = Fairness::default();
        fairness.lost();
        fairness.won(BootInstant::now());
        while fairness.last_win.as_ref().is_some_and(|win| win.at.until(BootInstant::now()) < win.took) {}
        assert_eq!(fairness.reads_owed(), 0);
    }
}
