//! The tasks of this process that look up the same key. One of them at a time contends for the key's lock in ZooKeeper, and
//! the others get its answer or wait.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, watch};

use super::key::LastRead;

/// The keys that tasks of one client look up now, by their nodes.
#[derive(Debug, Default)]
pub(super) struct LocalLookups {
    keys: Mutex<HashMap<String, LocalKey>>,
}

#[derive(Debug)]
struct LocalKey {
    /// The number of tasks that look the key up.
    lookups: usize,
    lock: Arc<AsyncMutex<()>>,
    last_read: Arc<watch::Sender<Option<LastRead>>>,
}

/// The lock of a key among the tasks of this process. Released when dropped.
pub(super) type LocalLock = OwnedMutexGuard<()>;

impl LocalLookups {
    /// Adds a task that looks up the key of this node.
    pub(super) fn register(self: &Arc<Self>, node: &str) -> LocalLookup {
        let mut keys = self.keys.lock();
        let make =
            || LocalKey { lookups: 0, lock: Arc::default(), last_read: Arc::new(watch::Sender::new(None)) };
        let key = keys.entry(node.to_owned()).or_insert_with(make);
        key.lookups += 1;
        let (lock, last_read) = (key.lock.clone(), key.last_read.clone());
        LocalLookup { lookups: self.clone(), node: node.to_owned(), lock, last_read }
    }
}

/// One task's lookup of a key. Dropping the last one of a key removes the key.
#[derive(Debug)]
pub(super) struct LocalLookup {
    lookups: Arc<LocalLookups>,
    node: String,
    lock: Arc<AsyncMutex<()>>,
    last_read: Arc<watch::Sender<Option<LastRead>>>,
}

impl LocalLookup {
    /// Acquires the key's lock in this process. Returns `None` if a miss of another task answers this lookup first, which read
    /// the node as `since`.
    pub(super) async fn lock(&self, since: &LastRead) -> Option<LocalLock> {
        let mut last_read = self.last_read.subscribe();
        let answers = |read: &Option<LastRead>| read.as_ref().is_some_and(|read| read.answers(since));
        tokio::select! {
            biased;
            _ = last_read.wait_for(answers) => None,
            lock = self.lock.clone().lock_owned() => Some(lock),
        }
    }

    /// Acquires the key's lock in this process if it is free.
    pub(super) fn try_lock(&self) -> Option<LocalLock> {
        self.lock.clone().try_lock_owned().ok()
    }

    /// Publishes the state of the key's node to the other tasks.
    pub(super) fn publish(&self, read: &LastRead) {
        self.last_read.send_replace(Some(read.clone()));
    }
}

impl Drop for LocalLookup {
    fn drop(&mut self) {
        let mut keys = self.lookups.keys.lock();
        if let Some(key) = keys.get_mut(&self.node) {
            key.lookups -= 1;
            if key.lookups == 0 {
                keys.remove(&self.node);
            }
        }
    }
}
