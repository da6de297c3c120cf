//! The private tokio runtime: one per process, made by the first client, with one worker thread.
//!
//! One worker, because everything here waits for one server: a second would only add hand-overs between threads. And
//! because everything of a link then runs on one thread, its end and the polls of its requests cannot overlap.
//!
//! Threads do not survive `fork()`. The child gets a runtime of its own with its first client; the parent's is never
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
    /// Never dropped: dropping a runtime joins its threads, and in a child there are none.
    tokio: Tokio,
}

impl Shared {
    fn runtime(&self) -> Runtime {
        Runtime { process: self.process.clone(), handle: self.tokio.handle().clone() }
    }
}

/// Lock-free, so that a fork while another thread holds it cannot leave the child with a locked lock.
static SHARED: ArcSwapOption<Shared> = ArcSwapOption::const_empty();

/// A handle to the runtime of this process.
#[derive(Clone, Debug)]
pub(crate) struct Runtime {
    process: Process,
    handle: Handle,
}

impl Runtime {
    /// The runtime of the current process, made if need be.
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
                Error::new(ErrorCode::Unsupported, format!("no thread for the runtime: {error}"))
            })?;
        let made = Arc::new(Shared { process: Process::current(), tokio });
        let runtime = made.runtime();
        let before = SHARED.compare_and_swap(&shared, Some(made.clone()));
        match before.as_ref().filter(|winner| winner.process.is_current()) {
            // Another thread was faster. Ours has no work yet and may end.
            Some(winner) => {
                let runtime = winner.runtime();
                if let Ok(made) = Arc::try_unwrap(made) {
                    made.tokio.shutdown_background();
                }
                Ok(runtime)
            }
            None => {
                // The parent's runtime, if that is what was there, must not be dropped here.
                std::mem::forget(before.as_ref().cloned());
                std::mem::forget(made);
                Ok(runtime)
            }
        }
    }

    /// The process whose runtime this is.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// Runs a future to its end, unless this is a fork's child: there nobody would run it.
    pub(crate) fn spawn<F>(&self, future: F) -> Option<JoinHandle<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        if !self.process.is_current() {
            std::mem::forget(future);
            return None;
        }
        // Boxed, so that tokio's code for a task is there once, and not twice for every kind of future.
        let future: Pin<Box<dyn Future<Output = F::Output> + Send>> = Box::pin(future);
        Some(self.handle.spawn(future))
    }
}
