//! Hand-over inside the process: those of one client who want a mutex stand in a line of their own, and one node stands in the
//! server's queue for all of them.
//!
//! 1. Who asks joins the line. The first to join calls a representative.
//! 2. The representative queues at the server (`queue.rs`), on behalf of nobody in particular: who gives up takes nobody's place
//!    with him. When nobody waits any more, it leaves the queue.
//! 3. It has the lock: the first in the line gets it.
//! 4. His guard is given up: the next in the line gets the lock, without any request. All these guards have one node and one
//!    token. Not, however, when the lock was handed over as often as the guard's mutex allows; when somebody asked for it back;
//!    when it is not held for certain.
//! 5. Then, or when nobody waits, it is given back to the server. For those who still wait, 2: the new node stands behind
//!    everybody's who queued meanwhile. A lock that is lost is given back by its guard; 2 does not wait for that.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{self, Poll, ready};
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use crate::context::{Context, PerClient};
use crate::error::{Error, Result};
use crate::locks::acquire::{self, Attempt};
use crate::locks::guard::{self, Guard};
use crate::locks::held::HeldNode;
use crate::locks::held::hold::Successor;
use crate::locks::owner::Owners;
use crate::locks::owner::role::{Requester, Role};
use crate::locks::queue::LockAttempt;
use crate::locks::queue::node_name::{Kind, Scheme};
use crate::op::Answer;
use crate::op::Deadline;
use crate::path::ZnodePath;
use crate::session::Tenant;
use crate::stats::Meters;
use crate::util::weak_map::WeakMap;

/// The lines of one client.
#[derive(Debug, Default)]
pub(crate) struct LocalQueues(WeakMap<(ZnodePath, Scheme), LocalQueue>);

impl PerClient for LocalQueues {
    fn for_client(_: &Context) -> LocalQueues {
        LocalQueues::default()
    }
}

impl LocalQueues {
    pub(crate) fn local_queue(&self, path: &ZnodePath, scheme: Scheme) -> Arc<LocalQueue> {
        self.0.get((path.clone(), scheme), |_| LocalQueue {
            path: path.clone(),
            scheme,
            waiters: Mutex::default(),
            earlier_alarm: Notify::new(),
            handed: AtomicU32::new(0),
        })
    }

    /// Whether somebody of this client holds that lock by its line, or waits for it there.
    pub(crate) fn is_wanted(&self, path: &ZnodePath, scheme: Scheme) -> bool {
        self.0.find(&(path.clone(), scheme)).is_some_and(|local_queue| local_queue.waiters.lock().are_there())
    }
}

/// Those of one client who want one mutex.
pub(crate) struct LocalQueue {
    path: ZnodePath,
    scheme: Scheme,
    waiters: Mutex<Waiters>,
    earlier_alarm: Notify,
    /// How often the lock was handed over since the server granted it.
    handed: AtomicU32,
}

struct Waiters {
    waiting: VecDeque<Waiter>,
    represented: bool,
    /// What the server granted last.
    held_node: Option<Arc<HeldNode>>,
    /// When the first of those who wait gives up, or earlier.
    alarm: Option<Instant>,
    /// With so many waiting, those who have gone are taken out.
    tidy_at: usize,
}

/// One who waits in a line.
pub(crate) struct Waiter {
    answer: oneshot::Sender<Result<Guard>>,
    requester: Requester,
    /// How often the lock may have been handed over for his guard to hand it over again.
    limit: u32,
    asked: Instant,
    deadline: Option<Instant>,
    meters: Arc<Meters>,
}

impl Waiter {
    /// One who asks now, and where he gets his answer.
    pub(crate) fn new(
        requester: Requester,
        limit: u32,
        deadline: Deadline,
        meters: Arc<Meters>,
    ) -> (Waiter, Answer<Guard>) {
        let (answer, receiver) = oneshot::channel();
        let deadline = match deadline {
            Deadline::At(instant) => Some(instant),
            Deadline::Never | Deadline::Once => None,
        };
        (Waiter { answer, requester, limit, asked: Instant::now(), deadline, meters }, receiver)
    }

