//! A map of values that are shared under a key for as long as they are in use.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

/// A map that finds the values in use, without keeping them in use itself.
pub(crate) struct WeakMap<K, V>(Mutex<Entries<K, V>>);

struct Entries<K, V> {
    values: HashMap<K, Weak<V>>,
    /// At this number of keys, the unused ones are removed.
    prune_at: usize,
}

/// A map with fewer keys than this is not tidied.
const MIN_PRUNE: usize = 64;

impl<K: Eq + Hash, V> WeakMap<K, V> {
    /// Returns the value in use under `key`.
    pub(crate) fn find(&self, key: &K) -> Option<Arc<V>> {
        self.0.lock().values.get(key)?.upgrade()
    }

    /// Returns the value in use under `key`, and makes it first if necessary.
    pub(crate) fn get(&self, key: K, make: impl FnOnce(&K) -> V) -> Arc<V> {
        let mut entries = self.0.lock();
        if let Some(value) = entries.values.get(&key).and_then(Weak::upgrade) {
            return value;
        }
        if entries.values.len() >= entries.prune_at {
            entries.values.retain(|_, value| value.strong_count() > 0);
            entries.prune_at = MIN_PRUNE.max(2 * entries.values.len());
        }
        let value = Arc::new(make(&key));
        entries.values.insert(key, Arc::downgrade(&value));
        value
    }
}

impl<K, V> Default for WeakMap<K, V> {
    fn default() -> WeakMap<K, V> {
        WeakMap(Mutex::new(Entries { values: HashMap::new(), prune_at: MIN_PRUNE }))
    }
}

impl<K, V> fmt::Debug for WeakMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakMap").field("keys", &self.0.lock().values.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_use_are_found_and_others_are_removed() {
        let map = WeakMap::default();
        let seven = map.get(7, |key| key * 10);
        assert!(Arc::ptr_eq(&seven, &map.get(7, |_| 0)));
        for key in 100..10_000 {
            assert_eq!(*map.get(key, |key| *key), key);
            assert!(map.find(&key).is_none(), "it is not in use");
        }
        assert_eq!(*map.find(&7).unwrap(), 70);
        assert!(map.0.lock().values.len() <= MIN_PRUNE);
    }
}
