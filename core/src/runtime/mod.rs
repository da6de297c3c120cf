//! The private tokio runtime: one for each process, made by the first client, with one worker thread.
//!
//! There is one worker, because everything here waits for one server, and a second worker would only add hand-overs between
//! threads. Because everything of a link then runs on one thread, the end of the link and the polls of its requests cannot
//! overlap.
//!
//! Threads do not survive `fork()`. The child gets a runtime of its own with its first client; the parent's runtime is never
//! touched again there, not even to be dropped.

pub mod callback;
pub mod log;
mod process;
mod subscription;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::runtime::{Builder, Handle, Runtime as Tokio};
use tokio::task::JoinHandle;

use crate::error::{Error, ErrorCode, Result};

pub(crate) use process::{Process, ProcessBound};
pub use subscription::Subscription;

struct Shared {
    process: Process,
    /// Never dropped: dropping a runtime joins its threads, and in a child of fork() there are none.
    tokio: Tokio,
}

impl Shared {
    fn runtime(&self) -> Runtime {
        Runtime { process: self.process.clone(), handle: self.tokio.handle().clone() }
    }
}

/// The runtime of the process. It is lock-free, so that a fork by one thread cannot leave the child with a lock that another
/// thread held.
static SHARED: ArcSwapOption<Shared> = ArcSwapOption::const_empty();

/// A handle to the runtime of this process.
#[derive(Clone, Debug)]
pub(crate) struct Runtime {
    process: Process,
    handle: Handle,
}

impl Runtime {
    /// Returns the runtime of the current process, and makes it first if necessary.
    pub(crate) fn get() -> Result<Runtime> {
        let shared = SHARED.load();
        if let Some(shared) = shared.as_ref().filter(|shared| shared.process.is_current()) {
            return Ok(shared.runtime());
        }
        let tokio = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("zkcoord")
            .on_thread_start(callback::forbid_waiting)
            .enable_all()
            .build()
            .map_err(|error| {
                Error::new(ErrorCode::Unsupported, format!("cannot start a thread for the runtime: {error}"))
            })?;
        let made = Arc::new(Shared { process: Process::current(), tokio });
        let runtime = made.runtime();
        let before = SHARED.compare_and_swap(&shared, Some(made.clone()));
        match before.as_ref().filter(|winner| winner.process.is_current()) {
            // Another thread was faster. Our runtime has no work yet and may end.
            Some(winner) => {
                let runtime = winner.runtime();
                if let Ok(made) = Arc::try_unwrap(made) {
                    made.tokio.shutdown_background();
                }
                Ok(runtime)
            }
            None => {
                // If `before` is the parent's runtime, it must not be dropped here.
                std::mem::forget(before.as_ref().cloned());
                std::mem::forget(made);
                Ok(runtime)
            }
        }
    }

    /// Returns the process that the runtime belongs to.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// Spawns a task. Returns `None` in a child of fork(), where no thread would run it.
    pub(crate) fn spawn<F>(&self, future: F) -> Option<JoinHandle<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        if !self.process.is_current() {
            std::mem::forget(future);
            return None;
        }
        // Boxed, so that the library contains tokio's code for a task once, and not twice for every kind of future.
        let future: Pin<Box<dyn Future<Output = F::Output> + Send>> = Box::pin(future);
        Some(self.handle.spawn(future))
    }
}
