//! What goes into requests and comes out of answers, in our own terms.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tokio::sync::watch;
use zookeeper_client as zk;

use super::fault::{Fault, Refusal};
use super::link::LinkEnd;

/// The kinds of nodes that recipes make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeMode {
    Persistent,
    Ephemeral,
    EphemeralSequential,
    /// Deleted by the server some time after its last child went (from ZooKeeper 3.5.3).
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

/// A node that was made.
#[derive(Clone, Debug)]
pub(crate) struct Created {
    /// Its full path, with the sequence number if it has one.
    pub(crate) path: String,
    /// The transaction that made it.
    pub(crate) czxid: i64,
}

/// A node that was read.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) data: Vec<u8>,
    pub(crate) version: i32,
    pub(crate) czxid: i64,
    /// When the node was made: milliseconds since 1970, by the server's clock.
    pub(crate) ctime: i64,
    /// The session that an ephemeral node belongs to; 0 for others.
    pub(crate) owner: i64,
    /// How many children it has.
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

/// What one member of a multi-read found.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Entry(Entry),
    Children(Vec<String>),
}

impl Found {
    pub(super) fn of(result: zk::MultiReadResult) -> Result<Found, Fault> {
        match result {
            zk::MultiReadResult::Data { data, stat } => Ok(Found::Entry((data, stat).into())),
            zk::MultiReadResult::Children { children } => Ok(Found::Children(children)),
            zk::MultiReadResult::Error { err } => Err(err.into()),
            // An answer that fits no question.
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
    /// Changes nothing; refused when the node is not there.
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

/// What became of one member of a multi that was applied.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    /// Made. Its Stat is not told: before 3.7.2 and 3.8.2 it is invalid in a multi (ZOOKEEPER-4026).
    Created {
        path: String,
    },
    Set {
        version: i32,
        czxid: i64,
        mzxid: i64,
        /// When it was applied: milliseconds since 1970, by the leader's clock.
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

/// Why a multi was not, or not certainly, applied.
#[derive(Clone, Debug)]
pub(crate) struct MultiFault {
    pub(crate) fault: Fault,
    /// The member that the server refused.
    pub(crate) member: Option<usize>,
}

impl MultiFault {
    pub(super) fn whole(fault: Fault) -> MultiFault {
        MultiFault { fault, member: None }
    }

    /// The server's reason, and for which member, when it certainly refused.
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

/// What ended a [`Watch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchEvent {
    Deleted,
    Changed,
    /// The link ended: nothing is known of the node any more.
    LinkEnded,
}

type Firing = Pin<Box<dyn Future<Output = std::thread::Result<zk::WatchedEvent>> + Send>>;

/// A one-shot watch of a node. Dropping it takes it off the server.
pub(crate) struct Watch {
    firing: Firing,
    link_end: watch::Receiver<Option<LinkEnd>>,
}

impl Watch {
    pub(super) fn new(watcher: zk::OneshotWatcher, link_end: watch::Receiver<Option<LinkEnd>>) -> Watch {
        // It may panic when zookeeper-client ends in a way that we did not foresee.
        Watch { firing: Box::pin(AssertUnwindSafe(watcher.changed()).catch_unwind()), link_end }
    }

    /// Waits for the watch to fire. Can be given up and taken up again until then.
    pub(crate) fn wait(&mut self) -> impl Future<Output = WatchEvent> {
        poll_fn(|cx| self.poll(cx))
    }

    /// As [`wait`](Watch::wait), for those who wait for several things.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<WatchEvent> {
        // Looked at first, because zookeeper-client panics when somebody waits whose client's task was aborted. The link
        // publishes its end before it aborts the task, and that wakes us: it drops the other end of the watch.
        if self.link_end.borrow().is_some() {
            return Poll::Ready(WatchEvent::LinkEnded);
        }
        self.firing.as_mut().poll(cx).map(|event| match event.map(|event| event.event_type) {
            Ok(zk::EventType::NodeDeleted) => WatchEvent::Deleted,
            Ok(zk::EventType::Session) | Err(_) => WatchEvent::LinkEnded,
            Ok(_) => WatchEvent::Changed,
        })
    }
}
