//! The core's `Client`, method by method.

use napi::bindgen_prelude::{Uint8Array, i64n};
use napi_derive::napi;
use zkcoord::{Acl, Op, Scheme, Subscription, Tls};

use crate::counter::{Counter, CounterOptions};
use crate::error::Outcome;
use crate::event::{Listener, notify};
use crate::exit::close_at_exit;
use crate::inspect::{NamedQueue, Queue};
use crate::miss_guard::MissGuard;
use crate::multi_mutex::MultiMutex;
use crate::mutex::Mutex;
use crate::promise::{Pending, milliseconds};
use crate::rate_limiter::RateLimiter;
use crate::reentrant_mutex::ReentrantMutex;
use crate::rw_lock::RwLock;
use crate::semaphore::Semaphore;
use crate::striped_counter::StripedCounter;
use crate::window_counter::WindowCounter;

/// Options of `connect`, with all defaults filled in. Times are in milliseconds.
#[napi(object, object_to_js = false)]
pub struct ConnectOptions {
    /// Core's `ClientBuilder::session_timeout`.
    pub session_timeout: f64,
    /// Core's `ClientBuilder::connect_timeout`.
    pub connect_timeout: f64,
    /// Core's `ClientBuilder::identity`.
    pub identity: Option<String>,
    /// Core's `ClientBuilder::auth`.
    pub auth: Option<Auth>,
    /// `open`, `creator` or `read`.
    pub acl: String,
    /// Core's `ClientBuilder::tls`; without it connections are not encrypted.
    pub tls: Option<TlsOptions>,
}

