//! What the outcome of a request tells about its effect. Everything above decides on these three cases alone.

use zookeeper_client as zk;

use crate::error::{Error, ErrorCode};

/// Why a request has no good answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The server answered "no": certainly not applied.
    Refused(Refusal),
    /// The connection went away first: applied or not, only `sync` and a look at the node can tell.
    Unknown,
    /// The session is over: not applied, and every ephemeral node of it goes.
    Gone,
}

impl Fault {
    /// The caller's error for a fault that no recipe expects. `what` says what was tried, on which path.
    pub(crate) fn into_error(self, what: &str) -> Error {
        match self {
            Fault::Refused(refusal) => refusal.into_error(what),
            Fault::Unknown => {
                Error::new(ErrorCode::Indeterminate, format!("{what}: the connection was lost"))
            }
            Fault::Gone => Error::new(ErrorCode::SessionExpired, format!("{what}: the session is over")),
        }
    }
}

/// The server's reasons that recipes tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoNode,
    NodeExists,
    NotEmpty,
    BadVersion,
    NotAuthorized,
    Quota,
    Other(String),
}

impl Refusal {
    /// The caller's error for a refusal that no recipe expects. `what` says what was tried, on which path.
    pub(crate) fn into_error(self, what: &str) -> Error {
        let (code, why) = match self {
            Refusal::NotAuthorized => (ErrorCode::NotAuthorized, "the server's ACL refused".to_owned()),
            Refusal::Quota => (ErrorCode::Quota, "the server's quota refused".to_owned()),
            Refusal::NoNode => (ErrorCode::Internal, "a node is missing that should be there".to_owned()),
            Refusal::NodeExists => (ErrorCode::Internal, "a node is there that should not be".to_owned()),
            Refusal::NotEmpty => (ErrorCode::Internal, "the node has children".to_owned()),
            Refusal::BadVersion => (ErrorCode::Internal, "the node's version changed".to_owned()),
            Refusal::Other(why) => (ErrorCode::Unsupported, why),
        };
        Error::new(code, format!("{what}: {why}"))
    }
}

impl From<zk::Error> for Fault {
    /// zookeeper-client reports a lost connection in several ways: `ConnectionLoss` for a clean close, `Custom` for
    /// a reset or a silence, `UnmarshalError` and `UnexpectedError` for trouble on the wire or an aborted client. It
    /// does not say whether the request had been written. All of that is [`Fault::Unknown`].
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
            BadArguments(why) => Refusal::Other(why.to_string()),
            Throttled | MarshallingError | Unimplemented | ReconfigDisabled => {
                Refusal::Other(error.to_string())
            }
            // SystemError, RuntimeInconsistency, ConnectionLoss and OperationTimeout, sent by a server, say nothing
            // about the effect.
            UnexpectedErrorCode(-1 | -2 | -4 | -7) => return Fault::Unknown,
            UnexpectedErrorCode(code) => Refusal::Other(format!("the server answered error {code}")),
            _ => return Fault::Unknown,
        };
        Fault::Refused(refusal)
    }
}
