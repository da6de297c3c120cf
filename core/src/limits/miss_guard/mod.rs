//! A miss guard: keeps lookups of keys that do not exist away from a database.
//!
//! A key's node is `<path>/<the first 16 bytes of the key's SHA-256, in hex>`: a container whose data is the record of the key's
//! misses, and whose children are the queue of a lock for the load (`locks/queue/`).
//!
//! 1. `sync` and read the record, back to back. If it says that the key is absent, for certain, by the leader's clock, that is
//!    the answer. One round trip, no write.
//! 2. Otherwise wait until no other task of this process looks the same key up, and create the node if it is missing.
//! 3. Queue for the key's lock. While others are ahead, watch the record: if one of them records a miss, that is the answer
//!    for this lookup too, and it leaves the queue.
//! 4. With the lock, `sync` and read again. A miss that was recorded since step 1 is the answer. Otherwise the caller loads.
//! 5. If the load missed: one `multi` checks that the lock's node exists, writes the record on condition that it is still the one
//!    of step 4, and creates the record's tombstone (`tombstones.rs`). A refusal means that the lock was lost, or that the key was
//!    forgotten: the miss does not count. If the reply is lost, write it again.
//! 6. If the load found the key: empty the record, unless it is empty, on condition that it is still the one of step 4, and only
//!    then release the lock. So no lookup that had to wait sees earlier misses.
//! 7. To forget a key is to empty its record, even an empty one: the new version refuses the miss of a load under way.
//!
//! | file | content |
//! | --- | --- |
//! | `record.rs` | the misses of a key, and their bytes |
//! | `key.rs` | a key's node |
//! | `local_lookups.rs` | the tasks of this process that look the same key up |
//! | `search.rs` | steps 1 to 4 |
//! | `turn.rs` | steps 5 and 6 |
//! | `tombstones.rs` | children that keep the server from deleting a record too early |
//!
//! Keys that exist are not remembered: otherwise several processes could load a key at the same time after it was deleted.

mod key;
mod local_lookups;
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

use key::Key;
use local_lookups::LocalLookups;
use search::Search;
use tombstones::Tombstones;
pub use turn::LoadTurn;

/// The state that all miss guards of a client share.
#[derive(Debug, Default)]
pub(crate) struct MissGuardState {
    local_lookups: Arc<LocalLookups>,
    tombstones: Arc<Tombstones>,
    /// Locked by the task that asks the server for its time.
    time_request: tokio::sync::Mutex<()>,
}

impl PerClient for MissGuardState {
    fn for_client(_: &Context) -> MissGuardState {
        MissGuardState::default()
    }
}

/// The options of a miss guard.
#[derive(Clone, Copy, Debug)]
struct Rules {
    threshold: u32,
    window: Duration,
    hold: Duration,
}

/// A record holds one time per miss, 8 bytes each, and every lookup reads it.
const THRESHOLDS: RangeInclusive<u32> = 1..=1000;

/// The servers' clocks have a resolution of a millisecond.
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

/// A guard against lookups of keys that do not exist. Returned by [`Client::miss_guard`](crate::Client::miss_guard), which sends
/// no request.
///
/// Put it between a cache and the database behind it. Of all callers that look up the same key at the same time, in all
/// processes, one loads it while the others wait for the answer. A key that was missed [`threshold`](MissGuard::threshold) times
/// within the [`window`](MissGuard::window) is answered absent for the [`hold`](MissGuard::hold), without a load.
///
/// - One caller loads a key at a time, as long as none loses its session while it loads.
/// - With a window no shorter than the hold, at most `threshold` loads of a missing key begin in any period as long as the hold.
/// - A load that finds the key clears the misses recorded before. No lookup that begins after [`found`](LoadTurn::found), or
///   after [`forget`](MissGuard::forget), is answered by misses from before it.
/// - A key that is created is seen when the hold is over, at the latest. The hold is counted from the beginning of the load that
///   missed last, by the clock of ZooKeeper's leader; the clocks of two machines are never compared. A new leader whose clock is
///   off by a second moves the end of the hold by a second.
///
/// The value of a load is not shared: callers that waited for a key that was found load it themselves, one after another. So
/// each lookup of a key that exists costs a lock. Keep found values in a cache.
///
/// The record of a key lives as long as the client that recorded its latest miss, and no longer than it is needed. The server
/// deletes the nodes of idle keys. When that client closes, or loses its session, its keys may be forgotten early, which costs
/// up to `threshold` more loads. A client keeps the records of some thousands of keys (512 KiB of paths): those that it missed
/// last.
///
/// All clients of a path should give the same threshold, window and hold: those of the client that records a miss apply to it.
///
/// # Examples
/// ```no_run
/// # use std::time::Duration;
/// # async fn query(_: &str) -> Result<Option<String>, Box<dyn std::error::Error>> { Ok(None) }
/// # async fn example(client: zkcoord::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let users = client.miss_guard("/misses/users").threshold(5).hold(Duration::from_secs(10));
/// match users.load("user-42", async || query("user-42").await).await? {
///     Some(user) => println!("found {user}"),
///     None => println!("404 Not Found"),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct MissGuard {
    context: SharedContext,
    path: Result<ZnodePath>,
    rules: Rules,
}

/// The answer of [`MissGuard::begin`] for a key.
///
/// # Examples
/// ```no_run
/// # async fn example(users: zkcoord::MissGuard) -> zkcoord::Result<()> {
/// use zkcoord::Lookup;
/// match users.begin("user-42").await? {
///     Lookup::Absent => println!("404 Not Found"),
///     Lookup::Load(turn) => {
///         println!("this caller loads the key, and the others wait");
///         turn.missed().await?;
///     }
/// }
/// # Ok(()) }
/// ```
#[must_use = "dropping a turn in it releases the turn without a verdict"]
#[derive(Debug)]
pub enum Lookup {
    /// The key is absent. There is no need to load it.
    Absent,
    /// The caller has the turn to load the key, and reports the result through it.
    Load(LoadTurn),
}

