//! Gets hold of the one task that zookeeper-client spawns for a connection, so that it can be aborted.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

/// The time that a task gets to close its session.
const FINISH_TIMEOUT: Duration = Duration::from_secs(1);

/// A task that is aborted when it is dropped, together with the connection that it owns. A detached task would keep the
/// connection for as long as its server answers pings.
pub(super) struct OwnedTask(Option<JoinHandle<()>>);

impl OwnedTask {
    pub(super) fn new(handle: JoinHandle<()>) -> OwnedTask {
        OwnedTask(Some(handle))
    }

    /// Returns the handle of the task, which is no longer aborted when it is dropped.
    pub(super) fn into_handle(mut self) -> Option<JoinHandle<()>> {
        self.0.take()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.0.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until the task has ended, and aborts it if that takes too long.
    pub(super) async fn finish(mut self) {
        if let Some(handle) = &mut self.0 {
            let _bounded = tokio::time::timeout(FINISH_TIMEOUT, handle).await;
        }
    }
}

impl Drop for OwnedTask {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.abort();
        }
    }
}

/// Runs `future` and returns its output together with the task that zookeeper-client spawned meanwhile, if any.
pub(super) async fn capture_task<F: Future>(future: F) -> (F::Output, Option<OwnedTask>) {
    let spawner = Arc::new(CapturingSpawner::default());
    let output = WithSpawner { inner: Box::pin(future), spawner: spawner.clone() }.await;
    let task = spawner.task.lock().take();
    (output, task.map(OwnedTask::new))
}

#[derive(Default)]
struct CapturingSpawner {
    task: Mutex<Option<JoinHandle<()>>>,
}

impl spawns_core::Spawn for CapturingSpawner {
    fn spawn(&self, task: spawns_core::Task) {
        let handle = tokio::spawn(Box::into_pin(task.future));
        *self.task.lock() = Some(handle);
    }
}

/// Polls a future with a spawner in scope.
struct WithSpawner<F> {
    inner: Pin<Box<F>>,
    spawner: Arc<CapturingSpawner>,
}

impl<F: Future> Future for WithSpawner<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let spawner = self.spawner.clone();
        let _scope = spawns_core::enter(&*spawner);
        self.inner.poll_unpin(cx)
    }
}
