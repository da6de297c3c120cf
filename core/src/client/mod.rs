//! A client: the handle from which all recipes are made.

mod access;
mod builder;

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
use crate::locks::queue::node_name::ContenderName;
use crate::locks::reentrant_mutex::ReentrantMutex;
use crate::locks::rw_lock::RwLock;
use crate::locks::semaphore::Semaphore;
use crate::op::deadline::ONE_ANSWER;
use crate::op::{Op, Retry};
use crate::path::{ZnodePath, name_of};
use crate::runtime::{ProcessBound, Runtime, Subscription};
use crate::session::{Fault, REVOCATIONS, Refusal, State, Supervisor};

pub use access::Access;
pub use builder::ClientBuilder;

/// A connection to a ZooKeeper ensemble, with a session of its own.
///
/// Cheap to clone; clones share the session. When an expired session takes locks with it, the client opens a new one and
/// goes on. It is closed by [`close`](Client::close), or when it and everything made from it is dropped.
#[derive(Clone, Debug)]
pub struct Client {
    context: SharedContext,
}

impl Client {
    pub(crate) fn new(runtime: Runtime, supervisor: Arc<Supervisor>) -> Client {
        Client { context: Arc::new(ProcessBound::new(Arc::new(Context::new(runtime, supervisor)))) }
    }

    /// Connects to `hosts`, like `zk1:2181,zk2:2181/app`, with default options. The chroot behind the servers is made
    /// when it is missing.
    ///
    /// # Errors
    /// See [`ClientBuilder::connect`].
    pub fn connect(hosts: impl AsRef<str>) -> Op<Client> {
        Client::builder(hosts).connect()
    }

    /// Options to connect with.
    pub fn builder(hosts: impl AsRef<str>) -> ClientBuilder {
        ClientBuilder::new(hosts.as_ref())
    }

