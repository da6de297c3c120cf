//! Writes a node that many clients change. Each client has one write in flight at a time, for all the changes that were
//! requested meanwhile.
//!
//! 1. Requests are queued. A writer task takes all of them as one batch and applies them to the state that it remembers.
//! 2. The result is written in one `multi`: a `setData` of the node, conditional on the remembered version (or a `create`), and
//!    a `setData` (or `create`) of the dedupe node. The dedupe node is an ephemeral child of the node that only this client
//!    writes, each time with a number that it has never used before. This takes one round trip.
//! 3. If the server refuses with `BadVersion`, or because the node exists or is missing against expectation, another client
//!    wrote: read again and go to 2. `fairness.rs` describes how each client gets its turn.
//! 4. If the connection was lost: `sync`, then read the dedupe node. If it holds the number of this write, the write was applied.
//!    If not, the write never will be applied: read the node and go to 2.
//! 5. If the session was lost too, the dedupe node is gone as well. With a new session, `sync` and read the node: if
//!    its version is still the one that the write was conditional on, the write was not applied and never will be: go to 2.
//!    Otherwise the outcome cannot be known: fail with `INDETERMINATE`, without another attempt.
//!
//! Without a dedupe node, for a node that cannot have children, step 4 is the same as step 5. `outcome.rs` does both.
//!
//! If a model needs the time and the time is not known, the dedupe node is written first: its `mtime` is the leader's time.

use std::sync::Arc;

use futures_util::future::join;

use super::batch::Batch;
use super::node::{Memory, Node};
use super::outcome::Sent;
use super::{Ledger, Model};
use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::op::Retry;
use crate::session::Moment;
use crate::session::parents::{ParentsError, make_parents};
use crate::session::{BootInstant, Entry, Fault, Link, MultiFault, NodeMode, Refusal, Session, Write};

/// The largest number of changes that share a write. With more, the callers would mostly wait for the changes to be computed.
const MAX_BATCH: usize = 10_000;

/// The outcome of one write.
pub(super) enum WriteOutcome<S> {
    /// The write was applied, and this is the node after it.
    Applied(Node<S>),
    /// The write was not applied. This is the current node, if it is known.
    NotApplied(Option<Node<S>>),
}

impl<M: Model> Ledger<M> {
    /// Runs the writer: writes batch after batch until no request is queued.
    pub(super) async fn write_all(self: Arc<Self>, context: Arc<Context>) {
        let mut memory = std::mem::take(&mut self.pending.lock().memory);
        while !self.stop_if_idle(&mut memory) {
            self.yield_to_others(&context, &mut memory).await;
            let mut batch = self.take_batch();
            if let Err(error) = self.write(&context, &mut batch, &mut memory).await {
                batch.fail(&error);
            }
        }
    }

    /// Stops the writer if no request is queued; the next request starts another writer, which takes over the memory. Returns
    /// whether the writer has stopped.
    fn stop_if_idle(&self, memory: &mut Memory<M::State>) -> bool {
        let mut pending = self.pending.lock();
        if pending.queue.is_empty() {
            // If the node is deleted and created again, its dedupe node is gone, so a write that expects the dedupe node is
            // refused. Without a dedupe node only the version is checked, and that could be the same by chance.
            if memory.dedupe_session.is_none() {
                memory.node = None;
            }
            pending.memory = std::mem::take(memory);
            pending.writing = false;
        }
        !pending.writing
    }

    fn take_batch(&self) -> Batch<M> {
        let mut pending = self.pending.lock();
        let size = pending.queue.len().min(MAX_BATCH);
        Batch::new(pending.queue.drain(..size).collect())
    }

    /// Lets other clients write first if it is their turn: see `fairness.rs`.
    async fn yield_to_others(&self, context: &Context, memory: &mut Memory<M::State>) {
        for _ in 0..memory.fairness.reads_before_write() {
            let Some(link) = context.connected_now().ok().and_then(|session| session.linked_now()) else {
                return;
            };
            if let Ok(Ok(node)) = self.read_stale_node(&link).await {
                memory.node = Some(node);
            }
        }
    }

