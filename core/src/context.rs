//! The state that a client and everything made from it share.
//!
//! The context knows no recipe. A recipe that keeps state for each client implements [`PerClient`] and finds that state with
//! [`Context::shared`].

use std::any::{Any, TypeId};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::error::{Error, ErrorCode, Result};
use crate::op::Retry;
use crate::runtime::{ProcessBound, Runtime};
use crate::session::{ClientOptions, Moment, ServerClock, Session, Supervisor};
use crate::util::uuids::Uuids;

/// A context as handles keep it: out of reach in a child of fork().
pub(crate) type SharedContext = Arc<ProcessBound<Arc<Context>>>;

/// State that a recipe keeps once for each client.
pub(crate) trait PerClient: Send + Sync + 'static {
    /// Makes the state of a client. It may be made twice at the same time; one of the two is dropped unused.
    fn for_client(context: &Context) -> Self;
}

/// State of one kind.
type Slot = Arc<dyn Any + Send + Sync>;

/// Work to be done before the session of a client is closed.
type CloseHook = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync>;

/// The state that a client and everything made from it share.
pub(crate) struct Context {
    runtime: Runtime,
    supervisor: Arc<Supervisor>,
    clock: ServerClock,
    uuids: Uuids,
    /// One slot for each kind of state. There are few, so a linear search is fast, and reads take no lock.
    slots: ArcSwap<Vec<(TypeId, Slot)>>,
    /// Taken when the close begins.
    close_hooks: Mutex<Option<Vec<CloseHook>>>,
}

impl Context {
    pub(crate) fn new(runtime: Runtime, supervisor: Arc<Supervisor>) -> Context {
        Context {
            runtime,
            supervisor,
            clock: ServerClock::default(),
            uuids: Uuids::default(),
            slots: ArcSwap::default(),
            close_hooks: Mutex::new(Some(Vec::new())),
        }
    }

    /// Returns this client's state of the type `T`, made at the first call.
    pub(crate) fn shared<T: PerClient>(&self) -> Arc<T> {
        let key = TypeId::of::<T>();
        let slot = self.slot(key).unwrap_or_else(|| self.add_slot(key, Arc::new(T::for_client(self))));
        slot.downcast().expect("a slot holds the type of its key")
    }

    fn slot(&self, key: TypeId) -> Option<Slot> {
        self.slots.load().iter().find(|(other, _)| *other == key).map(|(_, slot)| slot.clone())
    }

    /// Adds a slot, unless another thread was faster. Not inlined: the code would be there once for each kind of state.
    #[inline(never)]
    fn add_slot(&self, key: TypeId, made: Slot) -> Slot {
        self.slots.rcu(|slots| match slots.iter().any(|(other, _)| *other == key) {
            true => slots.clone(),
            false => Arc::new(slots.iter().cloned().chain([(key, made.clone())]).collect()),
        });
        self.slot(key).unwrap_or(made)
    }

    /// Registers work to be done before the session is closed. Returns whether there is still time for it: after the close
    /// has begun there is none.
    pub(crate) fn before_close<F>(&self, hook: impl Fn() -> F + Send + Sync + 'static) -> bool
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        match &mut *self.close_hooks.lock() {
            Some(hooks) => {
                hooks.push(Box::new(move || Box::pin(hook())));
                true
            }
            None => false,
        }
    }

    /// Does the work registered with [`before_close`](Context::before_close), once. Returns the first error.
    pub(crate) async fn run_close_hooks(&self) -> Result<()> {
        let hooks = self.close_hooks.lock().take().unwrap_or_default();
        let outcomes = join_all(hooks.iter().map(|hook| hook())).await;
        outcomes.into_iter().collect()
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn supervisor(&self) -> &Arc<Supervisor> {
        &self.supervisor
    }

    pub(crate) fn options(&self) -> &ClientOptions {
        self.supervisor.options()
    }

    pub(crate) fn clock(&self) -> &ServerClock {
        &self.clock
    }

    pub(crate) fn uuids(&self) -> &Uuids {
        &self.uuids
    }

    /// Returns the time of the leader behind the session's link. `None` without a link, or if no write of this client
    /// has been answered over that link.
    pub(crate) fn server_time(&self, session: &Session) -> Option<Moment> {
        self.clock.now_over(session.linked_now()?.number())
    }

    /// Returns the time of the leader behind the current session's link.
    pub(crate) fn server_time_now(&self) -> Option<Moment> {
        self.server_time(&*self.supervisor.session_now()?)
    }

    /// # Errors
    /// `CLOSED` from the moment on at which the client is being closed.
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.supervisor.is_closing() { Err(Error::closed()) } else { Ok(()) }
    }

    /// Waits until the client is being closed.
    pub(crate) async fn closing(&self) {
        self.supervisor.close_requested().await;
    }

    /// Returns the current session. Waits for one, or with [`Retry::Never`] fails unless the client is connected.
    pub(crate) async fn session(&self, retry: Retry) -> Result<Arc<Session>> {
        if retry.is_never() { self.connected_now() } else { self.supervisor.session().await }
    }

    /// Returns the current session if it is connected right now.
    ///
    /// # Errors
    /// `CONNECTION_LOST` if it is not, `CLOSED`.
    pub(crate) fn connected_now(&self) -> Result<Arc<Session>> {
        self.check_open()?;
        let connected = self.supervisor.session_now().filter(|session| session.linked_now().is_some());
        connected.ok_or_else(|| Error::new(ErrorCode::ConnectionLost, "not connected right now"))
    }

    /// Spawns a task on the runtime; `None` in a child of fork().
    pub(crate) fn spawn<F>(&self, future: F) -> Option<JoinHandle<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.runtime.spawn(future)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.supervisor.begin_close();
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("supervisor", &self.supervisor).finish_non_exhaustive()
    }
}
