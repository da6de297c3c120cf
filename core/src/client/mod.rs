//! A client: the handle from which all recipes are made.

mod access;
mod builder;
mod revoke;

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::stream;

use crate::context::{Context, SharedContext};
use crate::counters::counter::Counter;
use crate::counters::striped_counter::StripedCounter;
use crate::counters::window_counter::WindowCounter;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::miss_guard::MissGuard;
use crate::limits::rate_limiter::RateLimiter;
use crate::locks::multi_mutex::MultiMutex;
use crate::locks::mutex::Mutex;
use crate::locks::owner::role::Role;
use crate::locks::queue::inspect::{self, Queue};
use crate::locks::reentrant_mutex::ReentrantMutex;
use crate::locks::rw_lock::RwLock;
use crate::locks::semaphore::Semaphore;
use crate::op::Op;
use crate::op::deadline::ONE_ANSWER;
use crate::path::ZnodePath;
use crate::runtime::{ProcessBound, Runtime, Subscription};
use crate::session::{State, Supervisor};

pub use access::Access;
pub use builder::ClientBuilder;

/// A connection to a ZooKeeper ensemble, with a session of its own.
///
/// A client is cheap to clone; clones share the session. If the session expires, its locks are lost, and the client opens
/// a new session and goes on. The client is closed by [`close`](Client::close), or when it and everything made from it has
/// been dropped.
///
/// # Examples
/// ```no_run
/// use zkcoord::Client;
///
/// # async fn example() -> zkcoord::Result<()> {
/// let client = Client::connect("zk1:2181,zk2:2181/app").await?;
/// let guard = client.mutex("/locks/report").acquire().await?;
/// guard.release().await?;
/// client.close().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    context: SharedContext,
}

impl Client {
    pub(crate) fn new(runtime: Runtime, supervisor: Arc<Supervisor>) -> Client {
        Client { context: Arc::new(ProcessBound::new(Arc::new(Context::new(runtime, supervisor)))) }
    }

    /// Connects to `hosts` with default options. `hosts` names the servers and an optional chroot, as in
    /// `zk1:2181,zk2:2181/app`. A missing chroot is created.
    ///
    /// # Errors
    /// As for [`ClientBuilder::connect`].
    ///
    /// # Cancel safety
    /// As for [`ClientBuilder::connect`].
    ///
    /// # Examples
    /// ```no_run
    /// use zkcoord::Client;
    ///
    /// # async fn example() -> zkcoord::Result<()> {
    /// let client = Client::connect("zk1:2181,zk2:2181,zk3:2181/app").await?;
    /// # Ok(()) }
    /// ```
    pub fn connect(hosts: impl AsRef<str>) -> Op<Client> {
        Client::builder(hosts).connect()
    }

    /// Returns a builder with the options to connect to `hosts` with.
    ///
    /// # Examples
    /// ```no_run
    /// use std::time::Duration;
    /// use zkcoord::Client;
    ///
    /// # async fn example() -> zkcoord::Result<()> {
    /// let client = Client::builder("zk1:2181/app").session_timeout(Duration::from_secs(30)).connect().await?;
    /// # Ok(()) }
    /// ```
    pub fn builder(hosts: impl AsRef<str>) -> ClientBuilder {
        ClientBuilder::new(hosts.as_ref())
    }

