//! Names for the operations that rules and logs speak of.

use std::str::FromStr;

use crate::Error;
use crate::wire::code;

/// A kind of request, for rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// The first frame of a connection, which asks for a new session or for an old one.
    Connect,
    /// Any kind of create: plain, with stat, container, with time to live.
    Create,
    /// Delete.
    Delete,
    /// Exists.
    Exists,
    /// Read a node's data.
    GetData,
    /// Write a node's data.
    SetData,
    /// List a node's children, with or without stat.
    GetChildren,
    /// Sync.
    Sync,
    /// Multi: several operations at once.
    Multi,
    /// The client's sign of life.
    Ping,
    /// The client's end of its session.
    CloseSession,
    /// A watch event, which only the server sends; no rule fires on it, it is there to be found in the log.
    Event,
    /// Every request but `Connect`.
    Any,
}

const NAMES: [(&str, Op); 13] = [
    ("connect", Op::Connect),
    ("create", Op::Create),
    ("delete", Op::Delete),
    ("exists", Op::Exists),
    ("get_data", Op::GetData),
    ("set_data", Op::SetData),
    ("get_children", Op::GetChildren),
    ("sync", Op::Sync),
    ("multi", Op::Multi),
    ("ping", Op::Ping),
    ("close_session", Op::CloseSession),
    ("event", Op::Event),
    ("any", Op::Any),
];

impl Op {
    /// Whether a request with that operation code is of this kind.
    #[must_use]
    pub fn matches(self, code: i32) -> bool {
        match self {
            Op::Connect => code == code::CONNECT,
            Op::Create => [code::CREATE, 15, 19, 21].contains(&code),
            Op::Delete => code == code::DELETE,
            Op::Exists => code == code::EXISTS,
            Op::GetData => code == code::GET_DATA,
            Op::SetData => code == code::SET_DATA,
            Op::GetChildren => [code::GET_CHILDREN, 12].contains(&code),
            Op::Sync => code == code::SYNC,
            Op::Multi => code == code::MULTI,
            Op::Ping => code == code::PING,
            Op::CloseSession => code == code::CLOSE_SESSION,
            Op::Event => code == code::EVENT,
            Op::Any => code != code::CONNECT && code != code::EVENT,
        }
    }

    /// The kind's name, as `get_data`; for a code without a kind of its own `other`.
    #[must_use]
    pub fn name_of(code: i32) -> &'static str {
        NAMES.iter().find(|(_, op)| *op != Op::Any && op.matches(code)).map_or("other", |(name, _)| name)
    }
}

impl FromStr for Op {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = NAMES.iter().find(|(known, _)| *known == name).map(|(_, op)| *op);
        found.ok_or_else(|| Error::new(format!("unknown operation {name:?}")))
    }
}
