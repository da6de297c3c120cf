//! A client, method by method.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{Env, Object, Uint8Array, i64n};
use napi_derive::napi;
use zkcoord::{Acl, Op, Scheme, State, Subscription, Tls, WeakClient};

use crate::counter::{Counter, CounterOptions};
use crate::error::Outcome;
use crate::event::{Listener, tell};
use crate::inspect::{NamedQueue, Queue};
use crate::miss_guard::MissGuard;
use crate::multi_mutex::MultiMutex;
use crate::mutex::Mutex;
use crate::promise::{milliseconds, promise};
use crate::rate_limiter::RateLimiter;
use crate::reentrant_mutex::ReentrantMutex;
use crate::rw_lock::RwLock;
use crate::semaphore::Semaphore;
use crate::striped_counter::StripedCounter;
use crate::window_counter::WindowCounter;

/// Options of `connect`, all of them given. Times in milliseconds.
#[napi(object, object_to_js = false)]
pub struct ConnectOptions {
    /// See core's `ClientBuilder`.
    pub session_timeout: f64,
    /// See core's `ClientBuilder`.
    pub connect_timeout: f64,
    /// See core's `ClientBuilder`.
    pub identity: Option<String>,
    /// See core's `ClientBuilder`.
    pub auth: Option<Auth>,
    /// `open`, `creator` or `read`.
    pub acl: String,
    /// How to encrypt, if at all.
    pub tls: Option<TlsOptions>,
}

/// Core's `Tls`.
#[napi(object, object_to_js = false)]
pub struct TlsOptions {
    /// A file.
    pub ca: Option<String>,
    /// A file.
    pub cert: Option<String>,
    /// A file.
    pub key: Option<String>,
    /// Whether to look at host names.
    pub verify_hostname: bool,
}

impl From<TlsOptions> for Tls {
    fn from(options: TlsOptions) -> Tls {
        type Set = fn(Tls, String) -> Tls;
        let files = [(options.ca, Tls::ca as Set), (options.cert, Tls::cert), (options.key, Tls::key)];
        let given = files.into_iter().filter_map(|(file, set)| Some((file?, set)));
        given.fold(Tls::new().verify_hostname(options.verify_hostname), |tls, (file, set)| set(tls, file))
    }
}

/// How a client authenticates.
#[napi(object, object_to_js = false)]
pub struct Auth {
    /// Like `digest`.
    pub scheme: String,
    /// Like `user:password`.
    pub credentials: Uint8Array,
}

/// Connects.
#[napi(catch_unwind, ts_return_type = "Outcome<Pending<Client>>")]
pub fn connect(env: &Env, hosts: String, options: ConnectOptions) -> napi::Result<Outcome<Object<'_>>> {
    Ok(Outcome(match connecting(&hosts, options) {
        Ok(op) => Ok(promise(env, op, None, Client::new)?),
        Err(error) => Err(error),
    }))
}

fn connecting(hosts: &str, options: ConnectOptions) -> zkcoord::Result<Op<zkcoord::Client>> {
    let mut builder = zkcoord::Client::builder(hosts)
        .session_timeout(milliseconds(options.session_timeout))
        .connect_timeout(milliseconds(options.connect_timeout))
        .acl(Acl::from_name(&options.acl)?);
    if let Some(identity) = options.identity {
        builder = builder.identity(identity);
    }
    if let Some(auth) = options.auth {
        builder = builder.auth(auth.scheme, auth.credentials.to_vec());
    }
    if let Some(tls) = options.tls {
        builder = builder.tls(tls.into());
    }
    Ok(builder.connect())
}

thread_local! {
    /// The clients that were made on this JavaScript thread.
    static CLIENTS: RefCell<Vec<WeakClient>> = const { RefCell::new(Vec::new()) };
}

