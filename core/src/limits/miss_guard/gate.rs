//! Waiting inside this process: of all its tasks that want the same key, one asks on behalf of all.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, watch};

use super::key::LastRead;

/// The gates of the keys that are wanted right now.
#[derive(Debug, Default)]
pub(super) struct Gates {
    gates: Mutex<HashMap<String, Gate>>,
}

#[derive(Debug)]
struct Gate {
    /// How many passes there are.
    passes: usize,
    turn: Arc<AsyncMutex<()>>,
    /// The latest sight of the key's node.
    reads: Arc<watch::Sender<Option<LastRead>>>,
}

/// The turn of one among the tasks of this process. Given on when dropped.
pub(super) type Turn = OwnedMutexGuard<()>;

impl Gates {
    /// Joins those who want the key of this node.
    pub(super) fn enter(self: &Arc<Self>, node: &str) -> Pass {
        let mut gates = self.gates.lock();
        let make = || Gate { passes: 0, turn: Arc::default(), reads: Arc::new(watch::Sender::new(None)) };
        let gate = gates.entry(node.to_owned()).or_insert_with(make);
        gate.passes += 1;
        let (turn, reads) = (gate.turn.clone(), gate.reads.clone());
        Pass { gates: self.clone(), node: node.to_owned(), turn, reads }
    }
}

/// One task's interest in a key. The last one to go closes the gate.
#[derive(Debug)]
pub(super) struct Pass {
    gates: Arc<Gates>,
    node: String,
    turn: Arc<AsyncMutex<()>>,
    reads: Arc<watch::Sender<Option<LastRead>>>,
}

impl Pass {
    /// Waits for the turn. `None` when somebody else's load answers who saw `since`.
    pub(super) async fn turn(&self, since: &LastRead) -> Option<Turn> {
        let mut reads = self.reads.subscribe();
        let answers = |sight: &Option<LastRead>| sight.as_ref().is_some_and(|sight| sight.answers(since));
        tokio::select! {
            biased;
            _ = reads.wait_for(answers) => None,
            turn = self.turn.clone().lock_owned() => Some(turn),
        }
    }

    /// The turn, if nobody has it.
    pub(super) fn turn_now(&self) -> Option<Turn> {
        self.turn.clone().try_lock_owned().ok()
    }

    /// Lets the others know what was seen.
    pub(super) fn tell(&self, sight: &LastRead) {
        self.reads.send_replace(Some(sight.clone()));
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut gates = self.gates.gates.lock();
        if let Some(gate) = gates.get_mut(&self.node) {
            gate.passes -= 1;
            if gate.passes == 0 {
                gates.remove(&self.node);
            }
        }
    }
}
