//! A client, and the function that connects it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex as Lock, PoisonError};

use pyo3::prelude::*;
use zkcoord::{Acl, CounterFormat, Scheme, Tls};

use crate::callback;
use crate::counter::Counter;
use crate::error::OrRaise;
use crate::miss_guard::MissGuard;
use crate::multi_mutex::MultiMutex;
use crate::mutex::{Caller, Mutex};
use crate::op::{Op, none, seconds};
use crate::rate_limiter::RateLimiter;
use crate::recipe::Recipe;
use crate::reentrant_mutex::ReentrantMutex;
use crate::semaphore::Semaphore;
use crate::striped_counter::StripedCounter;
use crate::window_counter::WindowCounter;

/// A connection with its own session.
#[pyclass(frozen)]
pub(crate) struct Client {
    core: zkcoord::Client,
}

/// The files of the authorities, of the certificate and of its key, and whether to verify host names.
type Files = (Option<PathBuf>, Option<PathBuf>, Option<PathBuf>, bool);

fn tls_of((ca, cert, key, verify_hostname): Files) -> Tls {
    type Set = fn(Tls, PathBuf) -> Tls;
    let files = [(ca, Tls::ca as Set), (cert, Tls::cert), (key, Tls::key)];
    let present = files.into_iter().filter_map(|(file, set)| Some((file?, set)));
    present.fold(Tls::new().verify_hostname(verify_hostname), |tls, (file, set)| set(tls, file))
}

/// Connects. Times are in seconds; `auth` is pairs of scheme and credentials.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "keyword arguments of the Python side")]
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

    /// The granted session timeout in seconds.
    fn session_timeout(&self, py: Python<'_>) -> PyResult<f64> {
        Ok(self.core.session_timeout().or_raise(py)?.as_secs_f64())
    }

    fn state(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(self.core.state().or_raise(py)?.name())
    }

    /// Calls `callback(state)` on every change, until the subscription is cancelled or dropped.
    fn on_state(&self, py: Python<'_>, callback: Py<PyAny>) -> PyResult<Subscription> {
        let callback = Arc::new(callback);
        let subscription = self.core.on_state(move |state| {
            let callback = callback.clone();
            callback::call(move |py| callback.call1(py, (state.name(),)));
        });
        let subscription = Lock::new(Some(subscription.or_raise(py)?));
        Ok(Subscription { core: subscription })
    }

    fn mutex(&self, py: Python<'_>, path: &str, scheme: &str, handoff: u32) -> PyResult<Mutex> {
        let core = self.core.mutex(path).scheme(Scheme::from_name(scheme).or_raise(py)?).handoff(handoff);
        Ok(Mutex { core: core.checked(py)?, caller: Caller::Requester })
    }

    fn reentrant_mutex(&self, py: Python<'_>, path: &str, scheme: &str) -> PyResult<ReentrantMutex> {
        let scheme = Scheme::from_name(scheme).or_raise(py)?;
        Ok(ReentrantMutex { core: self.core.reentrant_mutex(path).scheme(scheme).checked(py)? })
    }

    /// The read side and the write side.
    fn rw_lock(&self, py: Python<'_>, path: &str, scheme: &str) -> PyResult<(Mutex, Mutex)> {
        let lock = self.core.rw_lock(path).scheme(Scheme::from_name(scheme).or_raise(py)?);
        let side = |core: &zkcoord::Mutex| {
            core.clone().checked(py).map(|core| Mutex { core, caller: Caller::Owner })
        };
        Ok((side(lock.read())?, side(lock.write())?))
    }

    fn semaphore(&self, py: Python<'_>, path: &str, permits: usize) -> PyResult<Semaphore> {
        Ok(Semaphore { core: self.core.semaphore(path, permits).checked(py)? })
    }

    fn multi_mutex(&self, py: Python<'_>, paths: Vec<String>, scheme: &str) -> PyResult<MultiMutex> {
        let core = self.core.multi_mutex(paths).scheme(Scheme::from_name(scheme).or_raise(py)?);
        Ok(MultiMutex { core: core.checked(py)? })
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
        Ok(Counter { core: core.checked(py)? })
    }

    fn striped_counter(&self, py: Python<'_>, path: &str, flush_interval: f64) -> PyResult<StripedCounter> {
        let core = self.core.striped_counter(path).flush_interval(seconds(flush_interval));
        Ok(StripedCounter { core: core.checked(py)? })
    }

    fn window_counter(
        &self,
        py: Python<'_>,
        path: &str,
        window: f64,
        buckets: u32,
    ) -> PyResult<WindowCounter> {
        Ok(WindowCounter { core: self.core.window_counter(path, seconds(window), buckets).checked(py)? })
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
        let core = burst.map_or(core.clone(), |burst| core.burst(burst));
        Ok(RateLimiter { core: core.checked(py)? })
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
        Ok(MissGuard { core: core.window(seconds(window)).hold(seconds(hold)).checked(py)? })
    }

    fn close(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.close(), timeout, none)
    }
}

/// The inspected node, the number of its next child, and the reasons why listing it, and creating a node, deleting a node
/// and creating a container in it are refused.
type Access = (String, u32, Refused, Refused, Refused, Refused);
type Refused = Option<String>;

fn access(found: zkcoord::Access) -> Access {
    let reason = |verdict: zkcoord::Result<()>| verdict.err().map(|error| error.message().to_owned());
    let verdicts = [found.list, found.create, found.delete, found.container];
    let [list, create, delete, container] = verdicts.map(reason);
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
