//! A read/write lock: any number of readers, or one writer.
//!
//! Both sides stand in one queue (`queue.rs`), in the order of arrival:
//!
//! 1. A writer waits for everybody before it, like a mutex.
//! 2. A reader waits for the writers before it. It watches the nearest of them only, so the end of one writer wakes those
//!    readers that are next and no others. (Curator's readers watch the first writer, and all list again at each end.)
//!
//! 3. An owner, where he is known, shares each side with himself, and may go from writing to reading (`downgrade.rs`).
//!
//! A steady stream of readers does not starve a writer: readers that come after it wait for it.

use crate::locks::mutex::Mutex;
use crate::locks::queue::node_name::Scheme;

/// A read/write lock at a path. Made by [`Client::rw_lock`](crate::Client::rw_lock), without any request.
///
/// Without an [owner](RwLock::owned_by) every acquire stands for itself: who reads and asks to write waits for ever.
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

    /// Says who takes the lock, a thread or a task, by a number that it alone has in this process. Then
    ///
    /// - what he holds already he gets again at once, without any request; the lock is given back when the last guard is
    ///   released;
    /// - while he writes he can take the read lock too, and then release the write lock: nobody writes in between. The read
    ///   guard has the token of the write guard, whose place in the queue it keeps;
    /// - while he only reads, to ask for the write lock fails with `WOULD_DEADLOCK` at once: two who did so would wait for
    ///   each other.
    ///
    /// The owner is known to all handles of one client at the same path. Guards are his: one that is handed to another thread
    /// still counts as his.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let lock = client.rw_lock("/locks/catalogue").owned_by(7);
    /// let writing = lock.write().acquire().await?;
    /// let reading = lock.read().acquire().await?;
    /// writing.release().await?;
    /// assert!(reading.is_held());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn owned_by(self, owner: u64) -> RwLock {
        RwLock { read: self.read.owned_by(owner), write: self.write.owned_by(owner) }
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
