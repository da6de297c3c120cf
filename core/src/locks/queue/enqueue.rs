//! Entering a lock's queue: steps 1 to 3 of the [recipe](super).

use std::sync::Arc;

use futures_util::future::join;

use super::node_name::prefix;
use super::own_node::{NodeState, OwnNode};
use super::{Interruption, LockAttempt};
use crate::session::parents::{ParentsError, make_directory};
use crate::session::{Created, Fault, Link, Names, Refusal, Session};

impl LockAttempt {
    /// Creates the attempt's node. Returns it, and a list of the directory that contains it.
    pub(super) async fn enqueue(
        &mut self,
        session: &Arc<Session>,
    ) -> Result<(Arc<Created>, Names), Interruption> {
        let marker = prefix(self.context.uuids().next(), self.scheme, self.kind);
        let prefix = self.directory.child(&marker);
        let identity = self.context.options().identity.clone();
        loop {
            let Ok(link) = session.link().await else {
                return Err(Interruption::Requeue);
            };
            let state = NodeState::Unconfirmed { marker: marker.clone() };
            self.own_node = Some(OwnNode { session: session.clone(), state });
            let create = link.create_grouped(prefix.clone(), identity.clone());
            let (created, names) =
                join(create, link.children_grouped(self.directory.as_str().to_owned())).await;
            let created = match created {
                Ok(created) => created,
                Err(Fault::Refused(refusal)) => {
                    self.own_node = None;
                    Box::pin(self.handle_refusal(&link, session, refusal)).await?;
                    continue;
                }
                Err(Fault::Gone) => return Err(Interruption::Requeue),
                Err(Fault::Unknown) if self.retry.is_never() => return Err(Interruption::Requeue),
                Err(Fault::Unknown) => {
                    session.wait_reconnect(&link).await;
                    match Box::pin(self.recover(session, &marker)).await? {
                        Some(created) => created,
                        None => continue,
                    }
                }
            };
            let created = Arc::new(created);
            if let Some(node) = &mut self.own_node {
                node.state = NodeState::Created(created.clone());
            }
            let names = match names {
                Ok(names) if names.iter().any(|name| created.path.ends_with(name.as_str())) => names,
                // Listed before the node was created: another member of its group commit was refused, and the create was sent
                // again.
                Ok(_) => Box::pin(self.list(session)).await?,
                Err(fault) => Box::pin(self.list_again(session, &link, fault)).await?,
            };
            return Ok((created, names));
        }
    }

    /// Handles a refused create: makes the directory if it was missing.
    async fn handle_refusal(
        &self,
        link: &Arc<Link>,
        session: &Arc<Session>,
        refusal: Refusal,
    ) -> Result<(), Interruption> {
        if refusal != Refusal::NoNode {
            let what = format!("creating a node in {}", self.directory.as_str());
            return Err(refusal.into_error(&what).into());
        }
        match make_directory(link, &self.directory).await {
            Ok(()) => Ok(()),
            Err(ParentsError::Refused(error)) => Err(error.into()),
            Err(ParentsError::Fault(Fault::Gone)) => Err(Interruption::Requeue),
            Err(ParentsError::Fault(_)) => {
                session.wait_reconnect(link).await;
                Ok(())
            }
        }
    }

    /// Step 3: returns the node of a create whose reply was lost, if the server applied it.
    async fn recover(&self, session: &Arc<Session>, marker: &str) -> Result<Option<Created>, Interruption> {
        let found = session.find(&self.directory, marker).await.map_err(|fault| self.interruption(fault))?;
        let Some(name) = found.first() else { return Ok(None) };
        let path = self.directory.child(name);
        loop {
            let Ok(link) = session.link().await else {
                return Err(Interruption::Requeue);
            };
            match link.get(&path).await {
                Ok(entry) => {
                    return Ok(Some(Created { path, czxid: entry.czxid }));
                }
                Err(Fault::Refused(Refusal::NoNode)) => return Ok(None),
                Err(Fault::Unknown) => session.wait_reconnect(&link).await,
                Err(fault) => return Err(self.interruption(fault)),
            }
        }
    }
}
