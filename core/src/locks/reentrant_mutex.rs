//! The public mutex that its owner may acquire several times. The steps are in `owner/acquire.rs`.

use crate::error::Result;
use crate::locks::guard::Guard;
use crate::locks::mutex::Mutex;
use crate::locks::owner::thread_owner;
use crate::locks::queue::inspect::Queue;
use crate::locks::queue::node_name::Scheme;
use crate::op::Op;
use crate::stats::WaitStats;

/// A mutual exclusion lock that its owner may acquire several times. Made by
/// [`Client::reentrant_mutex`](crate::Client::reentrant_mutex), without any request.
///
/// The owner is the thread that calls [`acquire`](ReentrantMutex::acquire), or the one that
/// [`owned_by`](ReentrantMutex::owned_by) names. While it holds the lock, it acquires it again at once, without any request,
/// through any handle of the same client: the guards share one node and one token. The lock is released when the last of them is
/// released or dropped.
///
/// **In async code name the owner**, with [`owned_by`](ReentrantMutex::owned_by), or pass the guard along. Otherwise all tasks
/// that one thread runs are one owner, and hold the lock at the same time.
///
/// A lost lock does not count as held: its guards stay lost, and the next acquire queues again. If the same owner holds the path
/// through a plain [`Mutex`], an acquire fails with `WOULD_DEADLOCK` if that mutex knew its [owner](Mutex::owned_by), and
/// otherwise waits forever. For other clients it is a mutex like any other: see [`Mutex`] for the libraries that it excludes.
///
/// # Examples
/// ```no_run
/// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let lock = client.reentrant_mutex("/locks/report");
/// let outer = lock.acquire().wait()?;
/// let inner = lock.acquire().wait()?;
/// assert_eq!(inner.token(), outer.token());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ReentrantMutex {
    mutex: Mutex,
    owner: Option<u64>,
}

impl ReentrantMutex {
    pub(crate) fn new(mutex: Mutex) -> ReentrantMutex {
        ReentrantMutex { mutex, owner: None }
    }

    /// Sets the naming scheme of the nodes that it creates. All clients of the path must be able to read the names. Default
    /// [`Scheme::Curator`].
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::Scheme;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.reentrant_mutex("/locks/report").scheme(Scheme::Kazoo).acquire().wait()?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn scheme(mut self, scheme: Scheme) -> ReentrantMutex {
        self.mutex = self.mutex.scheme(scheme);
        self
    }

    /// Sets the owner: a thread, a task, or anything else that does one thing at a time, by a number that is unique in this
    /// process. Numbers below 2^63 never equal a thread's.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// # let job_id = 17;
    /// // In async code: all tasks of one job share the lock, on whatever threads they run.
    /// let lock = client.reentrant_mutex("/locks/report").owned_by(job_id);
    /// let outer = lock.acquire().await?;
    /// let inner = lock.acquire().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn owned_by(mut self, owner: u64) -> ReentrantMutex {
        self.owner = Some(owner);
        self
    }

    /// Returns the lock's directory, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the path is invalid, `FORKED` in a child of fork(). Every operation then fails with the same error.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// assert_eq!(client.reentrant_mutex("/locks/report").path()?, "/locks/report");
    /// # Ok(()) }
    /// ```
    pub fn path(&self) -> Result<&str> {
        self.mutex.path()
    }

    /// Waits until the lock is acquired, for the owner if one is set, or else for the thread that calls this function. Returns at
    /// once if the owner holds the lock already.
    ///
    /// # Errors
    /// `WOULD_DEADLOCK` if the owner holds the path through another kind of lock; otherwise as for [`Mutex::acquire`].
    ///
    /// # Cancel safety
    /// As for [`Mutex::acquire`].
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::{ReentrantMutex, Result};
    /// fn transfer(lock: &ReentrantMutex) -> Result<()> {
    ///     let _guard = lock.acquire().wait()?;
    ///     withdraw(lock)
    /// }
    ///
    /// fn withdraw(lock: &ReentrantMutex) -> Result<()> {
    ///     let _guard = lock.acquire().wait()?; // no request: `transfer` holds the lock
    ///     Ok(())
    /// }
    /// ```
    pub fn acquire(&self) -> Op<Guard> {
        self.owned().acquire()
    }

    /// Acquires the lock if it is free or the owner holds it. Returns `None` otherwise.
    ///
    /// # Errors
    /// As for [`Mutex::try_acquire`].
    ///
    /// # Cancel safety
    /// As for [`Mutex::acquire`].
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let lock = client.reentrant_mutex("/locks/report").owned_by(7);
    /// if let Some(guard) = lock.try_acquire().await? {
    ///     assert!(lock.try_acquire().await?.is_some()); // for the same owner
    ///     guard.release().await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn try_acquire(&self) -> Op<Option<Guard>> {
        self.owned().try_acquire()
    }

    /// Lists the holder and the waiters of the lock. See [`Mutex::inspect`].
    ///
    /// # Errors
    /// As for [`Mutex::inspect`].
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let queue = client.reentrant_mutex("/locks/report").inspect().await?;
    /// println!("{} contenders; an owner counts once", queue.len());
    /// # Ok(()) }
    /// ```
    pub fn inspect(&self) -> Op<Queue> {
        self.mutex.inspect()
    }

    /// Returns how long this handle and its clones waited for the lock and held it. Each guard counts for itself. Costs no round
    /// trip.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let lock = client.reentrant_mutex("/locks/report");
    /// drop(lock.acquire().wait()?);
    /// println!("held for {:?} on average", lock.stats().holds.mean);
    /// # Ok(()) }
    /// ```
    pub fn stats(&self) -> WaitStats {
        self.mutex.stats()
    }

    fn owned(&self) -> Mutex {
        self.mutex.clone().owned_by(self.owner.unwrap_or_else(thread_owner))
    }
}
