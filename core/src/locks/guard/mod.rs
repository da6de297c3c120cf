//! The public guard of a held lock.

mod release;
mod write;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_all;
use parking_lot::Mutex;

use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::locks::held::hold::{Callback, Hold};
use crate::locks::held::{HeldNode, HoldState};
use crate::op::Op;
use crate::runtime::ProcessBound;
use crate::session::{Loss, Session, Tenant};
use crate::stats::Meters;

pub(crate) use release::delete;

/// A lock that is held, until it is released, dropped, or lost.
///
/// Dropping a guard releases the lock in the background, from any thread. [`release`](Guard::release) also waits for
/// the server's answer.
///
/// A lock can be lost while it is held: if no server has confirmed the session for longer than its lease, if the session is
/// over, or if another program deletes the lock's node. If the session lapses, the guard reports the loss before the server can
/// grant the lock to another client. A deletion is reported as soon as the client learns of it. The
/// [`token`](Guard::token) fences off the work that still runs after a loss.
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let guard = client.mutex("/locks/report").acquire().await?;
/// for part in 0..10 {
///     guard.check()?; // fails with `LOCK_LOST` if the lock is lost
///     println!("writing part {part}");
/// }
/// guard.release().await?;
/// # Ok(()) }
/// ```
#[must_use = "a guard that is dropped releases its lock"]
#[derive(Debug)]
pub struct Guard {
    token: u64,
    node: String,
    state: ProcessBound<GuardState>,
}

#[derive(Debug)]
struct GuardState {
    context: Arc<Context>,
    /// One for each node: a guard of several locks, or of several permits, has several.
    holds: Vec<Arc<Hold>>,
}

impl Guard {
    pub(crate) fn new(context: Arc<Context>, hold: Arc<Hold>) -> Guard {
        Guard::of_holds(context, vec![hold])
    }

    /// Returns the guard of several nodes.
    pub(crate) fn of_holds(context: Arc<Context>, holds: Vec<Arc<Hold>>) -> Guard {
        Guard::of(GuardState { context, holds })
    }

