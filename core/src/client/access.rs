//! The permissions of a client at a path, tried without changing anything.
//!
//! 1. Find the directory, or the nearest existing node above it: the first node would be created there.
//! 2. List it. Then rehearse creating a node in it, and creating and deleting one, in a `multi` whose last member checks a
//!    node that does not exist. The servers process the members in order and apply all or none, so the refused member
//!    tells how far they would have gone, and nothing is changed.

use uuid::Uuid;

use crate::context::Context;
use crate::error::Result;
use crate::op::Retry;
use crate::path::ZnodePath;
use crate::session::{Fault, Link, MultiFault, NodeMode, Refusal, Write};

/// The permissions of a client at a path. Returned by [`Client::access`](crate::Client::access).
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let access = client.access("/locks/report").await?;
/// for (action, permitted) in [("list", access.list), ("create", access.create), ("delete", access.delete)] {
///     println!("{action} in {}: {permitted:?}", access.nearest);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Access {
    /// The path, or the nearest existing node above it. The other fields speak of this node.
    pub nearest: String,
    /// Permission to list its children.
    pub list: Result<()>,
    /// Permission to create a child.
    pub create: Result<()>,
    /// Permission to delete a child.
    pub delete: Result<()>,
    /// Permission to create a child that is a container, as missing parents are created.
    pub container: Result<()>,
    /// The number of the next sequential child: how many children were created so far. At 2,147,483,647 the sequence of a
    /// lock's directory is used up.
    pub next_number: u32,
}

/// Tries the permissions at `path`, again whenever the connection is lost meanwhile.
pub(crate) async fn access(context: &Context, path: &ZnodePath, retry: Retry) -> Result<Access> {
    loop {
        let session = context.session(retry).await?;
        let Ok(link) = session.link().await else { continue };
        match try_permissions(&link, path).await {
            Ok(access) => return Ok(access),
            Err(Fault::Unknown) => session.wait_reconnect(&link).await,
            Err(Fault::Gone) => {}
            Err(fault) => {
                return Err(fault.into_error(&format!("trying the permissions at {}", path.as_str())));
            }
        }
    }
}

async fn try_permissions(link: &Link, path: &ZnodePath) -> Result<Access, Fault> {
    let (nearest, next_number) = nearest(link, path).await?;
    let above = if nearest == "/" { "" } else { nearest };
    let name = Uuid::new_v4().simple();
    let (node, absent) = (format!("{above}/{name}"), format!("{above}/{name}-absent"));
    let create = |mode| Write::Create { path: &node, data: b"", mode };
    let delete = Write::Delete { path: &node, version: None };
    let verdict = |what: &str, outcome: Result<(), Fault>| match outcome {
        Err(Fault::Refused(refusal)) => Ok(Err(refusal.into_error(&format!("{what} {nearest}")))),
        outcome => outcome.map(Ok),
    };
    let rehearse = async |writes: Vec<Write<'_>>| rehearse(link, writes, &absent).await;
    Ok(Access {
        nearest: nearest.to_owned(),
        list: verdict("listing", link.children(nearest).await.map(drop))?,
        create: verdict("creating a node in", rehearse(vec![create(NodeMode::Ephemeral)]).await)?,
        delete: verdict("deleting a node in", rehearse(vec![create(NodeMode::Persistent), delete]).await)?,
        container: verdict("creating a container in", rehearse(vec![create(NodeMode::Container)]).await)?,
        next_number,
    })
}

/// Step 1. Returns the node, and the number of its next child.
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

/// Step 2. Succeeds if the servers would have applied `writes`.
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
        Ok(_) => Err(Fault::Refused(Refusal::Other(format!("{absent} exists unexpectedly; delete it")))),
    }
}