    /// Writes one batch, in as many attempts as necessary, and answers its callers. The batch is then empty.
    async fn write(
        &self,
        context: &Context,
        batch: &mut Batch<M>,
        memory: &mut Memory<M::State>,
    ) -> Result<()> {
        loop {
            let session = context.session(Retry::UntilDone).await?;
            // The dedupe node went with the old session. Without it, the remembered node may be another incarnation of the node.
            if memory.dedupe_session.is_some_and(|id| id != session.id()) {
                memory.dedupe_session = None;
                memory.node = None;
            }
            let (node, fresh) = match memory.node.take() {
                Some(node) => (node, false),
                None => match self.reread(&session).await? {
                    Some(node) => (node, true),
                    None => continue,
                },
            };
            let now = match context.server_time(&session) {
                None if M::TIMED => {
                    self.learn_time(context, &session, node, memory).await?;
                    continue;
                }
                now => now.unwrap_or(Moment::UNKNOWN),
            };
            batch.mark_in_flight();
            if batch.is_empty() {
                memory.node = Some(node);
                return Ok(());
            }
            let plan = batch.plan(&self.model, self.state_of(&node), now);
            let Some(state) = plan.state.clone() else {
                if fresh {
                    // The state was read after the requests were made, so it can answer them.
                    memory.node = Some(node);
                    batch.complete(plan);
                    return Ok(());
                }
                batch.requeue();
                continue;
            };
            match self.try_write(context, &session, node, state, memory).await? {
                WriteOutcome::Applied(node) => {
                    memory.node = Some(node);
                    batch.complete(plan);
                    return Ok(());
                }
                WriteOutcome::NotApplied(node) => {
                    memory.node = node;
                    batch.requeue();
                }
            }
        }
    }

    /// Reads the node as it is now. Returns `None` if the link or the session was lost first.
    async fn reread(&self, session: &Arc<Session>) -> Result<Option<Node<M::State>>> {
        let Ok(link) = session.link().await else { return Ok(None) };
        match self.read_latest_node(&link).await {
            Ok(node) => node.map(Some),
            Err(Fault::Unknown) => {
                session.wait_reconnect(&link).await;
                Ok(None)
            }
            Err(Fault::Gone) => Ok(None),
            Err(fault) => Err(self.read_error(fault)),
        }
    }

    /// Learns the leader's time from the `mtime` of the dedupe node, by writing it. Creates the node itself if it is missing.
    async fn learn_time(
        &self,
        context: &Context,
        session: &Arc<Session>,
        node: Node<M::State>,
        memory: &mut Memory<M::State>,
    ) -> Result<()> {
        let state = self.state_of(&node);
        if let Node::Absent = node {
            // The dedupe node needs a parent. An empty node is equivalent to a missing one, so creating it changes nothing.
            match self.try_write(context, session, node, state, memory).await? {
                WriteOutcome::Applied(node) => memory.node = Some(node),
                WriteOutcome::NotApplied(node) => memory.node = node,
            }
            return Ok(());
        }
        memory.node = Some(node);
        let Some(path) = self.dedupe.as_deref() else {
            return Err(Error::internal(format!(
                "{} has no dedupe node to learn the time from",
                self.name()
            )));
        };
        let Ok(link) = session.link().await else { return Ok(()) };
        memory.number += 1;
        let number = memory.number.to_be_bytes();
        let sent = BootInstant::now();
        let create = link.create(path, &number, NodeMode::Ephemeral);
        let set = [Write::Set { path, data: &number, version: None }];
        let (created, set) = join(create, link.multi(&set)).await;
        match set.map_err(|fault| fault.fault) {
            Ok(written) => {
                memory.dedupe_session = Some(session.id());
                context.clock().note(&link, &written, sent);
            }
            Err(Fault::Unknown) => session.wait_reconnect(&link).await,
            Err(Fault::Gone) => {}
            Err(Fault::Refused(set_refusal)) => {
                // If the dedupe node is missing because its `create` was refused, that refusal is the cause.
                let refusal = match created {
                    Err(Fault::Refused(create_refusal)) if create_refusal != Refusal::NodeExists => {
                        create_refusal
                    }
                    _ => set_refusal,
                };
                if refusal != Refusal::NoNode {
                    return Err(self.write_error(&refusal, true));
                }
                // The node has been deleted meanwhile.
                memory.node = None;
            }
        }
        Ok(())
    }

