//! Reading a lock's queue: the holders, the waiters, and whether their libraries exclude each other at all.
//!
//! 1. `sync`, list the directory, and read every contender's node, in two round trips.
//! 2. Order the contenders by number. Those that no contender ahead excludes are holders; the others wait.
//! 3. Warn of mixes of libraries that do not exclude each other. docs/locks.md lists them.
//!
//! To read all locks below a path takes one more round trip, for the list of their directories.

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::{join, join_all, try_join_all};

use super::node_name::{ContenderName, Kind, Library, Marker};
use super::position::is_holder;
use crate::context::Context;
use crate::error::Result;
use crate::op::Retry;
use crate::path::ZnodePath;
use crate::session::{Entry, Fault, Link, Refusal, Session};

/// A holder or a waiter in a lock's queue.
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let queue = client.mutex("/locks/report").inspect().await?;
/// for holder in queue.iter().filter(|contender| contender.is_holder) {
///     println!("held by {} since {:?}", holder.identity, holder.waiting_since);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Contender {
    /// The path of its node, below the client's chroot.
    pub node: String,
    /// The text in its node. zkcoord writes `host:pid` or the client's configured identity, Curator the client's address,
    /// kazoo its `identifier`.
    pub identity: String,
    /// The session that it belongs to; 0 if the node is not ephemeral.
    pub session_id: i64,
    /// `true` if it holds the lock, `false` if it waits. If its library does not see some contenders ahead of it, as the queue's
    /// warnings say, it may hold the lock although it is listed as waiting.
    pub is_holder: bool,
    /// `true` if it asks for a read lock, which does not exclude other readers.
    pub is_reader: bool,
    /// The library that created the node.
    pub library: Library,
    /// The time at which it queued, by the server's clock.
    pub waiting_since: SystemTime,
}

/// A lock's queue, in order. Dereferences to a slice of its contenders.
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let queue = client.mutex("/locks/report").inspect().await?;
/// println!("{} in the queue", queue.len());
/// queue.warnings.iter().for_each(|warning| eprintln!("{warning}"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Queue {
    /// The contenders, in order of arrival.
    pub contenders: Vec<Contender>,
    /// Problems of the queue, each with the advice to solve it. Empty if all contenders can see each other.
    pub warnings: Vec<String>,
}

impl Deref for Queue {
    type Target = [Contender];

    fn deref(&self) -> &[Contender] {
        &self.contenders
    }
}

/// Reads the queue in `directory`. A missing directory is an empty queue.
pub(crate) async fn inspect(context: &Context, directory: &ZnodePath, retry: Retry) -> Result<Queue> {
    loop {
        let session = context.session(retry).await?;
        let Ok(link) = session.link().await else { continue };
        match join(link.sync(directory.as_str()), read_queue(&link, directory)).await {
            (Ok(()), Ok(queue)) => return Ok(queue),
            (Err(fault), _) | (_, Err(fault)) => handle_fault(&session, &link, fault, directory).await?,
        }
    }
}

/// Reads the queues in all directories below `root`, by their names. Empty queues are left out.
pub(crate) async fn inspect_all(
    context: &Context,
    root: &ZnodePath,
    retry: Retry,
) -> Result<Vec<(String, Queue)>> {
    loop {
        let session = context.session(retry).await?;
        let Ok(link) = session.link().await else { continue };
        match join(link.sync(root.as_str()), read_queues(&link, root)).await {
            (Ok(()), Ok(queues)) => return Ok(queues),
            (Err(fault), _) | (_, Err(fault)) => handle_fault(&session, &link, fault, root).await?,
        }
    }
}

/// Returns when the request can be tried again.
async fn handle_fault(session: &Session, link: &Arc<Link>, fault: Fault, path: &ZnodePath) -> Result<()> {
    match fault {
        Fault::Unknown => session.wait_reconnect(link).await,
        Fault::Gone => {}
        fault => return Err(fault.into_error(&format!("inspecting {}", path.as_str()))),
    }
    Ok(())
}