/// Closes the clients of this thread, and waits for that, but no longer than `patience`: for the end of the process, when
/// promises are of no use any more. Those that have no connection are left to their session timeouts.
#[napi(catch_unwind)]
pub fn close_all(patience: f64) {
    let end = Instant::now() + milliseconds(patience);
    let is_connected = |client: &zkcoord::Client| matches!(client.state(), Ok(State::Connected));
    let clients = CLIENTS.take().into_iter().filter_map(|client| client.upgrade()).filter(is_connected);
    let mut closing: Vec<_> = clients.map(|client| client.close()).collect();
    // All of them are begun before one is waited for.
    closing.retain_mut(|close| close.wait_for(Duration::ZERO).is_none());
    for mut close in closing {
        let _closed = close.wait_for(end.saturating_duration_since(Instant::now()));
    }
}

/// A connected client.
#[napi]
pub struct Client(zkcoord::Client);

impl Client {
    /// Called on the JavaScript thread.
    fn new(client: zkcoord::Client) -> Client {
        if let Ok(weak) = client.downgrade() {
            CLIENTS.with_borrow_mut(|clients| {
                clients.retain(|client| client.upgrade().is_some());
                clients.push(weak);
            });
        }
        Client(client)
    }
}

#[napi]
impl Client {
    /// Core's `Client::session_id`.
    #[napi(getter, catch_unwind, ts_return_type = "Outcome<bigint>")]
    pub fn session_id(&self) -> Outcome<i64n> {
        Outcome(self.0.session_id().map(i64n))
    }

