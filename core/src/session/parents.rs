//! Creates the nodes above a recipe's own nodes, and the chroot above them all.

use std::sync::Arc;
use std::time::Duration;

use zookeeper_client as zk;

use super::{Fault, Link, NodeMode, Refusal};
use crate::error::Error;
use crate::path::ZnodePath;

/// The pause before a request is repeated that was refused for want of a chroot which then exists after all. Without it, a
/// client and somebody that deletes the chroot again and again would keep each other busy.
const CHROOT_PAUSE: Duration = Duration::from_millis(20);

/// The reason why the parent nodes could not be created.
#[derive(Debug)]
pub(crate) enum ParentsError {
    /// The connection or the session ended first.
    Fault(Fault),
    /// The server refused to create one of the nodes.
    Refused(Error),
}

impl ParentsError {
    fn new(fault: Fault, action: &str) -> ParentsError {
        match fault {
            Fault::Refused(refusal) => ParentsError::Refused(refusal.into_error(action)),
            fault => ParentsError::Fault(fault),
        }
    }
}

/// Creates `path` and every missing node above it, as container nodes, as Curator does for its parents. The server deletes
/// a container some time after its last child is gone. Nodes that already exist are left as they are. A chroot that has been
/// deleted is created again.
pub(crate) async fn make_directory(link: &Link, path: &ZnodePath) -> Result<(), ParentsError> {
    let chain: Vec<&str> = path.ancestors().chain([path.as_str()]).collect();
    // From the bottom up: an ACL further up may forbid this client to create a node that has existed for a long time.
    let mut depth = chain.len() - 1;
    while depth < chain.len() {
        match link.create(chain[depth], b"", NodeMode::Container).await {
            Ok(_) | Err(Fault::Refused(Refusal::NodeExists)) => depth += 1,
            Err(Fault::Refused(Refusal::NoNode)) if depth > 0 => depth -= 1,
            Err(Fault::Refused(Refusal::NoNode)) => make_chroot(link).await?,
            Err(fault) => return Err(ParentsError::new(fault, &format!("creating {}", chain[depth]))),
        }
    }
    Ok(())
}

/// Creates every missing node above `path`, but not the node itself.
pub(crate) async fn make_parents(link: &Link, path: &ZnodePath) -> Result<(), ParentsError> {
    match path.parent() {
        Some(parent) => make_directory(link, &parent).await,
        None => make_chroot(link).await,
    }
}

/// Creates the chroot of a running client again, after a request was refused for want of it.
async fn make_chroot(link: &Link) -> Result<(), ParentsError> {
    let created = link.write(async |client: Arc<zk::Client>| {
        let chroot = client.path().to_owned();
        let Ok(unrooted) = zk::Client::clone(&client).chroot("/") else { return Ok(false) };
        match chroot.as_str() {
            "/" => Ok(false),
            chroot => create_chroot(&unrooted, chroot, link.acls()).await,
        }
    });
    match created.await {
        Ok(true) => tracing::warn!("the chroot was deleted; created it again"),
        Ok(false) => tokio::time::sleep(CHROOT_PAUSE).await,
        Err(fault) => return Err(ParentsError::new(fault, "creating the chroot, which was deleted")),
    }
    Ok(())
}

/// Creates the chroot of a new session if it is missing. ZooKeeper lets a client use a chroot that does not exist, and then
/// refuses every request.
///
/// It looks first, because a client may be allowed to use a node whose parent it may not change.
pub(super) async fn find_or_create_chroot(
    client: &zk::Client,
    chroot: &str,
    acls: &[zk::Acl],
) -> Result<(), zk::Error> {
    match client.check_stat(chroot).await? {
        Some(_) => Ok(()),
        None => create_chroot(client, chroot, acls).await.map(drop),
    }
}

/// Creates the chroot and the missing nodes above it. Returns `false` if it already exists.
async fn create_chroot(client: &zk::Client, chroot: &str, acls: &[zk::Acl]) -> Result<bool, zk::Error> {
    let options = zk::CreateMode::Persistent.with_acls(zk::Acls::new(acls));
    match client.create(chroot, b"", &options).await {
        Ok(_) => Ok(true),
        Err(zk::Error::NodeExists) => Ok(false),
        Err(zk::Error::NoNode) => client.mkdir(chroot, &options).await.map(|()| true),
        // The server checks the permission before it looks whether the node exists.
        Err(zk::Error::NoAuth) => {
            client.sync(chroot).await?;
            let found = client.check_stat(chroot).await?;
            found.map(|_| false).ok_or(zk::Error::NoAuth)
        }
        Err(error) => Err(error),
    }
}
