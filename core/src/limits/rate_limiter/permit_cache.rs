//! The permits that this client has reserved and not used yet, and the use of the others until it is reported.

use std::collections::VecDeque;

use super::reservations::{Slot, Usage};
use crate::session::Moment;

#[derive(Debug, Default)]
pub(super) struct PermitCache {
    /// In the order in which they begin.
    slots: VecDeque<Slot>,
    /// The use of permits that was not reported to the node yet. `until` is the moment of use here.
    unreported: Vec<Usage>,
}

impl PermitCache {
    pub(super) fn insert(&mut self, slot: Slot) {
        let later = self.slots.iter().rev().take_while(|other| other.from > slot.from).count();
        self.slots.insert(self.slots.len() - later, slot);
    }

    pub(super) fn permits(&self) -> u64 {
        self.slots.iter().map(|slot| slot.permits).sum()
    }

    /// Returns the moment from which the next permits may be used.
    pub(super) fn next(&self) -> Option<i64> {
        self.slots.front().map(|slot| slot.from)
    }

    /// Returns the time until more permits may be used, or fewer, in microseconds.
    pub(super) fn next_change(&self, now: Moment) -> Option<i64> {
        let change = |slot: &Slot| match slot.from.saturating_sub(now.earliest) {
            wait @ 1.. => wait,
            _ => slot.until.saturating_sub(now.latest).saturating_add(1),
        };
        self.slots.iter().map(change).min()
    }

    /// Returns the end of the last slot.
    pub(super) fn end(&self) -> Option<i64> {
        self.slots.iter().map(|slot| slot.until).max()
    }

    /// Takes `permits`, all or none, if they may certainly be used now. They count as used at the latest moment that may be now.
    pub(super) fn take(&mut self, permits: u64, now: Moment) -> bool {
        let due = self.slots.iter().take_while(|slot| slot.from <= now.earliest);
        if due.map(|slot| slot.permits).sum::<u64>() < permits {
            return false;
        }
        let mut missing = permits;
        while missing > 0
            && let Some(slot) = self.slots.front_mut()
        {
            let taken = missing.min(slot.permits);
            missing -= taken;
            slot.permits -= taken;
            let (slot, is_empty) = (Slot { permits: taken, ..*slot }, slot.permits == 0);
            self.note_use(slot, Some(now.latest));
            if is_empty {
                self.slots.pop_front();
            }
        }
        true
    }

    /// Removes the permits whose slots may be over, and returns their number.
    pub(super) fn expire(&mut self, now: Moment) -> u64 {
        // The common case.
        if self.slots.iter().all(|slot| slot.until >= now.latest) {
            return 0;
        }
        let slots = std::mem::take(&mut self.slots);
        let (usable, expired): (_, VecDeque<_>) =
            slots.into_iter().partition(|slot| slot.until >= now.latest);
        self.slots = usable;
        expired.iter().for_each(|slot| self.note_use(*slot, None));
        expired.iter().map(|slot| slot.permits).sum()
    }

    /// Removes all permits, to be reported as unused.
    pub(super) fn discard_all(&mut self) {
        while let Some(slot) = self.slots.pop_front() {
            self.note_use(slot, None);
        }
    }

    /// Returns whether there are unused permits to report.
    pub(super) fn has_unused(&self) -> bool {
        self.unreported.iter().any(|usage| usage.until.is_none())
    }

    /// Takes out what is to be reported to the node: permits that were not used, and those used so early that they need not be
    /// counted until the end of their slot, but only for `grace` after their use.
    pub(super) fn take_report(&mut self, grace: i64) -> Vec<Usage> {
        let counted = |used: i64| used.saturating_add(grace);
        let usages =
            self.unreported.drain(..).map(|usage| Usage { until: usage.until.map(counted), ..usage });
        usages.filter(|usage| usage.until.is_none_or(|until| until < usage.slot.until)).collect()
    }

    fn note_use(&mut self, slot: Slot, used: Option<i64>) {
        match self.unreported.last_mut() {
            Some(last) if last.slot.until == slot.until && last.until.is_some() == used.is_some() => {
                last.slot.permits += slot.permits;
                last.until = last.until.max(used);
            }
            _ => self.unreported.push(Usage { slot, until: used }),
        }
    }

