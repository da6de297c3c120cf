//! Group commit: the writes and listings that many tasks request at the same time go out in few requests.
//!
//! A server answers a thousand small requests far more slowly than one request with a thousand members, because every write
//! is a proposal, a log record and a reply of its own. So the creates, deletes and listings of lock queues go through here:
//!
//! 1. Requests are collected while the tasks that are ready now have their turn. A single write goes out as it is. Two or more
//!    writes go out as one `multi`, and the listings behind them as one multi-read, in which each directory occurs once.
//! 2. While more than [`MAX_IN_FLIGHT`] members are under way, new requests wait. They go out together when the members are
//!    answered.
//! 3. A `multi` with a refused member is not applied. That member gets its refusal, and the others go out again.
//! 4. A `multi` whose reply is lost is [`Fault::Unknown`] for every member. Each caller finds out the outcome of its own
//!    member by the name of its node.
//! 5. A create or a listing whose caller no longer waits is left out.
//!
//! All members of a `multi` share one transaction, and with it the `czxid` that is the fencing token. A `multi` therefore
//! has at most one create per directory, so that no two holders of a lock share a token. Servers before 3.7.2 and 3.8.2 do
//! not report the `czxid` of a create in a `multi` (ZOOKEEPER-4026). So a `multi` that creates nodes also creates, writes
//! and deletes a probe node, which is therefore never visible. The `mzxid` of its write is the number of the transaction.

use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::stream::{FuturesUnordered, StreamExt};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::fault::Fault;
use super::link::Link;
use super::request::{Created, NodeMode, Write, Written};

/// The number of members under way above which new requests wait for answers.
const MAX_IN_FLIGHT: usize = 16;

/// Limits of one `multi`, well below the packet size that a server accepts (1 MiB).
const MAX_MEMBERS: usize = 480;
const MAX_BYTES: usize = 256 * 1024;

/// A listing that all its callers share. A thousand waiters would otherwise hold a million names.
pub(crate) type Names = Arc<Vec<String>>;

type Reply<T> = oneshot::Sender<Result<T, Fault>>;

/// The requests that wait to go out over one link.
#[derive(Debug, Default)]
pub(super) struct GroupCommit {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    writes: Vec<Member>,
    listings: Vec<(String, Reply<Names>)>,
    /// Set when the link has ended and nothing is sent any more.
    closed: bool,
}

/// A write that may go out together with others.
#[derive(Debug)]
enum Member {
    /// Creates an ephemeral sequential node.
    Create {
        prefix: String,
        data: Arc<str>,
        reply: Reply<Created>,
    },
    Delete {
        path: String,
        reply: Reply<()>,
    },
}

impl GroupCommit {
    pub(super) fn create(&self, prefix: String, data: Arc<str>) -> oneshot::Receiver<Result<Created, Fault>> {
        let (reply, answer) = oneshot::channel();
        self.add(|waiting| waiting.writes.push(Member::Create { prefix, data, reply }));
        answer
    }

    pub(super) fn delete(&self, path: String) -> oneshot::Receiver<Result<(), Fault>> {
        let (reply, answer) = oneshot::channel();
        self.add(|waiting| waiting.writes.push(Member::Delete { path, reply }));
        answer
    }

    pub(super) fn children(&self, path: String) -> oneshot::Receiver<Result<Names, Fault>> {
        let (reply, answer) = oneshot::channel();
        self.add(|waiting| waiting.listings.push((path, reply)));
        answer
    }

    fn add(&self, add: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.waiting.lock();
        // A request that is not added is dropped, and its caller sees that the reply channel is closed.
        if !waiting.closed {
            add(&mut waiting);
            self.arrived.notify_one();
        }
    }

    fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting.lock())
    }

    fn close(&self) {
        *self.waiting.lock() = Waiting { closed: true, ..Waiting::default() };
    }
}

