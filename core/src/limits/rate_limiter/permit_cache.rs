//! The permits that this client has been given and not used yet, and what became of the others.

use std::collections::VecDeque;

use super::reservations::{Settlement, Slot};
use crate::session::Moment;

#[derive(Debug, Default)]
pub(super) struct PermitCache {
    /// In the order in which they may be used.
    slots: VecDeque<Slot>,
    /// What the node has not been told of, with the moments of use.
    spent: Vec<Settlement>,
}

impl PermitCache {
    pub(super) fn put(&mut self, slot: Slot) {
        let later = self.slots.iter().rev().take_while(|other| other.from > slot.from).count();
        self.slots.insert(self.slots.len() - later, slot);
    }

    pub(super) fn permits(&self) -> u64 {
        self.slots.iter().map(|slot| slot.permits).sum()
    }

    /// From when on the next ones may be used.
    pub(super) fn next(&self) -> Option<i64> {
        self.slots.front().map(|slot| slot.from)
    }

    /// How long it takes until more of them may be used, or fewer.
    pub(super) fn change(&self, now: Moment) -> Option<i64> {
        let change = |slot: &Slot| match slot.from.saturating_sub(now.earliest) {
            wait @ 1.. => wait,
            _ => slot.until.saturating_sub(now.latest).saturating_add(1),
        };
        self.slots.iter().map(change).min()
    }

    /// When the last of them is lost.
    pub(super) fn end(&self) -> Option<i64> {
        self.slots.iter().map(|slot| slot.until).max()
    }

    /// Takes that many, if now is certainly a moment at which they may be used. They count as used by now.
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
            self.note(slot, Some(now.latest));
            if is_empty {
                self.slots.pop_front();
            }
        }
        true
    }

    /// Throws away what may be too late to be used, and says how much that was.
    pub(super) fn expire(&mut self, now: Moment) -> u64 {
        // Nearly always there is none.
        if self.slots.iter().all(|slot| slot.until >= now.latest) {
            return 0;
        }
        let slots = std::mem::take(&mut self.slots);
        let (usable, lost): (_, VecDeque<_>) = slots.into_iter().partition(|slot| slot.until >= now.latest);
        self.slots = usable;
        lost.iter().for_each(|slot| self.note(*slot, None));
        lost.iter().map(|slot| slot.permits).sum()
    }

    /// None of them is going to be used.
    pub(super) fn give_back(&mut self) {
        while let Some(slot) = self.slots.pop_front() {
            self.note(slot, None);
        }
    }

    /// Whether the node has not been told of permits that were not used.
    pub(super) fn has_lost(&self) -> bool {
        self.spent.iter().any(|spent| spent.until.is_none())
    }

    /// What is to be told to the node: what was not used, and what was used so early that it need not be counted until the
    /// end of its slot, but only for `grace` after its use.
    pub(super) fn settle(&mut self, grace: i64) -> Vec<Settlement> {
        let counted = |used: i64| used.saturating_add(grace);
        let spent = self.spent.drain(..).map(|spent| Settlement { until: spent.until.map(counted), ..spent });
        spent.filter(|spent| spent.until.is_none_or(|until| until < spent.slot.until)).collect()
    }

    fn note(&mut self, slot: Slot, used: Option<i64>) {
        match self.spent.last_mut() {
            Some(last) if last.slot.until == slot.until && last.until.is_some() == used.is_some() => {
                last.slot.permits += slot.permits;
                last.until = last.until.max(used);
            }
            _ => self.spent.push(Settlement { slot, until: used }),
        }
    }

    /// How many of those who want so many, one after the other, will find them here.
    pub(super) fn covers(&self, wants: impl Iterator<Item = u64>) -> usize {
        let mut slots = self.slots.iter();
        // What is usable at the moment that has been reached.
        let mut usable = VecDeque::<Slot>::new();
        for (covered, want) in wants.enumerate() {
            while usable.iter().map(|slot| slot.permits).sum::<u64>() < want {
                let Some(slot) = slots.next() else { return covered };
                usable.retain(|before| before.until >= slot.from);
                usable.push_back(*slot);
            }
            let mut missing = want;
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
        slots.iter().for_each(|values| permit_cache.put(slot(*values)));
        permit_cache
    }

    fn at(earliest: i64, latest: i64) -> Moment {
        Moment { earliest, latest }
    }

    #[test]
    fn permits_are_used_only_when_it_is_certainly_time() {
        let mut permit_cache = permit_cache(&[(200, 300, 2), (100, 150, 3)]);
        assert!(!permit_cache.take(1, at(99, 101)));
        assert!(!permit_cache.take(4, at(100, 101)));
        assert!(permit_cache.take(2, at(100, 101)));
        assert_eq!((permit_cache.expire(at(149, 150)), permit_cache.expire(at(149, 151))), (0, 1));
        assert_eq!((permit_cache.permits(), permit_cache.next()), (2, Some(200)));
        permit_cache.put(slot((201, 220, 1)));
        assert!(permit_cache.take(3, at(201, 201)));
        assert_eq!(permit_cache.permits(), 0);
    }

    #[test]
    fn a_change_is_a_permit_that_can_be_used_or_is_lost() {
        let permit_cache = permit_cache(&[(100, 150, 1), (120, 140, 1)]);
        let changes = [90, 100, 110, 120, 141].map(|now| permit_cache.change(at(now, now)).unwrap());
        assert_eq!(changes, [10, 20, 10, 21, 0]);
    }

    #[test]
    fn the_node_is_told_what_was_not_used_or_early() {
        let mut permit_cache = permit_cache(&[(100, 150, 3), (200, 290, 4)]);
        assert!(permit_cache.take(1, at(110, 111)));
        permit_cache.expire(at(160, 160));
        assert!(permit_cache.take(1, at(210, 211)) && permit_cache.take(2, at(220, 221)));
        let told: Vec<_> = permit_cache
            .settle(50)
            .iter()
            .map(|told| (told.slot.until, told.slot.permits, told.until))
            .collect();
        assert_eq!(told, [(150, 2, None), (290, 3, Some(271))]);
        assert!(permit_cache.take(1, at(250, 251)));
        assert_eq!(permit_cache.settle(50), [], "counted until the end of its slot");
    }

    #[test]
    fn permits_cover_those_who_can_use_them_at_one_moment() {
        let permit_cache = permit_cache(&[(100, 150, 2), (140, 190, 1), (200, 250, 5)]);
        let covers = |wants: &[u64]| permit_cache.covers(wants.iter().copied());
        assert_eq!(covers(&[2, 1, 5]), usize::MAX);
        assert_eq!(covers(&[3, 5]), usize::MAX);
        assert_eq!(covers(&[4, 1]), usize::MAX, "at 200, when the first three are gone");
        assert_eq!(covers(&[4, 2]), 1);
        assert_eq!(covers(&[6]), 0);
        assert_eq!(covers(&[1, 3, 1]), usize::MAX, "the second at 200, when two of the first are gone");
        assert_eq!(covers(&[1; 9]), 8);
    }
}
