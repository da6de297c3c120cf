//! Writes a node that many clients change: one write at a time per client, each for all the changes that came in meanwhile.
//!
//! 1. Changes queue up. A writer task takes all there are as one batch and runs them over the state that it remembers.
//! 2. The result is written in one `multi`: `setData` of the node on condition of the remembered version (or `create`), and
//!    `setData` (or `create`) of the dedupe node, an ephemeral child of the node that only this client writes, to a number
//!    never used before. One round trip.
//! 3. `BadVersion`, or the node is there after all, or gone: somebody else wrote. Read again, and 2. How each client gets its
//!    turn then is in `turns.rs`.
//! 4. The connection was lost: `sync`, then read the dedupe node. It holds our number: the write was applied. It does
//!    not: it never will be; read the node, and 2.
//! 5. The session was lost as well, and the dedupe node with it. With a new session, `sync` and read the node: if
//!    its version is still the one that the write was conditional on, it was not applied and never will be, and 2.
//!    Otherwise nobody can know: `INDETERMINATE`, and nothing is tried again.
//!
//! Without a dedupe node, for a node that cannot have children, 4 goes like 5: see `fate.rs` for both.
//!
//! A model that needs to know the time has the dedupe node written first when the time is not known: its `mtime` tells.

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

/// Changes that share a write at most. More would only make the callers wait for the evaluation.
const MAX_BATCH: usize = 10_000;

/// What became of one write.
pub(super) enum Attempt<S> {
    Applied(Node<S>),
    /// Not applied. The node as it is now, if that was learnt.
    NotApplied(Option<Node<S>>),
}

impl<M: Model> Ledger<M> {
    /// The writer: batch after batch until nobody waits.
    pub(super) async fn write_all(self: Arc<Self>, context: Arc<Context>) {
        let mut memory = std::mem::take(&mut self.pending.lock().memory);
        while self.is_asked(&mut memory) {
            self.give_way(&context, &mut memory).await;
            let mut batch = self.take_batch();
            if let Err(error) = self.write(&context, &mut batch, &mut memory).await {
                batch.fail(&error);
            }
        }
    }

    /// Whether anybody waits. If not, the writer is done: the next caller starts another, which takes over its memory.
    fn is_asked(&self, memory: &mut Memory<M::State>) -> bool {
        let mut pending = self.pending.lock();
        if pending.queue.is_empty() {
            // With its dedupe node a node that was deleted and made again has gone too, and the write is refused. Without one,
            // the version alone could be the same by chance.
            if memory.dedupe_session.is_none() {
                memory.node = None;
            }
            pending.memory = std::mem::take(memory);
            pending.writing = false;
        }
        pending.writing
    }

    fn take_batch(&self) -> Batch<M> {
        let mut pending = self.pending.lock();
        let size = pending.queue.len().min(MAX_BATCH);
        Batch::new(pending.queue.drain(..size).collect())
    }

    /// Lets other clients write first, if it is their turn: see `turns.rs`.
    async fn give_way(&self, context: &Context, memory: &mut Memory<M::State>) {
        for _ in 0..memory.fairness.reads_owed() {
            let Some(link) = context.connected_now().ok().and_then(|session| session.linked_now()) else {
                return;
            };
            if let Ok(Ok(node)) = self.read_stale_node(&link).await {
                memory.node = Some(node);
            }
        }
    }

    /// Writes one batch, however many attempts that takes. Empties it when its callers have been answered.
    async fn write(
        &self,
        context: &Context,
        batch: &mut Batch<M>,
        memory: &mut Memory<M::State>,
    ) -> Result<()> {
        loop {
            let session = context.session(Retry::UntilDone).await?;
            // The dedupe node went with the old session, and with it what makes the remembered node safe to write on.
            if memory.dedupe_session.is_some_and(|id| id != session.id()) {
                memory.dedupe_session = None;
                memory.node = None;
            }
            let (node, fresh) = match memory.node.take() {
                Some(node) => (node, false),
                None => match self.look_again(&session).await? {
                    Some(node) => (node, true),
                    None => continue,
                },
            };
            let now = match context.server_time(&session) {
                None if M::TIMED => {
                    self.ask_the_time(context, &session, node, memory).await?;
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
                    // Answered by a state that was read after the requests came in.
                    memory.node = Some(node);
                    batch.conclude(plan);
                    return Ok(());
                }
                batch.requeue();
                continue;
            };
            match self.attempt(context, &session, node, state, memory).await? {
                Attempt::Applied(node) => {
                    memory.node = Some(node);
                    batch.conclude(plan);
                    return Ok(());
                }
                Attempt::NotApplied(node) => {
                    memory.node = node;
                    batch.requeue();
                }
            }
        }
    }

    /// The node as it is now. `None` when it could not be had from this link.
    async fn look_again(&self, session: &Arc<Session>) -> Result<Option<Node<M::State>>> {
        let Ok(link) = session.link().await else { return Ok(None) };
        match self.look(&link).await {
            Ok(node) => node.map(Some),
            Err(Fault::Unknown) => {
                session.wait_reconnect(&link).await;
                Ok(None)
            }
            Err(Fault::Gone) => Ok(None),
            Err(fault) => Err(self.unreadable(fault)),
        }
    }

