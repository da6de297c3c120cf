//! The public read/write lock: any number of readers, or one writer.
//!
//! Both sides share one queue (`queue/`), in the order of arrival:
//!
//! 1. A writer waits for all contenders ahead of it, like a mutex.
//! 2. A reader waits for the writers ahead of it. It watches only the nearest of them, so the end of a writer wakes the readers
//!    right behind it and no others. (Curator's readers watch the first writer, and all of them list the directory each time one
//!    ends.)
//! 3. An owner, if known, shares each side with itself, and may downgrade from writing to reading (`owner/downgrade.rs`).
//!
//! A steady stream of readers does not starve a writer: readers that come after it wait for it.

use crate::locks::mutex::Mutex;
use crate::locks::queue::node_name::Scheme;

/// A read/write lock at a path. Made by [`Client::rw_lock`](crate::Client::rw_lock), without any request.
///
/// Without an [owner](RwLock::owned_by), all acquires are independent: a caller that holds the read lock and acquires the write
/// lock waits forever.
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

    /// Sets the naming scheme of the nodes that it creates. All clients of the path must use the same. Default
    /// [`Scheme::Curator`].
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::Scheme;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// // Works with kazoo's `client.ReadLock("/locks/catalogue")`.
    /// let lock = client.rw_lock("/locks/catalogue").scheme(Scheme::Kazoo);
    /// let writing = lock.write().acquire().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn scheme(self, scheme: Scheme) -> RwLock {
        RwLock { read: self.read.scheme(scheme), write: self.write.scheme(scheme) }
    }

    /// Sets the owner: a thread or a task, by a number that is unique in this process. Then
    ///
    /// - the owner acquires a side that it holds again at once, without any request; the lock is released when the last guard
    ///   is released;
    /// - while it holds the write lock, it can acquire the read lock too, and then release the write lock: no other client
    ///   writes in between. The read guard has the token of the write guard, because it keeps the same position in the queue;
    /// - while it holds only the read lock, acquiring the write lock fails with `WOULD_DEADLOCK` at once: two readers that both
    ///   did so would wait for each other.
    ///
    /// The owner is known to all handles of one client at the same path. Guards belong to the owner, even if they are passed to
    /// another thread.
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

    /// Returns the read side, which any number of clients may hold at once.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let lock = client.rw_lock("/locks/catalogue");
    /// let (one, two) = (lock.read().acquire().await?, lock.read().acquire().await?);
    /// assert!(one.is_held() && two.is_held());
    /// # Ok(()) }
    /// ```
    pub fn read(&self) -> &Mutex {
        &self.read
    }

    /// Returns the write side, which excludes all other holders.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let lock = client.rw_lock("/locks/catalogue");
    /// let writing = lock.write().acquire().await?;
    /// assert!(lock.read().try_acquire().await?.is_none());
    /// # Ok(()) }
    /// ```
    pub fn write(&self) -> &Mutex {
        &self.write
    }
}
