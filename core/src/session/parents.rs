//! Makes the nodes above a recipe's own.

use super::{Fault, Link, NodeMode, Refusal};
use crate::error::Error;
use crate::path::ZnodePath;

/// Why the ancestors are not there.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The link or the session failed first.
    Fault(Fault),
    /// The server will not have them.
    Refused(Error),
}

/// Makes `path` and what is missing above it, as containers: the server deletes them some time after their last child
/// went. Curator makes its parents so too. One that is there already is left as it is.
pub(crate) async fn make_directory(link: &Link, path: &ZnodePath) -> Result<(), Trouble> {
    let chain: Vec<&str> = path.ancestors().chain([path.as_str()]).collect();
    // From the bottom up, because an ACL further up may forbid us to create there what exists long since.
    let mut depth = chain.len() - 1;
    while depth < chain.len() {
        match link.create(chain[depth], b"", NodeMode::Container).await {
            Ok(_) | Err(Fault::Refused(Refusal::NodeExists)) => depth += 1,
            Err(Fault::Refused(Refusal::NoNode)) if depth > 0 => depth -= 1,
            Err(Fault::Refused(refusal)) => {
                return Err(Trouble::Refused(refusal.into_error(&format!("making {}", chain[depth]))));
            }
            Err(fault) => return Err(Trouble::Fault(fault)),
        }
    }
    Ok(())
}

/// Makes what is missing above `path`, but not the node itself.
pub(crate) async fn make_parents(link: &Link, path: &ZnodePath) -> Result<(), Trouble> {
    match path.parent() {
        Some(parent) => make_directory(link, &parent).await,
        None => Ok(()),
    }
}
