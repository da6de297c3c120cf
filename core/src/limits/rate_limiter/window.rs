//! A window: at most a number of permits in any period of one length.

use std::collections::VecDeque;

/// The number of parts into which a window is divided. Moments are rounded up to a multiple of such a part, so that a window has
/// a few hundred runs at most.
const PARTS: i64 = 200;

/// The permits reserved last, each with the latest moment at which it may be used: as many as matter for the next one.
///
/// These are enough to keep the limit: a permit is reserved from the first moment on at which, of all reserved before, fewer than
/// `max` may have been used within the last `length`. Suppose `max + 1` were used within one `length`, and take the one of them
/// that was reserved last. It may not be used before (the `max`-th latest of all moments known then) + `length`. Of the other
/// `max` permits at least one has a moment no later than that `max`-th, so at least `length` lies between these two. They cannot
/// be in one window. This also holds if a moment is moved to an earlier one after which the permit will certainly not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    max: u64,
    length: i64,
    /// In ascending order, with at most `max` permits in all.
    runs: VecDeque<Run>,
    /// The number of permits in `runs`.
    permits: u64,
    /// The latest moment of the permits that were dropped because there are `max` later ones.
    latest_dropped: Option<i64>,
}

/// Permits with the same moment, in microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) moment: i64,
    pub(super) permits: u64,
}

impl Window {
    pub(super) fn new(max: u64, length: i64) -> Window {
        Window { max, length, runs: VecDeque::new(), permits: 0, latest_dropped: None }
    }

    pub(super) fn max(&self) -> u64 {
        self.max
    }

    /// Returns the length, in microseconds.
    pub(super) fn length(&self) -> i64 {
        self.length
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = Run> {
        self.runs.iter().copied()
    }

    pub(super) fn latest_dropped(&self) -> Option<i64> {
        self.latest_dropped
    }

    /// Notes that permits with this moment were dropped.
    pub(super) fn note_dropped(&mut self, moment: i64) {
        self.latest_dropped = self.latest_dropped.max(Some(moment));
    }

    /// Returns the moment from which `permits` more may be used, or `None` if they may be used at any time.
    pub(super) fn free_from(&self, permits: u64) -> Option<i64> {
        let mut excess = (self.permits + permits).checked_sub(self.max).filter(|excess| *excess > 0)?;
        for run in &self.runs {
            if run.permits >= excess {
                return Some(run.moment.saturating_add(self.length));
            }
            excess -= run.permits;
        }
        // Only more than `max` permits at once come here. They never fit.
        Some(i64::MAX)
    }

    /// Returns how many more permits may be used at `moment`.
    pub(super) fn free_at(&self, moment: i64) -> u64 {
        let expired = self.runs.iter().take_while(|run| run.moment.saturating_add(self.length) <= moment);
        self.max - self.permits + expired.map(|run| run.permits).sum::<u64>()
    }

    /// Counts permits that may be used until `moment`.
    pub(super) fn add(&mut self, permits: u64, moment: i64) {
        let moment = self.round_up(moment);
        let index = self.runs.partition_point(|run| run.moment < moment);
        match self.runs.get_mut(index) {
            Some(run) if run.moment == moment => run.permits += permits,
            _ => self.runs.insert(index, Run { moment, permits }),
        }
        self.permits += permits;
        // Of more than `max` permits, the earliest do not matter any more.
        while let Some(excess) = self.permits.checked_sub(self.max).filter(|excess| *excess > 0)
            && let Some(first) = self.runs.front_mut()
        {
            let (moment, permits) = (first.moment, excess.min(first.permits));
            first.permits -= permits;
            self.permits -= permits;
            if first.permits == 0 {
                self.runs.pop_front();
            }
            self.note_dropped(moment);
        }
    }

    /// Corrects the moment of permits that were counted until `moment`: they were not used after `earlier`, or not at all if it is
    /// `None`. Returns whether that changes anything.
    pub(super) fn correct(&mut self, permits: u64, moment: i64, earlier: Option<i64>) -> bool {
        let moment = self.round_up(moment);
        // Permits that were dropped matter again when later ones go: the corrected ones count until the latest dropped moment at
        // least.
        let earlier = earlier.map(|earlier| self.round_up(earlier)).max(self.latest_dropped);
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

    /// Returns the moment, rounded up to a multiple of a part of the window.
    fn round_up(&self, moment: i64) -> i64 {
        let part = (self.length / PARTS).max(1);
        moment.saturating_add(part - 1) / part * part
    }

    /// Removes the permits that do not matter from `moment` on.
    pub(super) fn prune(&mut self, moment: i64) {
        while let Some(first) = self.runs.front()
            && first.moment.saturating_add(self.length) <= moment
        {
            self.permits -= first.permits;
            self.runs.pop_front();
        }
        self.latest_dropped =
            self.latest_dropped.filter(|dropped| dropped.saturating_add(self.length) > moment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(window: &Window) -> Vec<(i64, u64)> {
        window.runs().map(|run| (run.moment, run.permits)).collect()
    }

    #[test]
    fn a_full_window_has_room_one_length_after_its_earliest_permits() {
        let mut window = Window::new(3, 1000);
        assert_eq!(
            (window.free_from(1), window.free_from(3), window.free_from(4)),
            (None, None, Some(i64::MAX))
        );
        window.add(2, 100);
        window.add(1, 200);
        assert_eq!([1, 2, 3].map(|permits| window.free_from(permits)), [Some(1100), Some(1100), Some(1200)]);
        assert_eq!([1099, 1100, 1199, 1200].map(|moment| window.free_at(moment)), [0, 2, 2, 3]);
        window.add(1, 1100);
        assert_eq!(runs(&window), [(100, 1), (200, 1), (1100, 1)], "no more than matter");
        window.prune(1099);
        assert_eq!(window.free_from(1), Some(1100));
        window.prune(1100);
        assert_eq!((window.free_from(1), window.free_from(2)), (None, Some(1200)));
    }

    #[test]
    fn moments_are_rounded_up_and_kept_in_order() {
        let mut window = Window::new(10, 2000);
        for moment in [101, 110, 95, 130, 91] {
            window.add(1, moment);
        }
        assert_eq!(runs(&window), [(100, 2), (110, 2), (130, 1)]);
    }

    #[test]
    fn permits_used_early_or_not_at_all_are_not_counted_longer_than_needed() {
        let mut window = Window::new(5, 1000);
        window.add(2, 100);
        window.add(2, 200);
        assert!(window.correct(1, 200, Some(150)));
        assert!(window.correct(1, 100, None));
        assert_eq!(runs(&window), [(100, 1), (150, 1), (200, 1)]);
        assert!(
            !window.correct(1, 200, Some(200))
                && !window.correct(1, 190, None)
                && !window.correct(2, 200, None)
        );
        assert_eq!(window.permits, 3);
        window.add(3, 300);
        assert_eq!((runs(&window), window.latest_dropped), (vec![(150, 1), (200, 1), (300, 3)], Some(100)));
        assert!(window.correct(2, 300, None) && window.correct(1, 300, Some(120)));
        assert_eq!(
            runs(&window),
            [(100, 2), (120, 1), (150, 1), (200, 1)],
            "other permits were dropped at 100 or before"
        );
        window.prune(1100);
        assert_eq!((runs(&window), window.latest_dropped), (vec![(120, 1), (150, 1), (200, 1)], None));
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
