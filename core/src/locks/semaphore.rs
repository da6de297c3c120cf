//! A semaphore: so many permits, shared by all clients, taken one or several at a time.
//!
//! The nodes are those of Curator's `InterProcessSemaphoreV2`:
//!
//! 1. Take the gate, a mutex at `<path>/locks` (`queue.rs`). Only who has it counts and takes permits.
//! 2. `sync`, list `<path>/leases` and watch it. Every child is a permit that is out.
//! 3. Enough are left: make as many nodes `<path>/leases/_c_<uuid>-lease-` as wanted in one `multi`, which also checks that the
//!    gate's node is still there. All or none; give the gate back in the background.
//! 4. Too few are left: wait for a change in the list, then 2. The gate is kept, so nobody overtakes; permits are not: none is
//!    held while waiting for more.
//! 5. The connection was lost: `sync`, then look for the uuid. Found, they are ours; not found, 2. The session was lost, or the
//!    gate: 1.
//! 6. Whoever gives up deletes what he may have made, and gives the gate back.

use std::sync::Arc;

use futures_util::future::join;
use uuid::Uuid;

use crate::context::{Context, SharedContext};
use crate::error::{Error, ErrorCode, Result};
use crate::locks::acquire::{self, Attempt};
use crate::locks::guard::Guard;
use crate::locks::held::HeldNode;
use crate::locks::queue::LockAttempt;
use crate::locks::queue::node_name::{Kind, Scheme};
use crate::op::{Op, Retry};
use crate::path::ZnodePath;
use crate::session::parents::{ParentsError, make_directory};
use crate::session::{Fault, Link, NodeMode, Refusal, Session, Watch, Write, Written};
use crate::stats::{Meters, WaitStats};

/// The most permits that are taken at once: they are made in one transaction, which must fit in a packet.
const MOST_AT_ONCE: usize = 500;

/// A semaphore at a path. Made by [`Client::semaphore`](crate::Client::semaphore), without any request.
///
/// Everyone who shares the path must give the same number of permits: it is not stored anywhere. Permits are had in the order
/// of arrival; one that wants many is not overtaken by those that want few. On the same path it works with Curator's
/// `InterProcessSemaphoreV2`.
///
/// The guard's token grows from one grant to the next. It is the `czxid` of the gate's node at the grant.
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let downloads = client.semaphore("/limits/downloads", 10);
/// let slot = downloads.acquire(1).await?;
/// slot.release().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Semaphore {
    context: SharedContext,
    path: Result<ZnodePath>,
    permits: usize,
    meters: Arc<Meters>,
}

impl Semaphore {
    pub(crate) fn new(context: SharedContext, path: Result<ZnodePath>, permits: usize) -> Semaphore {
        let refuse = |_: &ZnodePath| permits == 0 || permits > i32::MAX as usize;
        let path = match path {
            Ok(path) if refuse(&path) => {
                Err(Error::invalid_argument("permits", permits, "must be from 1 to 2147483647"))
            }
            path => path,
        };
        Semaphore { context, path, permits, meters: Arc::default() }
    }

    /// The semaphore's directory, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the path or the permits given cannot be, `FORKED` in a child of fork(); every operation fails with
    /// it too.
    pub fn path(&self) -> Result<&str> {
        self.context.get()?;
        self.path.as_ref().map(ZnodePath::as_str).map_err(Clone::clone)
    }

    /// Waits for `permits` of them, all at once.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when there are not so many; otherwise as [`Mutex::acquire`](crate::Mutex::acquire).
    ///
    /// # Cancel safety
    /// As [`Mutex::acquire`](crate::Mutex::acquire).
    pub fn acquire(&self, permits: usize) -> Op<Guard> {
        Op::attempt(|| {
            let (context, path) = self.parts(permits)?;
            let what = format!("{permits} of {} permits of {}", self.permits, path.as_str());
            Ok(acquire::acquire(context, &self.meters, what, self.attempt(context, path, permits)))
        })
    }

    /// Takes `permits` of them if they are free and nobody is before us: `None` otherwise.
    ///
    /// # Errors
    /// As [`acquire`](Semaphore::acquire), and those of [`Mutex::try_acquire`](crate::Mutex::try_acquire).
    pub fn try_acquire(&self, permits: usize) -> Op<Option<Guard>> {
        Op::attempt(|| {
            let (context, path) = self.parts(permits)?;
            Ok(acquire::try_acquire(context, &self.meters, self.attempt(context, path, permits)))
        })
    }

