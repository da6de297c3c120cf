//! Gets hold of the one task that zookeeper-client spawns for a connection, so that the link can abort it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

/// Runs `future` and returns its output together with the task that zookeeper-client spawned meanwhile, if any.
pub(super) async fn capture_task<F: Future>(future: F) -> (F::Output, Option<JoinHandle<()>>) {
    let spawner = Arc::new(CapturingSpawner::default());
    let output = WithSpawner { inner: Box::pin(future), spawner: spawner.clone() }.await;
    let task = spawner.task.lock().take();
    (output, task)
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
