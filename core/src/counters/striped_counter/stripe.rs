//! A client's own stripe: its creation, its writes, and the outcome of a write whose reply was lost.

use std::sync::Arc;

use uuid::Uuid;

use super::adder::{Adder, Batch};
use super::sum::Snapshot;
use crate::context::Context;
use crate::counters::counter::CounterFormat;
use crate::error::{Error, ErrorCode, Result};
use crate::op::Retry;
use crate::path::ZnodePath;
use crate::session::parents::{ParentsError, make_parents};
use crate::session::{Fault, Link, MultiFault, NodeMode, Refusal, Session, Write, Written};

/// The prefix of a stripe's name. A UUID follows.
pub(super) const PREFIX: &str = "stripe-";

/// The name of the ephemeral child that shows other clients that the session of a stripe's owner lasts.
const LIVE: &str = "live";

/// This client's stripe of one session, as the client wrote it last.
#[derive(Debug)]
pub(super) struct Stripe {
    session: i64,
    name: String,
    path: ZnodePath,
    value: i64,
    version: i32,
}

/// The outcome of a write.
enum WriteOutcome {
    /// The write was applied, and the stripe has this version.
    Applied(i32),
    NotApplied,
}

impl Adder {
    /// Adds a batch to the stripe of the current session. After any error but `INDETERMINATE` the batch was not added.
    pub(super) async fn write(self: &Arc<Self>, context: &Arc<Context>, batch: &mut Batch) -> Result<()> {
        // The delta is 0 if a flush only waits for the write that has just been made.
        while batch.delta != 0 {
            let session = context.session(Retry::UntilDone).await?;
            let Ok(link) = session.link().await else { continue };
            let stripe = match batch.stripe.take().filter(|stripe| stripe.session == session.id()) {
                Some(stripe) => batch.stripe.insert(stripe),
                None => match self.make_stripe(context, &session, &link).await {
                    Ok(Some(stripe)) => batch.stripe.insert(stripe),
                    Ok(None) => continue,
                    Err(trouble) => {
                        self.recover(&session, &link, trouble).await?;
                        continue;
                    }
                },
            };
            let Some(value) = stripe.value.checked_add(batch.delta) else {
                let name = self.name();
                let message =
                    format!("{name}: this client's part of the sum would be outside the 64-bit range");
                return Err(Error::new(ErrorCode::Overflow, message));
            };
            self.set_writing(&stripe.name);
            let (path, data) = (stripe.path.as_str(), value.to_be_bytes());
            let write = Write::Set { path, data: &data, version: Some(stripe.version) };
            let outcome = match link.multi(&[write]).await {
                Ok(written) => WriteOutcome::Applied(version_of(&written, stripe.version)),
                Err(MultiFault { fault: Fault::Unknown, .. }) => {
                    session.wait_reconnect(&link).await;
                    self.resolve(context, stripe, &data).await?
                }
                Err(MultiFault { fault: Fault::Gone, .. }) => WriteOutcome::NotApplied,
                // The stripe was deleted or written by other software.
                Err(MultiFault { fault: Fault::Refused(Refusal::NoNode | Refusal::BadVersion), .. }) => {
                    batch.stripe = None;
                    continue;
                }
                Err(refused) => return Err(refused.fault.into_error(&self.name())),
            };
            if let WriteOutcome::Applied(version) = outcome {
                (stripe.value, stripe.version) = (value, version);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Does steps 3 and 4: determines the outcome of the write of `data` after its connection was lost.
    async fn resolve(&self, context: &Context, stripe: &Stripe, data: &[u8]) -> Result<WriteOutcome> {
        let indeterminate = || {
            let name = self.name();
            let message = format!(
                "{name}: the session ended while a write was in flight; it may or may not be in the sum"
            );
            Error::new(ErrorCode::Indeterminate, message)
        };
        loop {
            let session = context.session(Retry::UntilDone).await.map_err(|_| indeterminate())?;
            let Ok(link) = session.sync_link(stripe.path.as_str()).await else { continue };
            match link.get(stripe.path.as_str()).await {
                Ok(entry) if entry.data == data => return Ok(WriteOutcome::Applied(entry.version)),
                Ok(entry) if entry.version == stripe.version => return Ok(WriteOutcome::NotApplied),
                Err(Fault::Unknown) => session.wait_reconnect(&link).await,
                Err(Fault::Gone) => {}
                _ => return Err(indeterminate()),
            }
        }
    }

    /// Creates a stripe that holds 0, and starts to merge the stripes that other clients left behind. Returns `None` if it must be
    /// tried again; a stripe that was created nevertheless holds 0 and is merged later.
    async fn make_stripe(
        self: &Arc<Self>,
        context: &Arc<Context>,
        session: &Session,
        link: &Link,
    ) -> Result<Option<Stripe>, ParentsError> {
        let snapshot = self.read_snapshot(link).await?;
        if !self.ensure_base(link, &snapshot).await? {
            return Ok(None);
        }
        let name = format!("{PREFIX}{}", Uuid::new_v4().simple());
        let path = self.path.join(&name);
        let (live, zero) = (path.child(LIVE), CounterFormat::I64.encode(0));
        let writes = [
            Write::Create { path: path.as_str(), data: &zero, mode: NodeMode::Persistent },
            Write::Create { path: &live, data: b"", mode: NodeMode::Ephemeral },
        ];
        match link.multi(&writes).await {
            Ok(_) => {}
            // The base was deleted meanwhile.
            Err(MultiFault { fault: Fault::Refused(Refusal::NoNode), .. }) => return Ok(None),
            Err(fault) => return Err(ParentsError::Fault(fault.fault)),
        }
        if self.needs_merge(&snapshot) {
            let _detached = context.spawn(self.clone().merge(context.clone()));
        }
        Ok(Some(Stripe { session: session.id(), name, path, value: 0, version: 0 }))
    }

    /// Creates the base if it is missing, as a persistent node that holds 0. Returns whether it existed already, so that the
    /// snapshot is still valid.
    ///
    /// An empty node may be a container that was created as the parent of another node. The server would delete it, with the sum
    /// in it, after its last child is gone, and a client cannot see whether a node is a container
    /// (`DataNode.getClientEphemeralOwner`). An empty node is therefore replaced.
    async fn ensure_base(&self, link: &Link, snapshot: &Snapshot) -> Result<bool, ParentsError> {
        let (path, data) = (self.path(), &CounterFormat::I64.encode(0)[..]);
        let create = Write::Create { path, data, mode: NodeMode::Persistent };
        let outcome = match &snapshot.base {
            Some(base) if !base.is_empty => return Ok(true),
            Some(empty) => link.multi(&[Write::Delete { path, version: Some(empty.version) }, create]).await,
            None => link.multi(&[create]).await,
        };
        match outcome.map_err(|fault| fault.fault) {
            Ok(_) | Err(Fault::Refused(Refusal::NodeExists | Refusal::BadVersion)) => Ok(false),
            Err(Fault::Refused(Refusal::NoNode)) => make_parents(link, &self.path).await.map(|()| false),
            Err(Fault::Refused(Refusal::NotEmpty)) => {
                let problem = "is an empty node with children, which the server may delete after them; use another path";
                Err(ParentsError::Refused(Error::invalid_argument("path", path, problem)))
            }
            Err(fault) => Err(ParentsError::Fault(fault)),
        }
    }

    /// Waits until another attempt can be made after a lost connection or session. Returns all other failures as errors.
    pub(super) async fn recover(
        &self,
        session: &Session,
        link: &Arc<Link>,
        trouble: ParentsError,
    ) -> Result<()> {
        match trouble {
            ParentsError::Fault(Fault::Unknown) => session.wait_reconnect(link).await,
            ParentsError::Fault(Fault::Gone) => {}
            ParentsError::Fault(refused) => return Err(refused.into_error(&self.name())),
            ParentsError::Refused(error) => return Err(error),
        }
        Ok(())
    }
}

/// Returns the stripe's version after a write of the version `before`.
fn version_of(written: &[Written], before: i32) -> i32 {
    match written {
        [Written::Set { version, .. }] => *version,
        _ => before.wrapping_add(1),
    }
}
