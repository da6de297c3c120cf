//! The kinds of operations in rules and logs, and their names.

use std::str::FromStr;

use crate::Error;
use crate::wire::code;

/// A kind of request, for rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// The first frame of a connection, which requests a new or an existing session.
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
    /// A ping, which renews the session.
    Ping,
    /// A client's request to close its session.
    CloseSession,
    /// A watch event, which only the server sends. It occurs in logs; rules do not apply to it.
    Event,
    /// Every request except `Connect`.
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
    /// Returns whether a request with that operation code is of this kind.
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

    /// Returns the name of the kind, such as `get_data`, or `other` for a code without a kind.
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