/// Sends the requests of a link until it ends (steps 1 and 2). Requests that still wait then are dropped unsent, which their
/// callers cannot tell from a lost reply.
pub(super) async fn run(link: Arc<Link>) {
    let mut in_flight: FuturesUnordered<GroupRequest> = FuturesUnordered::new();
    let mut members = 0;
    let ended = link.ended();
    tokio::pin!(ended);
    loop {
        tokio::select! {
            // Answers come first: the end of the link may follow at once, and would drop an answer that has arrived.
            biased;
            Some(answered) = in_flight.next(), if !in_flight.is_empty() => members -= answered,
            _ = &mut ended => break,
            () = link.group_commit().arrived.notified(), if members <= MAX_IN_FLIGHT => {
                tokio::task::yield_now().await;
                for (size, mut request) in requests(&link, link.group_commit().take()) {
                    // The first poll sends the request. It happens here, in order, because the listings must be sent behind
                    // the writes.
                    let first_poll = poll_fn(|cx| Poll::Ready(request.as_mut().poll(cx))).await;
                    if first_poll.is_pending() {
                        members += size;
                        in_flight.push(request);
                    }
                }
            }
        }
    }
    link.group_commit().close();
}

/// A request under way. It yields the number of its members once it is answered.
type GroupRequest = Pin<Box<dyn Future<Output = usize> + Send>>;

/// Combines the waiting members into as few requests as possible. Returns each with the number of its members, in the order
/// in which they must be sent.
fn requests(link: &Arc<Link>, waiting: Waiting) -> Vec<(usize, GroupRequest)> {
    let mut requests: Vec<(usize, GroupRequest)> = Vec::new();
    for group in write_groups(waiting.writes) {
        requests.push((group.len(), Box::pin(write(link.clone(), group))));
    }
    let mut listings = listings_by_path(waiting.listings);
    while !listings.is_empty() {
        let rest = listings.split_off(listings.len().min(MAX_MEMBERS));
        let group = std::mem::replace(&mut listings, rest);
        requests.push((group.len(), Box::pin(list(link.clone(), group))));
    }
    requests
}

/// Divides writes into groups with at most one create per directory each.
fn write_groups(writes: Vec<Member>) -> Vec<Vec<Member>> {
    let mut groups = Vec::new();
    let (mut group, mut alone) = (Vec::new(), Vec::new());
    let (mut directories, mut bytes) = (HashSet::new(), 0);
    for member in writes {
        if let Member::Create { prefix, .. } = &member
            && !directories.insert(directory_of(prefix).to_owned())
        {
            alone.push(vec![member]);
            continue;
        }
        bytes += member.bytes();
        group.push(member);
        if group.len() == MAX_MEMBERS || bytes > MAX_BYTES {
            groups.push(std::mem::take(&mut group));
            (directories, bytes) = (HashSet::new(), 0);
        }
    }
    groups.push(group);
    groups.extend(alone);
    groups.retain(|group| !group.is_empty());
    groups
}

/// Brings together the listings of the same directory.
fn listings_by_path(mut listings: Vec<(String, Reply<Names>)>) -> Vec<(String, Vec<Reply<Names>>)> {
    listings.sort_by(|a, b| a.0.cmp(&b.0));
    let mut grouped: Vec<(String, Vec<Reply<Names>>)> = Vec::new();
    for (path, reply) in listings {
        match grouped.last_mut().filter(|(last, _)| *last == path) {
            Some((_, replies)) => replies.push(reply),
            None => grouped.push((path, vec![reply])),
        }
    }
    grouped
}

/// Sends one group of writes (steps 3 to 5).
async fn write(link: Arc<Link>, mut members: Vec<Member>) -> usize {
    let size = members.len();
    loop {
        members.retain(|member| !member.is_unwanted());
        if members.len() <= 1 {
            for member in members {
                member.send_alone(&link).await;
            }
            return size;
        }
        let probe = ZxidProbe::for_group(&members);
        let outcome = link.multi(&probe.writes(&members)).await;
        match outcome {
            Ok(written) => {
                probe.answer(members, written);
                return size;
            }
            Err(fault) => match fault.refusal() {
                Some((refusal, index)) => {
                    let refused = members.remove(probe.member_at(index).min(members.len() - 1));
                    refused.fail(Fault::Refused(refusal.clone()));
                }
                None => {
                    members.into_iter().for_each(|member| member.fail(fault.fault.clone()));
                    return size;
                }
            },
        }
    }
}

async fn list(link: Arc<Link>, mut listings: Vec<(String, Vec<Reply<Names>>)>) -> usize {
    let size = listings.len();
    listings.retain(|(_, replies)| replies.iter().any(|reply| !reply.is_closed()));
    let paths: Vec<_> = listings.iter().map(|(path, _)| path.as_str()).collect();
    let outcomes = match paths.as_slice() {
        [path] => vec![link.children(path).await],
        paths => link.children_of_all(paths).await,
    };
    for ((_, replies), outcome) in listings.into_iter().zip(outcomes) {
        let outcome = outcome.map(Arc::new);
        for reply in replies {
            drop(reply.send(outcome.clone()));
        }
    }
    size
}

