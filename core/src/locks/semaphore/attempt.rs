//! Acquiring permits. The nodes are those of Curator's `InterProcessSemaphoreV2`:
//!
//! 1. Acquire the gate, a mutex at `<path>/locks` (`queue/`). Only its holder counts and acquires permits.
//! 2. `sync`, list `<path>/leases` and watch it. Every child is a permit that is held.
//! 3. If enough are free, create as many nodes `<path>/leases/_c_<uuid>-lease-` as wanted in one `multi`, which also checks that
//!    the gate's node still exists. The server creates all or none. Release the gate in the background.
//! 4. If too few are free, wait for a change of the list, then go on at step 2. The gate stays held, so no other caller
//!    overtakes. No permit is held while waiting for more.
//! 5. If the connection is lost, send `sync`, then look for the uuid. If it is found, the permits are acquired; if not, go on at
//!    step 2. If the session or the gate is lost, go on at step 1.
//! 6. An attempt that ends without the permits deletes the nodes that it may have created, and releases the gate.

use std::sync::Arc;

use futures_util::future::join;
use uuid::Uuid;

use crate::context::Context;
use crate::error::Result;
use crate::locks::acquire::{self, Attempt};
use crate::locks::guard::Guard;
use crate::locks::held::HeldNode;
use crate::locks::queue::node_name::{Kind, Scheme};
use crate::locks::queue::{LockAttempt, NOT_CONNECTED, is_connected};
use crate::op::Retry;
use crate::path::ZnodePath;
use crate::session::parents::{ParentsError, make_directory};
use crate::session::{Fault, Link, NodeMode, Refusal, Session, Watch, Write, Written};

/// One attempt to acquire permits. Dropping it leaves the queue, in the background.
pub(super) struct PermitAttempt {
    context: Arc<Context>,
    path: ZnodePath,
    leases: ZnodePath,
    total: usize,
    wanted: usize,
    retry: Retry,
    gate_attempt: LockAttempt,
    gate: Option<Guard>,
    /// The number of permits that were held when they were counted last, since the gate was acquired.
    counted: Option<usize>,
    /// The session and the unique part of the names of the nodes that were created, or may have been.
    created: Option<(Arc<Session>, String)>,
}

/// The outcome of counting the permits once.
enum Round {
    Granted(Guard),
    /// Too few are free. Without a watch, the list has changed or may have.
    Full(Option<Watch>),
    /// The gate or the session is lost.
    GateLost,
}

/// Returns the name of the permits for messages.
pub(super) fn subject(path: &ZnodePath, total: usize, wanted: usize) -> String {
    format!("{wanted} of {total} permits of {}", path.as_str())
}

impl Attempt for PermitAttempt {
    async fn acquire(&mut self) -> Result<Option<Guard>> {
        loop {
            if !self.enter_gate().await? {
                return Ok(None);
            }
            let round = Box::pin(self.take_permits()).await;
            if round.is_err() {
                Box::pin(self.leave()).await;
            }
            match round? {
                Round::Granted(guard) => {
                    self.gate = None;
                    return Ok(Some(guard));
                }
                Round::GateLost if self.retry.is_never() => {
                    return Err(acquire::connection_lost(&subject(&self.path, self.total, self.wanted)));
                }
                Round::Full(_) if self.retry.is_never() => {
                    Box::pin(self.leave()).await;
                    return Ok(None);
                }
                Round::Full(Some(watch)) => self.await_change(watch).await,
                Round::Full(None) => {}
                Round::GateLost => self.leave_in_background(),
            }
        }
    }

    async fn leave(&mut self) {
        if let Some((session, marker)) = &self.created {
            if let Err(fault) = session.delete_marked(&self.leases, marker).await {
                tracing::warn!(path = self.leases.as_str(), ?fault, "could not release permits");
            }
            self.created = None;
        }
        self.gate_attempt.leave().await;
        if let Some(gate) = self.gate.take()
            && let Err(error) = gate.release().await
        {
            tracing::warn!(%error, "the gate of a semaphore was not released");
        }
    }

    fn wait_reason(&self) -> String {
        match self.counted {
            Some(_) if !is_connected(&self.context) => NOT_CONNECTED.into(),
            Some(1) => "1 is held".into(),
            Some(counted) => format!("{counted} are held"),
            None => self.gate_attempt.blocker().queue_reason(&self.context),
        }
    }
}

impl PermitAttempt {
    pub(super) fn new(
        context: Arc<Context>,
        path: ZnodePath,
        total: usize,
        wanted: usize,
        retry: Retry,
    ) -> PermitAttempt {
        let (gate, leases) = (path.join("locks"), path.join("leases"));
        let gate_attempt = LockAttempt::new(context.clone(), gate, Scheme::Curator, Kind::Mutex).retry(retry);
        let (gate, counted, created) = (None, None, None);
        PermitAttempt { context, path, leases, total, wanted, retry, gate_attempt, gate, counted, created }
    }

