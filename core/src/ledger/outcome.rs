//! What became of a write whose reply was lost.
//!
//! While the session lives, its dedupe node knows. Without one, or with the session gone, the node itself may prove that the
//! write was not applied, since it was conditional on a version:
//!
//! - the node has this version still, in the same incarnation (`czxid`): nothing was written since;
//! - it has the next version, and holds something else than the write would have left: somebody else wrote.
//!
//! Nothing proves from the node alone that the write *was* applied: another client may have written the same bytes. Then the
//! outcome is `INDETERMINATE`.

use std::sync::Arc;

use futures_util::future::join;

use super::node::{Memory, Node};
use super::writer::Attempt;
use super::{Ledger, Model};
use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::op::Retry;
use crate::session::{Fault, Session};

/// A write that was sent.
pub(super) struct Sent<S> {
    /// The node that it was conditional on.
    pub(super) before: Node<S>,
    /// What was to be written, and its bytes.
    pub(super) state: S,
    pub(super) data: Vec<u8>,
    /// What went into the dedupe node.
    pub(super) number: [u8; 8],
}

impl<M: Model> Ledger<M> {
    /// Finds out about a write after its connection was lost. `INDETERMINATE` when that cannot be.
    pub(super) async fn resolve(
        &self,
        context: &Context,
        session: &Arc<Session>,
        sent: Sent<M::State>,
        memory: &mut Memory<M::State>,
    ) -> Result<Attempt<M::State>> {
        if let Some(dedupe) = self.dedupe.as_deref()
            && let Some((applied, now)) = self.ask_dedupe(session, dedupe, &sent.number, memory).await?
        {
            return Ok(match applied {
                true => Attempt::Applied(sent.before.after(sent.state, &[])),
                false => Attempt::NotApplied(now),
            });
        }
        self.autopsy(context, &sent).await
    }

    /// Step 4: whether the write with this number was applied, and if not, the node as it is now, if that was learnt.
    /// `None` when the session is gone too.
    async fn ask_dedupe(
        &self,
        session: &Arc<Session>,
        dedupe: &str,
        number: &[u8],
        memory: &mut Memory<M::State>,
    ) -> Result<Option<(bool, Option<Node<M::State>>)>> {
        loop {
            let Ok(link) = session.sync_link(self.path.as_str()).await else {
                return Ok(None);
            };
            let (dedupe, entry) = join(link.get(dedupe), link.get(self.path.as_str())).await;
            let applied = match dedupe {
                Ok(dedupe) => {
                    memory.dedupe_session = Some(session.id());
                    dedupe.data == number
                }
                Err(Fault::Refused(_)) => {
                    memory.dedupe_session = None;
                    false
                }
                Err(Fault::Gone) => return Ok(None),
                Err(Fault::Unknown) => {
                    session.wait_reconnect(&link).await;
                    continue;
                }
            };
            return match self.node(entry) {
                Ok(node) if !applied => Ok(Some((false, Some(node?)))),
                _ => Ok(Some((applied, None))),
            };
        }
    }

    /// Step 5: whether the node proves that the write was not applied.
    async fn autopsy(&self, context: &Context, sent: &Sent<M::State>) -> Result<Attempt<M::State>> {
        loop {
            let session = context.session(Retry::UntilDone).await.map_err(|_| self.unknown())?;
            let Ok(link) = session.sync_link(self.path.as_str()).await else {
                continue;
            };
            return match self.look(&link).await {
                Ok(Ok(now)) if now.is_surely(&sent.before) || self.is_by_another(&now, sent) => {
                    Ok(Attempt::NotApplied(Some(now)))
                }
                Err(Fault::Unknown) => {
                    session.wait_reconnect(&link).await;
                    continue;
                }
                Err(Fault::Gone) => continue,
                _ => Err(self.unknown()),
            };
        }
    }

    /// Whether somebody else wrote the version that the write would have.
    fn is_by_another(&self, now: &Node<M::State>, sent: &Sent<M::State>) -> bool {
        now.is_next_of(&sent.before) && self.model.encode(&self.state_of(now)) != sent.data
    }

    fn unknown(&self) -> Error {
        let why = match self.dedupe {
            Some(_) => "the session died while a write was in flight",
            None => "the reply to a write was lost, and exactly_once is off",
        };
        let message = format!("{}: {why}; it may or may not have been applied", self.name());
        Error::new(ErrorCode::Indeterminate, message)
    }
}
