//! The contents of requests and answers, in the terms of this crate.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tokio::sync::watch;
use zookeeper_client as zk;

use super::fault::{Fault, Refusal};
use super::link::LinkEnd;

/// The kinds of nodes that recipes create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeMode {
    Persistent,
    Ephemeral,
    EphemeralSequential,
    /// The server deletes it some time after its last child is gone (from ZooKeeper 3.5.3).
    Container,
}

impl NodeMode {
    pub(super) fn is_sequential(self) -> bool {
        self == NodeMode::EphemeralSequential
    }

    pub(super) fn to_zookeeper(self) -> zk::CreateMode {
        match self {
            NodeMode::Persistent => zk::CreateMode::Persistent,
            NodeMode::Ephemeral => zk::CreateMode::Ephemeral,
            NodeMode::EphemeralSequential => zk::CreateMode::EphemeralSequential,
            NodeMode::Container => zk::CreateMode::Container,
        }
    }
}

/// A node that was created.
#[derive(Clone, Debug)]
pub(crate) struct Created {
    /// The full path, with the sequence number if there is one.
    pub(crate) path: String,
    /// The number of the transaction that created the node.
    pub(crate) czxid: i64,
}

/// A node that was read.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) data: Vec<u8>,
    pub(crate) version: i32,
    pub(crate) czxid: i64,
    /// The time at which the node was created: milliseconds since 1970, by the server's clock.
    pub(crate) ctime: i64,
    /// The session that an ephemeral node belongs to, or 0 for other nodes.
    pub(crate) owner: i64,
    /// The number of children.
    pub(crate) children: usize,
}

impl From<(Vec<u8>, zk::Stat)> for Entry {
    fn from((data, stat): (Vec<u8>, zk::Stat)) -> Entry {
        let zk::Stat { version, czxid, ctime, ephemeral_owner: owner, num_children, .. } = stat;
        Entry { data, version, czxid, ctime, owner, children: num_children.max(0) as usize }
    }
}

/// One member of a multi-read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Read<'a> {
    Data(&'a str),
    Children(&'a str),
}

impl Read<'_> {
    pub(super) fn add_to(self, reader: &mut zk::MultiReader<'_>) -> Result<(), zk::Error> {
        match self {
            Read::Data(path) => reader.add_get_data(path),
            Read::Children(path) => reader.add_get_children(path),
        }
    }
}

/// The result of one member of a multi-read.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Entry(Entry),
    Children(Vec<String>),
}

impl Found {
    pub(super) fn from_result(result: zk::MultiReadResult) -> Result<Found, Fault> {
        match result {
            zk::MultiReadResult::Data { data, stat } => Ok(Found::Entry((data, stat).into())),
            zk::MultiReadResult::Children { children } => Ok(Found::Children(children)),
            zk::MultiReadResult::Error { err } => Err(err.into()),
            // The answer does not match the request.
            _ => Err(Fault::Unknown),
        }
    }

    pub(crate) fn entry(self) -> Result<Entry, Fault> {
        if let Found::Entry(entry) = self { Ok(entry) } else { Err(Fault::Unknown) }
    }

    pub(crate) fn children(self) -> Result<Vec<String>, Fault> {
        if let Found::Children(names) = self { Ok(names) } else { Err(Fault::Unknown) }
    }
}

/// One member of a multi.
#[derive(Clone, Debug)]
pub(crate) enum Write<'a> {
    Create {
        path: &'a str,
        data: &'a [u8],
        mode: NodeMode,
    },
    Set {
        path: &'a str,
        data: &'a [u8],
        version: Option<i32>,
    },
    Delete {
        path: &'a str,
        version: Option<i32>,
    },
    /// Changes nothing. It is refused if the node does not exist.
    Check {
        path: &'a str,
    },
}

impl Write<'_> {
    pub(super) fn add_to<'o>(
        &self,
        writer: &mut zk::MultiWriter<'_>,
        options: impl Fn(NodeMode) -> zk::CreateOptions<'o>,
    ) -> Result<(), zk::Error> {
        match self {
            Write::Create { path, data, mode } => writer.add_create(path, data, &options(*mode)),
            Write::Set { path, data, version } => writer.add_set_data(path, data, *version),
            Write::Delete { path, version } => writer.add_delete(path, *version),
            Write::Check { path } => writer.add_check_version(path, -1),
        }
    }
}