    fn is_late(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

/// Fewer than this are not worth a look for those who have gone.
const FEW: usize = 64;

impl Default for Waiters {
    fn default() -> Waiters {
        Waiters { waiting: VecDeque::new(), represented: false, held_node: None, alarm: None, tidy_at: FEW }
    }
}

impl Waiters {
    fn are_there(&self) -> bool {
        self.waiting.iter().any(|waiter| !waiter.answer.is_closed())
            || self.held_node.as_ref().is_some_and(|held_node| held_node.is_current())
    }

    /// Adds one at the end. Whether he gives up before everybody else.
    fn add(&mut self, waiter: Waiter) -> bool {
        if self.waiting.len() >= self.tidy_at {
            self.waiting.retain(|waiter| !waiter.answer.is_closed());
            self.tidy_at = FEW.max(2 * self.waiting.len());
        }
        let first = waiter.deadline.filter(|deadline| self.alarm.is_none_or(|alarm| *deadline < alarm));
        self.alarm = first.or(self.alarm);
        self.waiting.push_back(waiter);
        first.is_some()
    }

    /// Takes out whose time has passed, each with the number of those before him.
    fn take_late(&mut self, now: Instant) -> Vec<(usize, Waiter)> {
        let all = std::mem::take(&mut self.waiting);
        let mut late = Vec::new();
        for waiter in all {
            if waiter.is_late(now) {
                late.push((self.waiting.len(), waiter));
            } else {
                self.waiting.push_back(waiter);
            }
        }
        self.alarm = self.waiting.iter().filter_map(|waiter| waiter.deadline).min();
        late
    }
}

impl LocalQueue {
    /// Step 1.
    pub(crate) fn join(self: &Arc<LocalQueue>, context: &Arc<Context>, waiter: Waiter) {
        let mut waiters = self.waiters.lock();
        let is_first_alarm = waiters.add(waiter);
        let was_represented = std::mem::replace(&mut waiters.represented, true);
        drop(waiters);
        if !was_represented {
            context.spawn(self.clone().represent(context.clone()));
        } else if is_first_alarm {
            self.earlier_alarm.notify_one();
        }
    }

    /// Gives what is held to the first who still wants it.
    fn give(self: &Arc<LocalQueue>, context: &Arc<Context>, held_node: &Arc<HeldNode>) -> bool {
        while held_node.is_certain() {
            let Some(hold) = held_node.join() else { return false };
            let Some(waiter) = self.waiters.lock().waiting.pop_front() else {
                hold.end();
                return false;
            };
            hold.passes_to(self.clone(), waiter.limit);
            let guard = Guard::new(context.clone(), hold);
            if let Requester::Owning(owner) = waiter.requester {
                context.shared::<Owners>().entry(&self.path, owner).record(Role::Mutex, guard.holds());
            }
            // Counted before it is his, for he may look at once.
            if !waiter.answer.is_closed() {
                waiter.meters.waits.success(waiter.asked.elapsed());
            }
            guard.measure(&waiter.meters);
            match waiter.answer.send(Ok(guard)) {
                Ok(()) => return true,
                // He has gone. Not by dropping the guard, which would come here again.
                Err(returned) => drop(returned.map(Guard::dissolve)),
            }
        }
        false
    }

    /// Steps 2 to 5, as long as anybody waits.
    async fn represent(self: Arc<LocalQueue>, context: Arc<Context>) {
        while self.is_needed() {
            match self.queue(&context).await {
                Ok(Some(guard)) => self.serve(&context, guard).await,
                Ok(None) => {}
                Err(error) => self.refuse(&error),
            }
            // So that the delete of what was given back goes out before the next create.
            tokio::task::yield_now().await;
        }
    }

    /// Whether anybody waits. When not, the next one calls a new representative.
    fn is_needed(&self) -> bool {
        let mut waiters = self.waiters.lock();
        waiters.held_node = None;
        waiters.waiting.retain(|waiter| !waiter.answer.is_closed());
        waiters.represented = !waiters.waiting.is_empty();
        waiters.represented
    }

    /// Step 2. `None` when everybody gave up.
    async fn queue(&self, context: &Arc<Context>) -> Result<Option<Guard>> {
        let mut attempt = LockAttempt::new(context.clone(), self.path.clone(), self.scheme, Kind::Mutex);
        let late = {
            let mut acquire = pin!(attempt.acquire());
            loop {
                let late = tokio::select! {
                    biased;
                    won = &mut acquire => return won,
                    () = poll_fn(|cx| self.poll_deserted(cx)) => Vec::new(),
                    late = self.late() => late,
                };
                if self.waiters.lock().waiting.is_empty() {
                    break late;
                }
                self.send_away(late, "its turn at the server");
            }
        };
        // What is left of it goes on in the background.
        let _gone = tokio::time::timeout(acquire::LEAVE_LIMIT, attempt.leave()).await;
        self.send_away(late, "its turn at the server");
        Ok(None)
    }

    /// Steps 3 to 5: returns when the lock is not held any more.
    async fn serve(self: &Arc<LocalQueue>, context: &Arc<Context>, guard: Guard) {
        let Some(held_node) = guard.dissolve() else { return };
        self.waiters.lock().held_node = Some(held_node.clone());
        self.handed.store(0, Ordering::Relaxed);
        if !self.give(context, &held_node) && held_node.close() {
            let _background = guard::delete(context, held_node);
            return;
        }
        let mut over = pin!(held_node.over());
        loop {
            tokio::select! {
                _ = &mut over => return,
                late = self.late() => self.send_away(late, "who holds it in this process"),
            }
        }
    }

    fn refuse(&self, error: &Error) {
        let waiting = std::mem::take(&mut self.waiters.lock().waiting);
        for waiter in waiting {
            drop(waiter.answer.send(Err(error.clone())));
        }
    }

    fn send_away(&self, late: Vec<(usize, Waiter)>, awaited: &str) {
        for (before, waiter) in late {
            waiter.meters.waits.timeout();
            let why = match before {
                0 => awaited.to_owned(),
                _ => format!("{awaited}, and {before} before it in this process"),
            };
            let error = acquire::timed_out(&what(&self.path), &why);
            drop(waiter.answer.send(Err(error)));
        }
    }

    /// Waits until nobody waits any more. To see whether the first one has gone is enough: then the next is the first.
    fn poll_deserted(&self, cx: &mut task::Context<'_>) -> Poll<()> {
        let mut waiters = self.waiters.lock();
        while let Some(first) = waiters.waiting.front_mut() {
            ready!(first.answer.poll_closed(cx));
            waiters.waiting.pop_front();
        }
        Poll::Ready(())
    }

    /// Waits until somebody's time has passed.
    async fn late(&self) -> Vec<(usize, Waiter)> {
        loop {
            let alarm = self.waiters.lock().alarm;
            let alarm = async {
                match alarm {
                    Some(alarm) => tokio::time::sleep_until(alarm.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = alarm => {
                    let late = self.waiters.lock().take_late(Instant::now());
                    if !late.is_empty() {
                        return late;
                    }
                }
                () = self.earlier_alarm.notified() => {}
            }
        }
    }
}

impl Successor for LocalQueue {
    /// Step 4. Whether somebody has it now.
    fn hand_over(
        self: Arc<LocalQueue>,
        context: &Arc<Context>,
        held_node: &Arc<HeldNode>,
        limit: u32,
    ) -> bool {
        // Only who holds the lock gets here, so nobody else counts at the same time.
        let handed = self.handed.load(Ordering::Relaxed);
        let may = handed < limit && !held_node.is_revoke_requested();
        may && {
            self.handed.store(handed + 1, Ordering::Relaxed);
            self.give(context, held_node)
        }
    }
}

/// What is waited for, in the message of a timeout.
pub(crate) fn what(path: &ZnodePath) -> String {
    format!("lock {}", path.as_str())
}

impl fmt::Debug for LocalQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiters = self.waiters.lock();
        f.debug_struct("Line")
            .field("path", &self.path)
            .field("scheme", &self.scheme)
            .field("waiting", &waiters.waiting.len())
            .field("holding", &waiters.held_node)
            .finish_non_exhaustive()
    }
}
