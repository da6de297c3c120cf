//! One node that many clients change, each change exactly once. Counters, window counters and rate limiters are built on it.
//!
//! | file | content |
//! | --- | --- |
//! | this file | the trait [`Model`], requests for changes, and reads |
//! | `batch.rs` | changes that share a write |
//! | `writer.rs` | the algorithm: how a batch is written exactly once |
//! | `outcome.rs` | the outcome of a write whose reply was lost |
//! | `node.rs` | the node as last seen |
//! | `fairness.rs` | fairness between clients that write at the same time |
//!
//! A ledger does not interpret the bytes of its node; its [`Model`] does.

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

/// The meaning of a node's bytes, and the changes that callers may request.
pub(crate) trait Model: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// The decoded content of the node.
    type State: Clone + Debug + Send + Sync;
    /// A change that a caller requests.
    type Change: Debug + Send + Sync;
    /// The result of a change.
    type Outcome: Send;
    /// The channel through which the caller gets the outcome.
    type Reply: Reply<Self::Outcome>;

    /// The name of this kind of node in messages.
    const NOUN: &'static str;
    /// `true` if [`apply`](Model::apply) needs the server's time. Otherwise it gets the time only if that is known.
    const TIMED: bool;

    /// Returns the state of a missing node.
    fn absent(&self) -> Self::State;

    /// Decodes the bytes of the node at `path`.
    ///
    /// # Errors
    /// `BAD_DATA` if this model cannot have written the bytes. The node is then left unchanged.
    fn decode(&self, path: &str, data: &[u8]) -> Result<Self::State>;

    fn encode(&self, state: &Self::State) -> Vec<u8>;

    /// Applies a change. Returns its outcome, and whether there is anything to write. A change that fails must leave the state
    /// unchanged.
    fn apply(
        &self,
        state: &mut Self::State,
        change: &Self::Change,
        now: Moment,
    ) -> Result<(Self::Outcome, bool)>;
}

/// The names of one client's dedupe nodes. Two ledgers may share one node, and neither may mistake the other's number for its
/// own, so every ledger has its own name.
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

/// Keyed by path, model, and whether there is a dedupe node.
type ByNode<M> = HashMap<(ZnodePath, M, bool), Arc<Ledger<M>>>;

/// The ledgers of one client for one type of model. They live as long as the client, because a new ledger would create another
/// dedupe node.
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
    /// Returns the ledger of the node at `path`.
    pub(crate) fn ledger(&self, path: &ZnodePath, model: &M) -> Arc<Ledger<M>> {
        self.find(path, model, true)
    }

    /// Returns a ledger without a dedupe node, for a node that cannot have children. A lost reply is then `INDETERMINATE`,
    /// unless the node's version proves that the write was not applied.
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

/// One node, as one client changes and reads it.
#[derive(Debug)]
pub(crate) struct Ledger<M: Model> {
    path: ZnodePath,
    model: M,
    /// The path of the dedupe node, unless the ledger does without one.
    dedupe: Option<String>,
    pending: Mutex<Pending<M>>,
}

#[derive(Debug)]
struct Pending<M: Model> {
    queue: Vec<Request<M>>,
    /// The writer takes this while it runs.
    memory: Memory<M::State>,
    writing: bool,
}

impl<M: Model> Default for Pending<M> {
    fn default() -> Pending<M> {
        Pending { queue: Vec::new(), memory: Memory::default(), writing: false }
    }
}

impl<M: Model> Ledger<M> {
    /// Requests a change, to be made before the deadline. `reply` selects the part of the outcome that is sent to the caller.
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
            // One attempt: it needs a connection now, and takes at most as long as the session can last without an answer.
            Deadline::Once => {
                context.connected_now()?;
                Deadline::after(Some(context.options().session_timeout))
            }
            at => at,
        };
        self.submit(context, request);
        let ledger = self.clone();
        // At the deadline a request that is not in flight is withdrawn.
        Ok(deadline.race(context.runtime(), answer, move || ledger.timed_out(progress.abandon())))
    }

    fn timed_out(&self, in_flight: bool) -> Error {
        let (code, problem) = match in_flight {
            true => (
                ErrorCode::Indeterminate,
                "timed out while the write was in flight; it may or may not have been applied",
            ),
            false => (ErrorCode::Timeout, "timed out before the change was applied; nothing was written"),
        };
        Error::new(code, format!("{}: {problem}", self.name()))
    }

    /// Queues a request, and starts the writer if it is not running.
    fn submit(self: &Arc<Self>, context: &Arc<Context>, request: Request<M>) {
        let mut pending = self.pending.lock();
        pending.queue.push(request);
        if !pending.writing {
            pending.writing = true;
            drop(pending);
            context.spawn(self.clone().write_all(context.clone()));
        }
    }

    /// Returns the current state. Sends a `sync` and a read behind it, in one round trip.
    pub(crate) async fn read(&self, context: &Context, retry: Retry) -> Result<M::State> {
        Ok(self.state_of(&self.read_node(context, retry, true).await?))
    }

    /// Returns the state as the connected server has it, which may lag. Sends one read.
    pub(crate) async fn read_stale(&self, context: &Context, retry: Retry) -> Result<M::State> {
        Ok(self.state_of(&self.read_node(context, retry, false).await?))
    }

    /// Returns the current state and the node's version, which is `None` if the node is missing.
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
            let read =
                if latest { self.read_latest_node(&link).await } else { self.read_stale_node(&link).await };
            match read {
                Ok(node) => return node,
                Err(Fault::Unknown) if retry.is_never() => {
                    let message = "the connection was lost before the server answered";
                    return Err(Error::new(ErrorCode::ConnectionLost, message));
                }
                Err(Fault::Unknown) => session.wait_reconnect(&link).await,
                Err(Fault::Gone) => {}
                Err(fault) => return Err(self.read_error(fault)),
            }
        }
    }

    /// Reads the node as it is now. The inner result is an error if its bytes are not those of the model.
    async fn read_latest_node(&self, link: &Link) -> Result<Result<Node<M::State>>, Fault> {
        let (synced, entry) = join(link.sync(self.path.as_str()), link.get(self.path.as_str())).await;
        synced?;
        self.decode(entry)
    }

    /// Reads the node as the connected server has it. The results are those of [`read_latest_node`](Ledger::read_latest_node).
    async fn read_stale_node(&self, link: &Link) -> Result<Result<Node<M::State>>, Fault> {
        self.decode(link.get(self.path.as_str()).await)
    }

    fn state_of(&self, node: &Node<M::State>) -> M::State {
        match node {
            Node::Absent => self.model.absent(),
            Node::Present { state, .. } => state.clone(),
        }
    }

    fn decode(&self, entry: Result<Entry, Fault>) -> Result<Result<Node<M::State>>, Fault> {
        match entry {
            Ok(Entry { data, version, czxid, .. }) => Ok(self
                .model
                .decode(self.path.as_str(), &data)
                .map(|state| Node::Present { state, version, czxid: Some(czxid) })),
            Err(Fault::Refused(Refusal::NoNode)) => Ok(Ok(Node::Absent)),
            Err(fault) => Err(fault),
        }
    }

    fn read_error(&self, fault: Fault) -> Error {
        fault.into_error(&format!("reading {}", self.name()))
    }

    /// Returns the name of the ledger in messages.
    fn name(&self) -> String {
        format!("{} {}", M::NOUN, self.path.as_str())
    }
}
