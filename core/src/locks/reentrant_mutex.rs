//! A mutex that its owner may take several times. How, is in `owned.rs`.

use crate::error::Result;
use crate::locks::guard::Guard;
use crate::locks::mutex::Mutex;
use crate::locks::owner::thread_owner;
use crate::locks::queue::inspect::Queue;
use crate::locks::queue::node_name::Scheme;
use crate::op::Op;
use crate::stats::WaitStats;

/// A mutual exclusion lock that its owner may take several times. Made by
/// [`Client::reentrant_mutex`](crate::Client::reentrant_mutex), without any request.
///
/// The owner is the thread that calls [`acquire`](ReentrantMutex::acquire), or who [`owned_by`](ReentrantMutex::owned_by) says.
/// Once he has the lock, he gets it again at once, without any request, through any handle of the same client: the guards
/// share one node and one token. The lock is given back when the last of them is released or dropped.
///
/// **In async code say who the owner is**, with [`owned_by`](ReentrantMutex::owned_by), or pass the guard along: tasks that one
/// thread runs are one owner otherwise, and all get in.
///
/// A lost lock does not count as held: its guards stay lost, and an acquire queues anew. Waiting for what the same owner holds
/// as a plain [`Mutex`] fails with `WOULD_DEADLOCK` where that mutex was told its [owner](Mutex::owned_by), and waits for ever
/// otherwise. For all other clients it is a mutex like any: see [`Mutex`] for who it excludes.
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

    /// Whose node names it writes. Everyone who shares the path must be able to read them. Default [`Scheme::Curator`].
    #[must_use]
    pub fn scheme(mut self, scheme: Scheme) -> ReentrantMutex {
        self.mutex = self.mutex.scheme(scheme);
        self
    }

    /// Who takes the lock: a thread, a task, whatever is one at a time, by a number that it alone has in this process.
    /// Numbers below 2^63 do not meet those of threads.
    #[must_use]
    pub fn owned_by(mut self, owner: u64) -> ReentrantMutex {
        self.owner = Some(owner);
        self
    }

    /// The lock's directory, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the path given was none, `FORKED` in a child of fork(); every operation fails with it too.
    pub fn path(&self) -> Result<&str> {
        self.mutex.path()
    }

    /// Waits for the lock, for the owner or else for the thread that calls this. At once when he holds it.
    ///
    /// # Errors
    /// `WOULD_DEADLOCK` when he holds it in another way; otherwise as [`Mutex::acquire`].
    ///
    /// # Cancel safety
    /// As [`Mutex::acquire`].
    pub fn acquire(&self) -> Op<Guard> {
        self.owned().acquire()
    }

    /// Takes the lock if it is free or the owner holds it: `None` otherwise. Errors and cancel safety as for
    /// [`Mutex::try_acquire`].
    pub fn try_acquire(&self) -> Op<Option<Guard>> {
        self.owned().try_acquire()
    }

    /// Who holds the lock and who waits. See [`Mutex::inspect`].
    pub fn inspect(&self) -> Op<Queue> {
        self.mutex.inspect()
    }

    /// How long this handle and its clones waited, and held what they got. Each guard counts for itself. Costs no round trip.
    pub fn stats(&self) -> WaitStats {
        self.mutex.stats()
    }

    fn owned(&self) -> Mutex {
        self.mutex.clone().owned_by(self.owner.unwrap_or_else(thread_owner))
    }
}
