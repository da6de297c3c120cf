//! A key's node: its name, and the requests that read, create and clear it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::future::join;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::MissGuardState;
use super::Rules;
use super::record::Record;
use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::op::Retry;
use crate::path::ZnodePath;
use crate::session::Moment;
use crate::session::parents::{ParentsError, make_parents};
use crate::session::{BootInstant, Fault, Link, MultiFault, NodeMode, Refusal, Write};

/// The number of bytes of a key's SHA-256 in the name of its node.
const NAME_BYTES: usize = 16;

/// The leader's time must be known to a sixteenth of a hold. By the uncertainty, a hold ends too early for lookups that are
/// answered absent, and too late for those that load.
const TOLERANCE_DIVISOR: u128 = 16;

/// The content of a key's node when it was read.
#[derive(Clone, Debug)]
pub(super) struct LastRead {
    /// A time before the request was sent.
    pub(super) requested_at: Instant,
    /// `None` if there was no node.
    pub(super) version: Option<NodeVersion>,
    pub(super) record: Record,
}

/// A version of a node. The `czxid` tells it from the same version of an earlier node with the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeVersion {
    pub(super) czxid: i64,
    pub(super) version: i32,
}

impl LastRead {
    /// Returns whether this answers a lookup that read `since`: a load missed after that, and the key was neither found nor
    /// forgotten later, because that would have cleared the record.
    pub(super) fn answers(&self, since: &LastRead) -> bool {
        self.requested_at >= since.requested_at && self.version != since.version && !self.record.is_empty()
    }
}

/// One key of one client.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) context: Arc<Context>,
    pub(super) node: ZnodePath,
    /// The largest uncertainty of the leader's time at which it counts as known, in microseconds.
    tolerance: i64,
}

impl Key {
    pub(super) fn new(context: &Arc<Context>, path: &ZnodePath, key: &[u8], rules: Rules) -> Key {
        let tolerance = (rules.hold.as_micros() / TOLERANCE_DIVISOR) as i64;
        Key { context: context.clone(), node: path.join(&node_name(key)), tolerance }
    }

    pub(super) fn path(&self) -> &str {
        self.node.as_str()
    }

