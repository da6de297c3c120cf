//! A mutual exclusion lock: at most one holder among all clients of the ensemble, served in order of arrival.
//!
//! The queue and its steps are in `queue.rs`; here is what callers see of it.

use std::sync::Arc;

use crate::context::{Context, SharedContext};
use crate::error::{Error, Result};
use crate::locks::acquire;
use crate::locks::guard::Guard;
use crate::locks::handoff::{LocalQueues, Waiter, what};
use crate::locks::owner::acquire::OwnedLockAttempt;
use crate::locks::owner::{
    self,
    role::{Requester, Role},
};
use crate::locks::queue::inspect::{self, Queue};
use crate::locks::queue::node_name::Scheme;
use crate::op::{Op, Retry, spawned};
use crate::path::ZnodePath;
use crate::stats::{Meters, WaitStats};

/// A mutual exclusion lock at a path. Made by [`Client::mutex`](crate::Client::mutex), without any request.
///
/// Not reentrant: a second `acquire` waits for the first guard, also in the same thread, unless it is told
/// [who asks](Mutex::owned_by). On the same path it excludes Curator's `InterProcessMutex` and go-zookeeper's `Lock`, or, with
/// [`Scheme::Kazoo`], kazoo's `Lock`.
///
/// The two sides of a [`RwLock`](crate::RwLock) are of this type too.
#[derive(Clone, Debug)]
pub struct Mutex {
    context: SharedContext,
    path: Result<ZnodePath>,
    scheme: Scheme,
    role: Role,
    requester: Requester,
    handoff: u32,
    meters: Arc<Meters>,
}

impl Mutex {
    pub(crate) fn new(context: SharedContext, path: Result<ZnodePath>, role: Role) -> Mutex {
        Mutex {
            context,
            path,
            scheme: Scheme::Curator,
            role,
            requester: Requester::Unknown,
            handoff: 0,
            meters: Arc::default(),
        }
    }

    /// Whose node names it writes. Everyone who shares the path must be able to read them. Default
    /// [`Scheme::Curator`].
    #[must_use]
    pub fn scheme(mut self, scheme: Scheme) -> Mutex {
        self.scheme = scheme;
        self
    }

    /// Says who asks, a thread or a task, by a number that it alone has in this process: an acquire that would wait for what
    /// this owner holds through a [`ReentrantMutex`](crate::ReentrantMutex), or as one who [owns](Mutex::owned_by) it, fails
    /// with `WOULD_DEADLOCK` at once.
    ///
    /// The guard is nobody's: another thread may release it, and who asked may wait for that. So it is right for every
    /// mutex, where the caller is known.
    #[must_use]
    pub fn asked_by(mut self, owner: u64) -> Mutex {
        self.requester = Requester::Asking(owner);
        self
    }

    /// Says who asks, as [`asked_by`](Mutex::asked_by), and that he will hold the lock until it is released: whatever he asks
    /// for next at this path with this client fails with `WOULD_DEADLOCK` instead of waiting for himself. Not for guards that
    /// are handed to others.
    ///
    /// For the sides of a [`RwLock`](crate::RwLock) it means what is said [there](crate::RwLock::owned_by).
    #[must_use]
    pub fn owned_by(mut self, owner: u64) -> Mutex {
        self.requester = Requester::Owning(owner);
        self
    }

    /// Lets the tasks of this client hand the mutex to each other, up to `most` times in a row without any request; then it is
    /// the others' turn. 0, the default, is strict: everybody in the order of the server's queue, one after another.
    ///
    /// Those who ask with a `most` above 0, through this handle or any other of the client, stand in one line, in the order in
    /// which they ask, and one node stands in the server's queue for all of them. Strict mutexes of the same client queue at the
    /// server like everybody else. How often a lock may be handed over is decided by who gives it.
    ///
    /// Guards that were handed over one after the other share the node and the **token**: they never overlap, but who checks
    /// tokens cannot tell them apart. A write that is late by one guard is not fenced off until the server grants the lock
    /// anew. All else belongs to one guard alone: release, loss, `on_lost`, `on_revoke`.
    ///
    /// A lock that is lost, or may be, is not handed over, nor one that somebody [asked for](crate::Guard::on_revoke).
    /// [`try_acquire`](Mutex::try_acquire) gives `None` while anybody of this client's line holds the lock or waits for it; a guard
    /// that it gives goes back to the server.
    ///
    /// Not for the sides of a read/write lock: there it makes the operations fail.
    #[must_use]
    pub fn handoff(mut self, most: u32) -> Mutex {
        if self.role != Role::Mutex && most > 0 {
            let why = "must be 0 for a side of a read/write lock";
            self.path = self.path.and(Err(Error::invalid_argument("handoff", most, why)));
        }
        self.handoff = most;
        self
    }

