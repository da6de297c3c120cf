//! The outcome of a write whose reply was lost.
//!
//! As long as the session lives, its dedupe node tells the outcome. Without a dedupe node, or after the session's end, the node
//! itself may prove that the write was not applied, since the write was conditional on a version:
//!
//! - The node still has this version, in the same incarnation (`czxid`): nothing was written since.
//! - The node has the next version, and its bytes are not those of the write: another client wrote that version.
//!
//! The node alone never proves that the write *was* applied, because another client may have written the same bytes. The
//! outcome is then `INDETERMINATE`.

use std::sync::Arc;

use futures_util::future::join;

use super::node::{Memory, Node};
use super::writer::WriteOutcome;
use super::{Ledger, Model};
use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::op::Retry;
use crate::session::{Fault, Session};

/// A write that was sent.
pub(super) struct Sent<S> {
    /// The node that the write was conditional on.
    pub(super) before: Node<S>,
    /// The state to be written, and its bytes.
    pub(super) state: S,
    pub(super) data: Vec<u8>,
    /// The number that was written to the dedupe node.
    pub(super) number: [u8; 8],
}

impl<M: Model> Ledger<M> {
    /// Determines the outcome of a write after its connection was lost.
    ///
    /// # Errors
    /// `INDETERMINATE` if the outcome cannot be known.
    pub(super) async fn resolve(
        &self,
        context: &Context,
        session: &Arc<Session>,
        sent: Sent<M::State>,
        memory: &mut Memory<M::State>,
    ) -> Result<WriteOutcome<M::State>> {
        if let Some(dedupe) = self.dedupe.as_deref()
            && let Some((applied, now)) = self.read_dedupe(session, dedupe, &sent.number, memory).await?
        {
            return Ok(match applied {
                true => WriteOutcome::Applied(sent.before.after(sent.state, &[])),
                false => WriteOutcome::NotApplied(now),
            });
        }
        self.prove_not_applied(context, &sent).await
    }

    /// Does step 4. Returns whether the write with this number was applied, and if not, the current node if it could be read.
    /// Returns `None` if the session is gone too.
    async fn read_dedupe(
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
            return match self.decode(entry) {
                Ok(node) if !applied => Ok(Some((false, Some(node?)))),
                _ => Ok(Some((applied, None))),
            };
        }
    }

    /// Does step 5: reads the node for a proof that the write was not applied.
    async fn prove_not_applied(
        &self,
        context: &Context,
        sent: &Sent<M::State>,
    ) -> Result<WriteOutcome<M::State>> {
        loop {
            let session = context.session(Retry::UntilDone).await.map_err(|_| self.indeterminate())?;
            let Ok(link) = session.sync_link(self.path.as_str()).await else {
                continue;
            };
            return match self.read_latest_node(&link).await {
                Ok(Ok(now))
                    if now.is_unchanged_since(&sent.before) || self.was_written_by_another(&now, sent) =>
                {
                    Ok(WriteOutcome::NotApplied(Some(now)))
                }
                Err(Fault::Unknown) => {
                    session.wait_reconnect(&link).await;
                    continue;
                }
                Err(Fault::Gone) => continue,
                _ => Err(self.indeterminate()),
            };
        }
    }

    /// Returns whether another client wrote the version that the write would have created.
    fn was_written_by_another(&self, now: &Node<M::State>, sent: &Sent<M::State>) -> bool {
        now.is_one_write_after(&sent.before) && self.model.encode(&self.state_of(now)) != sent.data
    }

    fn indeterminate(&self) -> Error {
        let why = match self.dedupe {
            Some(_) => "the session ended while a write was in flight",
            None => "the reply to a write was lost, and exactly_once is off",
        };
        let message = format!("{}: {why}; it may or may not have been applied", self.name());
        Error::new(ErrorCode::Indeterminate, message)
    }
}
