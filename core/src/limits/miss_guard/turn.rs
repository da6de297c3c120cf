//! A caller's turn to load a key, and what becomes of the verdict: steps 5 and 6.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::gate::{Pass, Turn};
use super::key::{Key, LastRead, Stamp};
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

/// How much longer than it matters a record is kept: two clocks are compared.
const MARGIN: Duration = Duration::from_secs(1);

/// The caller's turn to load a key: nobody else loads it meanwhile. Made by [`MissGuard::begin`](crate::MissGuard::begin).
///
/// It ends with a verdict, [`found`](LoadTurn::found) or [`missed`](LoadTurn::missed). Dropping it gives the turn on without
/// one, in the background and from any thread: for a load that failed.
#[must_use = "a turn that is dropped is given on without a verdict"]
#[derive(Debug)]
pub struct LoadTurn {
    held: ProcessBound<Box<Held>>,
}

/// What the key's node said when the turn began.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) stamp: Stamp,
    pub(super) record: Record,
    /// By the leader's clock.
    pub(super) began: Moment,
    /// The same by ours.
    pub(super) started: Instant,
}

// The lock goes first, so that the next task of this process finds it free.
#[derive(Debug)]
struct Held {
    guard: Guard,
    _turn: Turn,
    pass: Pass,
    key: Key,
    rules: Rules,
    load: Load,
}

impl LoadTurn {
    pub(super) fn new(key: Key, rules: Rules, load: Load, guard: Guard, turn: Turn, pass: Pass) -> LoadTurn {
        let held = Held { guard, _turn: turn, pass, key, rules, load };
        LoadTurn { held: ProcessBound::new(Box::new(held)) }
    }

    /// Whether nobody else can be loading the key at this moment. Costs no round trip. A turn is lost like a lock: when no
    /// server confirms the session for too long, or when it is over. Then its verdict will not count.
    pub fn is_held(&self) -> bool {
        self.held.get().is_ok_and(|held| held.guard.is_held())
    }

    /// The load found the key: forgets its misses, and gives the turn on. One round trip; none when there was nothing to
    /// forget.
    ///
    /// When it returns, no client will answer the key absent for misses before this.
    ///
    /// # Errors
    /// `INDETERMINATE` when the operation's timeout passes first (with 0: a quarter of a second); it goes on in the background.
    /// `NOT_AUTHORIZED`, `QUOTA`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// A verdict that was started goes on in the background. One that was not is none.
    pub fn found(self) -> Op<()> {
        self.conclude(Held::found)
    }

    /// The load did not find the key: records that, answers all who wait for it, and gives the turn on. One round trip.
    ///
    /// It counts only if the turn was held until then, and the key was not [forgotten](crate::MissGuard::forget) meanwhile.
    ///
    /// # Errors
    /// As [`found`](LoadTurn::found).
    ///
    /// # Cancel safety
    /// As [`found`](LoadTurn::found).
    pub fn missed(self) -> Op<()> {
        self.conclude(Held::missed)
    }

    /// Runs the verdict in a task of its own: the lock must not be given back before it is known to be applied.
    fn conclude<V, F>(self, verdict: V) -> Op<()>
    where
        V: FnOnce(Held) -> F + Send + 'static,
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
                let late = || {
                    let message = format!("{path}: the server has not confirmed the verdict yet");
                    Error::new(ErrorCode::Indeterminate, message)
                };
                let done = deadline.once_within(ONE_ANSWER).run(task).await.ok_or_else(late)?;
                done.map_err(|_| Error::internal("the task of a verdict ended early"))?
            }))
        })
    }
}

/// What became of recording a miss once.
enum Recorded {
    Done(LastRead),
    /// The lock was lost, or the key forgotten.
    Void,
    /// Not done, because the keep was thought to be there and is not, or the other way round.
    KeepIsThere(bool),
    /// Nobody knows. It can be tried again: both would be conditional on the same version.
    Unknown,
}

impl Held {
    /// Step 6.
    async fn found(self) -> Result<()> {
        // While the lock is held, there are no misses but those before this load.
        let version = self.load.stamp.version;
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
        let until = self.load.started + self.rules.window.max(self.rules.hold) + MARGIN;
        let (context, node) = (&self.key.context, &self.key.node);
        let shared = context.shared::<MissGuardState>();
        let tombstones = &shared.tombstones;
        loop {
            // The lock is lost with its session.
            let Ok(link) = session.link().await else { return Ok(()) };
            let tombstone = tombstones.tombstone(context, &session, node, until);
            match self.record(&link, &record, &tombstone).await? {
                Recorded::Done(sight) => {
                    tombstones.settle(context, &session, node, tombstone, Some(true));
                    self.pass.tell(&sight);
                    return Ok(());
                }
                Recorded::Void => {
                    tombstones.settle(context, &session, node, tombstone, None);
                    return Ok(());
                }
                Recorded::KeepIsThere(there) => {
                    tombstones.settle(context, &session, node, tombstone, Some(there));
                }
                Recorded::Unknown => session.wait_reconnect(&link).await,
            }
        }
    }

    async fn record(&self, link: &Link, record: &Record, tombstone: &Tombstone) -> Result<Recorded> {
        const LOCK: usize = 0;
        const NODE: usize = 1;
        const KEEP: usize = 2;
        let (data, version) = (record.encode(), self.load.stamp.version);
        let writes = [
            Write::Check { path: self.guard.node() },
            Write::Set { path: self.key.path(), data: &data, version: Some(version) },
            tombstone.write(),
        ];
        let (asked, sent) = (Instant::now(), BootInstant::now());
        let fault = match link.multi(&writes).await {
            Ok(written) => {
                self.key.context.clock().note(link, &written, sent);
                return Ok(sight(asked, record, &written).map_or(Recorded::Void, Recorded::Done));
            }
            Err(fault) => fault,
        };
        match (fault.refusal(), &fault.fault) {
            (Some((Refusal::NoNode, LOCK | NODE) | (Refusal::BadVersion, NODE)), _) => Ok(Recorded::Void),
            (Some((Refusal::NoNode, KEEP)), _) => Ok(Recorded::KeepIsThere(false)),
            (Some((Refusal::NodeExists, KEEP)), _) => Ok(Recorded::KeepIsThere(true)),
            (_, Fault::Gone) => Ok(Recorded::Void),
            (_, Fault::Unknown) => Ok(Recorded::Unknown),
            (_, fault) => Err(fault.clone().into_error(&format!("writing {}", self.key.path()))),
        }
    }
}

/// The node as a write of `record` left it.
fn sight(asked: Instant, record: &Record, written: &[Written]) -> Option<LastRead> {
    written.iter().find_map(|written| match written {
        Written::Set { version, czxid, .. } => {
            let stamp = Some(Stamp { czxid: *czxid, version: *version });
            Some(LastRead { asked, stamp, record: record.clone() })
        }
        Written::Created { .. } | Written::Other => None,
    })
}