    /// Makes one write, conditional on `node`, and determines its outcome.
    async fn try_write(
        &self,
        context: &Context,
        session: &Arc<Session>,
        node: Node<M::State>,
        state: M::State,
        memory: &mut Memory<M::State>,
    ) -> Result<WriteOutcome<M::State>> {
        let Ok(link) = session.link().await else {
            return Ok(WriteOutcome::NotApplied(Some(node)));
        };
        memory.number += 1;
        let (data, number) = (self.model.encode(&state), memory.number.to_be_bytes());
        let mut writes = self.node_writes(&node, &data)?;
        let node_writes = writes.len();
        if let Some(path) = self.dedupe.as_deref() {
            writes.push(match memory.dedupe_session == Some(session.id()) {
                true => Write::Set { path, data: &number, version: None },
                false => Write::Create { path, data: &number, mode: NodeMode::Ephemeral },
            });
        }
        let sent = BootInstant::now();
        let (outcome, read_after) = if memory.fairness.is_contended() {
            let (outcome, entry) = join(link.multi(&writes), link.get(self.path.as_str())).await;
            (outcome, Some(entry))
        } else {
            (link.multi(&writes).await, None)
        };
        match outcome {
            Ok(written) => {
                memory.fairness.write_applied(sent);
                memory.dedupe_session = self.dedupe.as_ref().map(|_| session.id());
                context.clock().note(&link, &written, sent);
                Ok(WriteOutcome::Applied(node.after(state, &written[..node_writes.min(written.len())])))
            }
            Err(MultiFault { fault: Fault::Unknown, .. }) => {
                session.wait_reconnect(&link).await;
                let sent = Sent { before: node, state, data, number };
                self.resolve(context, session, sent, memory).await
            }
            // The session had ended before the write, so it was not applied.
            Err(MultiFault { fault: Fault::Gone, .. }) => Ok(WriteOutcome::NotApplied(Some(node))),
            Err(fault) => self.handle_refusal(&link, fault, node_writes, read_after, memory).await,
        }
    }

    /// Returns the writes of the node itself that are conditional on `node`.
    fn node_writes<'a>(&'a self, node: &Node<M::State>, data: &'a [u8]) -> Result<Vec<Write<'a>>> {
        let path = self.path.as_str();
        Ok(match node {
            Node::Absent => vec![Write::Create { path, data, mode: NodeMode::Persistent }],
            Node::Present { version: -1, .. } => {
                let name = self.name();
                let message = format!("{name}: its version is -1, which no write can be conditional on");
                return Err(Error::new(ErrorCode::Unsupported, message));
            }
            // Versions wrap around, and a server without ZOOKEEPER-4743 does not skip -1, which in a request means "any".
            // A second write in the same multi skips it.
            Node::Present { version: -2, .. } => {
                vec![Write::Set { path, data, version: Some(-2) }, Write::Set { path, data, version: None }]
            }
            Node::Present { version, .. } => vec![Write::Set { path, data, version: Some(*version) }],
        })
    }

    /// Handles a refused write: updates the memory, creates missing parents, and returns the errors that another attempt cannot
    /// avoid.
    async fn handle_refusal(
        &self,
        link: &Link,
        fault: MultiFault,
        node_writes: usize,
        read_after: Option<Result<Entry, Fault>>,
        memory: &mut Memory<M::State>,
    ) -> Result<WriteOutcome<M::State>> {
        let Some((refusal, member)) = fault.refusal() else {
            return Ok(WriteOutcome::NotApplied(None));
        };
        let on_dedupe = member >= node_writes;
        match refusal {
            Refusal::NodeExists if on_dedupe => memory.dedupe_session = link.session_id().into(),
            Refusal::NoNode if on_dedupe => memory.dedupe_session = None,
            // The node was believed to be absent, and its parent is absent too.
            Refusal::NoNode if !on_dedupe => match make_parents(link, &self.path).await {
                Ok(()) | Err(ParentsError::Fault(_)) => {}
                Err(ParentsError::Refused(error)) => return Err(error),
            },
            Refusal::NodeExists | Refusal::BadVersion => memory.fairness.write_refused(),
            refusal => return Err(self.write_error(refusal, on_dedupe)),
        }
        let node = match read_after.map(|entry| self.decode(entry)) {
            Some(Ok(node)) => Some(node?),
            _ => None,
        };
        Ok(WriteOutcome::NotApplied(node))
    }

    fn write_error(&self, refusal: &Refusal, on_dedupe: bool) -> Error {
        if on_dedupe && *refusal == Refusal::NotAuthorized {
            let reason = match M::TIMED {
                true => "the client reads the leader's time from one; allow CREATE on the node",
                false => "exactly_once needs one; allow CREATE on the node, or set exactly_once to false",
            };
            let message = format!("{}: the node's ACL forbids children, and {reason}", self.name());
            return Error::new(ErrorCode::NotAuthorized, message);
        }
        refusal.clone().into_error(&format!("writing {}", self.name()))
    }
}
