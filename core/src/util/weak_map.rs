//! What the users of one client share under a key, for as long as one of them uses it.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

/// Finds what is in use under a key, and does not itself keep it in use.
pub(crate) struct WeakMap<K, V>(Mutex<Known<K, V>>);

struct Known<K, V> {
    values: HashMap<K, Weak<V>>,
    /// With so many keys, those out of use are removed.
    tidy_at: usize,
}

/// Fewer keys than this are not worth a look.
const FEW: usize = 64;

impl<K: Eq + Hash, V> WeakMap<K, V> {
    /// What is in use under `key`.
    pub(crate) fn find(&self, key: &K) -> Option<Arc<V>> {
        self.0.lock().values.get(key)?.upgrade()
    }

    /// What is in use under `key`, made if need be.
    pub(crate) fn get(&self, key: K, make: impl FnOnce(&K) -> V) -> Arc<V> {
        let mut known = self.0.lock();
        if let Some(value) = known.values.get(&key).and_then(Weak::upgrade) {
            return value;
        }
        if known.values.len() >= known.tidy_at {
            known.values.retain(|_, value| value.strong_count() > 0);
            known.tidy_at = FEW.max(2 * known.values.len());
        }
        let value = Arc::new(make(&key));
        known.values.insert(key, Arc::downgrade(&value));
        value
    }
}

impl<K, V> Default for WeakMap<K, V> {
    fn default() -> WeakMap<K, V> {
        WeakMap(Mutex::new(Known { values: HashMap::new(), tidy_at: FEW }))
    }
}

impl<K, V> fmt::Debug for WeakMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("keys", &self.0.lock().values.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_is_found_and_the_rest_forgotten() {
        let registry = WeakMap::default();
        let seven = registry.get(7, |key| key * 10);
        assert!(Arc::ptr_eq(&seven, &registry.get(7, |_| 0)));
        for key in 100..10_000 {
            assert_eq!(*registry.get(key, |key| *key), key);
            assert!(registry.find(&key).is_none(), "nobody uses it");
        }
        assert_eq!(*registry.find(&7).unwrap(), 70);
        assert!(registry.0.lock().values.len() <= FEW);
    }
}
