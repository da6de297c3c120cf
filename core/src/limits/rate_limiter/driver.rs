//! Looks after one limiter's line in this client: asks the server, and wakes up when permits can be used.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::caller::{Caller, Verdict};
use super::limit::Limit;
use super::reservations::WaitLimit;
use super::scheduler::{Now, Scheduler, Turn, Wake};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::op::Deadline;

/// How soon it is noticed that all who waited have gone, and the client with them.
const ROUND: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Driver {
    ledger: Arc<Ledger<Limit>>,
    scheduler: Mutex<Scheduler>,
    /// Rung when somebody joins the line.
    wake: Notify,
}

impl Driver {
    pub(super) fn new(ledger: Arc<Ledger<Limit>>, limit: Limit) -> Driver {
        Driver { ledger, scheduler: Mutex::new(Scheduler::new(limit)), wake: Notify::new() }
    }

    /// Somebody comes for permits. Hands his answer's end back when he has to wait for it.
    pub(super) fn enter(
        self: &Arc<Self>,
        context: &Arc<Context>,
        permits: u64,
        wait_limit: WaitLimit,
        caller: Caller,
    ) -> Result<bool> {
        context.check_open()?;
        let now = now(context);
        let mut scheduler = self.scheduler.lock();
        let verdict = match scheduler.at_once(permits, wait_limit, now) {
            Some(verdict) => Some((caller, verdict)),
            None => {
                if wait_limit == WaitLimit::None {
                    context.connected_now()?;
                }
                scheduler.join(permits, wait_limit, caller);
                None
            }
        };
        let waits = verdict.is_none();
        let wake = scheduler.wake_driver(waits, now);
        drop(scheduler);
        match wake {
            Some(Wake::Start) => drop(context.spawn(self.clone().attend(context.clone()))),
            Some(Wake::Notify) => self.wake.notify_one(),
            None => {}
        }
        tell(verdict);
        Ok(waits)
    }

    /// Looks after the line until nobody waits for anything.
    async fn attend(self: Arc<Self>, context: Arc<Context>) {
        let mut answer = None;
        let mut closing = pin!(context.closing());
        loop {
            let Turn { verdicts, ask, wake, is_over } = self.scheduler.lock().turn(now(&context));
            tell(verdicts);
            if let Some(ask) = ask {
                match self.ledger.request(&context, Deadline::Never, ask, |caller| caller) {
                    Ok(asked) => answer = Some(asked),
                    Err(error) => return self.give_up(&error),
                }
            }
            if is_over {
                return;
            }
            let outcome = async {
                match &mut answer {
                    Some(answer) => answer.await.unwrap_or_else(|_| Err(Error::internal("nobody answered"))),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                outcome = outcome => {
                    answer = None;
                    let verdicts = self.scheduler.lock().take_in(outcome, Instant::now());
                    tell(verdicts);
                }
                () = tokio::time::sleep(wake.unwrap_or(ROUND).min(ROUND)) => {}
                () = self.wake.notified() => {}
                () = &mut closing => return self.give_up(&Error::closed()),
            }
        }
    }

    fn give_up(&self, error: &Error) {
        let verdicts = self.scheduler.lock().close(error);
        tell(verdicts);
    }
}

/// Tells everybody what became of their wish. Not under the lock: that runs other people's code.
fn tell(verdicts: impl IntoIterator<Item = (Caller, Verdict)>) {
    for (caller, verdict) in verdicts {
        caller.tell(verdict);
    }
}

fn now(context: &Context) -> Now {
    Now { instant: Instant::now(), leader: context.server_time_now() }
}
