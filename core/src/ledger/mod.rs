//! One node that many clients change, exactly once each: what counters, windows and limits are made of.
//!
//! | file | idea |
//! | --- | --- |
//! | this file | what a [`Model`] must tell, and how a change is asked for |
//! | `batch.rs` | changes that share a write |
//! | `writer.rs` | the algorithm: how a batch is written, and why exactly once |
//! | `fate.rs` | what became of a write whose reply was lost |
//! | `node.rs` | the node as last seen |
//! | `turns.rs` | how clients that write at the same time all get their turn |
//!
//! A ledger knows nothing of what the bytes mean; its [`Model`] does.

mod batch;
mod fairness;
mod node;
mod outcome;
mod writer;

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::join;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::context::{Context, PerClient};
use crate::error::{Error, ErrorCode, Result};
use crate::op::Answer;
use crate::op::{Deadline, Retry};
use crate::path::ZnodePath;
use crate::session::Moment;
use crate::session::{Entry, Fault, Link, Refusal};

pub(crate) use batch::Reply;
use batch::Request;
use node::{Memory, Node};

/// What the bytes of a node mean, and what callers may want done to them.
pub(crate) trait Model: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// What the bytes say.
    type State: Clone + Debug + Send + Sync;
    /// What a caller wants.
    type Change: Debug + Send + Sync;
    /// What the caller gets.
    type Outcome: Send;
    /// How the caller gets it.
    type Reply: Reply<Self::Outcome>;

    /// What such a node is called in messages.
    const NOUN: &'static str;
    /// Whether [`apply`](Model::apply) needs to know the server's time. Others get whatever is known.
    const TIMED: bool;

    /// The state of a node that is not there.
    fn absent(&self) -> Self::State;

    /// Reads what the node at `path` holds.
    ///
    /// # Errors
    /// `BAD_DATA` for what this model cannot have written. It stays as it is.
    fn decode(&self, path: &str, data: &[u8]) -> Result<Self::State>;

    fn encode(&self, state: &Self::State) -> Vec<u8>;

    /// Makes a change, and says whether there is anything to write. One that fails must leave the state as it was.
    fn apply(
        &self,
        state: &mut Self::State,
        change: &Self::Change,
        now: Moment,
    ) -> Result<(Self::Outcome, bool)>;
}

/// The names of one client's dedupe nodes. Two ledgers may be of one node, and then must not take the other's number for
/// their own: every ledger has a name of its own.
#[derive(Debug)]
pub(crate) struct DedupeName {
    client: Uuid,
    ledgers: AtomicU64,
}

impl Default for DedupeName {
    fn default() -> DedupeName {
        DedupeName { client: Uuid::new_v4(), ledgers: AtomicU64::new(0) }
    }
}

impl DedupeName {
    fn next(&self) -> String {
        format!("_zkcoord-{}-{}", self.client.simple(), self.ledgers.fetch_add(1, Ordering::Relaxed))
    }
}

/// By path, model, and whether there is a dedupe node.
type ByNode<M> = HashMap<(ZnodePath, M, bool), Arc<Ledger<M>>>;

/// The ledgers of one client, by model. They stay for the client's life: a new one would make a new dedupe node.
#[derive(Debug)]
pub(crate) struct Ledgers<M: Model> {
    dedupe_name: Arc<DedupeName>,
    ledgers: Mutex<ByNode<M>>,
}

impl PerClient for DedupeName {
    fn for_client(_: &Context) -> DedupeName {
        DedupeName::default()
    }
}

impl<M: Model> PerClient for Ledgers<M> {
    fn for_client(context: &Context) -> Ledgers<M> {
        Ledgers { dedupe_name: context.shared(), ledgers: Mutex::default() }
    }
}

impl<M: Model> Ledgers<M> {
    pub(crate) fn ledger(&self, path: &ZnodePath, model: &M) -> Arc<Ledger<M>> {
        self.find(path, model, true)
    }

    /// One that does without a dedupe node, for a node that cannot have children. A lost reply is then `INDETERMINATE`, unless
    /// the node's version proves that nothing was applied.
    pub(crate) fn ledger_without_dedupe(&self, path: &ZnodePath, model: &M) -> Arc<Ledger<M>> {
        self.find(path, model, false)
    }

    fn find(&self, path: &ZnodePath, model: &M, deduped: bool) -> Arc<Ledger<M>> {
        let make = || {
            let dedupe = deduped.then(|| path.child(&self.dedupe_name.next()));
            Arc::new(Ledger { path: path.clone(), model: model.clone(), dedupe, pending: Mutex::default() })
        };
        self.ledgers.lock().entry((path.clone(), model.clone(), deduped)).or_insert_with(make).clone()
    }
}

/// One node as one client sees it.
#[derive(Debug)]
pub(crate) struct Ledger<M: Model> {
    path: ZnodePath,
    model: M,
    /// The path of the dedupe node, if there may be one.
    dedupe: Option<String>,
    pending: Mutex<Pending<M>>,
}

