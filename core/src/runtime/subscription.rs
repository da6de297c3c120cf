//! Callbacks that are called again and again, until nobody wants them any more.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{Stream, StreamExt};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::{ProcessBound, Runtime, callback};
use crate::error::{Error, Result};

/// A registered callback. Dropping it ends the calls: none begins after that.
#[derive(Debug)]
#[must_use = "a subscription that is dropped ends the calls"]
pub struct Subscription {
    task: ProcessBound<AbortHandle>,
    /// What waits for the callback thread cannot be aborted any more.
    ended: Arc<AtomicBool>,
    detached: bool,
}

impl Subscription {
    /// Calls `tell` with one piece of news after another, on the callback thread. The next is looked for when `tell` has
    /// returned, so that nothing piles up before a slow one.
    pub(crate) fn new<T: Send + 'static>(
        runtime: &Runtime,
        news: impl Stream<Item = T> + Send + 'static,
        tell: impl Fn(T) + Send + Sync + 'static,
    ) -> Result<Subscription> {
        callback::start()?;
        let ended = Arc::new(AtomicBool::new(false));
        let (tell, over) = (Arc::new(tell), ended.clone());
        let task = runtime.spawn(async move {
            let mut news = pin!(news);
            while let Some(item) = news.next().await {
                let (tell, over) = (tell.clone(), over.clone());
                let (returned, returns) = oneshot::channel::<()>();
                callback::dispatch(move || {
                    let _returned = returned;
                    if !over.load(Ordering::Acquire) {
                        tell(item);
                    }
                });
                // It has ended, well or not, when the sender is gone.
                let _gone = returns.await;
            }
        });
        let task = task.ok_or_else(Error::forked)?.abort_handle();
        Ok(Subscription { task: ProcessBound::new(task), ended, detached: false })
    }

    /// Lets the calls go on for as long as there is news.
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
