//! Callbacks that are called repeatedly, until their subscription ends.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{Stream, StreamExt};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::{ProcessBound, Runtime, callback};
use crate::error::{Error, Result};

/// A registered callback. Dropping it ends the calls: none begins after that.
///
/// # Examples
/// ```no_run
/// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let subscription = client.on_state(|state| println!("{state:?}"))?;
/// drop(subscription); // no further calls
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a subscription that is dropped ends the calls"]
pub struct Subscription {
    task: ProcessBound<AbortHandle>,
    /// Set for a call that already waits for the callback thread and cannot be aborted any more.
    ended: Arc<AtomicBool>,
    detached: bool,
}

impl Subscription {
    /// Calls `callback` with one item after another, on the callback thread. The next item is asked for when `callback` has
    /// returned, so that nothing accumulates before a slow callback.
    pub(crate) fn new<T: Send + 'static>(
        runtime: &Runtime,
        items: impl Stream<Item = T> + Send + 'static,
        callback: impl Fn(T) + Send + Sync + 'static,
    ) -> Result<Subscription> {
        callback::start()?;
        let ended = Arc::new(AtomicBool::new(false));
        let (function, over) = (Arc::new(callback), ended.clone());
        let task = runtime.spawn(async move {
            let mut items = pin!(items);
            while let Some(item) = items.next().await {
                let (function, over) = (function.clone(), over.clone());
                let (returned, returns) = oneshot::channel::<()>();
                callback::dispatch(move || {
                    let _returned = returned;
                    if !over.load(Ordering::Acquire) {
                        function(item);
                    }
                });
                // The sender is dropped when the call has ended, by a return or a panic.
                let _gone = returns.await;
            }
        });
        let task = task.ok_or_else(Error::forked)?.abort_handle();
        Ok(Subscription { task: ProcessBound::new(task), ended, detached: false })
    }

    /// Lets the calls go on for as long as there are new items.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// client.on_state(|state| println!("{state:?}"))?.detach();
    /// # Ok(()) }
    /// ```
    pub fn detach(mut self) {
        self.detached = true;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if !self.detached
            && let Ok(task) = self.task.get()
        {
            self.ended.store(true, Ordering::Release);
            task.abort();
        }
    }
}