/// The result of one member of a multi that was applied.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    /// A node was created. Its Stat is left out, because before 3.7.2 and 3.8.2 it is invalid in a multi (ZOOKEEPER-4026).
    Created {
        path: String,
    },
    Set {
        version: i32,
        czxid: i64,
        mzxid: i64,
        /// The time at which it was applied: milliseconds since 1970, by the leader's clock.
        mtime: i64,
    },
    Other,
}

impl From<zk::MultiWriteResult> for Written {
    fn from(result: zk::MultiWriteResult) -> Written {
        match result {
            zk::MultiWriteResult::Create { path, .. } => Written::Created { path },
            zk::MultiWriteResult::SetData { stat } => {
                let zk::Stat { version, czxid, mzxid, mtime, .. } = stat;
                Written::Set { version, czxid, mzxid, mtime }
            }
            _ => Written::Other,
        }
    }
}

/// The reason why a multi was not applied, or not certainly.
#[derive(Clone, Debug)]
pub(crate) struct MultiFault {
    pub(crate) fault: Fault,
    /// The index of the member that the server refused, if it refused one.
    pub(crate) member: Option<usize>,
}

impl MultiFault {
    /// Makes the fault of a multi as a whole.
    pub(super) fn whole(fault: Fault) -> MultiFault {
        MultiFault { fault, member: None }
    }

    /// Returns the refusal and the index of the refused member, if the server certainly refused the multi.
    pub(crate) fn refusal(&self) -> Option<(&Refusal, usize)> {
        match (&self.fault, self.member) {
            (Fault::Refused(refusal), member) => Some((refusal, member.unwrap_or(0))),
            _ => None,
        }
    }
}

impl From<zk::Error> for MultiFault {
    fn from(error: zk::Error) -> MultiFault {
        MultiFault::whole(error.into())
    }
}

impl From<zk::MultiWriteError> for MultiFault {
    fn from(error: zk::MultiWriteError) -> MultiFault {
        match error {
            zk::MultiWriteError::RequestFailed { source } => source.into(),
            zk::MultiWriteError::OperationFailed { index, source } => {
                MultiFault { fault: source.into(), member: Some(index) }
            }
        }
    }
}

/// The event that ended a [`Watch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchEvent {
    Deleted,
    Changed,
    /// The link ended, so nothing is known of the node any more.
    LinkEnded,
}

type Notification = Pin<Box<dyn Future<Output = std::thread::Result<zk::WatchedEvent>> + Send>>;

/// A one-shot watch of a node. Dropping it removes it from the server.
pub(crate) struct Watch {
    notification: Notification,
    link_end: watch::Receiver<Option<LinkEnd>>,
}

impl Watch {
    pub(super) fn new(watcher: zk::OneshotWatcher, link_end: watch::Receiver<Option<LinkEnd>>) -> Watch {
        // It may panic if zookeeper-client ends in a way that is not foreseen here.
        Watch { notification: Box::pin(AssertUnwindSafe(watcher.changed()).catch_unwind()), link_end }
    }

    /// Waits for the watch to fire. The wait can be dropped and started again until then.
    pub(crate) fn wait(&mut self) -> impl Future<Output = WatchEvent> {
        poll_fn(|cx| self.poll(cx))
    }

    /// Polls for the event that [`wait`](Watch::wait) waits for, for callers that wait for several things.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<WatchEvent> {
        // Checked first, because zookeeper-client panics in a wait on a client whose task was aborted. The link publishes its
        // end before it aborts the task. The abort drops the other end of the watch, which wakes this task.
        if self.link_end.borrow().is_some() {
            return Poll::Ready(WatchEvent::LinkEnded);
        }
        self.notification.as_mut().poll(cx).map(|event| match event.map(|event| event.event_type) {
            Ok(zk::EventType::NodeDeleted) => WatchEvent::Deleted,
            Ok(zk::EventType::Session) | Err(_) => WatchEvent::LinkEnded,
            Ok(_) => WatchEvent::Changed,
        })
    }
}
