//! Writes a counter: one write at a time per client, each for all the requests that came in meanwhile.
//!
//! 1. Requests queue up. A writer task takes all there are as one batch and runs them over the value that it remembers.
//! 2. The result is written in one `multi`: `setData` of the counter on condition of the remembered version (or
//!    `create`), and `setData` (or `create`) of the dedupe node, an ephemeral child of the counter that only this client
//!    writes, to a number never used before. One round trip.
//! 3. `BadVersion`, or the counter is there after all, or gone: somebody else wrote. Read again, and 2.
//! 4. The connection was lost: `sync`, then read the dedupe node. It holds our number: the write was applied. It does
//!    not: it never will be; read the counter, and 2.
//! 5. The session was lost as well, and the dedupe node with it. With a new session, `sync` and read the counter: if
//!    its version is still the one that the write was conditional on, it was not applied and never will be, and 2.
//!    Otherwise nobody can know: `INDETERMINATE`, and nothing is tried again.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join;
use parking_lot::Mutex;
use uuid::Uuid;

use super::change::{Batch, Request};
use super::format::CounterFormat;
use crate::ancestors::{Trouble, make_parents};
use crate::client::Core;
use crate::error::{Error, ErrorCode, Result};
use crate::path::ZnodePath;
use crate::session::{Entry, Fault, Link, MultiFault, NodeMode, Refusal, Session, Write, Written};

/// Requests that share a write at most. More would only make the callers wait for the evaluation.
const MAX_BATCH: usize = 10_000;

/// The ledgers of one client. They stay for the client's life: a new one would make a new dedupe node.
#[derive(Debug)]
pub(crate) struct CounterRegistry {
    /// Names this client's dedupe nodes.
    dedupe_name: String,
    ledgers: Mutex<HashMap<(ZnodePath, CounterFormat), Arc<Ledger>>>,
}

impl Default for CounterRegistry {
    fn default() -> CounterRegistry {
        let dedupe_name = format!("_zkcoord-{}", Uuid::new_v4().simple());
        CounterRegistry { dedupe_name, ledgers: Mutex::default() }
    }
}

impl CounterRegistry {
    pub(crate) fn ledger(&self, path: &ZnodePath, format: CounterFormat) -> Arc<Ledger> {
        let mut ledgers = self.ledgers.lock();
        let make = || {
            let dedupe = path.child(&self.dedupe_name);
            Arc::new(Ledger { path: path.clone(), format, dedupe, desk: Mutex::default() })
        };
        ledgers.entry((path.clone(), format)).or_insert_with(make).clone()
    }
}

/// One counter as one client sees it.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: ZnodePath,
    format: CounterFormat,
    dedupe: String,
    desk: Mutex<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    queue: Vec<Request>,
    /// Present while nobody writes; the writer takes it.
    memory: Memory,
    writing: bool,
}

/// What the writer remembers between writes.
#[derive(Clone, Debug, Default)]
struct Memory {
    node: Option<Node>,
    /// The session in which the dedupe node was made.
    dedupe_session: Option<i64>,
    number: u64,
    /// Whether another client wrote in between last time: then a read goes out behind the write.
    contended: bool,
}

/// The counter's node as last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Absent,
    Present {
        value: i64,
        version: i32,
        /// Which incarnation of the node. Not known just after this client made it: see [`Written::Created`].
        czxid: Option<i64>,
    },
}

/// What became of one write.
enum Attempt {
    Applied(Node),
    /// Not applied. The node as it is now, if that was learnt.
    NotApplied(Option<Node>),
}

impl Ledger {
    /// Queues a request, and has it written.
    pub(crate) fn submit(self: &Arc<Ledger>, core: &Arc<Core>, request: Request) {
        let mut desk = self.desk.lock();
        desk.queue.push(request);
        if !desk.writing {
            desk.writing = true;
            drop(desk);
            core.spawn(self.clone().write_all(core.clone()));
        }
    }

    /// The value now: a `sync` and a read behind it, in one round trip.
    pub(crate) async fn read(&self, core: &Core, once: bool) -> Result<i64> {
        loop {
            let session = core.session(once).await?;
            let Ok(link) = session.link().await else { continue };
            match self.look(&link).await {
                Ok(node) => return node.map(Node::value),
                Err(Fault::Unknown) if once => {
                    return Err(Error::new(
                        ErrorCode::ConnectionLost,
                        "the connection was lost before the answer",
                    ));
                }
                Err(Fault::Unknown) => session.past(&link).await,
                Err(Fault::Gone) => {}
                Err(fault) => {
                    return Err(fault.into_error(&format!("reading counter {}", self.path.as_str())));
                }
            }
        }
    }

    /// The node as it is now, and whether its bytes make sense.
    async fn look(&self, link: &Link) -> Result<Result<Node>, Fault> {
        let (synced, entry) = join(link.sync(self.path.as_str()), link.get(self.path.as_str())).await;
        synced?;
        self.node(entry)
    }

