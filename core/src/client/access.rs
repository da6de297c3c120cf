//! What the servers let a client do at a path, tried without doing it.
//!
//! 1. Find the directory, or the nearest node above it that exists: there the first node would be made.
//! 2. List it. Then rehearse to make, and to make and delete, a node in it: in a `multi` whose last member is a check of a
//!    node that is not there. The servers look at the members in order and apply all or none, so the member that they refuse
//!    tells how far they would have gone, and nothing is changed.

use uuid::Uuid;

use crate::context::Context;
use crate::error::Result;
use crate::op::Retry;
use crate::path::ZnodePath;
use crate::session::{Fault, Link, MultiFault, NodeMode, Refusal, Write};

/// What the servers let a client do at a path. Made by [`Client::access`](crate::Client::access).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Access {
    /// The path, or the nearest node above it that exists. What follows is about this node.
    pub nearest: String,
    /// Whether its children may be listed.
    pub list: Result<()>,
    /// Whether a child may be made.
    pub create: Result<()>,
    /// Whether a child may be deleted.
    pub delete: Result<()>,
    /// Whether a child may be made that is a container, which is what missing parents are made as.
    pub container: Result<()>,
    /// How many children were ever made, which is the number that the next sequential one gets. At 2,147,483,647 a lock's
    /// directory is used up.
    pub next_number: u32,
}

/// Looks at `path`, once more whenever the connection is lost meanwhile.
pub(crate) async fn access(context: &Context, path: &ZnodePath, retry: Retry) -> Result<Access> {
    loop {
        let session = context.session(retry).await?;
        let Ok(link) = session.link().await else { continue };
        match look(&link, path).await {
            Ok(access) => return Ok(access),
            Err(Fault::Unknown) => session.wait_reconnect(&link).await,
            Err(Fault::Gone) => {}
            Err(fault) => return Err(fault.into_error(&format!("looking at {}", path.as_str()))),
        }
    }
}

async fn look(link: &Link, path: &ZnodePath) -> Result<Access, Fault> {
    let (nearest, next_number) = nearest(link, path).await?;
    let above = if nearest == "/" { "" } else { nearest };
    let name = Uuid::new_v4().simple();
    let (node, absent) = (format!("{above}/{name}"), format!("{above}/{name}-absent"));
    let make = |mode| Write::Create { path: &node, data: b"", mode };
    let delete = Write::Delete { path: &node, version: None };
    let verdict = |what: &str, outcome: Result<(), Fault>| match outcome {
        Err(Fault::Refused(refusal)) => Ok(Err(refusal.into_error(&format!("{what} {nearest}")))),
        outcome => outcome.map(Ok),
    };
    let rehearse = async |writes: Vec<Write<'_>>| rehearse(link, writes, &absent).await;
    Ok(Access {
        nearest: nearest.to_owned(),
        list: verdict("listing", link.children(nearest).await.map(drop))?,
        create: verdict("making a node in", rehearse(vec![make(NodeMode::Ephemeral)]).await)?,
        delete: verdict("deleting a node in", rehearse(vec![make(NodeMode::Persistent), delete]).await)?,
        container: verdict("making a container in", rehearse(vec![make(NodeMode::Container)]).await)?,
        next_number,
    })
}

/// Step 1, with the number of the node's next child.
async fn nearest<'a>(link: &Link, path: &'a ZnodePath) -> Result<(&'a str, u32), Fault> {
    let mut chain: Vec<_> = path.ancestors().collect();
    chain.push(path.as_str());
    for node in chain.into_iter().rev() {
        if let Some(number) = link.next_number(node).await? {
            return Ok((node, number));
        }
    }
    Ok(("/", link.next_number("/").await?.unwrap_or(0)))
}

/// Whether the servers would have applied `writes`.
async fn rehearse(link: &Link, mut writes: Vec<Write<'_>>, absent: &str) -> Result<(), Fault> {
    let last = writes.len();
    writes.push(Write::Check { path: absent });
    match link.multi(&writes).await {
        Err(MultiFault { fault: Fault::Refused(Refusal::NoNode), member: Some(member) })
            if member == last =>
        {
            Ok(())
        }
        Err(refused) => Err(refused.fault),
        Ok(_) => Err(Fault::Refused(Refusal::Other(format!("{absent} is there, which nobody makes")))),
    }
}
