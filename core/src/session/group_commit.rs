//! Group commit: what many tasks want at the same time goes out in few requests.
//!
//! A server answers a thousand small requests far slower than one request with a thousand members, because every write is a
//! proposal, a log record and a reply of its own. So the creates, deletes and listings of lock queues go through here:
//!
//! 1. They are taken together with all that arrives while the tasks that are ready now have their turn. A lone one goes out as
//!    it is; two or more writes as one `multi`, and listings as one multi-read behind it, the same directory once.
//! 2. While more than a few members are on their way, what arrives waits, and goes out together when they are answered.
//! 3. A `multi` whose member is refused has not been applied: that member gets its refusal, and the others go out again.
//! 4. A `multi` whose reply is lost is [`Fault::Unknown`] for every member. Each finds out about itself, by its own name.
//! 5. Whoever has gone is left out.
//!
//! All members of a `multi` share one transaction, and with it the `czxid` that is the fencing token. So there is at most one
//! create per directory in it: no two holders of a lock share a token. Servers before 3.7.2 and 3.8.2 do not tell the `czxid`
//! of a create in a `multi` (ZOOKEEPER-4026); a node that is made, written and deleted in the same transaction, and so never
//! seen by anybody, tells it as its `mzxid`.

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

/// With more members than this on their way, what arrives waits for the answers.
const ROOM: usize = 16;

/// A multi's most members and bytes, well below what a server takes in one packet (1 MiB).
const MOST_MEMBERS: usize = 480;
const MOST_BYTES: usize = 256 * 1024;

/// One listing for all who asked: a thousand waiters would otherwise hold a million names.
pub(crate) type Names = Arc<Vec<String>>;

type Reply<T> = oneshot::Sender<Result<T, Fault>>;

/// What waits to go out over one link.
#[derive(Debug, Default)]
pub(super) struct GroupCommit {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    writes: Vec<Member>,
    listings: Vec<(String, Reply<Names>)>,
    /// The link has ended: nobody will send what arrives now.
    closed: bool,
}

/// One write of a burst.
#[derive(Debug)]
enum Member {
    /// Makes an ephemeral sequential node.
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
        // What is not added is dropped, and its caller sees the reply's channel close.
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

/// Sends what arrives, until the link ends. What is then still waiting is dropped: unsent, but its callers cannot know.
pub(super) async fn pump(link: Arc<Link>) {
    let mut flying: FuturesUnordered<Flight> = FuturesUnordered::new();
    let mut members = 0;
    let ended = link.ended();
    tokio::pin!(ended);
    loop {
        tokio::select! {
            _ = &mut ended => break,
            Some(landed) = flying.next(), if !flying.is_empty() => members -= landed,
            () = link.group_commit().arrived.notified(), if members <= ROOM => {
                tokio::task::yield_now().await;
                for (size, mut flight) in flights(&link, link.group_commit().take()) {
                    // Polled at once and in order: that sends it, and the listings must come behind the writes.
                    let landed = poll_fn(|cx| Poll::Ready(flight.as_mut().poll(cx))).await;
                    if landed.is_pending() {
                        members += size;
                        flying.push(flight);
                    }
                }
            }
        }
    }
    link.group_commit().close();
}

/// A request on its way; tells how many members it had when it is answered.
type Flight = Pin<Box<dyn Future<Output = usize> + Send>>;

/// Makes as few requests as possible.
fn flights(link: &Arc<Link>, waiting: Waiting) -> Vec<(usize, Flight)> {
    let mut flights: Vec<(usize, Flight)> = Vec::new();
    let mut fly = |size: usize, flight: Flight| flights.push((size, flight));
    let (mut group, mut alone) = (Vec::new(), Vec::new());
    let (mut directories, mut bytes) = (HashSet::new(), 0);
    for member in waiting.writes {
        if let Member::Create { prefix, .. } = &member
            && !directories.insert(directory_of(prefix).to_owned())
        {
            alone.push(vec![member]);
            continue;
        }
        bytes += member.bytes();
        group.push(member);
        if group.len() == MOST_MEMBERS || bytes > MOST_BYTES {
            let full = std::mem::take(&mut group);
            fly(full.len(), Box::pin(write(link.clone(), full)));
            (directories, bytes) = (HashSet::new(), 0);
        }
    }
    for group in std::iter::once(group).chain(alone).filter(|group| !group.is_empty()) {
        fly(group.len(), Box::pin(write(link.clone(), group)));
    }
    let mut listings: Vec<(String, Vec<Reply<Names>>)> = Vec::new();
    let mut sorted = waiting.listings;
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    for (path, reply) in sorted {
        match listings.last_mut().filter(|(last, _)| *last == path) {
            Some((_, replies)) => replies.push(reply),
            None => listings.push((path, vec![reply])),
        }
    }
    while !listings.is_empty() {
        let rest = listings.split_off(listings.len().min(MOST_MEMBERS));
        fly(listings.len(), Box::pin(list(link.clone(), std::mem::replace(&mut listings, rest))));
    }
    flights
}

/// Steps 3 to 5 for one group of writes.
async fn write(link: Arc<Link>, mut members: Vec<Member>) -> usize {
    let size = members.len();
    loop {
        members.retain(|member| !member.is_unwanted());
        if members.len() <= 1 {
            for member in members {
                member.go_alone(&link).await;
            }
            return size;
        }
        let teller = Teller::for_group(&members);
        let outcome = link.multi(&teller.writes(&members)).await;
        match outcome {
            Ok(written) => {
                teller.answer(members, written);
                return size;
            }
            Err(fault) => match fault.refusal() {
                Some((refusal, index)) => {
                    let refused = members.remove(teller.member_at(index).min(members.len() - 1));
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

/// The node that tells a group's transaction number, if the group makes any node.
struct Teller {
    path: String,
    /// The member behind which the teller's own three writes stand.
    behind: Option<usize>,
}

impl Teller {
    const WRITES: usize = 3;

    fn for_group(members: &[Member]) -> Teller {
        let first = members.iter().enumerate().find_map(|(index, member)| match member {
            Member::Create { prefix, .. } => Some((index, directory_of(prefix))),
            Member::Delete { .. } => None,
        });
        match first {
            // Behind the first create, because whoever may make that node may make this one beside it.
            Some((index, directory)) => Teller {
                path: format!("{directory}/_zkcoord-{}", Uuid::new_v4().simple()),
                behind: Some(index),
            },
            None => Teller { path: String::new(), behind: None },
        }
    }

    fn writes<'a>(&'a self, members: &'a [Member]) -> Vec<Write<'a>> {
        let mut writes = Vec::with_capacity(members.len() + Teller::WRITES);
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

    /// The member to which the write at `index` belongs.
    fn member_at(&self, index: usize) -> usize {
        match self.behind {
            Some(behind) if index > behind => index.saturating_sub(Teller::WRITES).max(behind),
            _ => index,
        }
    }

    fn answer(&self, members: Vec<Member>, mut written: Vec<Written>) {
        let own = self.behind.map_or(0..0, |behind| behind + 1..behind + 1 + Teller::WRITES);
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
                // An answer that fits no question: what was written must be looked for.
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
            // A delete is wanted even if nobody waits for it any more.
            Member::Delete { .. } => false,
        }
    }

    async fn go_alone(self, link: &Link) {
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
