//! Drives the scheduler of one limiter in this client: sends its requests, and wakes up when permits become usable.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::caller::{Caller, Verdict};
use super::limit::Limit;
use super::reservations::WaitLimit;
use super::scheduler::{Now, Scheduler, Step, Wake};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::op::Deadline;

/// The longest time after which the driver notices that all waiters have gone, and the client with them.
const MAX_SLEEP: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Driver {
    ledger: Arc<Ledger<Limit>>,
    scheduler: Mutex<Scheduler>,
    /// Notified when a caller starts to wait.
    wake: Notify,
}

impl Driver {
    pub(super) fn new(ledger: Arc<Ledger<Limit>>, limit: Limit) -> Driver {
        Driver { ledger, scheduler: Mutex::new(Scheduler::new(limit)), wake: Notify::new() }
    }

    /// Takes in a call for permits. Returns whether the caller has to wait for its answer.
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
        let verdict = match scheduler.try_answer(permits, wait_limit, now) {
            Some(verdict) => Some((caller, verdict)),
            None => {
                if wait_limit == WaitLimit::None {
                    context.connected_now()?;
                }
                scheduler.enqueue(permits, wait_limit, caller);
                None
            }
        };
        let waits = verdict.is_none();
        let wake = scheduler.wake_driver(waits, now);
        drop(scheduler);
        match wake {
            Some(Wake::Start) => drop(context.spawn(self.clone().run(context.clone()))),
            Some(Wake::Notify) => self.wake.notify_one(),
            None => {}
        }
        answer(verdict);
        Ok(waits)
    }

    /// Runs until no caller waits and nothing is to be reported.
    async fn run(self: Arc<Self>, context: Arc<Context>) {
        let mut pending = None;
        let mut closing = pin!(context.closing());
        loop {
            let Step { verdicts, request, wake_after, is_idle } = self.scheduler.lock().step(now(&context));
            answer(verdicts);
            if let Some(request) = request {
                match self.ledger.request(&context, Deadline::Never, request, |caller| caller) {
                    Ok(answer) => pending = Some(answer),
                    Err(error) => return self.fail_all(&error),
                }
            }
            if is_idle {
                return;
            }
            let outcome = async {
                match &mut pending {
                    Some(pending) => pending
                        .await
                        .unwrap_or_else(|_| Err(Error::internal("a request was dropped unanswered"))),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                outcome = outcome => {
                    pending = None;
                    let verdicts = self.scheduler.lock().handle_answer(outcome, Instant::now());
                    answer(verdicts);
                }
                () = tokio::time::sleep(wake_after.unwrap_or(MAX_SLEEP).min(MAX_SLEEP)) => {}
                () = self.wake.notified() => {}
                () = &mut closing => return self.fail_all(&Error::closed()),
            }
        }
    }

    fn fail_all(&self, error: &Error) {
        let verdicts = self.scheduler.lock().close(error);
        answer(verdicts);
    }
}

/// Answers the callers. Not under the lock, because it runs code of the callers.
fn answer(verdicts: impl IntoIterator<Item = (Caller, Verdict)>) {
    for (caller, verdict) in verdicts {
        caller.answer(verdict);
    }
}

fn now(context: &Context) -> Now {
    Now { instant: Instant::now(), leader: context.server_time_now() }
}
