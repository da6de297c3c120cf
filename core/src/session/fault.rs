//! The outcome of a request as far as its effect is concerned. All recipes decide on these three cases alone.

use zookeeper_client as zk;

use crate::error::{Error, ErrorCode};

/// The reason why a request failed.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The server refused the request. It was certainly not applied.
    Refused(Refusal),
    /// The connection was lost before the answer. The request may or may not have been applied. Only a later look at the node
    /// can tell, once everything that was sent has taken effect or never will.
    Unknown,
    /// The session has ended. The request was not applied, and the session's ephemeral nodes are deleted.
    Gone,
}

impl Fault {
    /// Returns whether a server has decided about the request, by the nodes that it is about.
    ///
    /// The leader decides about writes, so a refusal with such a reason comes from there (`PrepRequestProcessor`). A follower
    /// may give other reasons by itself: an unknown operation, an overload (`RequestThrottler`), a read-only server. And
    /// zookeeper-client refuses some requests without sending them.
    pub(super) fn is_answer(&self) -> bool {
        matches!(self, Fault::Refused(refusal) if !matches!(refusal, Refusal::Other(_)))
    }

    /// Returns the error that the caller gets for a fault that the recipe does not handle. `action` says what was tried, on
    /// which path.
    pub(crate) fn into_error(self, action: &str) -> Error {
        match self {
            Fault::Refused(refusal) => refusal.into_error(action),
            Fault::Unknown => {
                let message = format!("{action}: the connection was lost before the answer");
                Error::new(ErrorCode::Indeterminate, message)
            }
            Fault::Gone => Error::new(ErrorCode::SessionExpired, format!("{action}: the session has ended")),
        }
    }
}

/// The reasons of a refusal that recipes tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoNode,
    NodeExists,
    NotEmpty,
    BadVersion,
    NotAuthorized,
    Quota,
    /// The server does not know the operation. It then closes the connection.
    Unimplemented,
    /// The server is overloaded. [`Link`](super::Link) tries again, so that no recipe sees this.
    Throttled,
    Other(String),
}

impl Refusal {
    /// Returns the error that the caller gets for a refusal that the recipe does not handle. `action` says what was tried, on
    /// which path.
    pub(crate) fn into_error(self, action: &str) -> Error {
        let (code, reason) = match self {
            Refusal::NotAuthorized => {
                (ErrorCode::NotAuthorized, "the ACL does not allow it; check auth".to_owned())
            }
            Refusal::Quota => (ErrorCode::Quota, "the quota does not allow it".to_owned()),
            Refusal::NoNode => (ErrorCode::Internal, "the node, or the one above it, is missing".to_owned()),
            Refusal::NodeExists => (ErrorCode::Internal, "the node already exists".to_owned()),
            Refusal::NotEmpty => (ErrorCode::Internal, "the node has children".to_owned()),
            Refusal::BadVersion => (ErrorCode::Internal, "the node's version changed".to_owned()),
            Refusal::Unimplemented => {
                let reason = "the server does not know this operation: locks and counters need ZooKeeper 3.5 or newer, \
                              striped counters 3.6";
                (ErrorCode::Unsupported, reason.to_owned())
            }
            Refusal::Throttled => (ErrorCode::Unsupported, "the server is overloaded".to_owned()),
            Refusal::Other(reason) => (ErrorCode::Unsupported, reason),
        };
        Error::new(code, format!("{action}: {reason}"))
    }
}

impl From<zk::Error> for Fault {
    /// Classifies an error. zookeeper-client reports a lost connection in several ways: `ConnectionLoss` for a clean close,
    /// `Custom` for a reset or a silence, `UnmarshalError` and `UnexpectedError` for trouble on the wire or an aborted client.
    /// It does not say whether the request had been written. All of these are [`Fault::Unknown`].
    fn from(error: zk::Error) -> Fault {
        use zk::Error::*;
        let refusal = match error {
            NoNode => Refusal::NoNode,
            NodeExists => Refusal::NodeExists,
            NotEmpty => Refusal::NotEmpty,
            BadVersion => Refusal::BadVersion,
            NoAuth | InvalidAcl => Refusal::NotAuthorized,
            QuotaExceeded => Refusal::Quota,
            SessionExpired | ClientClosed | AuthFailed => return Fault::Gone,
            NoChildrenForEphemerals => Refusal::Other("an ephemeral node cannot have children".into()),
            NotReadOnly => Refusal::Other("the server is read-only".into()),
            BadArguments(reason) => Refusal::Other(reason.to_string()),
            Throttled => Refusal::Throttled,
            Unimplemented => Refusal::Unimplemented,
            MarshallingError | ReconfigDisabled => Refusal::Other(error.to_string()),
            // SystemError, RuntimeInconsistency, ConnectionLoss and OperationTimeout, when sent by a server, say nothing about
            // the effect.
            UnexpectedErrorCode(-1 | -2 | -4 | -7) => return Fault::Unknown,
            UnexpectedErrorCode(code) => {
                Refusal::Other(format!("the server answered with error code {code}"))
            }
            _ => return Fault::Unknown,
        };
        Fault::Refused(refusal)
    }
}