    /// A mutual exclusion lock at `path`. No request is made; a path that is none makes the lock's operations fail.
    pub fn mutex(&self, path: impl AsRef<str>) -> Mutex {
        Mutex::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()), Role::Mutex)
    }

    /// A mutual exclusion lock at `path` that its owner, by default a thread, may take several times. No request is made; a
    /// path that is none makes the lock's operations fail.
    pub fn reentrant_mutex(&self, path: impl AsRef<str>) -> ReentrantMutex {
        let path = ZnodePath::parse("path", path.as_ref());
        ReentrantMutex::new(Mutex::new(self.context.clone(), path, Role::Reentrant))
    }

    /// A read/write lock at `path`. No request is made; a path that is none makes the lock's operations fail.
    pub fn rw_lock(&self, path: impl AsRef<str>) -> RwLock {
        let path = ZnodePath::parse("path", path.as_ref());
        let side = |role| Mutex::new(self.context.clone(), path.clone(), role);
        RwLock::new(side(Role::Read), side(Role::Write))
    }

    /// Several mutexes taken as one, all or none. No request is made; paths that are none, or no paths, make its operations
    /// fail.
    pub fn multi_mutex<P: AsRef<str>>(&self, paths: impl IntoIterator<Item = P>) -> MultiMutex {
        let paths = paths.into_iter().map(|path| ZnodePath::parse("paths", path.as_ref())).collect();
        MultiMutex::new(self.context.clone(), paths)
    }

    /// A semaphore at `path` with this many permits. No request is made; arguments that cannot be make its operations fail.
    pub fn semaphore(&self, path: impl AsRef<str>, permits: usize) -> Semaphore {
        Semaphore::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()), permits)
    }

    /// Asks the owner of a lock's node to give the lock back, by writing `__REVOKE__` into it as Curator's `Revoker` does. Says
    /// whether the node was there. Find it with [`Mutex::inspect`](crate::Mutex::inspect).
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `TIMEOUT`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it can be asked again.
    pub fn request_revoke(&self, node: impl AsRef<str>) -> Op<bool> {
        let parts =
            self.context.get().and_then(|context| Ok((context.clone(), contender_path(node.as_ref())?)));
        Op::attempt(|| {
            let (context, node) = parts?;
            Ok(Op::new(&context.runtime().clone(), |deadline| async move {
                deadline.answer(ask_back(&context, &node, deadline.retry())).await
            }))
        })
    }

    /// What the servers let this client do in the directory at `path`, or in the nearest node above it that exists. Tried in
    /// transactions that fail on purpose: nothing is changed. Some eight round trips, for tools that look for trouble.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `TIMEOUT`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it changes nothing.
    pub fn access(&self, path: impl AsRef<str>) -> Op<Access> {
        let parts = self
            .context
            .get()
            .and_then(|context| Ok((context.clone(), ZnodePath::parse("path", path.as_ref())?)));
        Op::attempt(|| {
            let (context, path) = parts?;
            Ok(Op::new(&context.runtime().clone(), |deadline| async move {
                deadline.answer(access::access(&context, &path, deadline.retry())).await
            }))
        })
    }

    /// Looks at the queues of all locks whose directories are children of `path`: their names, in order, and what
    /// [`Mutex::inspect`] shows of each. Those that nobody holds or waits for are left out. The queues are looked at one by one:
    /// together they are no snapshot. Three round trips.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `TIMEOUT`, `CONNECTION_LOST`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    pub fn inspect_all(&self, path: impl AsRef<str>) -> Op<Vec<(String, Queue)>> {
        let root = ZnodePath::parse("path", path.as_ref());
        Op::attempt(|| {
            let (context, root) = self.context.get().and_then(|context| Ok((context.clone(), root?)))?;
            Ok(Op::new(&context.runtime().clone(), |deadline| async move {
                deadline.answer(inspect::inspect_all(&context, &root, deadline.retry())).await
            }))
        })
    }

    /// A counter at `path`. No request is made; a path that is none makes the counter's operations fail.
    pub fn counter(&self, path: impl AsRef<str>) -> Counter {
        Counter::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()))
    }

    /// A guard against lookups of keys that do not exist, with its records below `path`. No request is made; a path that is none
    /// makes its operations fail.
    pub fn miss_guard(&self, path: impl AsRef<str>) -> MissGuard {
        MissGuard::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()))
    }

    /// A sum at `path` to which many clients add often. No request is made; a path that is none makes its operations fail.
    pub fn striped_counter(&self, path: impl AsRef<str>) -> StripedCounter {
        StripedCounter::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()))
    }

    /// A counter at `path` of the events within the last `window`, forgotten `window / buckets` at a time. The window is from
    /// 1 ms to 100 years long, taken to the nearest microsecond, with at most one bucket per millisecond and 10,000 in all. No
    /// request is made; arguments that cannot be make the counter's operations fail.
    pub fn window_counter(&self, path: impl AsRef<str>, window: Duration, buckets: u32) -> WindowCounter {
        WindowCounter::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()), window, buckets)
    }

    /// A rate limiter at `path` that lets through at most `permits` (1 to 1,000,000) in any `per` (1 ms to 31 days), for all
    /// clients together. No request is made; arguments that cannot be make its operations fail.
    pub fn rate_limiter(&self, path: impl AsRef<str>, permits: u64, per: Duration) -> RateLimiter {
        RateLimiter::new(self.context.clone(), ZnodePath::parse("path", path.as_ref()), permits, per)
    }

    /// What the client stands on right now.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn state(&self) -> Result<State> {
        Ok(self.context.get()?.supervisor().state())
    }

    /// The id of the current session; 0 when there is none.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn session_id(&self) -> Result<i64> {
        Ok(self.context.get()?.supervisor().session_now().map_or(0, |session| session.id()))
    }

    /// The session timeout that the server granted; what was asked for while there is no session.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn session_timeout(&self) -> Result<Duration> {
        let context = self.context.get()?;
        Ok(context
            .supervisor()
            .session_now()
            .map_or(context.options().session_timeout, |session| session.timeout()))
    }

    /// Calls `tell` with every new state, on the callback thread, until the subscription is dropped. States that follow
    /// each other faster than `tell` returns are left out; the latest never is. `tell` must not make waiting calls.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn on_state(&self, tell: impl Fn(State) + Send + Sync + 'static) -> Result<Subscription> {
        let context = self.context.get()?;
        let mut states = context.supervisor().states();
        states.mark_unchanged();
        let states = stream::unfold(Some(states), |states| async {
            let mut states = states?;
            states.changed().await.ok()?;
            let state = *states.borrow_and_update();
            Some((state, (state != State::Closed).then_some(states)))
        });
        Subscription::new(context.runtime(), states, tell)
    }

    /// A reference that does not keep the client open, for whoever closes what is left at the end.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn downgrade(&self) -> Result<WeakClient> {
        Ok(WeakClient { context: ProcessBound::new(Arc::downgrade(self.context.get()?)) })
    }

    /// Closes the client: writes what was added to its striped counters, and ends its session, which gives back all its
    /// locks. What is under way fails with `CLOSED`. Can be called again.
    ///
    /// # Errors
    /// `TIMEOUT` when that takes longer than the operation's timeout; `FORKED` in a child of fork(). The error of a
    /// [flush](crate::StripedCounter::flush) that failed, or `TIMEOUT` when it takes longer than a session timeout; the client
    /// is closed all the same. A server that cannot be reached ends the session by its timeout.
    ///
    /// # Cancel safety
    /// The client is closed all the same, with what was not written until then lost.
    pub fn close(&self) -> Op<()> {
        Op::attempt(|| {
            let context = self.context.get()?;
            let context = context.clone();
            let runtime = context.runtime().clone();
            Ok(Op::new(&runtime, |deadline| async move {
                let deadline = deadline.once_within(ONE_ANSWER);
                let late = |what| move || Error::new(ErrorCode::Timeout, what);
                let flushed = if context.supervisor().is_closing() {
                    // An earlier call has flushed, and has told what came of it.
                    Some(Ok(()))
                } else {
                    let _closing = Closing(context.supervisor());
                    let flushing =
                        tokio::time::timeout(context.options().session_timeout, context.run_close_hooks());
                    deadline.run(flushing).await.and_then(|flushed| flushed.ok())
                };
                let closed = deadline.run(context.supervisor().closed()).await;
                flushed
                    .ok_or_else(late("what was added to striped counters could not be written in time"))??;
                closed.ok_or_else(late("the server has not confirmed the close yet"))
            }))
        })
    }
}