    /// Returns a mutual exclusion lock at `path`. Sends no request.
    ///
    /// An invalid path is not reported here: every operation on the lock then fails with `INVALID_ARGUMENT`.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/report").acquire().await?;
    /// # Ok(()) }
    /// ```
    pub fn mutex(&self, path: impl AsRef<str>) -> Mutex {
        Mutex::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()), Role::Mutex)
    }

    /// Returns a mutual exclusion lock at `path` that its owner, by default a thread, may acquire several times. Sends no
    /// request.
    ///
    /// An invalid path is reported by the operations, as for [`mutex`](Client::mutex).
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let mutex = client.reentrant_mutex("/locks/report");
    /// let outer = mutex.acquire().wait()?;
    /// let inner = mutex.acquire().wait()?; // at once: this thread already holds the lock
    /// # Ok(()) }
    /// ```
    pub fn reentrant_mutex(&self, path: impl AsRef<str>) -> ReentrantMutex {
        let path = ZnodePath::parse("path", path.as_ref());
        ReentrantMutex::new(Mutex::new(self.context.clone(), path, Role::Reentrant))
    }

    /// Returns a read/write lock at `path`. Sends no request.
    ///
    /// An invalid path is reported by the operations, as for [`mutex`](Client::mutex).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.rw_lock("/locks/catalog").read().acquire().await?;
    /// # Ok(()) }
    /// ```
    pub fn rw_lock(&self, path: impl AsRef<str>) -> RwLock {
        let path = ZnodePath::parse("path", path.as_ref());
        let side = |role| Mutex::new(self.context.clone(), path.clone(), role);
        RwLock::new(side(Role::Read), side(Role::Write))
    }

    /// Returns several mutexes that are acquired as one, all or none. Sends no request.
    ///
    /// Invalid paths, or an empty list, are reported by the operations, as for [`mutex`](Client::mutex).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let both = client.multi_mutex(["/accounts/1", "/accounts/2"]).acquire().await?;
    /// # Ok(()) }
    /// ```
    pub fn multi_mutex<P: AsRef<str>>(&self, paths: impl IntoIterator<Item = P>) -> MultiMutex {
        let paths = paths.into_iter().map(|path| ZnodePath::parse("paths", path.as_ref())).collect();
        MultiMutex::new(self.context.clone(), paths)
    }

    /// Returns a semaphore at `path` with `permits` permits, from 1 to 2,147,483,647. Sends no request.
    ///
    /// Invalid arguments are reported by the operations, as for [`mutex`](Client::mutex).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let slot = client.semaphore("/limits/downloads", 10).acquire(1).await?;
    /// # Ok(()) }
    /// ```
    pub fn semaphore(&self, path: impl AsRef<str>, permits: usize) -> Semaphore {
        Semaphore::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()), permits)
    }

    /// Asks the owner of a lock's node to release the lock, by writing `__REVOKE__` into the node as Curator's `Revoker`
    /// does. Returns whether the node exists. [`Mutex::inspect`](crate::Mutex::inspect) returns the nodes of a queue.
    ///
    /// The owner decides: see [`Guard::on_revoke`](crate::Guard::on_revoke).
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `TIMEOUT`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: the request may be repeated.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let queue = client.mutex("/locks/report").inspect().await?;
    /// if let Some(holder) = queue.first() {
    ///     client.request_revoke(&holder.node).await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn request_revoke(&self, node: impl AsRef<str>) -> Op<bool> {
        Op::attempt(|| {
            let context = self.context.get()?.clone();
            let node = revoke::contender_path(node.as_ref())?;
            Ok(Op::new(&context.runtime().clone(), |deadline| async move {
                deadline.answer(revoke::request_revoke(&context, &node, deadline.retry())).await
            }))
        })
    }

    /// Returns what the servers permit this client in the directory at `path`, or in the nearest existing node above it.
    ///
    /// The permissions are tried in transactions that fail on purpose, so nothing is changed. This takes about eight round
    /// trips; it is meant for tools that look for trouble.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `TIMEOUT`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it changes nothing.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// if let Err(error) = client.access("/locks/report").await?.create {
    ///     println!("locks cannot be acquired here: {error}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn access(&self, path: impl AsRef<str>) -> Op<Access> {
        Op::attempt(|| {
            let context = self.context.get()?.clone();
            let path = ZnodePath::parse("path", path.as_ref())?;
            Ok(Op::new(&context.runtime().clone(), |deadline| async move {
                deadline.answer(access::access(&context, &path, deadline.retry())).await
            }))
        })
    }

    /// Returns the queues of all locks whose directories are children of `path`: the names of the children, in order, each
    /// with what [`Mutex::inspect`] returns for it. Empty queues are left out.
    ///
    /// The queues are read one by one, so together they are no snapshot. Three round trips.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `TIMEOUT`, `CONNECTION_LOST`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// for (name, queue) in client.inspect_all("/locks").await? {
    ///     println!("{name}: {} contenders", queue.len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn inspect_all(&self, path: impl AsRef<str>) -> Op<Vec<(String, Queue)>> {
        Op::attempt(|| {
            let context = self.context.get()?.clone();
            let root = ZnodePath::parse("path", path.as_ref())?;
            Ok(Op::new(&context.runtime().clone(), |deadline| async move {
                deadline.answer(inspect::inspect_all(&context, &root, deadline.retry())).await
            }))
        })
    }

    /// Returns a counter at `path`. Sends no request.
    ///
    /// An invalid path is reported by the operations, as for [`mutex`](Client::mutex).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let runs = client.counter("/counters/runs").increment().await?;
    /// # Ok(()) }
    /// ```
    pub fn counter(&self, path: impl AsRef<str>) -> Counter {
        Counter::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()))
    }

    /// Returns a guard against lookups of keys that do not exist, with its records below `path`. Sends no request.
    ///
    /// An invalid path is reported by the operations, as for [`mutex`](Client::mutex).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let users = client.miss_guard("/misses/users").threshold(3);
    /// # Ok(()) }
    /// ```
    pub fn miss_guard(&self, path: impl AsRef<str>) -> MissGuard {
        MissGuard::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()))
    }

    /// Returns a sum at `path` to which many clients add often. Sends no request.
    ///
    /// An invalid path is reported by the operations, as for [`mutex`](Client::mutex).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let bytes = client.striped_counter("/counters/bytes");
    /// bytes.add(1500)?;
    /// # Ok(()) }
    /// ```
    pub fn striped_counter(&self, path: impl AsRef<str>) -> StripedCounter {
        StripedCounter::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()))
    }

    /// Returns a counter at `path` of the events within the last `window`, which forgets `window / buckets` at a time. Sends
    /// no request.
    ///
    /// The window is from 1 ms to 100 years long, taken to the nearest microsecond, with at most one bucket per millisecond
    /// and 10,000 in all. Invalid arguments are reported by the operations, as for [`mutex`](Client::mutex).
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let logins = client.window_counter("/counters/logins", Duration::from_secs(60), 60);
    /// println!("{} logins within the last minute", logins.count().await?);
    /// # Ok(()) }
    /// ```
    pub fn window_counter(&self, path: impl AsRef<str>, window: Duration, buckets: u32) -> WindowCounter {
        WindowCounter::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()), window, buckets)
    }

    /// Returns a rate limiter at `path` that grants at most `permits` (1 to 1,000,000) in any `per` (1 ms to 31 days), for
    /// all clients together. Sends no request.
    ///
    /// Invalid arguments are reported by the operations, as for [`mutex`](Client::mutex).
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let limiter = client.rate_limiter("/limits/api", 100, Duration::from_secs(1));
    /// limiter.acquire(1).await?;
    /// # Ok(()) }
    /// ```
    pub fn rate_limiter(&self, path: impl AsRef<str>, permits: u64, per: Duration) -> RateLimiter {
        RateLimiter::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()), permits, per)
    }

    /// Returns the current state of the client.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// println!("zookeeper: {}", client.state()?.name());
    /// # Ok(()) }
    /// ```
    pub fn state(&self) -> Result<State> {
        Ok(self.context.get()?.supervisor().state())
    }

    /// Returns the id of the current session, or 0 while there is none.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// println!("session {:#x}", client.session_id()?);
    /// # Ok(()) }
    /// ```
    pub fn session_id(&self) -> Result<i64> {
        Ok(self.context.get()?.supervisor().session_now().map_or(0, |session| session.id()))
    }

    /// Returns the session timeout that the server granted, or the requested one while there is no session.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// println!("locks of a dead process are released after {:?}", client.session_timeout()?);
    /// # Ok(()) }
    /// ```
    pub fn session_timeout(&self) -> Result<Duration> {
        let context = self.context.get()?;
        let session = context.supervisor().session_now();
        Ok(session.map_or(context.options().session_timeout, |session| session.timeout()))
    }

    /// Calls `callback` with every new state, on the callback thread, until the subscription is dropped.
    ///
    /// States that follow each other faster than `callback` returns are left out, but never the latest one. `callback` must
    /// not make waiting calls.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let subscription = client.on_state(|state| println!("zookeeper: {}", state.name()))?;
    /// # Ok(()) }
    /// ```
    pub fn on_state(&self, callback: impl Fn(State) + Send + Sync + 'static) -> Result<Subscription> {
        let context = self.context.get()?;
        let mut states = context.supervisor().states();
        states.mark_unchanged();
        let states = stream::unfold(Some(states), |states| async {
            let mut states = states?;
            states.changed().await.ok()?;
            let state = *states.borrow_and_update();
            Some((state, (state != State::Closed).then_some(states)))
        });
        Subscription::new(context.runtime(), states, callback)
    }

    /// Returns a reference that does not keep the client open, for code that closes the remaining clients at the end of a
    /// program.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let weak = client.downgrade()?;
    /// drop(client);
    /// assert!(weak.upgrade().is_none());
    /// # Ok(()) }
    /// ```
    pub fn downgrade(&self) -> Result<WeakClient> {
        Ok(WeakClient { context: ProcessBound::new(Arc::downgrade(self.context.get()?)) })
    }

    /// Closes the client: writes what was added to its striped counters, and ends its session, which releases all its locks.
    ///
    /// Pending operations fail with `CLOSED`. May be called again.
    ///
    /// # Errors
    /// `TIMEOUT` if the close takes longer than the operation's timeout (with 0: a quarter of a second), or the
    /// [flush](crate::StripedCounter::flush) of the striped counters longer than a session timeout. The error of a flush that
    /// failed. `FORKED` in a child of fork(). The client is closed in any case; a server that cannot be reached ends the
    /// session by its timeout.
    ///
    /// # Cancel safety
    /// The client is closed all the same; additions that have not been written by then are lost.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// client.close().timeout(Duration::from_secs(2)).await?;
    /// # Ok(()) }
    /// ```
    pub fn close(&self) -> Op<()> {
        Op::attempt(|| {
            let context = self.context.get()?.clone();
            Ok(Op::new(&context.runtime().clone(), |deadline| async move {
                let deadline = deadline.once_within(ONE_ANSWER);
                let timed_out = |what| move || Error::new(ErrorCode::Timeout, what);
                let flushed = if context.supervisor().is_closing() {
                    // An earlier call has flushed, and has returned the outcome.
                    Some(Ok(()))
                } else {
                    let _closing = Closing(context.supervisor());
                    let limit = context.options().session_timeout;
                    let flushing = tokio::time::timeout(limit, context.run_close_hooks());
                    deadline.run(flushing).await.and_then(|flushed| flushed.ok())
                };
                let closed = deadline.run(context.supervisor().closed()).await;
                flushed.ok_or_else(timed_out(
                    "timed out flushing the striped counters; the client is closed, and what was not written is lost",
                ))??;
                closed.ok_or_else(timed_out("the server has not confirmed the close yet"))
            }))
        })
    }
}

/// A reference to a client that does not keep it open. Returned by [`Client::downgrade`].
///
/// # Examples
/// ```no_run
/// # async fn example(weak: zkcoord::WeakClient) -> zkcoord::Result<()> {
/// if let Some(client) = weak.upgrade() {
///     client.close().await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct WeakClient {
    context: ProcessBound<Weak<Context>>,
}

impl WeakClient {
    /// Returns the client while it, or anything made from it, is in use. `None` afterwards, and in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(weak: zkcoord::WeakClient) {
    /// println!("in use: {}", weak.upgrade().is_some());
    /// # }
    /// ```
    pub fn upgrade(&self) -> Option<Client> {
        let context = self.context.get().ok()?.upgrade()?;
        Some(Client { context: Arc::new(ProcessBound::new(context)) })
    }
}

/// Begins the close when it is dropped, so that the close also begins if its caller stops waiting.
struct Closing<'a>(&'a Supervisor);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.begin_close();
    }
}