async fn read_queues(link: &Link, root: &ZnodePath) -> Result<Vec<(String, Queue)>, Fault> {
    let mut names = children(link, root).await?;
    names.sort_unstable();
    let directories: Vec<_> = names.iter().map(|name| root.join(name)).collect();
    let queues = try_join_all(directories.iter().map(|directory| read_queue(link, directory))).await?;
    Ok(names.into_iter().zip(queues).filter(|(_, queue)| !queue.is_empty()).collect())
}

/// Lists the node's children. A missing node has none.
async fn children(link: &Link, path: &ZnodePath) -> Result<Vec<String>, Fault> {
    match link.children(path.as_str()).await {
        Err(Fault::Refused(Refusal::NoNode)) => Ok(Vec::new()),
        names => names,
    }
}

async fn read_queue(link: &Link, directory: &ZnodePath) -> Result<Queue, Fault> {
    let names = children(link, directory).await?;
    let mut parsed: Vec<_> = names.iter().filter_map(|name| ContenderName::parse(name)).collect();
    parsed.sort_unstable_by_key(|contender| (contender.sequence, contender.name));
    let paths: Vec<_> = parsed.iter().map(|contender| directory.child(contender.name)).collect();
    let entries = join_all(paths.iter().map(|path| link.get(path))).await;
    let mut contenders = Vec::with_capacity(parsed.len());
    for ((contender, path), entry) in parsed.iter().zip(&paths).zip(entries) {
        match entry {
            Ok(entry) => contenders.push(describe(contender, path, entry, is_holder(contender, &parsed))),
            // It has left since.
            Err(Fault::Refused(Refusal::NoNode)) => {}
            Err(fault) => return Err(fault),
        }
    }
    let warnings = warnings(&parsed, names.len() - parsed.len());
    Ok(Queue { contenders, warnings })
}

fn describe(contender: &ContenderName<'_>, path: &str, entry: Entry, is_holder: bool) -> Contender {
    Contender {
        node: path.to_owned(),
        identity: String::from_utf8_lossy(&entry.data).into_owned(),
        session_id: entry.owner,
        is_holder,
        is_reader: contender.kind() == Kind::Read,
        library: contender.library(),
        waiting_since: SystemTime::UNIX_EPOCH + Duration::from_millis(entry.ctime.max(0) as u64),
    }
}

/// The sequence number from which a directory is reported to run out of numbers.
const NEARLY_EXHAUSTED: i32 = i32::MAX - 1_000_000;

