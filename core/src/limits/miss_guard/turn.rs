//! A caller's turn to load a key, and the report of the result: steps 5 and 6.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::key::{Key, LastRead, NodeVersion};
use super::local_lookups::{LocalLock, LocalLookup};
use super::record::Record;
use super::tombstones::Tombstone;
use super::{MissGuardState, Rules};
use crate::error::{Error, ErrorCode, Result};
use crate::locks::guard::Guard;
use crate::op::deadline::ONE_ANSWER;
use crate::op::{Op, Retry};
use crate::runtime::ProcessBound;
use crate::session::Moment;
use crate::session::{BootInstant, Fault, Link, Refusal, Write, Written};

/// The time for which a record is kept longer than needed: its life is measured on this machine's clock, and its hold on the
/// leader's.
const MARGIN: Duration = Duration::from_secs(1);

/// A caller's turn to load a key: no other caller loads it meanwhile. Returned by
/// [`MissGuard::begin`](crate::MissGuard::begin).
///
/// The turn ends with a verdict, [`found`](LoadTurn::found) or [`missed`](LoadTurn::missed). Dropping it releases the turn
/// without a verdict, in the background and from any thread: do so if the load failed.
///
/// # Examples
/// ```no_run
/// # async fn query(_: &str) -> Result<Option<String>, Box<dyn std::error::Error>> { Ok(None) }
/// # async fn example(turn: zkcoord::LoadTurn) -> Result<Option<String>, Box<dyn std::error::Error>> {
/// let user = query("user-42").await?; // an error drops the turn: the next caller loads the key
/// match user {
///     Some(_) => turn.found().await?,
///     None => turn.missed().await?,
/// }
/// Ok(user)
/// # }
/// ```
#[must_use = "dropping a turn releases it without a verdict"]
#[derive(Debug)]
pub struct LoadTurn {
    held: ProcessBound<Box<HeldTurn>>,
}

/// The beginning of a load.
#[derive(Debug)]
pub(super) struct Load {
    /// The version of the key's node that was read with the lock.
    pub(super) version: NodeVersion,
    pub(super) record: Record,
    /// The time of it on the leader's clock.
    pub(super) began: Moment,
    /// The time of it on this machine's clock.
    pub(super) started: Instant,
}

// `guard` is dropped first, so that the key's lock is free for the next task of this process.
#[derive(Debug)]
struct HeldTurn {
    guard: Guard,
    _local_lock: LocalLock,
    local: LocalLookup,
    key: Key,
    rules: Rules,
    load: Load,
}

impl LoadTurn {
    pub(super) fn new(
        key: Key,
        rules: Rules,
        load: Load,
        guard: Guard,
        local_lock: LocalLock,
        local: LocalLookup,
    ) -> LoadTurn {
        let held = HeldTurn { guard, _local_lock: local_lock, local, key, rules, load };
        LoadTurn { held: ProcessBound::new(Box::new(held)) }
    }

    /// Returns whether no other caller can be loading the key at this moment. Costs no round trip.
    ///
    /// A turn is lost like a lock: if no server confirms the session for too long, or if the session ends. Its miss then does
    /// not count.
    ///
    /// # Examples
    /// ```no_run
    /// # fn next_page() -> Option<Vec<u8>> { None }
    /// # fn example(turn: zkcoord::LoadTurn) {
    /// // A long load stops early if another caller may be loading the key as well.
    /// while turn.is_held()
    ///     && let Some(page) = next_page()
    /// {
    ///     println!("{} bytes", page.len());
    /// }
    /// # }
    /// ```
    pub fn is_held(&self) -> bool {
        self.held.get().is_ok_and(|held| held.guard.is_held())
    }

    /// Reports that the load found the key: forgets its misses, and releases the turn. One round trip, or none if there was
    /// nothing to forget.
    ///
    /// After this returns, no client answers the key absent for misses before it.
    ///
    /// # Errors
    /// `INDETERMINATE` if the operation's timeout passes first (with 0: a quarter of a second); the report then goes on in the
    /// background; `NOT_AUTHORIZED`, `QUOTA`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// A report that was started goes on in the background. An operation that is dropped before it starts reports nothing,
    /// and releases the turn.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(turn: zkcoord::LoadTurn) -> zkcoord::Result<()> {
    /// turn.found().timeout(Duration::from_secs(5)).await?;
    /// # Ok(()) }
    /// ```
    pub fn found(self) -> Op<()> {
        self.conclude(HeldTurn::found)
    }

    /// Reports that the load did not find the key: records a miss, answers all callers that wait for it, and releases the turn.
    /// One round trip.
    ///
    /// The miss counts only if the turn was held until it was recorded, and the key was not
    /// [forgotten](crate::MissGuard::forget) meanwhile.
    ///
    /// # Errors
    /// As for [`found`](LoadTurn::found).
    ///
    /// # Cancel safety
    /// As for [`found`](LoadTurn::found).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(users: zkcoord::MissGuard) -> zkcoord::Result<()> {
    /// if let zkcoord::Lookup::Load(turn) = users.begin("user-42").await? {
    ///     turn.missed().await?; // all callers that wait for the key get `Absent`
    /// }
    /// # Ok(()) }
    /// ```
    pub fn missed(self) -> Op<()> {
        self.conclude(HeldTurn::missed)
    }