    fn node(&self, entry: Result<Entry, Fault>) -> Result<Result<Node>, Fault> {
        match entry {
            Ok(Entry { data, version, czxid, .. }) => Ok(self
                .format
                .decode(self.path.as_str(), &data)
                .map(|value| Node::Present { value, version, czxid: Some(czxid) })),
            Err(Fault::Refused(Refusal::NoNode)) => Ok(Ok(Node::Absent)),
            Err(fault) => Err(fault),
        }
    }

    /// The writer: batch after batch until nobody waits.
    async fn write_all(self: Arc<Ledger>, core: Arc<Core>) {
        loop {
            let (mut batch, mut memory) = {
                let mut desk = self.desk.lock();
                if desk.queue.is_empty() {
                    desk.writing = false;
                    return;
                }
                let size = desk.queue.len().min(MAX_BATCH);
                (Batch::new(desk.queue.drain(..size).collect()), std::mem::take(&mut desk.memory))
            };
            let outcome = self.write(&core, &mut batch, &mut memory).await;
            self.desk.lock().memory = memory;
            if let Err(error) = outcome {
                batch.fail(&error);
            }
        }
    }

    /// Writes one batch, however many attempts that takes. Empties it when its callers have been answered.
    async fn write(&self, core: &Core, batch: &mut Batch, memory: &mut Memory) -> Result<()> {
        loop {
            let session = core.session(false).await?;
            let mut fresh = false;
            if memory.node.is_none() {
                let Ok(link) = session.link().await else { continue };
                match self.look(&link).await {
                    Ok(node) => memory.node = Some(node?),
                    Err(Fault::Unknown) => {
                        session.past(&link).await;
                        continue;
                    }
                    Err(Fault::Gone) => continue,
                    Err(fault) => {
                        return Err(fault.into_error(&format!("reading counter {}", self.path.as_str())));
                    }
                }
                fresh = true;
            }
            let Some(node) = memory.node else { continue };
            batch.take_off();
            if batch.is_empty() {
                return Ok(());
            }
            let plan = batch.plan(node.value());
            let Some(value) = plan.value else {
                if fresh {
                    // Answered by a value that was read after the requests came in.
                    std::mem::take(batch).conclude(plan);
                    return Ok(());
                }
                batch.land();
                memory.node = None;
                continue;
            };
            match self.attempt(core, &session, node, value, memory).await? {
                Attempt::Applied(node) => {
                    memory.node = Some(node);
                    std::mem::take(batch).conclude(plan);
                    return Ok(());
                }
                Attempt::NotApplied(node) => {
                    memory.node = node;
                    batch.land();
                }
            }
        }
    }

    /// One write, conditional on `node`, and the resolution of its fate.
    async fn attempt(
        &self,
        core: &Core,
        session: &Arc<Session>,
        node: Node,
        value: i64,
        memory: &mut Memory,
    ) -> Result<Attempt> {
        let Ok(link) = session.link().await else {
            return Ok(Attempt::NotApplied(Some(node)));
        };
        memory.number += 1;
        let (data, number) = (self.format.encode(value), memory.number.to_be_bytes());
        let mut writes = self.writes_of(node, &data)?;
        writes.push(match memory.dedupe_session == Some(session.id()) {
            true => Write::Set { path: &self.dedupe, data: &number, version: None },
            false => Write::Create { path: &self.dedupe, data: &number, mode: NodeMode::Ephemeral },
        });
        let (outcome, behind) = if memory.contended {
            let (outcome, entry) = join(link.multi(&writes), link.get(self.path.as_str())).await;
            (outcome, Some(entry))
        } else {
            (link.multi(&writes).await, None)
        };
        match outcome {
            Ok(written) => {
                memory.contended = false;
                memory.dedupe_session = Some(session.id());
                Ok(Attempt::Applied(node.after(value, &written)))
            }
            Err(MultiFault { fault: Fault::Unknown, .. }) => {
                session.past(&link).await;
                match self.resolve(session, node, value, &number, memory).await? {
                    Some(attempt) => Ok(attempt),
                    None => self.autopsy(core, node).await,
                }
            }
            // Refused for the session's end: not applied.
            Err(MultiFault { fault: Fault::Gone, .. }) => Ok(Attempt::NotApplied(Some(node))),
            Err(fault) => self.overcome(&link, fault, writes.len() - 1, behind, memory).await,
        }
    }

    fn writes_of<'a>(&'a self, node: Node, data: &'a [u8]) -> Result<Vec<Write<'a>>> {
        let path = self.path.as_str();
        Ok(match node {
            Node::Absent => vec![Write::Create { path, data, mode: NodeMode::Persistent }],
            Node::Present { version: -1, .. } => {
                let message =
                    format!("counter {path}: its version is -1, which no write can be conditional on");
                return Err(Error::new(ErrorCode::Unsupported, message));
            }
            // Versions wrap, and a server before ZOOKEEPER-4743 does not leave out -1, which in a request means "any".
            // A second write in the same multi steps over it.
            Node::Present { version: -2, .. } => {
                vec![Write::Set { path, data, version: Some(-2) }, Write::Set { path, data, version: None }]
            }
            Node::Present { version, .. } => vec![Write::Set { path, data, version: Some(version) }],
        })
    }