/// The node whose write reports the transaction number of a group that creates any node.
struct ZxidProbe {
    path: String,
    /// The index of the member that the probe's own writes follow. `None` if the group creates no node.
    behind: Option<usize>,
}

impl ZxidProbe {
    /// The number of the probe's own writes.
    const WRITES: usize = 3;

    fn for_group(members: &[Member]) -> ZxidProbe {
        let first = members.iter().enumerate().find_map(|(index, member)| match member {
            Member::Create { prefix, .. } => Some((index, directory_of(prefix))),
            Member::Delete { .. } => None,
        });
        match first {
            // It follows the first create, because a client that may create that node may create the probe beside it.
            Some((index, directory)) => ZxidProbe {
                path: format!("{directory}/_zkcoord-{}", Uuid::new_v4().simple()),
                behind: Some(index),
            },
            None => ZxidProbe { path: String::new(), behind: None },
        }
    }

    fn writes<'a>(&'a self, members: &'a [Member]) -> Vec<Write<'a>> {
        let mut writes = Vec::with_capacity(members.len() + ZxidProbe::WRITES);
        for (index, member) in members.iter().enumerate() {
            writes.push(member.write());
            if self.behind == Some(index) {
                let path = self.path.as_str();
                writes.push(Write::Create { path, data: b"", mode: NodeMode::Ephemeral });
                writes.push(Write::Set { path, data: b"", version: None });
                writes.push(Write::Delete { path, version: None });
            }
        }
        writes
    }

    /// Returns the index of the member that the write at `index` belongs to.
    fn member_at(&self, index: usize) -> usize {
        match self.behind {
            Some(behind) if index > behind => index.saturating_sub(ZxidProbe::WRITES).max(behind),
            _ => index,
        }
    }

    /// Answers the members of a group that was applied.
    fn answer(&self, members: Vec<Member>, mut written: Vec<Written>) {
        let own = self.behind.map_or(0..0, |behind| behind + 1..behind + 1 + ZxidProbe::WRITES);
        let own: Vec<_> = written.splice(own, []).collect();
        let zxid = own.into_iter().find_map(|written| match written {
            Written::Set { mzxid, .. } => Some(mzxid),
            _ => None,
        });
        for (member, written) in members.into_iter().zip(written) {
            match (member, written, zxid) {
                (Member::Create { reply, .. }, Written::Created { path }, Some(czxid)) => {
                    drop(reply.send(Ok(Created { path, czxid })));
                }
                (Member::Delete { reply, .. }, ..) => drop(reply.send(Ok(()))),
                // The answer does not match the request, so the caller has to look for its node.
                (member, ..) => member.fail(Fault::Unknown),
            }
        }
    }
}

impl Member {
    fn write(&self) -> Write<'_> {
        match self {
            Member::Create { prefix, data, .. } => {
                Write::Create { path: prefix, data: data.as_bytes(), mode: NodeMode::EphemeralSequential }
            }
            Member::Delete { path, .. } => Write::Delete { path, version: None },
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Member::Create { prefix, data, .. } => prefix.len() + data.len() + 64,
            Member::Delete { path, .. } => path.len() + 16,
        }
    }

    fn is_unwanted(&self) -> bool {
        match self {
            Member::Create { reply, .. } => reply.is_closed(),
            // A delete must be sent even if its caller no longer waits.
            Member::Delete { .. } => false,
        }
    }

    async fn send_alone(self, link: &Link) {
        match self {
            Member::Create { prefix, data, reply } => {
                drop(reply.send(link.create(&prefix, data.as_bytes(), NodeMode::EphemeralSequential).await));
            }
            Member::Delete { path, reply } => drop(reply.send(link.delete(&path).await)),
        }
    }

    fn fail(self, fault: Fault) {
        match self {
            Member::Create { reply, .. } => drop(reply.send(Err(fault))),
            Member::Delete { reply, .. } => drop(reply.send(Err(fault))),
        }
    }
}

fn directory_of(prefix: &str) -> &str {
    prefix.rsplit_once('/').map_or("", |(directory, _)| directory)
}