    /// How long this handle and its clones waited, and held what they got. Costs no round trip.
    pub fn stats(&self) -> WaitStats {
        self.meters.stats()
    }

    fn attempt(
        &self,
        context: &Arc<Context>,
        path: &ZnodePath,
        wanted: usize,
    ) -> impl FnOnce(Retry) -> PermitAttempt + use<> {
        let (context, permits) = (context.clone(), self.permits);
        let (gate, leases) = (path.join("locks"), path.join("leases"));
        move |retry| {
            let gate_attempt =
                LockAttempt::new(context.clone(), gate, Scheme::Curator, Kind::Mutex).retry(retry);
            PermitAttempt { context, leases, permits, wanted, retry, gate_attempt, gate: None, made: None }
        }
    }

    fn parts(&self, wanted: usize) -> Result<(&Arc<Context>, &ZnodePath)> {
        let (context, path) = (self.context.get()?, self.path.as_ref().map_err(Clone::clone)?);
        let most = self.permits.min(MOST_AT_ONCE);
        if wanted == 0 || wanted > most {
            return Err(Error::invalid_argument("permits", wanted, format!("must be from 1 to {most}")));
        }
        Ok((context, path))
    }
}

/// An attempt to get permits.
struct PermitAttempt {
    context: Arc<Context>,
    leases: ZnodePath,
    permits: usize,
    wanted: usize,
    retry: Retry,
    gate_attempt: LockAttempt,
    gate: Option<Guard>,
    /// The session and the uuid under which nodes were, or may have been, made.
    made: Option<(Arc<Session>, String)>,
}

/// What came of looking at the permits once.
enum Round {
    Granted(Guard),
    /// Too few are left. Without a watch the list has changed, or may have.
    Full(Option<Watch>),
    /// The gate or the session is lost.
    Shut,
}

impl Attempt for PermitAttempt {
    async fn acquire(&mut self) -> Result<Option<Guard>> {
        loop {
            if !self.pass_gate().await? {
                return Ok(None);
            }
            let round = Box::pin(self.take()).await;
            if round.is_err() {
                Box::pin(self.leave()).await;
            }
            match round? {
                Round::Granted(guard) => {
                    self.gate = None;
                    return Ok(Some(guard));
                }
                Round::Shut if self.retry.is_never() => {
                    let message = "the connection was lost before the permits were had";
                    return Err(Error::new(ErrorCode::ConnectionLost, message));
                }
                Round::Full(_) if self.retry.is_never() => {
                    Box::pin(self.leave()).await;
                    return Ok(None);
                }
                Round::Full(Some(watch)) => self.await_change(watch).await,
                Round::Full(None) => {}
                Round::Shut => self.retreat(),
            }
        }
    }

    async fn leave(&mut self) {
        if let Some((session, marker)) = &self.made {
            if let Err(fault) = session.delete_marked(&self.leases, marker).await {
                tracing::warn!(path = self.leases.as_str(), ?fault, "could not give permits back");
            }
            self.made = None;
        }
        self.gate_attempt.leave().await;
        if let Some(gate) = self.gate.take()
            && let Err(error) = gate.release().await
        {
            tracing::warn!(%error, "the gate was not given back");
        }
    }

    fn waiting_for(&self) -> String {
        match &self.gate {
            Some(_) => format!("{} to be free", self.wanted),
            None => self.gate_attempt.waiting_for(),
        }
    }
}

impl PermitAttempt {
    /// Step 1: the gate that we have, or a new turn at it. `false` when we try only once and others are before us.
    async fn pass_gate(&mut self) -> Result<bool> {
        if !self.gate.as_ref().is_some_and(Guard::is_held) {
            // First, because the node of one that is lost may be there still: we would wait behind ourselves.
            self.gate = None;
            self.gate = self.gate_attempt.acquire().await?;
        }
        Ok(self.gate.is_some())
    }

    /// Step 4. The gate may be lost meanwhile, and with it our turn.
    async fn await_change(&self, mut watch: Watch) {
        let Some(gate) = &self.gate else { return };
        tokio::select! {
            _ = watch.wait() => {}
            _ = gate.lost() => {}
        }
    }