    /// After a refusal: notes what it tells, and makes what was lacking.
    async fn overcome(
        &self,
        link: &Link,
        fault: MultiFault,
        dedupe_member: usize,
        behind: Option<Result<Entry, Fault>>,
        memory: &mut Memory,
    ) -> Result<Attempt> {
        let path = self.path.as_str();
        let Some((refusal, member)) = fault.refusal() else {
            return Ok(Attempt::NotApplied(None));
        };
        let of_dedupe = member == dedupe_member;
        match refusal {
            Refusal::NodeExists if of_dedupe => memory.dedupe_session = link.session_id().into(),
            Refusal::NoNode if of_dedupe => memory.dedupe_session = None,
            // The counter was thought absent, and so is its parent.
            Refusal::NoNode if !of_dedupe => match make_parents(link, &self.path).await {
                Ok(()) | Err(Trouble::Fault(_)) => {}
                Err(Trouble::Refused(error)) => return Err(error),
            },
            Refusal::NodeExists | Refusal::BadVersion => memory.contended = true,
            Refusal::NotAuthorized if of_dedupe => {
                let message =
                    format!("counter {path}: its ACL forbids children, and exactly-once counting needs one");
                return Err(Error::new(ErrorCode::NotAuthorized, message));
            }
            refusal => return Err(refusal.clone().into_error(&format!("writing counter {path}"))),
        }
        let node = match behind.map(|entry| self.node(entry)) {
            Some(Ok(node)) => Some(node?),
            _ => None,
        };
        Ok(Attempt::NotApplied(node))
    }

    /// Step 4. `None` when the session is gone too.
    async fn resolve(
        &self,
        session: &Arc<Session>,
        node: Node,
        value: i64,
        number: &[u8],
        memory: &mut Memory,
    ) -> Result<Option<Attempt>> {
        loop {
            let Ok(link) = session.settled(self.path.as_str()).await else {
                return Ok(None);
            };
            let (dedupe, entry) = join(link.get(&self.dedupe), link.get(self.path.as_str())).await;
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
                    session.past(&link).await;
                    continue;
                }
            };
            if applied {
                return Ok(Some(Attempt::Applied(node.after(value, &[]))));
            }
            return match self.node(entry) {
                Ok(node) => Ok(Some(Attempt::NotApplied(Some(node?)))),
                Err(_) => Ok(Some(Attempt::NotApplied(None))),
            };
        }
    }

    /// Step 5.
    async fn autopsy(&self, core: &Core, node: Node) -> Result<Attempt> {
        let unknown = || {
            let message = format!(
                "counter {}: the session died while a write was in flight; it may or may not have been applied",
                self.path.as_str()
            );
            Error::new(ErrorCode::Indeterminate, message)
        };
        loop {
            let session = core.session(false).await.map_err(|_| unknown())?;
            let Ok(link) = session.settled(self.path.as_str()).await else {
                continue;
            };
            return match self.look(&link).await {
                Ok(Ok(now)) if now.is_surely(node) => Ok(Attempt::NotApplied(Some(now))),
                Err(Fault::Unknown | Fault::Gone) => continue,
                _ => Err(unknown()),
            };
        }
    }
}

impl Node {
    fn value(self) -> i64 {
        match self {
            Node::Absent => 0,
            Node::Present { value, .. } => value,
        }
    }

    /// The node after a write of `value` that was conditional on this state, as far as was told what was written.
    fn after(self, value: i64, written: &[Written]) -> Node {
        // The last member is the dedupe node's.
        let told = written.iter().rev().skip(1).find_map(|written| match written {
            Written::Set { version, czxid, .. } => Some((*version, *czxid)),
            _ => None,
        });
        match (told, self) {
            (Some((version, czxid)), _) => Node::Present { value, version, czxid: Some(czxid) },
            (None, Node::Absent) => Node::Present { value, version: 0, czxid: None },
            (None, Node::Present { version: -2, czxid, .. }) => Node::Present { value, version: 0, czxid },
            (None, Node::Present { version, czxid, .. }) => {
                Node::Present { value, version: version.wrapping_add(1), czxid }
            }
        }
    }

    /// Whether this state proves that nothing was written since `before`.
    fn is_surely(self, before: Node) -> bool {
        match (self, before) {
            (Node::Absent, Node::Absent) => true,
            (
                Node::Present { version, czxid: Some(czxid), .. },
                Node::Present { version: version_before, czxid: Some(czxid_before), .. },
            ) => version == version_before && czxid == czxid_before,
            _ => false,
        }
    }
}