fn warnings(contenders: &[ContenderName<'_>], other_children: usize) -> Vec<String> {
    const KAZOO: &[Marker] = &[Marker::KazooLock, Marker::KazooRead];
    const CURATOR_RW: &[Marker] = &[Marker::CuratorRead, Marker::CuratorWrite];
    let has = |markers: &[Marker]| contenders.iter().any(|contender| markers.contains(&contender.marker));
    let (plain, kazoo_names, rw_names) = (has(&[Marker::Lock]), has(KAZOO), has(CURATOR_RW));
    // zkcoord waits for every known node name. Other libraries ignore some.
    let by = |library, markers: &[Marker]| {
        contenders
            .iter()
            .any(|contender| contender.library() == library && markers.contains(&contender.marker))
    };
    let curator_mutex = by(Library::Curator, &[Marker::Lock]);
    let (curator_rw, kazoo) = (by(Library::Curator, CURATOR_RW), by(Library::Kazoo, KAZOO));
    let mut warnings = Vec::new();
    let mut warn = |applies: bool, text: &str| {
        if applies {
            warnings.push(text.to_owned());
        }
    };
    warn(
        curator_mutex && kazoo_names,
        "Curator's mutex and kazoo's Lock do not see each other here (\"-lock-\" and \"__lock__\"): both can hold at once. Give \
         them different paths, or use Curator's names throughout: the scheme \"curator\" here, and in kazoo a subclass of Lock with \
         _NODE_NAME = \"-lock-\" and _EXCLUDE_NAMES = [\"-lock-\"]",
    );
    warn(
        kazoo && plain && !curator_mutex,
        "kazoo's Lock waits for nodes named \"-lock-\" only if it is made with extra_lock_patterns=[\"-lock-\"], which \
         cannot be seen in its nodes; otherwise both can hold at once. Make sure that it is, or use the scheme \"kazoo\" everywhere on this path",
    );
    warn(
        (curator_mutex && rw_names) || (curator_rw && plain),
        "Curator's InterProcessMutex and InterProcessReadWriteLock do not see each other: both can hold at once. Give them \
         different paths",
    );
    warn(
        (curator_rw && kazoo_names) || (kazoo && rw_names),
        "Curator's read/write lock and kazoo's locks do not see each other here: both can hold at once. Give them different \
         paths",
    );
    warn(
        has(&[Marker::Dash]) && (curator_mutex || curator_rw || kazoo),
        "Curator and kazoo do not wait for nodes named like those of ZooKeeper's own recipes (\"x-...\"): both can hold at once. \
         Give them different paths",
    );
    warn(
        other_children > 0 && (curator_mutex || curator_rw),
        "There are children that are no contenders. Curator's locks count every child and may wait for them forever. Move them \
         elsewhere",
    );
    warn(
        contenders.iter().any(|contender| contender.sequence < 0 || contender.sequence > NEARLY_EXHAUSTED),
        "The directory's numbers are running out. Delete the directory while the lock is free; a new one starts again at 0",
    );
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings_of(names: &[&str]) -> Vec<String> {
        let parsed: Vec<_> = names.iter().filter_map(|name| ContenderName::parse(name)).collect();
        warnings(&parsed, names.len() - parsed.len())
    }

    const CURATOR: &str = "_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-lock-0000000001";
    const OURS: &str = "_c_6b2ff3c8-0a5b-8f4c-9d39-0b1f0d1e2a3b-lock-0000000002";
    const KAZOO: &str = "0123456789ab4def0123456789abcdef__lock__0000000003";
    const READ: &str = "_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-__READ__0000000004";
    const OUR_READ: &str = "_c_6b2ff3c8-0a5b-8f4c-9d39-0b1f0d1e2a3b-__READ__0000000005";
    const OUR_KAZOO: &str = "_c_0123456789ab8def0123456789abcdef__lock__0000000006";
    const RECIPE: &str = "x-0000018f00000001-0000000013";

    #[test]
    fn mixes_that_work_give_no_warning() {
        let all_own = [OURS, OUR_READ, OUR_KAZOO, "config"];
        for names in [
            &[CURATOR, OURS][..],
            &[KAZOO, OUR_KAZOO, "a__rlock__0000000009"],
            &[READ, OUR_READ],
            &[OURS, RECIPE],
            &all_own,
            &[],
        ] {
            assert_eq!(warnings_of(names), Vec::<String>::new(), "{names:?}");
        }
    }

    #[test]
    fn mixes_that_do_not_work_give_a_warning() {
        let cases = [
            (&[CURATOR, KAZOO][..], "Curator's mutex and kazoo's Lock"),
            (&[CURATOR, OURS, KAZOO], "Curator's mutex and kazoo's Lock"),
            (&[CURATOR, OUR_KAZOO], "the scheme \"curator\" here"),
            (&[OURS, KAZOO], "extra_lock_patterns"),
            (&[OURS, READ], "InterProcessReadWriteLock"),
            (&[CURATOR, OUR_READ], "InterProcessReadWriteLock"),
            (&[READ, KAZOO], "read/write lock and kazoo's"),
            (&[OUR_READ, KAZOO], "read/write lock and kazoo's"),
            (&[CURATOR, RECIPE], "ZooKeeper's own recipes"),
            (&[CURATOR, "config"], "no contenders"),
            (&["lock-2147483600"], "running out"),
        ];
        for (names, text) in cases {
            let warnings = warnings_of(names);
            assert!(warnings.len() == 1 && warnings[0].contains(text), "{names:?}: {warnings:?}");
        }
    }
}
