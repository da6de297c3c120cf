//! Writes to ZooKeeper that take effect only while a lock is held.
//!
//! 1. One `multi` checks that the lock's node exists, and makes the write. The server applies both or neither, in the order
//!    of all transactions: once the lock is granted to the next holder, the node is gone and the write is refused.
//! 2. If the lock's node is gone, the write fails with `LOCK_LOST`, and nothing was written.
//! 3. If the connection is lost, the write may have been applied. It fails with `INDETERMINATE` and is not tried again.

use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};
use crate::op::Deadline;
use crate::path::ZnodePath;
use crate::session::{Fault, NodeMode, Refusal, Session, Write};

/// A write that takes effect only while a lock is held.
#[derive(Debug)]
pub(crate) enum FencedWrite {
    Set { data: Vec<u8>, version: Option<i32> },
    Create { data: Vec<u8> },
    Delete { version: Option<i32> },
}

impl FencedWrite {
    fn request<'a>(&'a self, path: &'a str) -> Write<'a> {
        match self {
            FencedWrite::Set { data, version } => Write::Set { path, data, version: *version },
            FencedWrite::Create { data } => Write::Create { path, data, mode: NodeMode::Persistent },
            FencedWrite::Delete { version } => Write::Delete { path, version: *version },
        }
    }

    /// Checks that the data fits in a packet. If it does not, the server would close the connection, which all users of the
    /// client share.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it does not fit.
    pub(crate) fn check(&self) -> Result<()> {
        const MAX_BYTES: usize = 1_000_000;
        match self {
            FencedWrite::Set { data, .. } | FencedWrite::Create { data } if data.len() > MAX_BYTES => {
                let size = format!("{} bytes", data.len());
                Err(Error::invalid_argument("data", size, format!("must be at most {MAX_BYTES} bytes long")))
            }
            _ => Ok(()),
        }
    }

    fn version(&self) -> Option<i32> {
        match self {
            FencedWrite::Set { version, .. } | FencedWrite::Delete { version } => *version,
            FencedWrite::Create { .. } => None,
        }
    }
}

/// Writes `path` if all of `lock_nodes` exist.
///
/// # Errors
/// Those of [`Guard::set_data`](crate::Guard::set_data).
pub(crate) async fn run(
    session: &Arc<Session>,
    lock_nodes: &[String],
    path: &ZnodePath,
    write: FencedWrite,
    deadline: Deadline,
) -> Result<()> {
    let path = path.as_str();
    let lost = |node: usize| {
        let node = lock_nodes.get(node).map_or("", String::as_str);
        Error::new(ErrorCode::LockLost, format!("lock {node} is gone; {path} was not written"))
    };
    let timed_out = || {
        Error::new(ErrorCode::Timeout, format!("{path} was not written: not connected within the timeout"))
    };
    let link = match deadline.is_once() {
        true => session.linked_now().ok_or_else(|| {
            Error::new(ErrorCode::ConnectionLost, format!("{path} was not written: not connected"))
        })?,
        false => deadline.run(session.link()).await.ok_or_else(timed_out)?.map_err(|_| lost(0))?,
    };
    let checks = lock_nodes.iter().map(|node| Write::Check { path: node });
    let writes: Vec<_> = checks.chain([write.request(path)]).collect();
    let outcome = deadline.run(link.multi(&writes)).await;
    let unknown = |why: &str| {
        Err(Error::new(ErrorCode::Indeterminate, format!("{path} may or may not be written: {why}")))
    };
    let Some(outcome) = outcome else { return unknown("the timeout passed before the server answered") };
    let Err(fault) = outcome else { return Ok(()) };
    match (fault.refusal(), &fault.fault) {
        (Some((Refusal::NoNode, member)), _) if member < lock_nodes.len() => Err(lost(member)),
        (_, Fault::Gone) => Err(lost(0)),
        (Some((refusal, _)), _) => Err(refused(refusal, path, write.version())),
        (None, _) => {
            // The caller's next write then waits for the next link.
            link.cut();
            unknown("the connection was lost before the server answered")
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
