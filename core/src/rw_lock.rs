//! A read/write lock: any number of readers, or one writer.
//!
//! Both sides stand in one queue (`queue.rs`), in the order of arrival:
//!
//! 1. A writer waits for everybody before it, like a mutex.
//! 2. A reader waits for the writers before it. It watches the nearest of them only, so the end of one writer wakes those
//!    readers that are next and no others. (Curator's readers watch the first writer, and all list again at each end.)
//!
//! A steady stream of readers does not starve a writer: readers that come after it wait for it.

use crate::contender::Scheme;
use crate::mutex::Mutex;

/// A read/write lock at a path. Made by [`Client::rw_lock`](crate::Client::rw_lock), without any request.
///
/// On the same path it works with Curator's `InterProcessReadWriteLock`, or, with [`Scheme::Kazoo`], with kazoo's
/// `ReadLock` and `WriteLock`.
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let lock = client.rw_lock("/locks/catalogue");
/// let reading = lock.read().acquire().await?;
/// reading.release().await?;
/// let writing = lock.write().acquire().await?;
/// println!("writing with token {}", writing.token());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct RwLock {
    read: Mutex,
    write: Mutex,
}

impl RwLock {
    pub(crate) fn new(read: Mutex, write: Mutex) -> RwLock {
        RwLock { read, write }
    }

    /// Whose node names it writes. Everyone who shares the path must use the same. Default [`Scheme::Curator`].
    #[must_use]
    pub fn scheme(self, scheme: Scheme) -> RwLock {
        RwLock { read: self.read.scheme(scheme), write: self.write.scheme(scheme) }
    }

    /// The side that any number may hold at once.
    pub fn read(&self) -> &Mutex {
        &self.read
    }

    /// The side that one holds alone.
    pub fn write(&self) -> &Mutex {
        &self.write
    }
}
