//! One key's node: where it is, what it says, and how it is made and cleared.

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

/// How many bytes of a key's SHA-256 its node is named by.
const NAME_BYTES: usize = 16;

/// Into how many parts of a hold the time is known. What is not known of it, a hold ends too early for those who are answered
/// and too late for those who load.
const TOLERATED: u128 = 16;

/// A key's node as it was at some time.
#[derive(Clone, Debug)]
pub(super) struct LastRead {
    /// Before this the request was not sent that told it.
    pub(super) asked: Instant,
    /// `None` when the node was not there.
    pub(super) stamp: Option<Stamp>,
    pub(super) record: Record,
}

/// Which incarnation of a node, and which of its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) czxid: i64,
    pub(super) version: i32,
}

impl LastRead {
    /// Whether this answers one who saw `since`: a load missed after that, and the key was neither found nor forgotten behind
    /// it, for that would have cleared the record.
    pub(super) fn answers(&self, since: &LastRead) -> bool {
        self.asked >= since.asked && self.stamp != since.stamp && !self.record.is_empty()
    }
}

/// One key of one client.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) context: Arc<Context>,
    pub(super) node: ZnodePath,
    /// How well the time must be known, in microseconds.
    tolerance: i64,
}

impl Key {
    pub(super) fn new(context: &Arc<Context>, path: &ZnodePath, key: &[u8], rules: Rules) -> Key {
        let tolerance = (rules.hold.as_micros() / TOLERATED) as i64;
        Key { context: context.clone(), node: path.join(&node_name(key)), tolerance }
    }

    pub(super) fn path(&self) -> &str {
        self.node.as_str()
    }

    /// Makes a request over one link after another, until it has an answer.
    pub(super) async fn ask<T, F>(&self, retry: Retry, request: impl Fn(Arc<Link>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        loop {
            let session = self.context.session(retry).await?;
            let Ok(link) = session.link().await else { continue };
            match request(link.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(Fault::Unknown) if retry.is_never() => {
                    let message = format!("{}: the connection was lost before the answer", self.path());
                    return Err(Error::new(ErrorCode::ConnectionLost, message));
                }
                Err(Fault::Unknown) => session.wait_reconnect(&link).await,
                Err(Fault::Gone) => {}
                Err(fault) => return Err(fault.into_error(&format!("using {}", self.path()))),
            }
        }
    }

    /// The node as the leader has it now, and the time, if that was not known. One round trip.
    pub(super) async fn read_record(&self, retry: Retry) -> Result<LastRead> {
        self.ask(retry, |link| async move { self.see(&link).await }).await?
    }

    /// As [`look`](Key::look), over one link.
    pub(super) async fn see(&self, link: &Link) -> Result<Result<LastRead>, Fault> {
        let (sight, timed) = join(self.read(link), self.learn_time(link)).await;
        match timed {
            // The node is not there, so there is nothing that the time would matter for.
            Ok(()) | Err(Fault::Refused(Refusal::NoNode)) => sight,
            Err(fault) => Err(fault),
        }
    }

    /// The node behind a `sync`: what was forgotten before this was called is not in it, whatever server we are connected to.
    async fn read(&self, link: &Link) -> Result<Result<LastRead>, Fault> {
        let asked = Instant::now();
        let (synced, entry) = join(link.sync(self.path()), link.get(self.path())).await;
        synced?;
        match entry {
            Ok(entry) => Ok(Record::decode(self.path(), &entry.data).map(|record| {
                let stamp = Some(Stamp { czxid: entry.czxid, version: entry.version });
                LastRead { asked, stamp, record }
            })),
            Err(Fault::Refused(Refusal::NoNode)) => {
                Ok(Ok(LastRead { asked, stamp: None, record: Record::default() }))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Asks for the leader's time unless it is known well enough. What many want to know is asked once.
    async fn learn_time(&self, link: &Link) -> Result<(), Fault> {
        let well_known = || self.time().is_some_and(|now| now.latest - now.earliest <= self.tolerance);
        if well_known() {
            return Ok(());
        }
        let shared = self.context.shared::<MissGuardState>();
        let asking = &shared.asking_time;
        let _one = match self.time() {
            None => asking.lock().await,
            // Who only wants to know it better does not wait for that.
            Some(_) => match asking.try_lock() {
                Ok(one) => one,
                Err(_) => return Ok(()),
            },
        };
        match well_known() {
            true => Ok(()),
            false => self.touch(link, false).await.map_err(|fault| fault.fault),
        }
    }

    /// The time of the leader that we are connected to, if it is known.
    pub(super) fn time(&self) -> Option<Moment> {
        self.context.server_time_now()
    }

    /// Makes the node, unless somebody was faster.
    pub(super) async fn make(&self, retry: Retry) -> Result<()> {
        self.ask(retry, |link| async move {
            loop {
                let Err(fault) = self.touch(&link, true).await else { return Ok(Ok(())) };
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

    /// Makes, writes and deletes a child that nobody gets to see, in one transaction: its `mtime` tells the leader's time. In
    /// the same transaction the node itself is made, if `make` says so; then it has had a child, and the server deletes it
    /// some time, whatever becomes of us: before ZOOKEEPER-4915 a container that never had one stays for ever.
    async fn touch(&self, link: &Link, make: bool) -> Result<(), MultiFault> {
        let child = self.node.child(&format!("_zkcoord-{}", Uuid::new_v4().simple()));
        let node = Write::Create { path: self.path(), data: b"", mode: NodeMode::Container };
        let touch = [
            Write::Create { path: &child, data: b"", mode: NodeMode::Ephemeral },
            Write::Set { path: &child, data: b"", version: None },
            Write::Delete { path: &child, version: None },
        ];
        let writes: Vec<_> = make.then_some(node).into_iter().chain(touch).collect();
        let sent = BootInstant::now();
        let written = link.multi(&writes).await?;
        self.context.clock().note(link, &written, sent);
        Ok(())
    }

    /// Empties the record, if the node is still at this version. Says whether it was. Can be repeated.
    pub(super) async fn clear(&self, version: i32, retry: Retry) -> Result<bool> {
        self.ask(retry, |link| async move {
            let clear = [Write::Set { path: self.path(), data: b"", version: Some(version) }];
            let Err(fault) = link.multi(&clear).await else { return Ok(true) };
            match fault.refusal() {
                Some((Refusal::NoNode | Refusal::BadVersion, _)) => Ok(false),
                _ => Err(fault.fault),
            }
        })
        .await
    }

    /// Step 7. `sent` tells whether anything was written.
    pub(super) async fn forget(&self, retry: Retry, sent: &AtomicBool) -> Result<()> {
        loop {
            let sight = self.ask(retry, |link| async move { self.read(&link).await }).await??;
            // Without a node there is no record and no load: a load has a child here.
            let Some(stamp) = sight.stamp else { return Ok(()) };
            sent.store(true, Ordering::Relaxed);
            // Also when there is nothing in it: the new version is what tells a load under way.
            if self.clear(stamp.version, retry).await? {
                return Ok(());
            }
        }
    }
}

/// The name of a key's node. All clients must agree on it.
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
    fn names_are_the_first_half_of_the_sha256() {
        // FIPS 180-2, appendix B.1, and the hash of nothing.
        assert_eq!(node_name(b"abc"), "ba7816bf8f01cfea414140de5dae2223");
        assert_eq!(node_name(b""), "e3b0c44298fc1c149afbf4c8996fb924");
        assert_eq!(node_name(&[0xff; 1_000_000]).len(), 32);
    }
}
