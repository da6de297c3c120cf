//! Asks the owner of a lock's node to release the lock, as Curator's `Revoker` does.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::locks::queue::node_name::ContenderName;
use crate::op::Retry;
use crate::path::{ZnodePath, name_of};
use crate::session::{Fault, REVOCATIONS, Refusal};

/// Checks the path of a contender's node. A request that is written into another node would destroy what that node holds.
pub(super) fn contender_path(node: &str) -> Result<ZnodePath> {
    let path = ZnodePath::parse("node", node)?;
    let name = ContenderName::parse(name_of(node));
    name.map(|_| path).ok_or_else(|| Error::invalid_argument("node", node, "is not the node of a contender"))
}

/// Writes the request, through lost connections: writing it twice does no harm. Returns whether the node exists.
pub(super) async fn request_revoke(context: &Context, node: &ZnodePath, retry: Retry) -> Result<bool> {
    loop {
        let session = context.session(retry).await?;
        let Ok(link) = session.link().await else { continue };
        match link.set(node.as_str(), REVOCATIONS[0]).await {
            Ok(()) => return Ok(true),
            Err(Fault::Refused(Refusal::NoNode)) => return Ok(false),
            Err(Fault::Unknown) => session.wait_reconnect(&link).await,
            Err(Fault::Gone) => {}
            Err(fault) => return Err(fault.into_error(&format!("writing {}", node.as_str()))),
        }
    }
}