    /// Step 1, unless the gate is held already. Returns `false` if the attempt tries only once and others are ahead.
    async fn enter_gate(&mut self) -> Result<bool> {
        if !self.gate.as_ref().is_some_and(Guard::is_held) {
            // A lost gate is dropped first: its node may still exist, and the new one would queue behind it.
            self.gate = None;
            self.counted = None;
            self.gate = self.gate_attempt.acquire().await?;
        }
        Ok(self.gate.is_some())
    }

    /// Step 4. Returns also if the gate is lost.
    async fn await_change(&self, mut watch: Watch) {
        let Some(gate) = &self.gate else { return };
        tokio::select! {
            _ = watch.wait() => {}
            _ = gate.lost() => {}
        }
    }

    /// Steps 2 and 3.
    async fn take_permits(&mut self) -> Result<Round> {
        let Some(gate) = &self.gate else { return Ok(Round::GateLost) };
        let (gate_node, token) = (gate.node().to_owned(), gate.token());
        let Some(session) = gate.session() else { return Ok(Round::GateLost) };
        let Ok(link) = session.link().await else { return Ok(Round::GateLost) };
        // After a `sync`, because a server that lags behind the one that granted the gate may not know of all permits that are
        // held.
        let leases = self.leases.as_str();
        let (synced, listed) = join(link.sync(leases), link.watch_children(leases)).await;
        let (held, watch) = match synced.and(listed) {
            Ok((names, watch)) => (names.len(), watch),
            Err(Fault::Refused(Refusal::NoNode)) => return self.make_leases(&session, &link).await,
            Err(fault) => return self.handle_fault(&session, &link, token, fault).await,
        };
        if held + self.wanted > self.total {
            self.counted = Some(held);
            return Ok(Round::Full(Some(watch)));
        }
        drop(watch);
        let marker = format!("_c_{}-lease-", Uuid::new_v4().hyphenated());
        self.created = Some((session.clone(), marker.clone()));
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
                Some((Refusal::NoNode, 0)) => Ok(Round::GateLost),
                _ => self.handle_fault(&session, &link, token, fault.fault).await,
            },
        }
    }

    fn grant(&mut self, session: &Arc<Session>, token: u64, nodes: Vec<String>) -> Round {
        // From here on the guard is responsible for the nodes.
        self.created = None;
        let holds = nodes.into_iter().map(|node| HeldNode::begin(session, node, token)).collect();
        Round::Granted(Guard::of_holds(self.context.clone(), holds))
    }

    async fn make_leases(&self, session: &Arc<Session>, link: &Arc<Link>) -> Result<Round> {
        match make_directory(link, &self.leases).await {
            Ok(()) => Ok(Round::Full(None)),
            Err(ParentsError::Refused(error)) => Err(error),
            Err(ParentsError::Fault(Fault::Gone)) => Ok(Round::GateLost),
            Err(ParentsError::Fault(_)) => {
                session.wait_reconnect(link).await;
                Ok(Round::Full(None))
            }
        }
    }

    /// Step 5.
    async fn handle_fault(
        &mut self,
        session: &Arc<Session>,
        link: &Arc<Link>,
        token: u64,
        fault: Fault,
    ) -> Result<Round> {
        match fault {
            Fault::Unknown => session.wait_reconnect(link).await,
            Fault::Gone => return Ok(Round::GateLost),
            // The directory was deleted since it was listed.
            Fault::Refused(Refusal::NoNode) => return Ok(Round::Full(None)),
            Fault::Refused(refusal) => {
                return Err(refusal.into_error(&format!("creating permits in {}", self.leases.as_str())));
            }
        }
        let Some((_, marker)) = &self.created else { return Ok(Round::Full(None)) };
        match session.find(&self.leases, marker).await {
            Ok(names) if names.is_empty() => Ok(Round::Full(None)),
            Ok(names) => {
                let nodes = names.iter().map(|name| self.leases.child(name)).collect();
                Ok(self.grant(session, token, nodes))
            }
            Err(Fault::Gone) => Ok(Round::GateLost),
            Err(fault) => Err(fault.into_error(&format!("reading {}", self.leases.as_str()))),
        }
    }

    fn leave_in_background(&mut self) {
        self.gate = None;
        if let Some((session, marker)) = self.created.take() {
            let leases = self.leases.clone();
            self.context.spawn(async move { session.delete_marked(&leases, &marker).await });
        }
    }
}

impl Drop for PermitAttempt {
    fn drop(&mut self) {
        self.leave_in_background();
    }
}