#[derive(Debug)]
struct Pending<M: Model> {
    queue: Vec<Request<M>>,
    /// Present while nobody writes; the writer takes it.
    memory: Memory<M::State>,
    writing: bool,
}

impl<M: Model> Default for Pending<M> {
    fn default() -> Pending<M> {
        Pending { queue: Vec::new(), memory: Memory::default(), writing: false }
    }
}

impl<M: Model> Ledger<M> {
    /// Has a change made before the deadline. `reply` says what of the outcome goes to the answer.
    pub(crate) fn request<T: Send + 'static>(
        self: &Arc<Self>,
        context: &Arc<Context>,
        deadline: Deadline,
        change: M::Change,
        reply: impl FnOnce(oneshot::Sender<Result<T>>) -> M::Reply,
    ) -> Result<Answer<T>> {
        context.runtime().process().check()?;
        let (sender, answer) = oneshot::channel();
        let (request, progress) = Request::new(change, reply(sender));
        let deadline = match deadline {
            Deadline::Never => {
                self.submit(context, request);
                return Ok(answer);
            }
            // One try: connected now, and no longer than the session can last without an answer.
            Deadline::Once => {
                context.connected_now()?;
                Deadline::after(Some(context.options().session_timeout))
            }
            at => at,
        };
        self.submit(context, request);
        // A change that has not been sent by then is withdrawn.
        Ok(deadline.race(context.runtime(), answer, move || match progress.give_up() {
            true => Error::new(
                ErrorCode::Indeterminate,
                "the deadline passed while the write was in flight; it may or may not have been applied",
            ),
            false => out_of_time("change"),
        }))
    }

    /// Queues a request, and has it written.
    fn submit(self: &Arc<Self>, context: &Arc<Context>, request: Request<M>) {
        let mut pending = self.pending.lock();
        pending.queue.push(request);
        if !pending.writing {
            pending.writing = true;
            drop(pending);
            context.spawn(self.clone().write_all(context.clone()));
        }
    }

    /// The state now: a `sync` and a read behind it, in one round trip.
    pub(crate) async fn read(&self, context: &Context, retry: Retry) -> Result<M::State> {
        Ok(self.state_of(&self.read_node(context, retry, true).await?))
    }

    /// The state as the connected server has it: one read, which may lag.
    pub(crate) async fn read_stale(&self, context: &Context, retry: Retry) -> Result<M::State> {
        Ok(self.state_of(&self.read_node(context, retry, false).await?))
    }

    /// The state now, and the node's version, `None` when it is missing.
    pub(crate) async fn read_versioned(
        &self,
        context: &Context,
        retry: Retry,
    ) -> Result<(M::State, Option<i32>)> {
        let node = self.read_node(context, retry, true).await?;
        Ok((self.state_of(&node), node.version()))
    }

    async fn read_node(&self, context: &Context, retry: Retry, latest: bool) -> Result<Node<M::State>> {
        loop {
            let session = context.session(retry).await?;
            let Ok(link) = session.link().await else { continue };
            let read = if latest { self.look(&link).await } else { self.read_stale_node(&link).await };
            match read {
                Ok(node) => return node,
                Err(Fault::Unknown) if retry.is_never() => {
                    let message = "the connection was lost before the answer";
                    return Err(Error::new(ErrorCode::ConnectionLost, message));
                }
                Err(Fault::Unknown) => session.wait_reconnect(&link).await,
                Err(Fault::Gone) => {}
                Err(fault) => return Err(self.unreadable(fault)),
            }
        }
    }

    /// The node as it is now, and whether its bytes make sense.
    async fn look(&self, link: &Link) -> Result<Result<Node<M::State>>, Fault> {
        let (synced, entry) = join(link.sync(self.path.as_str()), link.get(self.path.as_str())).await;
        synced?;
        self.node(entry)
    }

    /// The node as the connected server has it.
    async fn read_stale_node(&self, link: &Link) -> Result<Result<Node<M::State>>, Fault> {
        self.node(link.get(self.path.as_str()).await)
    }

    fn state_of(&self, node: &Node<M::State>) -> M::State {
        match node {
            Node::Absent => self.model.absent(),
            Node::Present { state, .. } => state.clone(),
        }
    }

    fn node(&self, entry: Result<Entry, Fault>) -> Result<Result<Node<M::State>>, Fault> {
        match entry {
            Ok(Entry { data, version, czxid, .. }) => Ok(self
                .model
                .decode(self.path.as_str(), &data)
                .map(|state| Node::Present { state, version, czxid: Some(czxid) })),
            Err(Fault::Refused(Refusal::NoNode)) => Ok(Ok(Node::Absent)),
            Err(fault) => Err(fault),
        }
    }

    fn unreadable(&self, fault: Fault) -> Error {
        fault.into_error(&format!("reading {}", self.name()))
    }

    /// What it is called in messages.
    fn name(&self) -> String {
        format!("{} {}", M::NOUN, self.path.as_str())
    }
}

pub(crate) fn out_of_time(what: &str) -> Error {
    Error::new(ErrorCode::Timeout, format!("the {what} was not done in time; nothing was written"))
}
