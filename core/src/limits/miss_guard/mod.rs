//! Keeps useless lookups of keys that do not exist away from a database.
//!
//! A key's node is `<path>/<the first 16 bytes of the key's SHA-256, in hex>`: a container whose data is the record of the key's
//! misses, and whose children are the queue of those who want to load it (`queue.rs`).
//!
//! 1. `sync` and read the record, back to back. It says that the key is absent, for certain, by the leader's clock: that is the
//!    answer. One round trip, no write.
//! 2. Otherwise wait for the turn among the tasks of this process that want the same key, and make the node if it is not there.
//! 3. Queue for the key's lock. While others are before us, watch the record: when one of them missed, that is our answer
//!    too, and we leave.
//! 4. With the lock, `sync` and read again. A miss that was recorded since step 1 is the answer. Otherwise the caller loads.
//! 5. It was missed: one `multi` checks that the lock's node is there, writes the record on condition that it is still the one of
//!    step 4, and makes the record's keep (`keeps.rs`). A refusal means that the lock was lost, or that the key was forgotten: the
//!    miss does not count. A lost reply: write it again.
//! 6. It was found: empty the record, if there is anything in it, on condition that it is still the one of step 4, and only then
//!    give the lock back. So nobody who had to wait sees misses from before.
//! 7. To forget a key is to empty its record, also an empty one: the new version refuses the verdict of a load under way.
//!
//! | file | idea |
//! | --- | --- |
//! | `record.rs` | what misses say about a key; the bytes |
//! | `key.rs` | a key's node |
//! | `gate.rs` | the tasks of this process that want the same key |
//! | `search.rs` | steps 1 to 4 |
//! | `turn.rs` | steps 5 and 6 |
//! | `keeps.rs` | why the server does not delete a record too early |
//!
//! Present keys are not remembered: then several processes could load a key at the same time after it has been deleted.

mod gate;
mod key;
mod record;
mod search;
mod tombstones;
mod turn;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::context::{Context, PerClient, SharedContext};
use crate::error::{Error, ErrorCode, Result};
use crate::op::Op;
use crate::path::ZnodePath;

use gate::Gates;
use key::Key;
use search::Search;
use tombstones::Tombstones;
pub use turn::LoadTurn;

/// What all miss guards of a client share.
#[derive(Debug, Default)]
pub(crate) struct MissGuardState {
    gates: Arc<Gates>,
    tombstones: Arc<Tombstones>,
    /// Held by the one who asks the server for its time.
    asking_time: tokio::sync::Mutex<()>,
}

impl PerClient for MissGuardState {
    fn for_client(_: &Context) -> MissGuardState {
        MissGuardState::default()
    }
}

/// When a key is answered absent without a load.
#[derive(Clone, Copy, Debug)]
struct Rules {
    threshold: u32,
    window: Duration,
    hold: Duration,
}

/// The record holds as many times, 8 bytes each, and every lookup reads it.
const THRESHOLDS: RangeInclusive<u32> = 1..=1000;

/// The servers' clocks tell milliseconds.
const TIMES: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(24 * 3600);

impl Rules {
    fn check(self) -> Result<Rules> {
        if !THRESHOLDS.contains(&self.threshold) {
            return Err(Error::invalid_argument("threshold", self.threshold, "must be from 1 to 1000"));
        }
        for (name, time) in [("window", self.window), ("hold", self.hold)] {
            if !TIMES.contains(&time) {
                return Err(Error::invalid_argument(name, format!("{time:?}"), "must be from 1 ms to 24 h"));
            }
        }
        Ok(self)
    }
}