    /// Sends a request over one link after another, until it is answered.
    pub(super) async fn request<T, F>(&self, retry: Retry, send: impl Fn(Arc<Link>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        loop {
            let session = self.context.session(retry).await?;
            let Ok(link) = session.link().await else { continue };
            match send(link.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(Fault::Unknown) if retry.is_never() => {
                    let message =
                        format!("{}: the connection was lost before the server answered", self.path());
                    return Err(Error::new(ErrorCode::ConnectionLost, message));
                }
                Err(Fault::Unknown) => session.wait_reconnect(&link).await,
                Err(Fault::Gone) => {}
                Err(fault) => return Err(fault.into_error(&format!("accessing {}", self.path()))),
            }
        }
    }

    /// Reads the node as the leader has it now, and learns the time if that is not known. One round trip.
    pub(super) async fn read(&self, retry: Retry) -> Result<LastRead> {
        self.request(retry, |link| async move { self.read_over(&link).await }).await?
    }

    /// Does what [`read`](Key::read) does, over one link.
    pub(super) async fn read_over(&self, link: &Link) -> Result<Result<LastRead>, Fault> {
        let (read, timed) = join(self.read_node(link), self.learn_time(link)).await;
        match timed {
            // Without a node there is no record, and the time does not matter.
            Ok(()) | Err(Fault::Refused(Refusal::NoNode)) => read,
            Err(fault) => Err(fault),
        }
    }

    /// Reads the node after a `sync`: it does not contain misses that were forgotten before this call, whichever server this client
    /// is connected to.
    async fn read_node(&self, link: &Link) -> Result<Result<LastRead>, Fault> {
        let requested_at = Instant::now();
        let (synced, entry) = join(link.sync(self.path()), link.get(self.path())).await;
        synced?;
        match entry {
            Ok(entry) => Ok(Record::decode(self.path(), &entry.data).map(|record| {
                let version = Some(NodeVersion { czxid: entry.czxid, version: entry.version });
                LastRead { requested_at, version, record }
            })),
            Err(Fault::Refused(Refusal::NoNode)) => {
                Ok(Ok(LastRead { requested_at, version: None, record: Record::default() }))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Asks for the leader's time unless it is known well enough. Of several tasks, one asks.
    async fn learn_time(&self, link: &Link) -> Result<(), Fault> {
        let well_known = || self.time().is_some_and(|now| now.latest - now.earliest <= self.tolerance);
        if well_known() {
            return Ok(());
        }
        let shared = self.context.shared::<MissGuardState>();
        let time_request = &shared.time_request;
        let _locked = match self.time() {
            None => time_request.lock().await,
            // A task that knows the time, but not well enough, does not wait for the task that asks.
            Some(_) => match time_request.try_lock() {
                Ok(locked) => locked,
                Err(_) => return Ok(()),
            },
        };
        match well_known() {
            true => Ok(()),
            false => self.write_probe(link, false).await.map_err(|fault| fault.fault),
        }
    }

    /// Returns the time on the leader's clock, if it is known.
    pub(super) fn time(&self) -> Option<Moment> {
        self.context.server_time_now()
    }

    /// Creates the node, unless another client was faster.
    pub(super) async fn create(&self, retry: Retry) -> Result<()> {
        self.request(retry, |link| async move {
            loop {
                let Err(fault) = self.write_probe(&link, true).await else { return Ok(Ok(())) };
                match fault.refusal() {
                    Some((Refusal::NodeExists, _)) => return Ok(Ok(())),
                    Some((Refusal::NoNode, _)) => match make_parents(&link, &self.node).await {
                        Ok(()) => {}
                        Err(ParentsError::Fault(fault)) => return Err(fault),
                        Err(ParentsError::Refused(error)) => return Ok(Err(error)),
                    },
                    _ => return Err(fault.fault),
                }
            }
        })
        .await?
    }

    /// Creates, writes and deletes a child in one transaction, so that no client sees it. Its `mtime` tells the leader's time. If
    /// `create` is set, the same transaction creates the node itself. The node has then had a child, so the server deletes it some
    /// time, even if this client dies: before ZOOKEEPER-4915, a container that never had a child stays forever.
    async fn write_probe(&self, link: &Link, create: bool) -> Result<(), MultiFault> {
        let child = self.node.child(&format!("_zkcoord-{}", Uuid::new_v4().simple()));
        let node = Write::Create { path: self.path(), data: b"", mode: NodeMode::Container };
        let probe = [
            Write::Create { path: &child, data: b"", mode: NodeMode::Ephemeral },
            Write::Set { path: &child, data: b"", version: None },
            Write::Delete { path: &child, version: None },
        ];
        let writes: Vec<_> = create.then_some(node).into_iter().chain(probe).collect();
        let sent = BootInstant::now();
        let written = link.multi(&writes).await?;
        self.context.clock().note(link, &written, sent);
        Ok(())
    }

    /// Empties the record if the node is still at this version, and returns whether it was. May be repeated.
    pub(super) async fn clear(&self, version: i32, retry: Retry) -> Result<bool> {
        self.request(retry, |link| async move {
            let clear = [Write::Set { path: self.path(), data: b"", version: Some(version) }];
            let Err(fault) = link.multi(&clear).await else { return Ok(true) };
            match fault.refusal() {
                Some((Refusal::NoNode | Refusal::BadVersion, _)) => Ok(false),
                _ => Err(fault.fault),
            }
        })
        .await
    }

    /// Forgets the key: step 7. Sets `sent` before it sends a write.
    pub(super) async fn forget(&self, retry: Retry, sent: &AtomicBool) -> Result<()> {
        loop {
            let read = self.request(retry, |link| async move { self.read_node(&link).await }).await??;
            // Without a node there is neither a record nor a load, which has a child of the node.
            let Some(version) = read.version else { return Ok(()) };
            sent.store(true, Ordering::Relaxed);
            // Also an empty record: the new version refuses the miss of a load under way.
            if self.clear(version.version, retry).await? {
                return Ok(());
            }
        }
    }
}

/// Returns the name of a key's node, which is the same for all clients.
fn node_name(key: &[u8]) -> String {
    let hash = Sha256::digest(key);
    hash[..NAME_BYTES].iter().fold(String::with_capacity(2 * NAME_BYTES), |mut name, byte| {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_first_half_of_the_sha256() {
        // FIPS 180-2, appendix B.1, and the hash of no bytes.
        assert_eq!(node_name(b"abc"), "ba7816bf8f01cfea414140de5dae2223");
        assert_eq!(node_name(b""), "e3b0c44298fc1c149afbf4c8996fb924");
        assert_eq!(node_name(&[0xff; 1_000_000]).len(), 32);
    }
}