    /// Runs the verdict in a separate task, because the lock must not be released before the verdict is known to be applied.
    fn conclude<V, F>(self, verdict: V) -> Op<()>
    where
        V: FnOnce(HeldTurn) -> F + Send + 'static,
        F: Future<Output = Result<()>> + Send + 'static,
    {
        Op::attempt(|| {
            let held = self.held.get()?;
            let context = held.key.context.clone();
            let runtime = context.runtime().clone();
            Ok(Op::new(&runtime, move |deadline| async move {
                let held = self.held.into_inner().ok_or_else(Error::forked)?;
                let path = held.key.path().to_owned();
                let task = context.spawn(verdict(*held)).ok_or_else(Error::forked)?;
                let unconfirmed = || {
                    let message = format!("{path}: the server has not confirmed the result of the load yet");
                    Error::new(ErrorCode::Indeterminate, message)
                };
                let done = deadline.once_within(ONE_ANSWER).run(task).await.ok_or_else(unconfirmed)?;
                done.map_err(|_| Error::internal("the task that reports the result of a load ended early"))?
            }))
        })
    }
}

/// The result of one request to record a miss.
enum Recorded {
    Done(LastRead),
    /// The lock was lost, or the key was forgotten. The miss does not count.
    Void,
    /// Refused, because the tombstone exists against expectation, or does not.
    TombstoneExists(bool),
    /// The reply was lost. The request can be repeated: both are conditional on the same version.
    Unknown,
}

impl HeldTurn {
    /// Step 6.
    async fn found(self) -> Result<()> {
        // While the lock is held, there are no misses but those before this load.
        let version = self.load.version.version;
        let cleared = self.guard.is_held()
            && (self.load.record.is_empty() || self.key.clear(version, Retry::UntilDone).await?);
        match cleared {
            true => Ok(()),
            false => self.key.forget(Retry::UntilDone, &AtomicBool::new(false)).await,
        }
    }

    /// Step 5.
    async fn missed(self) -> Result<()> {
        let session = self.guard.session().ok_or_else(Error::forked)?;
        let record = self.load.record.after_miss(self.load.began, self.rules);
        let expires = self.load.started + self.rules.window.max(self.rules.hold) + MARGIN;
        let (context, node) = (&self.key.context, &self.key.node);
        let shared = context.shared::<MissGuardState>();
        let tombstones = &shared.tombstones;
        loop {
            // The lock is lost with its session.
            let Ok(link) = session.link().await else { return Ok(()) };
            let tombstone = tombstones.tombstone(context, &session, node, expires);
            match self.record(&link, &record, &tombstone).await? {
                Recorded::Done(read) => {
                    tombstones.confirm(context, &session, node, tombstone, Some(true));
                    self.local.publish(&read);
                    return Ok(());
                }
                Recorded::Void => {
                    tombstones.confirm(context, &session, node, tombstone, None);
                    return Ok(());
                }
                Recorded::TombstoneExists(exists) => {
                    tombstones.confirm(context, &session, node, tombstone, Some(exists));
                }
                Recorded::Unknown => session.wait_reconnect(&link).await,
            }
        }
    }

    async fn record(&self, link: &Link, record: &Record, tombstone: &Tombstone) -> Result<Recorded> {
        const LOCK: usize = 0;
        const NODE: usize = 1;
        const TOMBSTONE: usize = 2;
        let (data, version) = (record.encode(), self.load.version.version);
        let writes = [
            Write::Check { path: self.guard.node() },
            Write::Set { path: self.key.path(), data: &data, version: Some(version) },
            tombstone.write(),
        ];
        let (requested_at, sent) = (Instant::now(), BootInstant::now());
        let fault = match link.multi(&writes).await {
            Ok(written) => {
                self.key.context.clock().note(link, &written, sent);
                let read = read_after_write(requested_at, record, &written);
                return Ok(read.map_or(Recorded::Void, Recorded::Done));
            }
            Err(fault) => fault,
        };
        match (fault.refusal(), &fault.fault) {
            (Some((Refusal::NoNode, LOCK | NODE) | (Refusal::BadVersion, NODE)), _) => Ok(Recorded::Void),
            (Some((Refusal::NoNode, TOMBSTONE)), _) => Ok(Recorded::TombstoneExists(false)),
            (Some((Refusal::NodeExists, TOMBSTONE)), _) => Ok(Recorded::TombstoneExists(true)),
            (_, Fault::Gone) => Ok(Recorded::Void),
            (_, Fault::Unknown) => Ok(Recorded::Unknown),
            (_, fault) => Err(fault.clone().into_error(&format!("writing {}", self.key.path()))),
        }
    }
}

/// Returns the content of the node after `record` was written.
fn read_after_write(requested_at: Instant, record: &Record, written: &[Written]) -> Option<LastRead> {
    written.iter().find_map(|written| match written {
        Written::Set { version, czxid, .. } => {
            let version = Some(NodeVersion { czxid: *czxid, version: *version });
            Some(LastRead { requested_at, version, record: record.clone() })
        }
        Written::Created { .. } | Written::Other => None,
    })
}
