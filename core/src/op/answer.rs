//! The answer of a running operation.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use tokio::sync::oneshot;

use crate::error::Result;
use crate::runtime::Runtime;

/// The channel through which a running operation returns its outcome.
pub(crate) type Answer<T> = oneshot::Receiver<Result<T>>;

/// A boxed recipe. Boxed, because code that passes a future on by value holds room for it twice.
pub(super) type Recipe<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Spawns a task that runs `recipe` and returns its answer. Dropping the answer drops the recipe.
pub(crate) fn spawned<T, F>(runtime: &Runtime, recipe: F) -> Answer<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let (sender, answer) = oneshot::channel();
    let _detached = runtime.spawn(run(Box::pin(recipe), sender));
    answer
}

/// Returns an answer that is complete already.
pub(crate) fn answered<T>(outcome: Result<T>) -> Answer<T> {
    let (sender, answer) = oneshot::channel();
    drop(sender.send(outcome));
    answer
}

/// Runs the recipe for as long as its answer is awaited. This is no `async fn`: that would be twice as large, and every waiting
/// acquire has one of these.
fn run<T>(mut recipe: Recipe<T>, answer: oneshot::Sender<Result<T>>) -> impl Future<Output = ()> {
    let mut answer = Some(answer);
    poll_fn(move |cx| match recipe.as_mut().poll(cx) {
        Poll::Ready(outcome) => {
            // If the answer is no longer awaited, the outcome is dropped, and a guard in it releases its lock.
            drop(answer.take().map(|answer| answer.send(outcome)));
            Poll::Ready(())
        }
        Poll::Pending => answer.as_mut().map_or(Poll::Ready(()), |answer| answer.poll_closed(cx)),
    })
}
