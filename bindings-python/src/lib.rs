//! The native half of the Python package `zkcoord`, private to it: handles over the core, and [`op::Op`] to wait for
//! what they do. Arguments are checked, documented and typed on the Python side, in `python/zkcoord/`.

mod callback;
mod client;
mod contender;
mod counter;
mod ending;
mod error;
mod guard;
mod mailbox;
mod miss_guard;
mod multi_mutex;
mod mutex;
mod op;
mod rate_limiter;
mod reentrant_mutex;
mod semaphore;
mod stats;
mod striped_counter;
mod window_counter;

use pyo3::prelude::*;

// Nothing relies on the GIL: all classes are frozen, and what changes in them is atomic or behind a lock of its own.
#[pymodule(gil_used = false)]
mod _zkcoord {
    use super::*;

    #[pymodule_export]
    use super::client::{Client, Subscription, connect};
    #[pymodule_export]
    use super::counter::{Counter, CounterWatch};
    #[pymodule_export]
    use super::ending::{begin_ending, told_later};
    #[pymodule_export]
    use super::error::error_table;
    #[pymodule_export]
    use super::guard::Guard;
    #[pymodule_export]
    use super::mailbox::Mailbox;
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
    use super::stats::success_probability;
    #[pymodule_export]
    use super::striped_counter::StripedCounter;
    #[pymodule_export]
    use super::window_counter::WindowCounter;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        callback::end_with_interpreter(module.py())
    }
}