    /// Returns the session in which the (first) lock is held. Returns `None` in a child of fork().
    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        Some(self.holds().first()?.held_node().session().clone())
    }

    /// Returns the guard's holds; none in a child of fork().
    pub(crate) fn holds(&self) -> &[Arc<Hold>] {
        self.state.get().map_or(&[], |state| &state.holds)
    }

    /// Records in `meters` how long the lock is held from now on. If there are several nodes, the first counts.
    pub(crate) fn measure(&self, meters: &Arc<Meters>) {
        if let Some(hold) = self.holds().first() {
            hold.measure(Some(meters));
        }
    }

    fn of(state: GuardState) -> Guard {
        let first = state.holds.first().map(|hold| hold.held_node());
        Guard {
            token: first.map_or(0, |held_node| held_node.token()),
            node: first.map_or("", |held_node| held_node.node()).to_owned(),
            state: ProcessBound::new(state),
        }
    }

    /// Merges guards into one. Returns `None` if there are none.
    pub(crate) fn of_all(guards: Vec<Guard>) -> Option<Guard> {
        let mut all: Option<GuardState> = None;
        for mut state in guards.into_iter().filter_map(|guard| guard.state.into_inner()) {
            let holds = std::mem::take(&mut state.holds);
            match &mut all {
                None => all = Some(GuardState { context: state.context.clone(), holds }),
                Some(all) => all.holds.extend(holds),
            }
        }
        all.map(Guard::of)
    }

    /// Takes apart a guard of one lock that was not passed to a caller yet: ends its hold, and returns the node, which the caller
    /// of this function must grant again or delete. Returns `None` in a child of fork().
    pub(crate) fn into_held_node(self) -> Option<Arc<HeldNode>> {
        let hold = self.state.into_inner()?.holds.pop()?;
        hold.measure(None);
        hold.end();
        Some(hold.held_node().clone())
    }

    /// Returns the fencing token. It is larger than the token of every earlier holder, also after the lock's directory was
    /// deleted and created again. It is the `czxid` of the lock's node. Pass it along with every write to another system, and
    /// let that system refuse a token smaller than one that it has seen.
    ///
    /// Guards that share a node share the token: those of one [owner](crate::ReentrantMutex), and those that were
    /// [handed over](crate::Mutex::handoff) one after another. A [downgraded](crate::RwLock::owned_by) write lock keeps it.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/invoice").acquire().await?;
    /// let sql = "UPDATE invoice SET total = $1, token = $2 WHERE token <= $2";
    /// println!("{sql} with $2 = {}", guard.token());
    /// # Ok(()) }
    /// ```
    pub fn token(&self) -> u64 {
        self.token
    }

    /// Returns every node of the guard with its token. Each of several locks fences its own resource: compare only tokens of one
    /// path.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.multi_mutex(["/accounts/7", "/accounts/12"]).acquire().await?;
    /// for (node, token) in guard.tokens()? {
    ///     println!("{node}: token {token}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn tokens(&self) -> Result<Vec<(String, u64)>> {
        let held_nodes = self.state.get()?.holds.iter().map(|hold| hold.held_node());
        Ok(held_nodes.map(|held_node| (held_node.node().to_owned(), held_node.token())).collect())
    }

    /// Returns the path of the lock's node, below the client's chroot; of the first one if there are several.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/report").acquire().await?;
    /// assert!(guard.node().starts_with("/locks/report/"));
    /// # Ok(()) }
    /// ```
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Returns whether the lock is certainly held at this moment. Costs no round trip.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/leader").acquire().await?;
    /// while guard.is_held() {
    ///     println!("leading");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn is_held(&self) -> bool {
        self.check().is_ok()
    }

    /// Checks that the lock is certainly held at this moment. Costs no round trip.
    ///
    /// # Errors
    /// `LOCK_LOST` if the lock is not held any more, or if that cannot be known; `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/report").acquire().await?;
    /// let report = "computed for a long time";
    /// guard.check()?;
    /// println!("publishing {report}");
    /// # Ok(()) }
    /// ```
    pub fn check(&self) -> Result<()> {
        self.state.get()?.holds.iter().try_for_each(|hold| hold.check())
    }

    /// Returns how much longer the lock is certainly held if no server answers from now on; zero if it is not held any more.
    /// Costs no round trip.
    ///
    /// While servers answer, it stays above 3/8 of the session timeout and never exceeds 5/8. When it reaches zero, the lock is
    /// lost. It thus announces a loss, and says how much time is left to stop the protected work. If another program deletes the
    /// lock's node, the lock is lost without such a warning.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/report").acquire().await?;
    /// if guard.lease_remaining()? > Duration::from_millis(500) {
    ///     println!("enough time for one more step");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn lease_remaining(&self) -> Result<Duration> {
        let remaining = self.state.get()?.holds.iter().map(|hold| hold.lease_remaining());
        Ok(remaining.min().unwrap_or_default())
    }

    /// Returns the reason of the loss, or `None` if the lock is held or was released.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/report").acquire().await?;
    /// if let Some(loss) = guard.loss()? {
    ///     eprintln!("lost the lock: {loss}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn loss(&self) -> Result<Option<Loss>> {
        let states = self.state.get()?.holds.iter().map(|hold| hold.state());
        let mut losses = states.filter_map(|state| match state {
            HoldState::Lost(loss) => Some(loss),
            HoldState::Held | HoldState::Released => None,
        });
        Ok(losses.next())
    }

    /// Waits until the lock is lost, and returns the reason. Never finishes if the lock is released.
    ///
    /// # Errors
    /// `TIMEOUT` if the lock is not lost within the operation's timeout; `FORKED` in a child of fork().
    ///
    /// # Cancel safety
    /// Safe: it only listens.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/leader").acquire().await?;
    /// tokio::select! {
    ///     () = tokio::time::sleep(Duration::from_secs(60)) => guard.release().await?,
    ///     loss = guard.lost() => eprintln!("stopped early: {}", loss?),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn lost(&self) -> Op<Loss> {
        Op::attempt(|| {
            let state = self.state.get()?;
            let holds = state.holds.clone();
            Ok(Op::new(state.context.runtime(), |deadline| async move {
                let timed_out = || Error::new(ErrorCode::Timeout, "the lock was not lost within the timeout");
                let any = select_all(holds.iter().map(|hold| Box::pin(hold.lost())));
                let lost = deadline.once_within(Duration::ZERO).run(any).await;
                lost.map(|(loss, ..)| loss).ok_or_else(timed_out)
            }))
        })
    }

    /// Calls `callback` once, on the callback thread, when the lock is lost: at once if it is lost already, never if it is
    /// released. The callback must not make waiting calls.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// # use std::sync::Arc;
    /// # use std::sync::atomic::{AtomicBool, Ordering};
    /// let stop = Arc::new(AtomicBool::new(false));
    /// let guard = client.mutex("/locks/report").acquire().await?;
    /// let flag = stop.clone();
    /// guard.on_lost(move |_| flag.store(true, Ordering::Relaxed))?;
    /// # Ok(()) }
    /// ```
    pub fn on_lost(&self, callback: impl FnOnce(Loss) + Send + 'static) -> Result<()> {
        self.on_first(callback, Hold::on_lost)
    }

    /// Returns whether another client has asked for the lock, with
    /// [`Client::request_revoke`](crate::Client::request_revoke) or Curator's `Revoker`. The lock stays held; its holder decides.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/cleanup").acquire().await?;
    /// for part in 0..10 {
    ///     if guard.is_revoke_requested()? {
    ///         break; // the rest can wait
    ///     }
    ///     println!("cleaning part {part}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn is_revoke_requested(&self) -> Result<bool> {
        Ok(self.state.get()?.holds.iter().any(|hold| hold.held_node().is_revoke_requested()))
    }

    /// Calls `callback` once, on the callback thread, when another client asks for the lock: at once if one has asked already,
    /// never if the lock is released. The callback must not make waiting calls.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/cleanup").acquire().await?;
    /// guard.on_revoke(|| println!("another client asks for /locks/cleanup"))?;
    /// # Ok(()) }
    /// ```
    pub fn on_revoke(&self, callback: impl FnOnce() + Send + 'static) -> Result<()> {
        self.on_first(|()| callback(), Hold::on_revoke)
    }

    /// Registers `callback` with every hold, for one call in all.
    fn on_first<E: 'static>(
        &self,
        callback: impl FnOnce(E) + Send + 'static,
        register: impl Fn(&Hold, Callback<E>),
    ) -> Result<()> {
        let callback = Arc::new(Mutex::new(Some(callback)));
        for hold in &self.state.get()?.holds {
            let callback = callback.clone();
            register(
                hold,
                Box::new(move |event| {
                    // Unlocked before the call.
                    let callback = callback.lock().take();
                    if let Some(callback) = callback {
                        callback(event);
                    }
                }),
            );
        }
        Ok(())
    }
}
