//! At most so many permits in any stretch of time of one length.

use std::collections::VecDeque;

/// Moments are kept to this fraction of the window, rounded up, so that a window has a few hundred runs at most.
const GRAINS: i64 = 200;

/// The permits given out last, by the latest moment at which each may be used: as many as matter for the next one.
///
/// Why that is enough: a permit is given from the moment on at which, of all given before, fewer than `most` may have been
/// used within the last `length`. Suppose `most + 1` were used within one `length`, and take the one of them that was given
/// last. It may not be used before (the `most`-th latest of all moments known then) + `length`. Of the other `most` at least
/// one has a moment no later than that `most`-th, so at least `length` lies between these two. They cannot be in one window.
/// That holds also when a moment is moved to an earlier one after which the permit will certainly not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    most: u64,
    length: i64,
    /// Ascending. Never more than `most` permits.
    runs: VecDeque<Run>,
    permits: u64,
    /// The latest moment of the permits that were left out because there are `most` later ones.
    left_out: Option<i64>,
}

/// Permits that share a moment, in microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) moment: i64,
    pub(super) permits: u64,
}

impl Window {
    pub(super) fn new(most: u64, length: i64) -> Window {
        Window { most, length, runs: VecDeque::new(), permits: 0, left_out: None }
    }

    pub(super) fn most(&self) -> u64 {
        self.most
    }

    pub(super) fn length(&self) -> i64 {
        self.length
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = Run> {
        self.runs.iter().copied()
    }

    pub(super) fn left_out(&self) -> Option<i64> {
        self.left_out
    }

    pub(super) fn leave_out(&mut self, moment: i64) {
        self.left_out = self.left_out.max(Some(moment));
    }

    /// From when on that many more may be used. `None` when they may be at any time.
    pub(super) fn room(&self, permits: u64) -> Option<i64> {
        let mut in_the_way = (self.permits + permits).checked_sub(self.most).filter(|excess| *excess > 0)?;
        for run in &self.runs {
            if run.permits >= in_the_way {
                return Some(run.moment.saturating_add(self.length));
            }
            in_the_way -= run.permits;
        }
        // Only more than `most` at once come here, who never fit.
        Some(i64::MAX)
    }

    /// How many more may be used at `moment`.
    pub(super) fn room_at(&self, moment: i64) -> u64 {
        let gone = self.runs.iter().take_while(|run| run.moment.saturating_add(self.length) <= moment);
        self.most - self.permits + gone.map(|run| run.permits).sum::<u64>()
    }

    /// Counts permits that may be used until `moment`.
    pub(super) fn add(&mut self, permits: u64, moment: i64) {
        let moment = self.rounded(moment);
        let index = self.runs.partition_point(|run| run.moment < moment);
        match self.runs.get_mut(index) {
            Some(run) if run.moment == moment => run.permits += permits,
            _ => self.runs.insert(index, Run { moment, permits }),
        }
        self.permits += permits;
        // Of more than `most`, the earliest are in nobody's way any more.
        while let Some(excess) = self.permits.checked_sub(self.most).filter(|excess| *excess > 0)
            && let Some(first) = self.runs.front_mut()
        {
            let (moment, permits) = (first.moment, excess.min(first.permits));
            first.permits -= permits;
            self.permits -= permits;
            if first.permits == 0 {
                self.runs.pop_front();
            }
            self.leave_out(moment);
        }
    }

    /// Permits that were counted until `moment` were not used after `earlier`, or not at all. Says whether that changes anything.
    pub(super) fn settle(&mut self, permits: u64, moment: i64, earlier: Option<i64>) -> bool {
        let moment = self.rounded(moment);
        // One that was left out takes the place.
        let earlier = earlier.map(|earlier| self.rounded(earlier)).max(self.left_out);
        let Ok(index) = self.runs.binary_search_by_key(&moment, |run| run.moment) else { return false };
        if earlier.is_some_and(|earlier| earlier >= moment) || self.runs[index].permits < permits {
            return false;
        }
        self.runs[index].permits -= permits;
        self.permits -= permits;
        if self.runs[index].permits == 0 {
            self.runs.remove(index);
        }
        if let Some(earlier) = earlier {
            self.add(permits, earlier);
        }
        true
    }

    /// A moment no earlier than this, of those that are kept.
    fn rounded(&self, moment: i64) -> i64 {
        let grain = (self.length / GRAINS).max(1);
        moment.saturating_add(grain - 1) / grain * grain
    }

    /// Leaves out what is in nobody's way from `moment` on.
    pub(super) fn forget(&mut self, moment: i64) {
        while let Some(first) = self.runs.front()
            && first.moment.saturating_add(self.length) <= moment
        {
            self.permits -= first.permits;
            self.runs.pop_front();
        }
        self.left_out = self.left_out.filter(|left_out| left_out.saturating_add(self.length) > moment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(window: &Window) -> Vec<(i64, u64)> {
        window.runs().map(|run| (run.moment, run.permits)).collect()
    }

    #[test]
    fn the_next_fits_one_length_after_the_one_that_is_in_its_way() {
        let mut window = Window::new(3, 1000);
        assert_eq!((window.room(1), window.room(3), window.room(4)), (None, None, Some(i64::MAX)));
        window.add(2, 100);
        window.add(1, 200);
        assert_eq!([1, 2, 3].map(|permits| window.room(permits)), [Some(1100), Some(1100), Some(1200)]);
        assert_eq!([1099, 1100, 1199, 1200].map(|moment| window.room_at(moment)), [0, 2, 2, 3]);
        window.add(1, 1100);
        assert_eq!(runs(&window), [(100, 1), (200, 1), (1100, 1)], "no more than matter");
        window.forget(1099);
        assert_eq!(window.room(1), Some(1100));
        window.forget(1100);
        assert_eq!((window.room(1), window.room(2)), (None, Some(1200)));
    }

    #[test]
    fn moments_are_rounded_to_the_safe_side_and_kept_in_order() {
        let mut window = Window::new(10, 2000);
        for moment in [101, 110, 95, 130, 91] {
            window.add(1, moment);
        }
        assert_eq!(runs(&window), [(100, 2), (110, 2), (130, 1)]);
    }

    #[test]
    fn what_was_used_early_or_not_at_all_is_counted_no_longer() {
        let mut window = Window::new(5, 1000);
        window.add(2, 100);
        window.add(2, 200);
        assert!(window.settle(1, 200, Some(150)));
        assert!(window.settle(1, 100, None));
        assert_eq!(runs(&window), [(100, 1), (150, 1), (200, 1)]);
        assert!(
            !window.settle(1, 200, Some(200)) && !window.settle(1, 190, None) && !window.settle(2, 200, None)
        );
        assert_eq!(window.permits, 3);
        window.add(3, 300);
        assert_eq!((runs(&window), window.left_out), (vec![(150, 1), (200, 1), (300, 3)], Some(100)));
        assert!(window.settle(2, 300, None) && window.settle(1, 300, Some(120)));
        assert_eq!(
            runs(&window),
            [(100, 2), (120, 1), (150, 1), (200, 1)],
            "there were others at 100, or before"
        );
        window.forget(1100);
        assert_eq!((runs(&window), window.left_out), (vec![(120, 1), (150, 1), (200, 1)], None));
    }

    #[test]
    fn a_full_window_stays_small() {
        let mut window = Window::new(1_000_000, 1_000_000);
        for moment in 0..100_000 {
            window.add(10, moment * 10);
        }
        assert!(window.runs.len() <= 201, "{}", window.runs.len());
    }
}
