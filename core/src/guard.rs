//! A lock that is held.

use std::sync::Arc;
use std::time::Duration;

use crate::client::Core;
use crate::error::{Error, ErrorCode, Result};
use crate::fenced::{self, Fenced};
use crate::holding::{Holding, Loss, Standing};
use crate::op::Op;
use crate::path::ZnodePath;
use crate::runtime::ProcessBound;
use crate::session::Session;

/// A lock that is held, until it is released, dropped, or lost.
///
/// Dropping a guard gives the lock back in the background, from any thread. [`release`](Guard::release) also waits for
/// the server's answer.
///
/// A lock can be lost while it is held: when no server has confirmed the session for longer than its lease, when the
/// session is over, when somebody deletes the lock's node. The guard knows of it before the server can give the lock to
/// anybody else. What still runs then is fenced off by the [`token`](Guard::token).
#[must_use = "a guard that is dropped gives its lock back"]
#[derive(Debug)]
pub struct Guard {
    token: u64,
    node: String,
    held: ProcessBound<Held>,
}

/// How long a release with timeout 0 waits for its answer.
const ONE_ANSWER: Duration = Duration::from_millis(250);

#[derive(Debug)]
struct Held {
    core: Arc<Core>,
    session: Arc<Session>,
    holding: Arc<Holding>,
}

impl Guard {
    pub(crate) fn new(core: Arc<Core>, session: Arc<Session>, holding: Arc<Holding>) -> Guard {
        Guard {
            token: holding.token(),
            node: holding.node().to_owned(),
            held: ProcessBound::new(Held { core, session, holding }),
        }
    }

    /// The fencing token: larger than that of every holder before, also when the lock's directory was deleted and made
    /// again. It is the `czxid` of the lock's node. Pass it along with what you write, and let the receiver refuse a
    /// token smaller than one that it has seen.
    pub fn token(&self) -> u64 {
        self.token
    }

    /// The path of the lock's node, below the client's chroot.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Whether the lock is held for certain at this moment. Costs no round trip.
    pub fn is_held(&self) -> bool {
        self.check().is_ok()
    }

    /// Checks that the lock is held for certain at this moment. Costs no round trip.
    ///
    /// # Errors
    /// `LOCK_LOST` when it is not held any more or cannot be known to be; `FORKED` in a child of fork().
    pub fn check(&self) -> Result<()> {
        let held = self.held.get()?;
        let why = match held.holding.standing() {
            Standing::Released => "it was released".to_owned(),
            Standing::Lost(loss) => loss.to_string(),
            Standing::Held if held.session.is_alive() => return Ok(()),
            Standing::Held if held.session.is_gone() => Loss::SessionGone.to_string(),
            Standing::Held => Loss::LeaseEnded.to_string(),
        };
        Err(Error::new(ErrorCode::LockLost, format!("lock {}: {why}", self.node)))
    }