    /// Writes the dedupe node, whose `mtime` then tells the leader's time. The node itself is made when it is not there.
    async fn ask_the_time(
        &self,
        context: &Context,
        session: &Arc<Session>,
        node: Node<M::State>,
        memory: &mut Memory<M::State>,
    ) -> Result<()> {
        let state = self.state_of(&node);
        if let Node::Absent = node {
            // The dedupe node needs a parent. That it is there says no more than that it is not.
            match self.attempt(context, session, node, state, memory).await? {
                Attempt::Applied(node) => memory.node = Some(node),
                Attempt::NotApplied(node) => memory.node = node,
            }
            return Ok(());
        }
        memory.node = Some(node);
        let Some(path) = self.dedupe.as_deref() else {
            return Err(Error::internal(format!("{} has no dedupe node to tell the time", self.name())));
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
            Err(Fault::Refused(of_set)) => {
                // It is not there, since it could not be made: that says why.
                let refusal = match created {
                    Err(Fault::Refused(of_create)) if of_create != Refusal::NodeExists => of_create,
                    _ => of_set,
                };
                if refusal != Refusal::NoNode {
                    return Err(self.refused(&refusal, true));
                }
                // The node has gone meanwhile.
                memory.node = None;
            }
        }
        Ok(())
    }

    /// One write, conditional on `node`, and the resolution of its fate.
    async fn attempt(
        &self,
        context: &Context,
        session: &Arc<Session>,
        node: Node<M::State>,
        state: M::State,
        memory: &mut Memory<M::State>,
    ) -> Result<Attempt<M::State>> {
        let Ok(link) = session.link().await else {
            return Ok(Attempt::NotApplied(Some(node)));
        };
        memory.number += 1;
        let (data, number) = (self.model.encode(&state), memory.number.to_be_bytes());
        let mut writes = self.writes_of(&node, &data)?;
        let of_node = writes.len();
        if let Some(path) = self.dedupe.as_deref() {
            writes.push(match memory.dedupe_session == Some(session.id()) {
                true => Write::Set { path, data: &number, version: None },
                false => Write::Create { path, data: &number, mode: NodeMode::Ephemeral },
            });
        }
        let sent = BootInstant::now();
        let (outcome, behind) = if memory.fairness.are_shared() {
            let (outcome, entry) = join(link.multi(&writes), link.get(self.path.as_str())).await;
            (outcome, Some(entry))
        } else {
            (link.multi(&writes).await, None)
        };
        match outcome {
            Ok(written) => {
                memory.fairness.won(sent);
                memory.dedupe_session = self.dedupe.as_ref().map(|_| session.id());
                context.clock().note(&link, &written, sent);
                Ok(Attempt::Applied(node.after(state, &written[..of_node.min(written.len())])))
            }
            Err(MultiFault { fault: Fault::Unknown, .. }) => {
                session.wait_reconnect(&link).await;
                let sent = Sent { before: node, state, data, number };
                self.resolve(context, session, sent, memory).await
            }
            // Refused for the session's end: not applied.
            Err(MultiFault { fault: Fault::Gone, .. }) => Ok(Attempt::NotApplied(Some(node))),
            Err(fault) => self.handle_refusal(&link, fault, of_node, behind, memory).await,
        }
    }

    fn writes_of<'a>(&'a self, node: &Node<M::State>, data: &'a [u8]) -> Result<Vec<Write<'a>>> {
        let path = self.path.as_str();
        Ok(match node {
            Node::Absent => vec![Write::Create { path, data, mode: NodeMode::Persistent }],
            Node::Present { version: -1, .. } => {
                let name = self.name();
                let message = format!("{name}: its version is -1, which no write can be conditional on");
                return Err(Error::new(ErrorCode::Unsupported, message));
            }
            // Versions wrap, and a server before ZOOKEEPER-4743 does not leave out -1, which in a request means "any".
            // A second write in the same multi steps over it.
            Node::Present { version: -2, .. } => {
                vec![Write::Set { path, data, version: Some(-2) }, Write::Set { path, data, version: None }]
            }
            Node::Present { version, .. } => vec![Write::Set { path, data, version: Some(*version) }],
        })
    }

    /// After a refusal: notes what it tells, and makes what was lacking.
    async fn handle_refusal(
        &self,
        link: &Link,
        fault: MultiFault,
        of_node: usize,
        behind: Option<Result<Entry, Fault>>,
        memory: &mut Memory<M::State>,
    ) -> Result<Attempt<M::State>> {
        let Some((refusal, member)) = fault.refusal() else {
            return Ok(Attempt::NotApplied(None));
        };
        let of_dedupe = member >= of_node;
        match refusal {
            Refusal::NodeExists if of_dedupe => memory.dedupe_session = link.session_id().into(),
            Refusal::NoNode if of_dedupe => memory.dedupe_session = None,
            // The node was thought absent, and so is its parent.
            Refusal::NoNode if !of_dedupe => match make_parents(link, &self.path).await {
                Ok(()) | Err(ParentsError::Fault(_)) => {}
                Err(ParentsError::Refused(error)) => return Err(error),
            },
            Refusal::NodeExists | Refusal::BadVersion => memory.fairness.lost(),
            refusal => return Err(self.refused(refusal, of_dedupe)),
        }
        let node = match behind.map(|entry| self.node(entry)) {
            Some(Ok(node)) => Some(node?),
            _ => None,
        };
        Ok(Attempt::NotApplied(node))
    }

    fn refused(&self, refusal: &Refusal, of_dedupe: bool) -> Error {
        if of_dedupe && *refusal == Refusal::NotAuthorized {
            let why = match M::TIMED {
                true => "the leader's time is learnt from one",
                false => "exactly_once needs one; turn it off to do without",
            };
            let message = format!("{}: its ACL forbids children, and {why}", self.name());
            return Error::new(ErrorCode::NotAuthorized, message);
        }
        refusal.clone().into_error(&format!("writing {}", self.name()))
    }
}