    /// The lock's directory, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the path given was none, `FORKED` in a child of fork(); every operation fails with it too.
    pub fn path(&self) -> Result<&str> {
        self.context.get()?;
        self.path.as_ref().map(ZnodePath::as_str).map_err(Clone::clone)
    }

    /// Waits for the lock. One round trip when it is free.
    ///
    /// A waiter that loses its session queues again with the next one, until its timeout.
    ///
    /// # Errors
    /// `TIMEOUT` when the operation's timeout passes first, also while no server can be reached; `WOULD_DEADLOCK` when its
    /// owner, where he is known, would wait for himself; `NOT_AUTHORIZED`, `QUOTA`, `SEQUENCE_EXHAUSTED`; `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Dropping the operation leaves the queue, and gives the lock back if it was granted in that moment.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/report").acquire().timeout(Duration::from_secs(5)).await?;
    /// println!("writing with token {}", guard.token());
    /// guard.check()?;
    /// # Ok(()) }
    /// ```
    pub fn acquire(&self) -> Op<Guard> {
        Op::attempt(|| {
            let (context, path) = self.parts()?;
            if self.handoff > 0 {
                return Ok(self.acquire_locally(context, path));
            }
            Ok(acquire::acquire(&context.clone(), &self.meters, what(&path), self.attempt(context, path)))
        })
    }

    /// Takes the lock if it is free: `None` when it is not, whoever has it.
    ///
    /// # Errors
    /// `CONNECTION_LOST` when there is no connection, `TIMEOUT` when a timeout is set and passes; otherwise as
    /// [`acquire`](Mutex::acquire), but for `WOULD_DEADLOCK`.
    ///
    /// # Cancel safety
    /// As [`acquire`](Mutex::acquire).
    pub fn try_acquire(&self) -> Op<Option<Guard>> {
        Op::attempt(|| {
            let (context, path) = self.parts()?;
            Ok(acquire::try_acquire(&context.clone(), &self.meters, self.attempt(context, path)))
        })
    }

    /// Who holds the lock and who waits, in order, with warnings of mixes that cannot see each other. Two round trips.
    ///
    /// # Errors
    /// `TIMEOUT`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    pub fn inspect(&self) -> Op<Queue> {
        Op::attempt(|| {
            let (context, path) = self.parts()?;
            Ok(Op::new(&context.runtime().clone(), |deadline| async move {
                deadline.answer(inspect::inspect(&context, &path, deadline.retry())).await
            }))
        })
    }

    /// How long this handle and its clones waited, and held what they got. Costs no round trip.
    pub fn stats(&self) -> WaitStats {
        self.meters.stats()
    }

    /// Starts on the caller's thread, as hand-overs do: a lock that changes hands within one thread needs no other.
    fn acquire_locally(&self, context: Arc<Context>, path: ZnodePath) -> Op<Guard> {
        let mutex = self.clone();
        Op::starting(&context.runtime().clone(), move |deadline| {
            if deadline.is_once() {
                let attempt = mutex.attempt(context.clone(), path.clone())(Retry::Never);
                let acquired = acquire::acquired(attempt, deadline, mutex.meters, what(&path));
                return Ok(spawned(context.runtime(), acquired));
            }
            owner::check(&context, &path, mutex.role, mutex.requester)?;
            let (waiter, answer) = Waiter::new(mutex.requester, mutex.handoff, deadline, mutex.meters);
            context.shared::<LocalQueues>().local_queue(&path, mutex.scheme).join(&context, waiter);
            Ok(answer)
        })
    }

    fn attempt(
        &self,
        context: Arc<Context>,
        path: ZnodePath,
    ) -> impl FnOnce(Retry) -> OwnedLockAttempt + use<> {
        let (scheme, role, requester, in_local_queue) =
            (self.scheme, self.role, self.requester, self.handoff > 0);
        move |retry| {
            OwnedLockAttempt::new(context, path, scheme, role, requester, retry)
                .behind_local_queue(in_local_queue)
        }
    }

    fn parts(&self) -> Result<(Arc<Context>, ZnodePath)> {
        Ok((self.context.get()?.clone(), self.path.clone()?))
    }
}