    /// Why the lock was lost; `None` when it was not, or was released.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn loss(&self) -> Result<Option<Loss>> {
        match self.held.get()?.holding.standing() {
            Standing::Lost(loss) => Ok(Some(loss)),
            Standing::Held | Standing::Released => Ok(None),
        }
    }

    /// Waits until the lock is lost, and says why. Never finishes when the lock is released.
    ///
    /// # Cancel safety
    /// Safe: it only listens.
    pub fn lost(&self) -> Op<Loss> {
        match self.held.get() {
            Ok(held) => {
                let holding = held.holding.clone();
                Op::new(held.core.runtime(), |deadline| async move {
                    let passed = || Error::new(ErrorCode::Timeout, "the lock was not lost in that time");
                    deadline.once_within(Duration::ZERO).run(holding.lost()).await.ok_or_else(passed)
                })
            }
            Err(error) => Op::failed(error),
        }
    }

    /// Calls `tell` once when the lock is lost: on the callback thread, at once if that has happened already, never if
    /// the lock is released. It must not make waiting calls.
    ///
    /// # Errors
    /// `FORKED` in a child of fork().
    pub fn on_lost(&self, tell: impl FnOnce(Loss) + Send + 'static) -> Result<()> {
        self.held.get()?.holding.on_lost(Box::new(tell));
        Ok(())
    }

    /// Sets the data of the node at `path`, below the client's chroot, on condition that the lock is still held. With a
    /// `version`, also on condition that the node is at that version.
    ///
    /// # Errors
    /// `LOCK_LOST`: the lock's node is gone, and nothing was written. `INVALID_ARGUMENT`: no such node, or another
    /// version; nothing was written. `INDETERMINATE`: the connection was lost, or the timeout passed, after the write was
    /// sent. `TIMEOUT`, `NOT_AUTHORIZED`, `QUOTA`, `FORKED`.
    ///
    /// # Cancel safety
    /// Not safe: a cancelled write may be applied or not.
    pub fn set_data(&self, path: impl AsRef<str>, data: impl Into<Vec<u8>>, version: Option<i32>) -> Op<()> {
        self.fenced(path.as_ref(), Fenced::Set { data: data.into(), version })
    }

    /// Creates a persistent node at `path` on condition that the lock is still held. See
    /// [`set_data`](Guard::set_data).
    pub fn create(&self, path: impl AsRef<str>, data: impl Into<Vec<u8>>) -> Op<()> {
        self.fenced(path.as_ref(), Fenced::Create { data: data.into() })
    }

    /// Deletes the node at `path` on condition that the lock is still held. See [`set_data`](Guard::set_data).
    pub fn delete(&self, path: impl AsRef<str>, version: Option<i32>) -> Op<()> {
        self.fenced(path.as_ref(), Fenced::Delete { version })
    }

    fn fenced(&self, path: &str, what: Fenced) -> Op<()> {
        let parts = self.held.get().and_then(|held| Ok((held, ZnodePath::parse("path", path)?)));
        let (held, path) = match parts {
            Ok(parts) => parts,
            Err(error) => return Op::failed(error),
        };
        let (session, node) = (held.session.clone(), self.node.clone());
        Op::new(held.core.runtime(), |deadline| async move {
            fenced::write(&session, &node, &path, what, deadline).await
        })
    }

    /// Gives the lock back and waits until the server has taken it. Can be called again, and after a loss.
    ///
    /// # Errors
    /// `TIMEOUT` when that takes longer than the operation's timeout (with 0: than a quarter of a second); it goes on in
    /// the background. `FORKED` in a child
    /// of fork(). Never `LOCK_LOST`.
    ///
    /// # Cancel safety
    /// The lock is given back all the same.
    pub fn release(&self) -> Op<()> {
        let held = match self.held.get() {
            Ok(held) => held,
            Err(error) => return Op::failed(error),
        };
        let (core, session, holding) = (held.core.clone(), held.session.clone(), held.holding.clone());
        let node = self.node.clone();
        Op::new(held.core.runtime(), move |deadline| async move {
            let Some(deleted) = give_back(&core, session, holding) else {
                return Err(Error::forked());
            };
            match deadline.once_within(ONE_ANSWER).run(deleted).await {
                Some(Ok(outcome)) => outcome,
                Some(Err(_)) => Err(Error::internal("the task that gives a lock back ended early")),
                None => {
                    let message = format!("lock {node}: the server has not confirmed its release yet");
                    Err(Error::new(ErrorCode::Timeout, message))
                }
            }
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Not after a release, whose own task sees it through.
        if self.holding.standing() != Standing::Released {
            let _background = give_back(&self.core, self.session.clone(), self.holding.clone());
        }
    }
}

/// Deletes the lock's node in a task of its own. A lost one too: the session may live on, and the node with it.
fn give_back(
    core: &Core,
    session: Arc<Session>,
    holding: Arc<Holding>,
) -> Option<tokio::task::JoinHandle<Result<()>>> {
    holding.release();
    session.keeper().let_go(&holding);
    core.spawn(async move {
        let what = || format!("deleting {}", holding.node());
        session.delete(holding.node()).await.map_err(|fault| fault.into_error(&what()))
    })
}
