//! The private tokio runtime: one per process, made by the first client, with one worker thread.
//!
//! One worker, because everything here waits for one server: a second would only add hand-overs between threads. And
//! because everything of a link then runs on one thread, its end and the polls of its requests cannot overlap.
//!
//! Threads do not survive `fork()`. The child gets a runtime of its own with its first client; the parent's is never
//! touched again there, not even to be dropped.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::runtime::{Builder, Handle, Runtime as Tokio};
use tokio::task::JoinHandle;

use crate::error::{Error, ErrorCode, Result};

/// The process that something belongs to. To ask whether it is still that one costs a load, not a system call: a fork handler
/// counts forks in the child. What `_Fork` or a bare `clone` makes runs no such handlers; it may not call us anyway, as little
/// as anything else that is not async-signal-safe.
#[derive(Clone, Debug)]
pub(crate) struct Process(forkguard::Guard);

impl Process {
    pub(crate) fn current() -> Process {
        Process(forkguard::new())
    }

    /// Whether this is still that process, and not a child of its fork().
    pub(crate) fn is_current(&self) -> bool {
        // A copy is asked, because it answers only once.
        !self.0.clone().detected_fork()
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.is_current() { Ok(()) } else { Err(Error::forked()) }
    }
}

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
            .on_thread_start(crate::callback::forbid_waiting)
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

/// Drops its content in the process that made it only. What holds on to the runtime (channels, tasks, sockets) must
/// not be dropped in a fork's child: a drop wakes tasks of a runtime whose locks another thread may have held.
#[derive(Debug)]
pub(crate) struct ProcessBound<T> {
    process: Process,
    content: Option<T>,
}

impl<T> ProcessBound<T> {
    pub(crate) fn new(content: T) -> ProcessBound<T> {
        ProcessBound { process: Process::current(), content: Some(content) }
    }

    /// # Errors
    /// `FORKED` in a child of the process that made it.
    pub(crate) fn get(&self) -> Result<&T> {
        self.process.check()?;
        self.content.as_ref().ok_or_else(Error::closed)
    }

    /// As [`get`](ProcessBound::get), to change it.
    pub(crate) fn get_mut(&mut self) -> Result<&mut T> {
        self.process.check()?;
        self.content.as_mut().ok_or_else(Error::closed)
    }

    /// The content, out of it; `None` in a child of the process that made it.
    pub(crate) fn into_inner(mut self) -> Option<T> {
        if self.process.is_current() { self.content.take() } else { None }
    }
}

impl<T> Drop for ProcessBound<T> {
    fn drop(&mut self) {
        if !self.process.is_current() {
            std::mem::forget(self.content.take());
        }
    }
}
