//! Creates the nodes above a recipe's own nodes.

use super::{Fault, Link, NodeMode, Refusal};
use crate::error::Error;
use crate::path::ZnodePath;

/// The reason why the parent nodes could not be created.
#[derive(Debug)]
pub(crate) enum ParentsError {
    /// The connection or the session ended first.
    Fault(Fault),
    /// The server refused to create one of the nodes.
    Refused(Error),
}

/// Creates `path` and every missing node above it, as container nodes, as Curator does for its parents. The server deletes
/// a container some time after its last child is gone. Nodes that already exist are left as they are.
pub(crate) async fn make_directory(link: &Link, path: &ZnodePath) -> Result<(), ParentsError> {
    let chain: Vec<&str> = path.ancestors().chain([path.as_str()]).collect();
    // From the bottom up: an ACL further up may forbid this client to create a node that has existed for a long time.
    let mut depth = chain.len() - 1;
    while depth < chain.len() {
        match link.create(chain[depth], b"", NodeMode::Container).await {
            Ok(_) | Err(Fault::Refused(Refusal::NodeExists)) => depth += 1,
            Err(Fault::Refused(Refusal::NoNode)) if depth > 0 => depth -= 1,
            Err(Fault::Refused(refusal)) => {
                return Err(ParentsError::Refused(refusal.into_error(&format!("creating {}", chain[depth]))));
            }
            Err(fault) => return Err(ParentsError::Fault(fault)),
        }
    }
    Ok(())
}

/// Creates every missing node above `path`, but not the node itself.
pub(crate) async fn make_parents(link: &Link, path: &ZnodePath) -> Result<(), ParentsError> {
    match path.parent() {
        Some(parent) => make_directory(link, &parent).await,
        None => Ok(()),
    }
}