/// Stops lookups of keys that do not exist. Made by [`Client::miss_guard`](crate::Client::miss_guard), without any request.
///
/// Put it between a cache and the database behind it. Of all who want the same key at the same time, in all processes, one
/// loads it while the others wait for the answer. A key that was missed [`threshold`](MissGuard::threshold) times within the
/// [`window`](MissGuard::window) is answered absent for the [`hold`](MissGuard::hold), without a load.
///
/// - One load of a key at a time, as long as nobody loses the session while loading.
/// - With a window no shorter than the hold, at most `threshold` loads of a missing key begin in any time as long as the hold.
/// - A load that finds the key clears what was recorded before. No lookup that begins after [`found`](LoadTurn::found), or
///   after [`forget`](MissGuard::forget), is answered by misses from before it.
/// - A key that appears is seen at the latest when the hold is over. It is counted from the beginning of the load that missed
///   last, by the clock of ZooKeeper's leader; no two machines' clocks are compared. A new leader whose clock is off by a second
///   moves it by a second.
///
/// A value that was found is its caller's own: others who waited for it load it themselves, one after another. So a key that is
/// there costs a lock at each lookup; what is found belongs into a cache.
///
/// The record of a key lives as long as the client that recorded its latest miss, and no longer than it matters; the nodes of
/// idle keys are deleted by the server. When that client closes, or loses its session, its keys may be forgotten early and cost
/// up to `threshold` loads more. A client keeps some thousands of keys (512 KiB of paths), and beyond that those that it
/// missed last.
///
/// All who share a path should give the same threshold, window and hold: those of whoever records a miss decide what it does.
#[derive(Clone, Debug)]
pub struct MissGuard {
    context: SharedContext,
    path: Result<ZnodePath>,
    rules: Rules,
}

/// What [`MissGuard::begin`] says about a key.
#[must_use = "a turn in it that is dropped is given on without a verdict"]
#[derive(Debug)]
pub enum Lookup {
    /// The key is absent; no need to load it.
    Absent,
    /// It is the caller's turn to load the key, and to say what came of it.
    Load(LoadTurn),
}

impl MissGuard {
    pub(crate) fn new(context: SharedContext, path: Result<ZnodePath>) -> MissGuard {
        let (window, hold) = (Duration::from_secs(60), Duration::from_secs(30));
        MissGuard { context, path, rules: Rules { threshold: 3, window, hold } }
    }

    /// How many misses within the window make a key absent: 1 to 1000. Default 3.
    #[must_use]
    pub fn threshold(mut self, threshold: u32) -> MissGuard {
        self.rules.threshold = threshold;
        self
    }

    /// The time in which misses count together: 1 ms to 24 h. Default 60 s.
    #[must_use]
    pub fn window(mut self, window: Duration) -> MissGuard {
        self.rules.window = window;
        self
    }

    /// How long a key is then answered absent: 1 ms to 24 h. Default 30 s.
    #[must_use]
    pub fn hold(mut self, hold: Duration) -> MissGuard {
        self.rules.hold = hold;
        self
    }

    /// The node below which the keys' nodes are, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the path or the options given cannot be, `FORKED` in a child of fork(); every operation fails with
    /// it too.
    pub fn path(&self) -> Result<&str> {
        self.context.get()?;
        self.rules.check()?;
        self.path.as_ref().map(ZnodePath::as_str).map_err(Clone::clone)
    }

