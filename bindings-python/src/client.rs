//! A client and how it connects.

use std::path::PathBuf;
use std::sync::{Mutex as Lock, PoisonError};

use pyo3::prelude::*;
use zkcoord::{Acl, CounterFormat, Scheme, Tls};

use crate::callback;
use crate::counter::Counter;
use crate::error::OrRaise;
use crate::miss_guard::MissGuard;
use crate::multi_mutex::MultiMutex;
use crate::mutex::{Mutex, Standing};
use crate::op::{Op, nothing, seconds};
use crate::rate_limiter::RateLimiter;
use crate::reentrant_mutex::ReentrantMutex;
use crate::semaphore::Semaphore;
use crate::striped_counter::StripedCounter;
use crate::window_counter::WindowCounter;

/// A connection with a session of its own.
#[pyclass(frozen)]
pub(crate) struct Client {
    core: zkcoord::Client,
}

/// The files of an authority, a certificate and its key, and whether to verify host names.
type Files = (Option<PathBuf>, Option<PathBuf>, Option<PathBuf>, bool);

fn tls_of((ca, cert, key, verify_hostname): Files) -> Tls {
    type Set = fn(Tls, PathBuf) -> Tls;
    let files = [(ca, Tls::ca as Set), (cert, Tls::cert), (key, Tls::key)];
    let given = files.into_iter().filter_map(|(file, set)| Some((file?, set)));
    given.fold(Tls::new().verify_hostname(verify_hostname), |tls, (file, set)| set(tls, file))
}

/// Connects. Times are seconds; `auth` is pairs of scheme and credentials.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "Python checks them one by one, and passes them on as they are")]
pub(crate) fn connect(
    py: Python<'_>,
    hosts: &str,
    session_timeout: f64,
    connect_timeout: f64,
    identity: Option<&str>,
    auth: Vec<(String, Vec<u8>)>,
    acl: &str,
    tls: Option<Files>,
) -> PyResult<Op> {
    let mut builder = zkcoord::Client::builder(hosts)
        .session_timeout(seconds(session_timeout))
        .connect_timeout(seconds(connect_timeout))
        .acl(Acl::from_name(acl).or_raise(py)?);
    if let Some(identity) = identity {
        builder = builder.identity(identity);
    }
    for (scheme, credentials) in auth {
        builder = builder.auth(scheme, credentials);
    }
    if let Some(files) = tls {
        builder = builder.tls(tls_of(files));
    }
    Ok(Op::new(builder.connect(), None, |core| Client { core }))
}

#[pymethods]
impl Client {
    fn session_id(&self, py: Python<'_>) -> PyResult<i64> {
        self.core.session_id().or_raise(py)
    }

    /// Seconds.
    fn session_timeout(&self, py: Python<'_>) -> PyResult<f64> {
        Ok(self.core.session_timeout().or_raise(py)?.as_secs_f64())
    }

    fn state(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(self.core.state().or_raise(py)?.name())
    }

    /// Calls `tell(state)` at every change, until the subscription is cancelled or dropped.
    fn on_state(&self, py: Python<'_>, tell: Py<PyAny>) -> PyResult<Subscription> {
        let tell = std::sync::Arc::new(tell);
        let subscription = self.core.on_state(move |state| {
            let tell = tell.clone();
            callback::call(move |py| tell.call1(py, (state.name(),)));
        });
        let subscription = Lock::new(Some(subscription.or_raise(py)?));
        Ok(Subscription { core: subscription })
    }

    fn mutex(&self, py: Python<'_>, path: &str, scheme: &str, handoff: u32) -> PyResult<Mutex> {
        let core = self.core.mutex(path).scheme(Scheme::from_name(scheme).or_raise(py)?).handoff(handoff);
        Mutex::new(py, core, Standing::Asks)
    }

    fn reentrant_mutex(&self, py: Python<'_>, path: &str, scheme: &str) -> PyResult<ReentrantMutex> {
        let scheme = Scheme::from_name(scheme).or_raise(py)?;
        ReentrantMutex::new(py, self.core.reentrant_mutex(path).scheme(scheme))
    }