impl MissGuard {
    pub(crate) fn new(context: SharedContext, path: Result<ZnodePath>) -> MissGuard {
        let (window, hold) = (Duration::from_secs(60), Duration::from_secs(30));
        MissGuard { context, path, rules: Rules { threshold: 3, window, hold } }
    }

    /// Sets how many misses within the window make a key absent, from 1 to 1000. Default: 3.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) {
    /// // The first miss makes a key absent.
    /// let users = client.miss_guard("/misses/users").threshold(1);
    /// # }
    /// ```
    #[must_use]
    pub fn threshold(mut self, threshold: u32) -> MissGuard {
        self.rules.threshold = threshold;
        self
    }

    /// Sets the time within which misses are counted together, from 1 ms to 24 h. Default: 60 s.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn example(client: zkcoord::Client) {
    /// // Three misses within five minutes make a key absent.
    /// let users = client.miss_guard("/misses/users").window(Duration::from_secs(300));
    /// # }
    /// ```
    #[must_use]
    pub fn window(mut self, window: Duration) -> MissGuard {
        self.rules.window = window;
        self
    }

    /// Sets for how long a key is then answered absent, from 1 ms to 24 h. Default: 30 s.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn example(client: zkcoord::Client) {
    /// // A user that is created is seen after five seconds, at the latest.
    /// let users = client.miss_guard("/misses/users").hold(Duration::from_secs(5));
    /// # }
    /// ```
    #[must_use]
    pub fn hold(mut self, hold: Duration) -> MissGuard {
        self.rules.hold = hold;
        self
    }

    /// Returns the path of the parent of the keys' nodes, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the given path, threshold, window or hold is invalid; `FORKED` in a child of fork(). Every operation
    /// then fails with the same error.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(users: zkcoord::MissGuard) -> zkcoord::Result<()> {
    /// println!("misses are recorded below {}", users.path()?);
    /// # Ok(()) }
    /// ```
    pub fn path(&self) -> Result<&str> {
        self.context.get()?;
        self.rules.check()?;
        self.path.as_ref().map(ZnodePath::as_str).map_err(Clone::clone)
    }

    /// Looks up a key: any bytes, or none. Waits while another caller loads it.
    ///
    /// Costs one round trip if the key is held absent. Costs three if the caller is to load it, and four if the key was not
    /// looked up for a while.
    ///
    /// Not reentrant: a caller that has the turn for a key and looks up the same key again waits forever.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the path, threshold, window or hold is invalid; `TIMEOUT` if the operation's timeout passes first,
    /// also while others load the key, or with a timeout of 0 if others load it; `BAD_DATA` if the key's node holds other data,
    /// which stays as it is; `CONNECTION_LOST` with a timeout of 0 if there is no connection; `NOT_AUTHORIZED`, `QUOTA`,
    /// `SEQUENCE_EXHAUSTED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: dropping the operation leaves the queue, and releases the turn if it was acquired at that moment.
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
    /// let user = query("user-42"); // a panic or an early return here releases the turn
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
            let rules = self.rules;
            Ok(Op::new(&key.context.runtime().clone(), move |deadline| {
                Search::new(key, rules, deadline.retry()).run(deadline)
            }))
        })
    }

    /// Looks up a key with `loader`, unless it is known to be absent: calls [`begin`](MissGuard::begin) and the loader, and
    /// reports the result. `None` from the loader is a miss. An error from the loader goes to the caller, and counts neither as
    /// a miss nor as found.
    ///
    /// The loader runs in the caller's task, at most once. For a deadline, drop the future, as `tokio::time::timeout` does.
    ///
    /// # Errors
    /// Those of the loader, of `begin`, of [`found`](LoadTurn::found) and of [`missed`](LoadTurn::missed).
    ///
    /// # Cancel safety
    /// As for `begin`. If the loader is dropped, nothing is reported, and the turn is released.
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

    /// Forgets the misses of a key, to be called when the key has been created. Every lookup that begins after this, by any
    /// client, loads the key again, or is answered by a load that began after this. A load under way does not count as a miss.
    /// Two round trips.
    ///
    /// # Errors
    /// `TIMEOUT` if the operation's timeout passes before anything was written; `INDETERMINATE` if it passes later, or if a call
    /// with a timeout of 0 loses the connection: the key may or may not be forgotten, and it does no harm to forget it again;
    /// `BAD_DATA`, `CONNECTION_LOST`, `NOT_AUTHORIZED`, `QUOTA`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// The key may or may not be forgotten.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn insert(_: &str) {}
    /// # async fn example(users: zkcoord::MissGuard) -> zkcoord::Result<()> {
    /// insert("user-42").await;
    /// users.forget("user-42").await?;
    /// # Ok(()) }
    /// ```
    pub fn forget(&self, key: impl AsRef<[u8]>) -> Op<()> {
        Op::attempt(|| {
            let key = self.key(key.as_ref())?;
            Ok(Op::new(&key.context.runtime().clone(), move |deadline| async move {
                let sent = AtomicBool::new(false);
                let outcome = deadline.answer(key.forget(deadline.retry(), &sent)).await;
                outcome.map_err(|error| match error.code() {
                    ErrorCode::Timeout | ErrorCode::ConnectionLost if sent.load(Ordering::Relaxed) => {
                        let message =
                            format!("{} may or may not be forgotten: {}", key.path(), error.message());
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
