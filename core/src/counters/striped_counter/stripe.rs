//! A client's own stripe: how it is made and written, and what became of a write whose reply was lost.

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

/// What the names of stripes begin with; a uuid follows.
pub(super) const PREFIX: &str = "stripe-";

/// The child by which others see that a stripe's owner is there.
const LIVE: &str = "live";

/// The stripe that this client has in one session, as it wrote it last.
#[derive(Debug)]
pub(super) struct Stripe {
    session: i64,
    name: String,
    path: ZnodePath,
    value: i64,
    version: i32,
}

/// What became of a write.
enum WriteOutcome {
    Applied(i32),
    NotApplied,
}

impl Adder {
    /// Adds a batch to the stripe of the session of the hour. Of the errors only `INDETERMINATE` leaves open whether it was.
    pub(super) async fn write(self: &Arc<Self>, context: &Arc<Context>, batch: &mut Batch) -> Result<()> {
        // A batch of nothing is that of somebody who waits for what has just been written.
        while batch.delta != 0 {
            let session = context.session(Retry::UntilDone).await?;
            let Ok(link) = session.link().await else { continue };
            let stripe = match batch.stripe.take().filter(|stripe| stripe.session == session.id()) {
                Some(stripe) => batch.stripe.insert(stripe),
                None => match self.make_stripe(context, &session, &link).await {
                    Ok(Some(stripe)) => batch.stripe.insert(stripe),
                    Ok(None) => continue,
                    Err(trouble) => {
                        self.overcome(&session, &link, trouble).await?;
                        continue;
                    }
                },
            };
            let Some(value) = stripe.value.checked_add(batch.delta) else {
                let message = format!("{}: this client's part of the sum leaves 64 bits", self.name());
                return Err(Error::new(ErrorCode::Overflow, message));
            };
            self.set_writing(&stripe.name);
            let (path, data) = (stripe.path.as_str(), value.to_be_bytes());
            let write = Write::Set { path, data: &data, version: Some(stripe.version) };
            let outcome_of = match link.multi(&[write]).await {
                Ok(written) => WriteOutcome::Applied(version_of(&written, stripe.version)),
                Err(MultiFault { fault: Fault::Unknown, .. }) => {
                    session.wait_reconnect(&link).await;
                    self.outcome_of(context, stripe, &data).await?
                }
                Err(MultiFault { fault: Fault::Gone, .. }) => WriteOutcome::NotApplied,
                // Somebody deleted or wrote it by hand.
                Err(MultiFault { fault: Fault::Refused(Refusal::NoNode | Refusal::BadVersion), .. }) => {
                    batch.stripe = None;
                    continue;
                }
                Err(refused) => return Err(refused.fault.into_error(&self.name())),
            };
            if let WriteOutcome::Applied(version) = outcome_of {
                (stripe.value, stripe.version) = (value, version);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Steps 3 and 4: what became of the write of `data`, after its connection was lost.
    async fn outcome_of(&self, context: &Context, stripe: &Stripe, data: &[u8]) -> Result<WriteOutcome> {
        let unknown = || {
            let name = self.name();
            let message = format!(
                "{name}: the session died while a write was in flight; it may or may not be in the sum"
            );
            Error::new(ErrorCode::Indeterminate, message)
        };
        loop {
            let session = context.session(Retry::UntilDone).await.map_err(|_| unknown())?;
            let Ok(link) = session.sync_link(stripe.path.as_str()).await else { continue };
            match link.get(stripe.path.as_str()).await {
                Ok(entry) if entry.data == data => return Ok(WriteOutcome::Applied(entry.version)),
                Ok(entry) if entry.version == stripe.version => return Ok(WriteOutcome::NotApplied),
                Err(Fault::Unknown) => session.wait_reconnect(&link).await,
                Err(Fault::Gone) => {}
                _ => return Err(unknown()),
            }
        }
    }

    /// Makes a stripe that holds 0, and has folded what others left behind. `None` when it must be tried again: one that was
    /// made all the same does no harm.
    async fn make_stripe(
        self: &Arc<Self>,
        context: &Arc<Context>,
        session: &Session,
        link: &Link,
    ) -> Result<Option<Stripe>, ParentsError> {
        let snapshot = self.look(link).await?;
        if !self.has_base(link, &snapshot).await? {
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
            // The base has gone meanwhile.
            Err(MultiFault { fault: Fault::Refused(Refusal::NoNode), .. }) => return Ok(None),
            Err(fault) => return Err(ParentsError::Fault(fault.fault)),
        }
        if self.leaves_a_fold(&snapshot) {
            let _detached = context.spawn(self.clone().fold(context.clone()));
        }
        Ok(Some(Stripe { session: session.id(), name, path, value: 0, version: 0 }))
    }

    /// Makes the base if there is none, persistent and with its full bytes. Whether there was one.
    ///
    /// An empty node may be a container, made as the parent of something: the server would delete it, with the sum in it, when
    /// its last child goes, and does not tell who asks (`DataNode.getClientEphemeralOwner`). So it is replaced.
    async fn has_base(&self, link: &Link, snapshot: &Snapshot) -> Result<bool, ParentsError> {
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
                let problem = "is an empty node with children: the server may delete it when they have gone";
                Err(ParentsError::Refused(Error::invalid_argument("path", path, problem)))
            }
            Err(fault) => Err(ParentsError::Fault(fault)),
        }
    }

    /// Waits out what a new connection or session mends. The others are the caller's errors.
    pub(super) async fn overcome(
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

fn version_of(written: &[Written], before: i32) -> i32 {
    match written {
        [Written::Set { version, .. }] => *version,
        _ => before.wrapping_add(1),
    }
}
