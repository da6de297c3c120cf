//! The native module of the Python package `zkcoord`, private to it: handles over the core, and [`op::Op`] to wait for
//! their operations. Arguments are checked, documented and typed on the Python side, in `python/zkcoord/`.

mod callback;
mod client;
mod completion_queue;
mod contender;
mod counter;
mod error;
mod guard;
mod miss_guard;
mod multi_mutex;
mod mutex;
mod op;
mod rate_limiter;
mod recipe;
mod reentrant_mutex;
mod semaphore;
mod shutdown;
mod stats;
mod striped_counter;
mod window_counter;

use pyo3::prelude::*;

// Nothing relies on the GIL: all classes are frozen, and their mutable parts are atomic or behind locks of their own.
#[pymodule(gil_used = false)]
mod _zkcoord {
    use super::*;

    #[pymodule_export]
    use super::callback::{forget_running_callbacks, stop_callbacks};
    #[pymodule_export]
    use super::client::{Client, Subscription, connect};
    #[pymodule_export]
    use super::completion_queue::CompletionQueue;
    #[pymodule_export]
    use super::counter::{Counter, CounterWatch};
    #[pymodule_export]
    use super::error::error_table;
    #[pymodule_export]
    use super::guard::Guard;
    #[pymodule_export]
    use super::miss_guard::{LoadTurn, MissGuard};
    #[pymodule_export]
    use super::multi_mutex::MultiMutex;
    #[pymodule_export]
    use super::mutex::Mutex;
    #[pymodule_export]
    use super::op::Op;
    #[pymodule_export]
    use super::rate_limiter::RateLimiter;
    #[pymodule_export]
    use super::reentrant_mutex::ReentrantMutex;
    #[pymodule_export]
    use super::semaphore::Semaphore;
    #[pymodule_export]
    use super::shutdown::{begin_shutdown, closed_error_delay};
    #[pymodule_export]
    use super::stats::success_probability;
    #[pymodule_export]
    use super::striped_counter::StripedCounter;
    #[pymodule_export]
    use super::window_counter::WindowCounter;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