/// A reference to a client that does not keep it open. Made by [`Client::downgrade`].
#[derive(Debug)]
pub struct WeakClient {
    context: ProcessBound<Weak<Context>>,
}

impl WeakClient {
    /// The client, as long as somebody has it or something made from it. `None` in a child of fork().
    pub fn upgrade(&self) -> Option<Client> {
        let context = self.context.get().ok()?.upgrade()?;
        Some(Client { context: Arc::new(ProcessBound::new(context)) })
    }
}

/// Begins the close when it is dropped: also when whoever asked for it has no patience.
struct Closing<'a>(&'a Supervisor);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.begin_close();
    }
}

/// The path of a node that stands in a queue. Writing a request into another would destroy what it holds.
fn contender_path(node: &str) -> Result<ZnodePath> {
    let path = ZnodePath::parse("node", node)?;
    let name = ContenderName::parse(name_of(node));
    name.map(|_| path).ok_or_else(|| Error::invalid_argument("node", node, "is not the node of a contender"))
}

/// Writes a request to revoke, through lost connections: to write it twice does no harm.
async fn ask_back(context: &Context, node: &ZnodePath, retry: Retry) -> Result<bool> {
    loop {
        let session = context.session(retry).await?;
        let Ok(link) = session.link().await else { continue };
        match link.set(node.as_str(), REVOCATIONS[0]).await {
            Ok(()) => return Ok(true),
            Err(Fault::Refused(Refusal::NoNode)) => return Ok(false),
            Err(Fault::Unknown) => session.wait_reconnect(&link).await,
            Err(Fault::Gone) => {}
            Err(fault) => return Err(fault.into_error(&format!("writing {}", node.as_str()))),
        }
    }
}