    /// Asks about a key: any bytes, also none. Waits while others load it.
    ///
    /// One round trip for a key that is held absent. Three for one that the caller is to load, four if nobody has asked for it
    /// for a while.
    ///
    /// Not reentrant: who has a turn and asks for the same key again waits for ever.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when threshold, window or hold cannot be. `TIMEOUT` when the operation's timeout passes first, also
    /// while others load; with a timeout of zero, when others are loading. `BAD_DATA` when the key's node holds something
    /// else; it stays as it is. `NOT_AUTHORIZED`, `QUOTA`, `SEQUENCE_EXHAUSTED`, `CLOSED`, `FORKED`; with a timeout of zero
    /// `CONNECTION_LOST`.
    ///
    /// # Cancel safety
    /// Dropping the operation leaves the queue, and gives the turn on if it was had in that moment.
    ///
    /// # Examples
    /// ```no_run
    /// # fn query(_: &str) -> Option<String> { None }
    /// # fn example(client: zkcoord::Client) -> zkcoord::Result<Option<String>> {
    /// use zkcoord::Lookup;
    /// let users = client.miss_guard("/misses/users");
    /// let turn = match users.begin("user-42").wait()? {
    ///     Lookup::Absent => return Ok(None),
    ///     Lookup::Load(turn) => turn,
    /// };
    /// let user = query("user-42"); // a panic or an early return here gives the turn on
    /// match &user {
    ///     Some(_) => turn.found().wait()?,
    ///     None => turn.missed().wait()?,
    /// }
    /// Ok(user)
    /// # }
    /// ```
    pub fn begin(&self, key: impl AsRef<[u8]>) -> Op<Lookup> {
        Op::attempt(|| {
            let key = self.key(key.as_ref())?;
            let (key, rules) = (key, self.rules);
            Ok(Op::new(&key.context.runtime().clone(), move |deadline| {
                Search::new(key, rules, deadline.retry()).run(deadline)
            }))
        })
    }

    /// Looks a key up with `loader`, unless it is known to be absent: [`begin`](MissGuard::begin), the loader, and the verdict.
    /// A loader's `None` is a miss. Its error goes to the caller and counts neither way.
    ///
    /// The loader runs in the caller's task, at most once. For a deadline, drop the future, as `tokio::time::timeout` does.
    ///
    /// # Errors
    /// The loader's, and those of `begin`, [`found`](LoadTurn::found) and [`missed`](LoadTurn::missed).
    ///
    /// # Cancel safety
    /// As `begin`. A loader that is dropped has given no verdict.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn query(_: &str) -> Result<Option<String>, Box<dyn std::error::Error>> { Ok(None) }
    /// # async fn example(client: zkcoord::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let users = client.miss_guard("/misses/users");
    /// let user = users.load("user-42", async || query("user-42").await).await?;
    /// # Ok(()) }
    /// ```
    pub async fn load<T, E, L>(&self, key: impl AsRef<[u8]>, loader: L) -> Result<Option<T>, E>
    where
        L: AsyncFnOnce() -> Result<Option<T>, E>,
        E: From<Error>,
    {
        let Lookup::Load(turn) = self.begin(key).await? else { return Ok(None) };
        let value = loader().await?;
        match value {
            Some(_) => turn.found().await?,
            None => turn.missed().await?,
        }
        Ok(value)
    }

    /// Forgets the misses of a key, because it exists now. Every lookup that begins after this, by whatever client, loads the
    /// key again or is answered by a load that began after this; a load under way will not count as a miss. Two round trips.
    ///
    /// # Errors
    /// `TIMEOUT` when the operation's timeout passes before anything is written, `INDETERMINATE` when it passes later;
    /// forgetting again does no harm. `BAD_DATA`, `NOT_AUTHORIZED`, `QUOTA`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// The key may be forgotten or not.
    pub fn forget(&self, key: impl AsRef<[u8]>) -> Op<()> {
        Op::attempt(|| {
            let key = self.key(key.as_ref())?;
            Ok(Op::new(&key.context.runtime().clone(), move |deadline| async move {
                let sent = AtomicBool::new(false);
                let late = || Error::new(ErrorCode::Timeout, "the server did not answer in time");
                let outcome = deadline.run(key.forget(deadline.retry(), &sent)).await;
                outcome.unwrap_or_else(|| Err(late())).map_err(|error| match error.code() {
                    ErrorCode::Timeout | ErrorCode::ConnectionLost if sent.load(Ordering::Relaxed) => {
                        let message = format!("{} may be forgotten or not: {}", key.path(), error.message());
                        Error::new(ErrorCode::Indeterminate, message)
                    }
                    _ => error,
                })
            }))
        })
    }

    fn key(&self, key: &[u8]) -> Result<Key> {
        let path = self.path.as_ref().map_err(Clone::clone)?;
        Ok(Key::new(self.context.get()?, path, key, self.rules.check()?))
    }
}