    /// Returns how many of the demands, served one after another, the permits here suffice for: `usize::MAX` for all of them.
    pub(super) fn covered(&self, demands: impl Iterator<Item = u64>) -> usize {
        let mut slots = self.slots.iter();
        // The slots that may be used at the moment at which the current demand is served.
        let mut usable = VecDeque::<Slot>::new();
        for (covered, demand) in demands.enumerate() {
            while usable.iter().map(|slot| slot.permits).sum::<u64>() < demand {
                let Some(slot) = slots.next() else { return covered };
                usable.retain(|before| before.until >= slot.from);
                usable.push_back(*slot);
            }
            let mut missing = demand;
            while missing > 0
                && let Some(slot) = usable.front_mut()
            {
                let taken = missing.min(slot.permits);
                slot.permits -= taken;
                missing -= taken;
                if slot.permits == 0 {
                    usable.pop_front();
                }
            }
        }
        usize::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot((from, until, permits): (i64, i64, u64)) -> Slot {
        Slot { from, start: from, until, permits }
    }

    fn permit_cache(slots: &[(i64, i64, u64)]) -> PermitCache {
        let mut permit_cache = PermitCache::default();
        slots.iter().for_each(|values| permit_cache.insert(slot(*values)));
        permit_cache
    }

    fn at(earliest: i64, latest: i64) -> Moment {
        Moment { earliest, latest }
    }

    #[test]
    fn permits_are_taken_only_when_now_is_certainly_in_their_slot() {
        let mut permit_cache = permit_cache(&[(200, 300, 2), (100, 150, 3)]);
        assert!(!permit_cache.take(1, at(99, 101)));
        assert!(!permit_cache.take(4, at(100, 101)));
        assert!(permit_cache.take(2, at(100, 101)));
        assert_eq!((permit_cache.expire(at(149, 150)), permit_cache.expire(at(149, 151))), (0, 1));
        assert_eq!((permit_cache.permits(), permit_cache.next()), (2, Some(200)));
        permit_cache.insert(slot((201, 220, 1)));
        assert!(permit_cache.take(3, at(201, 201)));
        assert_eq!(permit_cache.permits(), 0);
    }

    #[test]
    fn the_next_change_is_the_begin_or_the_end_of_a_slot() {
        let permit_cache = permit_cache(&[(100, 150, 1), (120, 140, 1)]);
        let changes = [90, 100, 110, 120, 141].map(|now| permit_cache.next_change(at(now, now)).unwrap());
        assert_eq!(changes, [10, 20, 10, 21, 0]);
    }

    #[test]
    fn permits_used_early_or_not_at_all_are_reported() {
        let mut permit_cache = permit_cache(&[(100, 150, 3), (200, 290, 4)]);
        assert!(permit_cache.take(1, at(110, 111)));
        permit_cache.expire(at(160, 160));
        assert!(permit_cache.take(1, at(210, 211)) && permit_cache.take(2, at(220, 221)));
        let reported: Vec<_> = permit_cache
            .take_report(50)
            .iter()
            .map(|usage| (usage.slot.until, usage.slot.permits, usage.until))
            .collect();
        assert_eq!(reported, [(150, 2, None), (290, 3, Some(271))]);
        assert!(permit_cache.take(1, at(250, 251)));
        assert_eq!(permit_cache.take_report(50), [], "counted until the end of its slot");
    }

    #[test]
    fn a_demand_is_covered_if_enough_permits_may_be_used_at_one_moment() {
        let permit_cache = permit_cache(&[(100, 150, 2), (140, 190, 1), (200, 250, 5)]);
        let covered = |demands: &[u64]| permit_cache.covered(demands.iter().copied());
        assert_eq!(covered(&[2, 1, 5]), usize::MAX);
        assert_eq!(covered(&[3, 5]), usize::MAX);
        assert_eq!(covered(&[4, 1]), usize::MAX, "at 200, when the first three have expired");
        assert_eq!(covered(&[4, 2]), 1);
        assert_eq!(covered(&[6]), 0);
        assert_eq!(covered(&[1, 3, 1]), usize::MAX, "the second at 200, when two of the first have expired");
        assert_eq!(covered(&[1; 9]), 8);
    }
}
