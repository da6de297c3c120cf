//! Looks after one limiter's line in this client: asks the server, and wakes up when permits can be used.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::caller::{Caller, Verdict};
use super::limit::Terms;
use super::reservations::Patience;
use super::scheduler::{Line, Now, Summons, Turn};
use crate::context::Core;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::op::Deadline;

/// How soon it is noticed that all who waited have gone, and the client with them.
const ROUND: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Turnstile {
    ledger: Arc<Ledger<Terms>>,
    line: Mutex<Line>,
    /// Rung when somebody joins the line.
    bell: Notify,
}

impl Turnstile {
    pub(super) fn new(ledger: Arc<Ledger<Terms>>, terms: Terms) -> Turnstile {
        Turnstile { ledger, line: Mutex::new(Line::new(terms)), bell: Notify::new() }
    }

    /// Somebody comes for permits. Hands his answer's end back when he has to wait for it.
    pub(super) fn enter(
        self: &Arc<Self>,
        core: &Arc<Core>,
        permits: u64,
        patience: Patience,
        caller: Caller,
    ) -> Result<bool> {
        core.check_open()?;
        let now = now(core);
        let mut line = self.line.lock();
        let verdict = match line.at_once(permits, patience, now) {
            Some(verdict) => Some((caller, verdict)),
            None => {
                if patience == Patience::None {
                    core.connected_now()?;
                }
                line.join(permits, patience, caller);
                None
            }
        };
        let waits = verdict.is_none();
        let summons = line.summons(waits, now);
        drop(line);
        match summons {
            Some(Summons::Attend) => drop(core.spawn(self.clone().attend(core.clone()))),
            Some(Summons::Ring) => self.bell.notify_one(),
            None => {}
        }
        tell(verdict);
        Ok(waits)
    }

    /// Looks after the line until nobody waits for anything.
    async fn attend(self: Arc<Self>, core: Arc<Core>) {
        let mut answer = None;
        let mut closing = pin!(core.closing());
        loop {
            let Turn { verdicts, ask, wake, is_over } = self.line.lock().turn(now(&core));
            tell(verdicts);
            if let Some(ask) = ask {
                match self.ledger.request(&core, Deadline::Never, ask, |caller| caller) {
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
                    let verdicts = self.line.lock().take_in(outcome, Instant::now());
                    tell(verdicts);
                }
                () = tokio::time::sleep(wake.unwrap_or(ROUND).min(ROUND)) => {}
                () = self.bell.notified() => {}
                () = &mut closing => return self.give_up(&Error::closed()),
            }
        }
    }

    fn give_up(&self, error: &Error) {
        let verdicts = self.line.lock().close(error);
        tell(verdicts);
    }
}

/// Tells everybody what became of their wish. Not under the lock: that runs other people's code.
fn tell(verdicts: impl IntoIterator<Item = (Caller, Verdict)>) {
    for (caller, verdict) in verdicts {
        caller.tell(verdict);
    }
}

fn now(core: &Core) -> Now {
    Now { instant: Instant::now(), leader: core.server_time_now() }
}
