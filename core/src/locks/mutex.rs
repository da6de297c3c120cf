//! The public mutual exclusion lock: at most one holder among all clients of the ensemble, in order of arrival.
//!
//! The queue and its steps are in `queue/`.

use std::sync::{Arc, OnceLock};

use crate::context::{Context, SharedContext};
use crate::error::{Error, Result};
use crate::locks::acquire::{self, lock_name};
use crate::locks::guard::Guard;
use crate::locks::handoff::{LocalQueue, LocalQueues, Waiter};
use crate::locks::owner::acquire::OwnedLockAttempt;
use crate::locks::owner::{
    self,
    role::{Requester, Role},
};
use crate::locks::queue::inspect::{self, Queue};
use crate::locks::queue::node_name::Scheme;
use crate::op::{Op, Retry, spawned};
use crate::path::ZnodePath;
use crate::runtime::ProcessBound;
use crate::stats::{Meters, WaitStats};

/// A mutual exclusion lock at a path. Made by [`Client::mutex`](crate::Client::mutex), without any request.
///
/// Not reentrant: a second `acquire` waits for the first guard, even in the same thread, unless the mutex knows its
/// [owner](Mutex::owned_by). On the same path it excludes Curator's `InterProcessMutex` and go-zookeeper's `Lock`, or, with
/// [`Scheme::Kazoo`], kazoo's `Lock`.
///
/// The two sides of a [`RwLock`](crate::RwLock) are of this type too.
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let mutex = client.mutex("/locks/report");
/// if let Some(guard) = mutex.try_acquire().await? {
///     println!("no other client writes the report");
///     guard.release().await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Mutex {
    context: SharedContext,
    path: Result<ZnodePath>,
    scheme: Scheme,
    role: Role,
    requester: Requester,
    handoff: u32,
    /// Looked up by the first acquire with a hand-over.
    local_queue: OnceLock<Arc<ProcessBound<Arc<LocalQueue>>>>,
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
            local_queue: OnceLock::new(),
            meters: Arc::default(),
        }
    }

    /// Sets the naming scheme of the nodes that it creates. All clients of the path must be able to read the names. Default
    /// [`Scheme::Curator`].
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::Scheme;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// // Excludes `kazoo.recipe.lock.Lock(client, "/locks/report")`.
    /// let mutex = client.mutex("/locks/report").scheme(Scheme::Kazoo);
    /// let guard = mutex.acquire().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn scheme(mut self, scheme: Scheme) -> Mutex {
        self.scheme = scheme;
        self.local_queue = OnceLock::new();
        self
    }

    /// Names the thread or task that asks, by a number that is unique in this process. An acquire that would wait for a lock
    /// that this owner holds then fails with `WOULD_DEADLOCK` at once, if the owner acquired it through a
    /// [`ReentrantMutex`](crate::ReentrantMutex) or with [`owned_by`](Mutex::owned_by).
    ///
    /// The guard is not bound to the owner: another thread may release it, and the owner may wait for that. Use this whenever you
    /// know the calling thread or task.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let me = zkcoord::thread_owner();
    /// let outer = client.reentrant_mutex("/locks/report").owned_by(me).acquire().wait()?;
    /// // A plain mutex is not shared with its owner. Without `asked_by` this would wait forever.
    /// let error = client.mutex("/locks/report").asked_by(me).acquire().wait().unwrap_err();
    /// assert_eq!(error.code(), zkcoord::ErrorCode::WouldDeadlock);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn asked_by(mut self, owner: u64) -> Mutex {
        self.requester = Requester::Asking(owner);
        self
    }

    /// Names the thread or task that asks, as [`asked_by`](Mutex::asked_by) does, and declares that it will hold the lock until
    /// the release. Its next acquire at this path with this client then fails with `WOULD_DEADLOCK` instead of deadlocking. Not
    /// for guards that are passed to other threads or tasks.
    ///
    /// The sides of a [`RwLock`](crate::RwLock) take an owner in [another sense](crate::RwLock::owned_by).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let mutex = client.mutex("/locks/report").owned_by(7);
    /// let guard = mutex.acquire().await?;
    /// let error = mutex.acquire().await.unwrap_err();
    /// assert_eq!(error.code(), zkcoord::ErrorCode::WouldDeadlock);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn owned_by(mut self, owner: u64) -> Mutex {
        self.requester = Requester::Owning(owner);
        self
    }

    /// Lets the tasks of this client hand the mutex over to each other, up to `max` times in a row without any request. Then the
    /// lock goes back to the server, and other clients get their turn. With 0, the default, all contenders queue at the server,
    /// in one strict order.
    ///
    /// All acquires of a client with a `max` above 0, through this handle or any other, form one local queue in order of arrival,
    /// and one node stands in the server's queue for all of them. Mutexes of the same client with a `max` of 0 queue at the
    /// server. The `max` of the handle that holds the lock decides whether it is handed over.
    ///
    /// Guards that were handed over one after another share the node and the **token**: they never overlap, but a resource that
    /// checks tokens cannot tell them apart. A late write of an earlier guard is not fenced off until the server grants the lock
    /// again. Release, loss, `on_lost` and `on_revoke` belong to each guard alone.
    ///
    /// The lock is not handed over if it is lost or may be, or if another client [asked for it](crate::Guard::on_revoke).
    /// [`try_acquire`](Mutex::try_acquire) returns `None` while a task of the local queue holds the lock or waits for it. A guard
    /// that it returns is released at the server.
    ///
    /// On a side of a read/write lock a `max` above 0 is invalid: every operation then fails with `INVALID_ARGUMENT`.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// // Many tasks of this process contend: up to 20 of them hold the lock before other processes get it.
    /// let mutex = client.mutex("/locks/index").handoff(20);
    /// let guard = mutex.acquire().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn handoff(mut self, max: u32) -> Mutex {
        if self.role != Role::Mutex && max > 0 {
            let why = "must be 0 for a side of a read/write lock";
            self.path = self.path.and(Err(Error::invalid_argument("handoff", max, why)));
        }
        self.handoff = max;
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
    /// assert_eq!(client.mutex("/locks/report").path()?, "/locks/report");
    /// assert!(client.mutex("no leading slash").path().is_err());
    /// # Ok(()) }
    /// ```
    pub fn path(&self) -> Result<&str> {
        self.context.get()?;
        self.path.as_ref().map(ZnodePath::as_str).map_err(Clone::clone)
    }

    /// Waits until the lock is acquired. Takes one round trip if it is free.
    ///
    /// If the session is lost while waiting, the attempt queues again with the next session, until its timeout.
    ///
    /// # Errors
    /// `TIMEOUT` if the operation's timeout passes first, also while no server can be reached. `WOULD_DEADLOCK` if the owner is
    /// known and would wait for itself. `NOT_AUTHORIZED`, `QUOTA`, `SEQUENCE_EXHAUSTED`; `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Dropping the operation leaves the queue, and releases the lock if it was granted at that moment.
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
            Ok(acquire::acquire(
                &context.clone(),
                &self.meters,
                lock_name(&path),
                self.attempt(context, path),
            ))
        })
    }

    /// Acquires the lock if it is free. Returns `None` if it is held, by any client.
    ///
    /// # Errors
    /// `CONNECTION_LOST` if there is no connection, `TIMEOUT` if a timeout is set and passes; otherwise as for
    /// [`acquire`](Mutex::acquire), except `WOULD_DEADLOCK`: in that case it returns `None`.
    ///
    /// # Cancel safety
    /// As for [`acquire`](Mutex::acquire).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// match client.mutex("/jobs/nightly").try_acquire().await? {
    ///     Some(guard) => println!("running the job as {}", guard.node()),
    ///     None => println!("another host runs the job"),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn try_acquire(&self) -> Op<Option<Guard>> {
        Op::attempt(|| {
            let (context, path) = self.parts()?;
            Ok(acquire::try_acquire(&context.clone(), &self.meters, self.attempt(context, path)))
        })
    }

    /// Lists the holders and the waiters of the lock, in order, with warnings of mixes of libraries that do not exclude each
    /// other. Takes two round trips.
    ///
    /// # Errors
    /// `TIMEOUT`, `CONNECTION_LOST`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// for contender in client.mutex("/locks/report").inspect().await?.iter() {
    ///     let state = if contender.is_holder { "holds" } else { "waits" };
    ///     println!("{} {state} since {:?}", contender.identity, contender.waiting_since);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn inspect(&self) -> Op<Queue> {
        Op::attempt(|| {
            let (context, path) = self.parts()?;
            Ok(Op::new(&context.runtime().clone(), |deadline| async move {
                deadline.answer(inspect::inspect(&context, &path, deadline.retry())).await
            }))
        })
    }

    /// Returns how long this handle and its clones waited for the lock and held it. Costs no round trip.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let mutex = client.mutex("/locks/report");
    /// mutex.acquire().await?.release().await?;
    /// let stats = mutex.stats();
    /// println!("{} waits, half of them within {:?}", stats.count, stats.p50);
    /// if let Some(probability) = stats.success_probability(Duration::from_secs(1)) {
    ///     println!("acquired within a second with a probability of {probability:.2}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn stats(&self) -> WaitStats {
        self.meters.stats()
    }

    /// Joins the local queue. Starts on the caller's thread, as hand-overs do: tasks of one thread can hand the lock over without
    /// a switch to another thread.
    fn acquire_locally(&self, context: Arc<Context>, path: ZnodePath) -> Op<Guard> {
        let local_queue = self.local_queue.get_or_init(|| {
            let local_queue = context.shared::<LocalQueues>().local_queue(&path, self.scheme);
            Arc::new(ProcessBound::new(local_queue))
        });
        let (mutex, local_queue) = (self.clone(), local_queue.clone());
        Op::starting(&context.runtime().clone(), move |deadline| {
            if deadline.is_once() {
                let attempt = mutex.attempt(context.clone(), path.clone())(Retry::Never);
                let acquiring = acquire::run_acquire(attempt, deadline, mutex.meters, lock_name(&path));
                return Ok(spawned(context.runtime(), acquiring));
            }
            owner::check(&context, &path, mutex.role, mutex.requester)?;
            let (waiter, answer) = Waiter::new(mutex.requester, mutex.handoff, deadline, mutex.meters);
            local_queue.get()?.join(&context, waiter);
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
