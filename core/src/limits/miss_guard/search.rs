//! Looking a key up: steps 1 to 4.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::gate::{Pass, Turn};
use super::key::{Key, Sight};
use super::record::Standing;
use super::turn::{Load, LoadTurn};
use super::{Lookup, MissDesk, Rules};
use crate::error::{Error, ErrorCode, Result};
use crate::locks::acquire::{Attempt, PARTING};
use crate::locks::guard::Guard;
use crate::locks::queue::Contest;
use crate::locks::queue::node_name::{Kind, Scheme};
use crate::op::Deadline;
use crate::session::{Fault, Refusal};

/// One caller's way to an answer. Dropping it leaves, in the background.
pub(super) struct Search {
    key: Key,
    rules: Rules,
    /// Give up as soon as it would take waiting for others or for a connection.
    once: bool,
    /// What it waits for before the contest does.
    waiting_for: Option<&'static str>,
    contest: Contest,
    /// Told when the contest has to wait for others.
    behind: Arc<Notify>,
}

impl Search {
    pub(super) fn new(key: Key, rules: Rules, once: bool) -> Search {
        let behind = Arc::new(Notify::new());
        let contest = Contest::new(key.core.clone(), key.node.clone(), Scheme::Curator, Kind::Mutex);
        let contest = contest.once(once).telling(behind.clone());
        Search { key, rules, once, waiting_for: Some("an answer of the server"), contest, behind }
    }

    /// Runs until the deadline.
    pub(super) async fn run(mut self, deadline: Deadline) -> Result<Lookup> {
        match deadline.run(self.search()).await {
            Some(outcome) => outcome,
            None => {
                // What is left of it goes on in the background.
                let _gone = timeout(PARTING, self.contest.leave()).await;
                Err(self.late())
            }
        }
    }

    async fn search(&mut self) -> Result<Lookup> {
        let seen = self.key.look(self.once).await?;
        if let Some(now) = self.key.time()
            && seen.record.standing(now) == Standing::Absent
        {
            return Ok(Lookup::Absent);
        }
        let pass = self.key.core.shared::<MissDesk>().gates.enter(self.key.path());
        self.waiting_for = Some("others in this process that want it too");
        let turn = match self.once {
            true => Some(pass.turn_now().ok_or_else(|| self.late())?),
            false => pass.turn(&seen).await,
        };
        let Some(turn) = turn else { return Ok(Lookup::Absent) };
        self.waiting_for = None;
        if seen.stamp.is_none() {
            self.key.make(self.once).await?;
        }
        self.take_turn(seen, pass, turn).await
    }

    /// Steps 3 and 4, for the one task of this process whose turn it is.
    async fn take_turn(&mut self, seen: Sight, pass: Pass, turn: Turn) -> Result<Lookup> {
        loop {
            let won = tokio::select! {
                biased;
                sight = overhear(&self.key, &self.behind, &seen) => {
                    pass.tell(&sight?);
                    return Ok(Lookup::Absent);
                }
                won = self.contest.win() => won?,
            };
            let Some(guard) = won else {
                return Err(self.late());
            };
            match self.decide(&guard, &seen, &pass).await? {
                Decision::Absent => return Ok(Lookup::Absent),
                Decision::Load(load) => {
                    let key = self.key.clone();
                    return Ok(Lookup::Load(LoadTurn::new(key, self.rules, load, guard, turn, pass)));
                }
                Decision::Lost => {}
            }
        }
    }

    /// Step 4: with the lock in hand.
    async fn decide(&self, guard: &Guard, seen: &Sight, pass: &Pass) -> Result<Decision> {
        loop {
            let sight = self.key.look(self.once).await?;
            pass.tell(&sight);
            if sight.answers(seen) {
                return Ok(Decision::Absent);
            }
            let Some(stamp) = sight.stamp.filter(|_| guard.is_held()) else { return Ok(Decision::Lost) };
            // Not known any more since the look: look again.
            let Some(began) = self.key.time() else { continue };
            match sight.record.standing(began) {
                Standing::Absent => return Ok(Decision::Absent),
                Standing::Soon(wait) => tokio::time::sleep(wait).await,
                Standing::Open => {
                    let record = sight.record;
                    return Ok(Decision::Load(Load { stamp, record, began, started: Instant::now() }));
                }
            }
        }
    }

    fn late(&self) -> Error {
        let waiting_for = self.waiting_for.map_or_else(|| self.contest.waiting_for(), str::to_owned);
        let message = format!("{} was not answered in time; waiting for {waiting_for}", self.key.path());
        Error::new(ErrorCode::Timeout, message)
    }
}

enum Decision {
    Absent,
    Load(Load),
    /// The lock, or the node, is gone.
    Lost,
}

/// Step 3: waits, while others are before us, for one of them to miss.
async fn overhear(key: &Key, behind: &Notify, seen: &Sight) -> Result<Sight> {
    behind.notified().await;
    loop {
        let (watch, sight) = key
            .ask(false, |link| async move {
                // The watch first, so that no change goes by between the two.
                let (watch, sight) = join(link.watch(key.path()), key.see(&link)).await;
                match watch {
                    Ok((_, watch)) => Ok((Some(watch), sight?)),
                    Err(Fault::Refused(Refusal::NoNode)) => Ok((None, sight?)),
                    Err(fault) => Err(fault),
                }
            })
            .await?;
        let sight = sight?;
        if sight.answers(seen) {
            return Ok(sight);
        }
        match watch {
            Some(mut watch) => drop(watch.wait().await),
            // It has gone, and the place in the queue with it.
            None => behind.notified().await,
        }
    }
}
