//! Writes to ZooKeeper that take effect only while a lock is held.
//!
//! 1. One `multi` checks that the lock's node is there and makes the write. The server applies both or neither, in the order
//!    of all transactions: after the lock was given to the next holder, the node is gone and the write is refused.
//! 2. The lock's node is missing: `LOCK_LOST`, and nothing was written.
//! 3. The connection was lost: the write may have been applied. `INDETERMINATE`; nothing is tried again.

use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};
use crate::op::Deadline;
use crate::path::ZnodePath;
use crate::session::{Fault, NodeMode, Refusal, Session, Write};

/// A write that its caller wants to be fenced.
#[derive(Debug)]
pub(crate) enum Fenced {
    Set { data: Vec<u8>, version: Option<i32> },
    Create { data: Vec<u8> },
    Delete { version: Option<i32> },
}

impl Fenced {
    fn write<'a>(&'a self, path: &'a str) -> Write<'a> {
        match self {
            Fenced::Set { data, version } => Write::Set { path, data, version: *version },
            Fenced::Create { data } => Write::Create { path, data, mode: NodeMode::Persistent },
            Fenced::Delete { version } => Write::Delete { path, version: *version },
        }
    }

    /// # Errors
    /// `INVALID_ARGUMENT` for more data than a server takes in a packet: it would close the connection, for all who share it.
    pub(crate) fn check(&self) -> Result<()> {
        const MOST_BYTES: usize = 1_000_000;
        match self {
            Fenced::Set { data, .. } | Fenced::Create { data } if data.len() > MOST_BYTES => {
                let size = format!("{} bytes", data.len());
                Err(Error::invalid_argument("data", size, format!("must be at most {MOST_BYTES} bytes long")))
            }
            _ => Ok(()),
        }
    }

    fn version(&self) -> Option<i32> {
        match self {
            Fenced::Set { version, .. } | Fenced::Delete { version } => *version,
            Fenced::Create { .. } => None,
        }
    }
}

/// Writes `path` on condition that all of `lock_nodes` are there.
pub(crate) async fn write(
    session: &Arc<Session>,
    lock_nodes: &[String],
    path: &ZnodePath,
    what: Fenced,
    deadline: Deadline,
) -> Result<()> {
    let path = path.as_str();
    let lost = |node: usize| {
        let node = lock_nodes.get(node).map_or("", String::as_str);
        Error::new(ErrorCode::LockLost, format!("lock {node} is gone; {path} was not written"))
    };
    let late = || Error::new(ErrorCode::Timeout, format!("{path} was not written: no connection in time"));
    let link = match deadline.is_once() {
        true => session
            .linked_now()
            .ok_or_else(|| Error::new(ErrorCode::ConnectionLost, "not connected right now"))?,
        false => deadline.run(session.link()).await.ok_or_else(late)?.map_err(|_| lost(0))?,
    };
    let checks = lock_nodes.iter().map(|node| Write::Check { path: node });
    let writes: Vec<_> = checks.chain([what.write(path)]).collect();
    let outcome = deadline.run(link.multi(&writes)).await;
    let unknown =
        |why: &str| Err(Error::new(ErrorCode::Indeterminate, format!("{path} may be written or not: {why}")));
    let Some(outcome) = outcome else { return unknown("the deadline passed before the answer") };
    let Err(fault) = outcome else { return Ok(()) };
    match (fault.refusal(), &fault.fault) {
        (Some((Refusal::NoNode, member)), _) if member < lock_nodes.len() => Err(lost(member)),
        (_, Fault::Gone) => Err(lost(0)),
        (Some((refusal, _)), _) => Err(refused(refusal, path, what.version())),
        (None, _) => {
            // So that the caller's next write waits for the next link.
            link.cut();
            unknown("the connection was lost before the answer")
        }
    }
}

fn refused(refusal: &Refusal, path: &str, version: Option<i32>) -> Error {
    match refusal {
        Refusal::NoNode => {
            Error::invalid_argument("path", path, "there is no such node, or no parent to create it in")
        }
        Refusal::NodeExists => Error::invalid_argument("path", path, "there is such a node already"),
        Refusal::NotEmpty => Error::invalid_argument("path", path, "the node has children"),
        Refusal::BadVersion => {
            let version = version.unwrap_or(-1);
            Error::invalid_argument("version", version, format!("{path} is at another version"))
        }
        refusal => refusal.clone().into_error(&format!("writing {path}")),
    }
}