    /// Steps 2 and 3.
    async fn take(&mut self) -> Result<Round> {
        let Some(gate) = &self.gate else { return Ok(Round::Shut) };
        let (gate_node, token) = (gate.node().to_owned(), gate.token());
        let Some(session) = gate.session() else { return Ok(Round::Shut) };
        let Ok(link) = session.link().await else { return Ok(Round::Shut) };
        // The sync in front, because a server that lags behind the one that gave us the gate may not know of all permits
        // that are out.
        let leases = self.leases.as_str();
        let (synced, listed) = join(link.sync(leases), link.watch_children(leases)).await;
        let (taken, watch) = match synced.and(listed) {
            Ok((names, watch)) => (names.len(), watch),
            Err(Fault::Refused(Refusal::NoNode)) => return self.make_leases(&session, &link).await,
            Err(fault) => return self.after(&session, &link, token, fault).await,
        };
        if taken + self.wanted > self.permits {
            return Ok(Round::Full(Some(watch)));
        }
        drop(watch);
        let marker = format!("_c_{}-lease-", Uuid::new_v4().hyphenated());
        self.made = Some((session.clone(), marker.clone()));
        let prefix = self.leases.child(&marker);
        let identity = self.context.options().identity.clone();
        let mut writes = vec![Write::Check { path: &gate_node }];
        let data = identity.as_bytes();
        writes.resize(
            self.wanted + 1,
            Write::Create { path: &prefix, data, mode: NodeMode::EphemeralSequential },
        );
        match link.multi(&writes).await {
            Ok(written) => {
                let nodes = written.into_iter().filter_map(|written| match written {
                    Written::Created { path } => Some(path),
                    _ => None,
                });
                Ok(self.grant(&session, token, nodes.collect()))
            }
            Err(fault) => match fault.refusal() {
                // The gate's node is gone.
                Some((Refusal::NoNode, 0)) => Ok(Round::Shut),
                _ => self.after(&session, &link, token, fault.fault).await,
            },
        }
    }

    fn grant(&mut self, session: &Arc<Session>, token: u64, nodes: Vec<String>) -> Round {
        // From here on the guard is responsible for the nodes.
        self.made = None;
        let holds = nodes.into_iter().map(|node| HeldNode::begin(session, node, token)).collect();
        Round::Granted(Guard::of_holds(self.context.clone(), holds))
    }

    async fn make_leases(&self, session: &Arc<Session>, link: &Arc<Link>) -> Result<Round> {
        match make_directory(link, &self.leases).await {
            Ok(()) => Ok(Round::Full(None)),
            Err(ParentsError::Refused(error)) => Err(error),
            Err(ParentsError::Fault(Fault::Gone)) => Ok(Round::Shut),
            Err(ParentsError::Fault(_)) => {
                session.wait_reconnect(link).await;
                Ok(Round::Full(None))
            }
        }
    }

    /// Step 5.
    async fn after(
        &mut self,
        session: &Arc<Session>,
        link: &Arc<Link>,
        token: u64,
        fault: Fault,
    ) -> Result<Round> {
        match fault {
            Fault::Unknown => session.wait_reconnect(link).await,
            Fault::Gone => return Ok(Round::Shut),
            // The list went between two looks.
            Fault::Refused(Refusal::NoNode) => return Ok(Round::Full(None)),
            Fault::Refused(refusal) => {
                return Err(refusal.into_error(&format!("taking permits in {}", self.leases.as_str())));
            }
        }
        let Some((_, marker)) = &self.made else { return Ok(Round::Full(None)) };
        match session.find(&self.leases, marker).await {
            Ok(names) if names.is_empty() => Ok(Round::Full(None)),
            Ok(names) => {
                let nodes = names.iter().map(|name| self.leases.child(name)).collect();
                Ok(self.grant(session, token, nodes))
            }
            Err(Fault::Gone) => Ok(Round::Shut),
            Err(fault) => Err(fault.into_error(&format!("reading {}", self.leases.as_str()))),
        }
    }

    /// Leaves in the background.
    fn retreat(&mut self) {
        self.gate = None;
        if let Some((session, marker)) = self.made.take() {
            let leases = self.leases.clone();
            self.context.spawn(async move { session.delete_marked(&leases, &marker).await });
        }
    }
}

impl Drop for PermitAttempt {
    fn drop(&mut self) {
        self.retreat();
    }
}