    /// Core's `Client::state`, by its name.
    #[napi(getter, catch_unwind, ts_return_type = "Outcome<State>")]
    pub fn state(&self) -> Outcome<&'static str> {
        Outcome(self.0.state().map(zkcoord::State::name))
    }

    /// Core's `Client::on_state`, with the states' names.
    #[napi(
        catch_unwind,
        ts_args_type = "listener: (state: State) => void",
        ts_return_type = "Outcome<StateSubscription>"
    )]
    pub fn on_state(&self, listener: Listener) -> Outcome<StateSubscription> {
        let subscription = self.0.on_state(move |state| tell(&listener, state.name()));
        Outcome(subscription.map(|subscription| StateSubscription(Some(subscription))))
    }

    /// Core's `Client::mutex`; fails at once when an argument cannot be.
    #[napi(catch_unwind, ts_return_type = "Outcome<Mutex>")]
    pub fn mutex(&self, path: String, scheme: String, handoff: u32) -> Outcome<Mutex> {
        let scheme = Scheme::from_name(&scheme);
        let mutex = scheme.map(|scheme| self.0.mutex(path).scheme(scheme).handoff(handoff));
        Outcome(mutex.and_then(|mutex| mutex.path().map(drop).map(|()| Mutex::new(mutex))))
    }

    /// Core's `Client::reentrant_mutex`; fails at once when an argument cannot be.
    #[napi(catch_unwind, ts_return_type = "Outcome<ReentrantMutex>")]
    pub fn reentrant_mutex(&self, path: String, scheme: String) -> Outcome<ReentrantMutex> {
        let scheme = Scheme::from_name(&scheme);
        let mutex = scheme.map(|scheme| self.0.reentrant_mutex(path).scheme(scheme));
        Outcome(mutex.and_then(|mutex| mutex.path().map(drop).map(|()| ReentrantMutex(mutex))))
    }

    /// Core's `Client::rw_lock`; fails at once when an argument cannot be.
    #[napi(catch_unwind, ts_return_type = "Outcome<RwLock>")]
    pub fn rw_lock(&self, path: String, scheme: String) -> Outcome<RwLock> {
        let scheme = Scheme::from_name(&scheme);
        let lock = scheme.map(|scheme| self.0.rw_lock(path).scheme(scheme));
        Outcome(lock.and_then(|lock| lock.read().path().map(drop).map(|()| RwLock(lock))))
    }

    /// Core's `Client::multi_mutex`; fails at once when an argument cannot be.
    #[napi(catch_unwind, ts_return_type = "Outcome<MultiMutex>")]
    pub fn multi_mutex(&self, paths: Vec<String>, scheme: String) -> Outcome<MultiMutex> {
        let scheme = Scheme::from_name(&scheme);
        let mutex = scheme.map(|scheme| self.0.multi_mutex(paths).scheme(scheme));
        Outcome(mutex.and_then(|mutex| mutex.paths().map(drop).map(|()| MultiMutex(mutex))))
    }

    /// Core's `Client::semaphore`; fails at once when an argument cannot be.
    #[napi(catch_unwind, ts_return_type = "Outcome<Semaphore>")]
    pub fn semaphore(&self, path: String, permits: u32) -> Outcome<Semaphore> {
        let semaphore = self.0.semaphore(path, permits as usize);
        Outcome(semaphore.path().map(drop).map(|()| Semaphore(semaphore)))
    }

    /// Core's `Client::request_revoke`.
    #[napi(catch_unwind, ts_return_type = "Pending<boolean>")]
    pub fn request_revoke<'env>(
        &self,
        env: &'env Env,
        node: String,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.0.request_revoke(node), timeout, |there| there)
    }

    /// Core's `Client::inspect_all`.
    #[napi(catch_unwind, ts_return_type = "Pending<NamedQueue[]>")]
    pub fn inspect_all<'env>(
        &self,
        env: &'env Env,
        path: String,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        let named = |(name, queue)| NamedQueue { name, queue: Queue::from(queue) };
        promise(env, self.0.inspect_all(path), timeout, move |queues| {
            queues.into_iter().map(named).collect::<Vec<_>>()
        })
    }

    /// Core's `Client::counter`; fails at once when an argument cannot be.
    #[napi(catch_unwind, ts_return_type = "Outcome<Counter>")]
    pub fn counter(&self, path: String, options: CounterOptions) -> Outcome<Counter> {
        let counter = options.apply(self.0.counter(path));
        Outcome(counter.and_then(|counter| counter.path().map(drop).map(|()| Counter(counter))))
    }

    /// Core's `Client::striped_counter`; fails at once when the path is none.
    #[napi(catch_unwind, ts_return_type = "Outcome<StripedCounter>")]
    pub fn striped_counter(&self, path: String, flush_interval: f64) -> Outcome<StripedCounter> {
        let counter = self.0.striped_counter(path).flush_interval(milliseconds(flush_interval));
        Outcome(counter.path().map(drop).map(|()| StripedCounter(counter)))
    }

    /// Core's `Client::window_counter`; fails at once when an argument cannot be.
    #[napi(catch_unwind, ts_return_type = "Outcome<WindowCounter>")]
    pub fn window_counter(&self, path: String, window: f64, buckets: u32) -> Outcome<WindowCounter> {
        let counter = self.0.window_counter(path, milliseconds(window), buckets);
        Outcome(counter.path().map(drop).map(|()| WindowCounter(counter)))
    }

    /// Core's `Client::rate_limiter`; fails at once when an argument cannot be.
    #[napi(catch_unwind, ts_return_type = "Outcome<RateLimiter>")]
    pub fn rate_limiter(
        &self,
        path: String,
        permits: u32,
        per: f64,
        burst: Option<u32>,
    ) -> Outcome<RateLimiter> {
        let mut limiter = self.0.rate_limiter(path, u64::from(permits), milliseconds(per));
        if let Some(burst) = burst {
            limiter = limiter.burst(u64::from(burst));
        }
        Outcome(limiter.path().map(drop).map(|()| RateLimiter(limiter)))
    }

    /// Core's `Client::miss_guard`; fails at once when an argument cannot be.
    #[napi(catch_unwind, ts_return_type = "Outcome<MissGuard>")]
    pub fn miss_guard(&self, path: String, threshold: u32, window: f64, hold: f64) -> Outcome<MissGuard> {
        let guard = self.0.miss_guard(path).threshold(threshold);
        let guard = guard.window(milliseconds(window)).hold(milliseconds(hold));
        Outcome(guard.path().map(drop).map(|()| MissGuard(guard)))
    }

    /// Core's `Client::close`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn close<'env>(&self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.close(), timeout, |()| ())
    }
}

/// A registered listener.
#[napi]
pub struct StateSubscription(Option<Subscription>);

#[napi]
impl StateSubscription {
    /// Ends the calls. Can be called again.
    #[napi]
    pub fn end(&mut self) {
        self.0 = None;
    }
}