/// Core's `Tls`.
#[napi(object, object_to_js = false)]
pub struct TlsOptions {
    /// The path of a PEM file.
    pub ca: Option<String>,
    /// The path of a PEM file.
    pub cert: Option<String>,
    /// The path of a PEM file.
    pub key: Option<String>,
    /// Core's `Tls::verify_hostname`.
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

/// The credentials with which a client authenticates.
#[napi(object, object_to_js = false)]
pub struct Auth {
    /// For example `digest`.
    pub scheme: String,
    /// For example `user:password`.
    pub credentials: Uint8Array,
}

/// Connects to an ensemble.
#[napi(catch_unwind, ts_return_type = "Outcome<Pending<Client>>")]
pub fn connect(hosts: String, options: ConnectOptions) -> Outcome<Pending> {
    Outcome(connecting(&hosts, options).map(|op| Pending::new(op, None, Client::new)))
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

/// A connected client.
#[napi]
pub struct Client(zkcoord::Client);

impl Client {
    /// Called on the JavaScript thread.
    fn new(client: zkcoord::Client) -> Client {
        close_at_exit(&client);
        Client(client)
    }
}

// The core reports an invalid path or option with the first operation of a handle. The methods that make a handle ask for
// its path, so that JavaScript reports it at once.
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

    /// Core's `Client::on_state`, with the names of the states.
    #[napi(
        catch_unwind,
        ts_args_type = "listener: (state: State) => void",
        ts_return_type = "Outcome<StateSubscription>"
    )]
    pub fn on_state(&self, listener: Listener) -> Outcome<StateSubscription> {
        let subscription = self.0.on_state(move |state| notify(&listener, state.name()));
        Outcome(subscription.map(|subscription| StateSubscription(Some(subscription))))
    }

    /// Core's `Client::mutex`; fails at once if an argument is invalid.
    #[napi(catch_unwind, ts_return_type = "Outcome<Mutex>")]
    pub fn mutex(&self, path: String, scheme: String, handoff: u32) -> Outcome<Mutex> {
        Outcome::attempt(|| {
            let mutex = self.0.mutex(path).scheme(Scheme::from_name(&scheme)?).handoff(handoff);
            mutex.path()?;
            Ok(Mutex::new(mutex))
        })
    }

    /// Core's `Client::reentrant_mutex`; fails at once if an argument is invalid.
    #[napi(catch_unwind, ts_return_type = "Outcome<ReentrantMutex>")]
    pub fn reentrant_mutex(&self, path: String, scheme: String) -> Outcome<ReentrantMutex> {
        Outcome::attempt(|| {
            let mutex = self.0.reentrant_mutex(path).scheme(Scheme::from_name(&scheme)?);
            mutex.path()?;
            Ok(ReentrantMutex(mutex))
        })
    }

    /// Core's `Client::rw_lock`; fails at once if an argument is invalid.
    #[napi(catch_unwind, ts_return_type = "Outcome<RwLock>")]
    pub fn rw_lock(&self, path: String, scheme: String) -> Outcome<RwLock> {
        Outcome::attempt(|| {
            let lock = self.0.rw_lock(path).scheme(Scheme::from_name(&scheme)?);
            lock.read().path()?;
            Ok(RwLock(lock))
        })
    }

    /// Core's `Client::multi_mutex`; fails at once if an argument is invalid.
    #[napi(catch_unwind, ts_return_type = "Outcome<MultiMutex>")]
    pub fn multi_mutex(&self, paths: Vec<String>, scheme: String) -> Outcome<MultiMutex> {
        Outcome::attempt(|| {
            let mutex = self.0.multi_mutex(paths).scheme(Scheme::from_name(&scheme)?);
            mutex.paths()?;
            Ok(MultiMutex(mutex))
        })
    }

    /// Core's `Client::semaphore`; fails at once if an argument is invalid.
    #[napi(catch_unwind, ts_return_type = "Outcome<Semaphore>")]
    pub fn semaphore(&self, path: String, permits: u32) -> Outcome<Semaphore> {
        Outcome::attempt(|| {
            let semaphore = self.0.semaphore(path, permits as usize);
            semaphore.path()?;
            Ok(Semaphore(semaphore))
        })
    }

    /// Core's `Client::request_revoke`.
    #[napi(catch_unwind, ts_return_type = "Pending<boolean>")]
    pub fn request_revoke(&self, node: String, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.request_revoke(node), timeout, |exists| exists)
    }

    /// Core's `Client::inspect_all`.
    #[napi(catch_unwind, ts_return_type = "Pending<NamedQueue[]>")]
    pub fn inspect_all(&self, path: String, timeout: Option<f64>) -> Pending {
        let named = |(name, queue)| NamedQueue { name, queue: Queue::from(queue) };
        Pending::new(self.0.inspect_all(path), timeout, move |queues| {
            queues.into_iter().map(named).collect::<Vec<_>>()
        })
    }

    /// Core's `Client::counter`; fails at once if an argument is invalid.
    #[napi(catch_unwind, ts_return_type = "Outcome<Counter>")]
    pub fn counter(&self, path: String, options: CounterOptions) -> Outcome<Counter> {
        Outcome::attempt(|| {
            let counter = options.apply(self.0.counter(path))?;
            counter.path()?;
            Ok(Counter(counter))
        })
    }

    /// Core's `Client::striped_counter`; fails at once if the path is invalid.
    #[napi(catch_unwind, ts_return_type = "Outcome<StripedCounter>")]
    pub fn striped_counter(&self, path: String, flush_interval: f64) -> Outcome<StripedCounter> {
        Outcome::attempt(|| {
            let counter = self.0.striped_counter(path).flush_interval(milliseconds(flush_interval));
            counter.path()?;
            Ok(StripedCounter(counter))
        })
    }

    /// Core's `Client::window_counter`; fails at once if an argument is invalid.
    #[napi(catch_unwind, ts_return_type = "Outcome<WindowCounter>")]
    pub fn window_counter(&self, path: String, window: f64, buckets: u32) -> Outcome<WindowCounter> {
        Outcome::attempt(|| {
            let counter = self.0.window_counter(path, milliseconds(window), buckets);
            counter.path()?;
            Ok(WindowCounter(counter))
        })
    }

    /// Core's `Client::rate_limiter`; fails at once if an argument is invalid.
    #[napi(catch_unwind, ts_return_type = "Outcome<RateLimiter>")]
    pub fn rate_limiter(
        &self,
        path: String,
        permits: u32,
        per: f64,
        burst: Option<u32>,
    ) -> Outcome<RateLimiter> {
        Outcome::attempt(|| {
            let mut limiter = self.0.rate_limiter(path, u64::from(permits), milliseconds(per));
            if let Some(burst) = burst {
                limiter = limiter.burst(u64::from(burst));
            }
            limiter.path()?;
            Ok(RateLimiter(limiter))
        })
    }

    /// Core's `Client::miss_guard`; fails at once if an argument is invalid.
    #[napi(catch_unwind, ts_return_type = "Outcome<MissGuard>")]
    pub fn miss_guard(&self, path: String, threshold: u32, window: f64, hold: f64) -> Outcome<MissGuard> {
        Outcome::attempt(|| {
            let guard = self.0.miss_guard(path).threshold(threshold);
            let guard = guard.window(milliseconds(window)).hold(milliseconds(hold));
            guard.path()?;
            Ok(MissGuard(guard))
        })
    }

    /// Core's `Client::close`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn close(&self, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.close(), timeout, |()| ())
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