    /// The side that reads and the side that writes.
    fn rw_lock(&self, py: Python<'_>, path: &str, scheme: &str) -> PyResult<(Mutex, Mutex)> {
        let lock = self.core.rw_lock(path).scheme(Scheme::from_name(scheme).or_raise(py)?);
        let side = |core: &zkcoord::Mutex| Mutex::new(py, core.clone(), Standing::Owns);
        Ok((side(lock.read())?, side(lock.write())?))
    }

    fn semaphore(&self, py: Python<'_>, path: &str, permits: usize) -> PyResult<Semaphore> {
        Semaphore::new(py, self.core.semaphore(path, permits))
    }

    fn multi_mutex(&self, py: Python<'_>, paths: Vec<String>, scheme: &str) -> PyResult<MultiMutex> {
        MultiMutex::new(py, self.core.multi_mutex(paths).scheme(Scheme::from_name(scheme).or_raise(py)?))
    }

    fn request_revoke(&self, node: &str, timeout: Option<f64>) -> Op {
        Op::new(self.core.request_revoke(node), timeout, |found| found)
    }

    fn access(&self, path: &str, timeout: Option<f64>) -> Op {
        Op::new(self.core.access(path), timeout, access)
    }

    #[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python side")]
    fn counter(
        &self,
        py: Python<'_>,
        path: &str,
        format: &str,
        default: i64,
        min: Option<i64>,
        max: Option<i64>,
        exactly_once: bool,
    ) -> PyResult<Counter> {
        let format = CounterFormat::from_name(format).or_raise(py)?;
        let mut core = self.core.counter(path).format(format).default(default).exactly_once(exactly_once);
        if let Some(min) = min {
            core = core.min(min);
        }
        if let Some(max) = max {
            core = core.max(max);
        }
        Counter::new(py, core)
    }

    fn striped_counter(&self, py: Python<'_>, path: &str, flush_interval: f64) -> PyResult<StripedCounter> {
        StripedCounter::new(py, self.core.striped_counter(path).flush_interval(seconds(flush_interval)))
    }

    fn window_counter(
        &self,
        py: Python<'_>,
        path: &str,
        window: f64,
        buckets: u32,
    ) -> PyResult<WindowCounter> {
        WindowCounter::new(py, self.core.window_counter(path, seconds(window), buckets))
    }

    fn rate_limiter(
        &self,
        py: Python<'_>,
        path: &str,
        permits: u64,
        per: f64,
        burst: Option<u64>,
    ) -> PyResult<RateLimiter> {
        let core = self.core.rate_limiter(path, permits, seconds(per));
        RateLimiter::new(py, burst.map_or(core.clone(), |burst| core.burst(burst)))
    }

    fn miss_guard(
        &self,
        py: Python<'_>,
        path: &str,
        threshold: u32,
        window: f64,
        hold: f64,
    ) -> PyResult<MissGuard> {
        let core = self.core.miss_guard(path).threshold(threshold);
        MissGuard::new(py, core.window(seconds(window)).hold(seconds(hold)))
    }

    fn close(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.close(), timeout, nothing)
    }
}

/// The node looked at, the number of its next child, and why listing, creating, deleting, and making a container in it are refused.
type Access = (String, u32, Refused, Refused, Refused, Refused);
type Refused = Option<String>;

fn access(found: zkcoord::Access) -> Access {
    let why = |verdict: zkcoord::Result<()>| verdict.err().map(|error| error.message().to_owned());
    let verdicts = [found.list, found.create, found.delete, found.container];
    let [list, create, delete, container] = verdicts.map(why);
    (found.nearest, found.next_number, list, create, delete, container)
}

/// A registered callback.
#[pyclass(frozen)]
pub(crate) struct Subscription {
    core: Lock<Option<zkcoord::Subscription>>,
}

#[pymethods]
impl Subscription {
    /// Ends the calls.
    fn cancel(&self) {
        drop(self.core.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
