//! Releasing a guard's locks, by request or by drop.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::task::JoinHandle;

use super::{Guard, GuardState};
use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::locks::held::HeldNode;
use crate::locks::held::hold::Hold;
use crate::op::deadline::ONE_ANSWER;
use crate::op::{Op, answered, spawned};
use crate::session::Tenant;

impl Guard {
    /// Releases the lock and waits until the server has confirmed it. May be called again, and after a loss. Returns at once
    /// while another guard still shares the lock, or if the lock is [handed over](crate::Mutex::handoff).
    ///
    /// # Errors
    /// `TIMEOUT` if the server has not confirmed the release within the operation's timeout (with a timeout of 0: within a
    /// quarter of a second); the release goes on in the background. `FORKED` in a child of fork(). Never `LOCK_LOST`.
    ///
    /// # Cancel safety
    /// The lock is released even if the operation is dropped after its start.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/report").acquire().await?;
    /// guard.release().await?;
    /// assert!(!guard.is_held());
    /// # Ok(()) }
    /// ```
    pub fn release(&self) -> Op<()> {
        Op::attempt(|| {
            let state = self.state.get()?;
            let (context, holds, node) = (state.context.clone(), state.holds.clone(), self.node.clone());
            Ok(Op::starting(&state.context.runtime().clone(), move |deadline| {
                let unused: Vec<_> = holds.iter().filter_map(|hold| end_hold(&context, hold)).collect();
                if unused.is_empty() {
                    return Ok(answered(Ok(())));
                }
                Ok(spawned(context.clone().runtime(), async move {
                    let deletions = unused.into_iter().filter_map(|held_node| delete(&context, held_node));
                    let timed_out = || {
                        let message = format!("lock {node}: the server has not confirmed its release yet");
                        Error::new(ErrorCode::Timeout, message)
                    };
                    let outcomes = deadline.once_within(ONE_ANSWER).run(join_all(deletions)).await;
                    for outcome in outcomes.ok_or_else(timed_out)? {
                        outcome
                            .map_err(|_| Error::internal("the task that releases a lock ended early"))??;
                    }
                    Ok(())
                }))
            }))
        })
    }
}

impl Drop for GuardState {
    fn drop(&mut self) {
        // Holds that a release has ended are left to the task of that release.
        for hold in self.holds.drain(..).filter(|hold| !hold.has_ended()) {
            let _background =
                end_hold(&self.context, &hold).and_then(|held_node| delete(&self.context, held_node));
        }
    }
}

/// Ends a hold. Returns its node if that is neither shared nor handed over: then the caller must delete it.
fn end_hold(context: &Arc<Context>, hold: &Hold) -> Option<Arc<HeldNode>> {
    if hold.end()
        && let Some((successor, limit)) = hold.successor()
        && successor.clone().hand_over(context, hold.held_node(), limit)
    {
        return None;
    }
    hold.held_node().close().then(|| hold.held_node().clone())
}

/// Deletes a lock's node in a task of its own. A lost node too: its session may live on, and the node with it.
pub(crate) fn delete(context: &Context, held_node: Arc<HeldNode>) -> Option<JoinHandle<Result<()>>> {
    let session = held_node.session().clone();
    session.lease_keeper().remove(&*held_node);
    context.spawn(async move {
        let what = || format!("deleting {}", held_node.node());
        session.delete(held_node.node()).await.map_err(|fault| fault.into_error(&what()))
    })
}
