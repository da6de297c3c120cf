//! Checks what a server sends: the answer to the handshake, answers to requests, and watch events.

use crate::code;
use crate::fields::Fields;
use crate::frames::{Reason, Sink};
use crate::requests::{Part, Request, Requests};

/// The length of the longest answer: sixteen times the largest packet that servers and Java clients accept by default
/// (`jute.maxbuffer`, 1 MiB).
const MAX_LENGTH: usize = 16 * 1024 * 1024;

/// The largest number of names in one answer. Each becomes an allocation of its own, so many short ones would take several
/// times the memory of the answer.
const MAX_NAMES: usize = 1 << 18;

/// The length of the longest answer to a connect request. It has 37 bytes.
const MAX_HANDSHAKE: usize = 512;

/// Bounds of a granted session timeout, in milliseconds. zookeeper-client and the core divide it into parts. A server may
/// grant more than was requested, because it has a minimum (`minSessionTimeout`).
const SHORTEST_SESSION: i32 = 40;
const LONGEST_UNREQUESTED_SESSION: i32 = 3_600_000;

/// The state of a connected session in a watch event (`KeeperState.SyncConnected`).
const SYNC_CONNECTED: i32 = 3;

/// The server's side of one connection.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    has_session: bool,
    /// The number of names in the current frame.
    names: usize,
    /// The zxid of the node that was created last. A later create has a larger one.
    last_created: i64,
}

/// Checks the frames of a server against the requests of its client.
pub(crate) struct Incoming<'a> {
    pub(crate) answers: &'a mut Answers,
    pub(crate) requests: &'a mut Requests,
}

impl Sink for Incoming<'_> {
    fn max_length(&self) -> usize {
        if self.answers.has_session { MAX_LENGTH } else { MAX_HANDSHAKE }
    }

    fn frame(&mut self, frame: &[u8]) -> Result<(), Reason> {
        let mut fields = Fields(frame);
        self.answers.names = 0;
        if !self.answers.has_session {
            self.answers.has_session = true;
            return self.handshake(fields);
        }
        let (Some(xid), Some(_zxid), Some(error)) = (fields.int(), fields.long(), fields.int()) else {
            return Err("an answer that is too short");
        };
        match xid {
            code::EVENT_XID => self.event(error, fields),
            code::PING_XID if !self.requests.ping_answered() => Err("an answer to a ping that was not sent"),
            code::PING_XID => all_read(Some(()), fields),
            _ => match self.requests.answered(xid, error) {
                Some(request) => self.answer(request, error, fields),
                None => Err("an answer that no request expects, or out of order"),
            },
        }
    }
}

impl Incoming<'_> {
    fn handshake(&self, mut fields: Fields<'_>) -> Result<(), Reason> {
        let requested = self.requests.session_timeout.ok_or("an answer before the request")?;
        let (Some(0), Some(timeout), Some(session)) = (fields.int(), fields.int(), fields.long()) else {
            return Err("an answer to the handshake of another protocol");
        };
        let longest = requested.max(LONGEST_UNREQUESTED_SESSION);
        // With the session 0, the server says that the session to be resumed has ended.
        if session != 0 && !(SHORTEST_SESSION..=longest).contains(&timeout) {
            return Err("a session timeout out of bounds");
        }
        if fields.bytes().is_none_or(<[u8]>::is_empty) {
            return Err("an answer to the handshake without a password");
        }
        // Servers before 3.4 do not say whether they are read-only.
        let read_only = if fields.is_empty() { Some(false) } else { fields.flag() };
        all_read(read_only, fields)
    }

    fn event(&mut self, error: i32, mut fields: Fields<'_>) -> Result<(), Reason> {
        if !self.requests.event_arrived() {
            return Err("an event that no watch expects");
        }
        let (Some(1..=4), Some(SYNC_CONNECTED), 0) = (fields.int(), fields.int(), error) else {
            return Err("an event of an unknown kind");
        };
        all_read(fields.text().filter(|path| path.starts_with('/')), fields)
    }

    fn answer(&mut self, request: Request, error: i32, mut fields: Fields<'_>) -> Result<(), Reason> {
        if error > 0 {
            return Err("an error code above zero");
        }
        if error != 0 {
            (0..request.parts).for_each(|_| {
                self.requests.next_part();
            });
            return all_read(Some(()), fields);
        }
        let body = &mut fields;
        let read = match request.code {
            code::CREATE | code::CREATE2 | code::CREATE_CONTAINER | code::CREATE_TTL => {
                let part = self.requests.next_part();
                part.and_then(|part| self.created(part, request.code != code::CREATE, body))
            }
            code::MULTI => self.written(request.parts, body),
            code::MULTI_READ => {
                (0..request.parts).try_for_each(|_| self.found(body)).and_then(|()| end_of_multi(body))
            }
            code::EXISTS | code::SET_DATA | code::SET_ACL => stat(body).map(drop),
            code::GET_DATA | code::RECONFIG => body.bytes().and_then(|_| stat(body)).map(drop),
            code::GET_ACL => acl(body).and_then(|()| stat(body)).map(drop),
            code::GET_CHILDREN => self.names(body),
            code::GET_CHILDREN2 => self.names(body).and_then(|()| stat(body)).map(drop),
            code::SYNC => body.text().map(drop),
            code::ADD_WATCH | code::COUNT_CHILDREN => body.int().map(drop),
            code::DELETE
            | code::REMOVE_WATCHES
            | code::AUTH
            | code::SET_WATCHES
            | code::SET_WATCHES2
            | code::CLOSE_SESSION => Some(()),
            // Operations that zookeeper-client has no decoder for in this build.
            _ => return Ok(()),
        };
        all_read(read, fields)
    }

    /// Reads the answer to a create of its own.
    fn created(&mut self, part: Part, has_stat: bool, body: &mut Fields<'_>) -> Option<()> {
        let path = body.text()?;
        if has_stat {
            let czxid = stat(body)?;
            // It is a fencing token, which must rise.
            if czxid <= self.answers.last_created {
                return None;
            }
            self.answers.last_created = czxid;
        }
        self.requests.is_path_of(part, path).then_some(())
    }

    /// Reads the results of a multi: one for each member, or an error for each, one of which is not 0.
    fn written(&mut self, parts: usize, body: &mut Fields<'_>) -> Option<()> {
        let (mut failures, mut has_failed) = (0, false);
        for _ in 0..parts {
            let part = self.requests.next_part()?;
            let code = member(body)?;
            match (part.code, code) {
                (_, code::ERROR) => {
                    has_failed |= body.int()? != 0;
                    failures += 1;
                }
                (
                    code::CREATE | code::CREATE2 | code::CREATE_CONTAINER | code::CREATE_TTL,
                    code::CREATE | code::CREATE2,
                ) => {
                    let path = body.text()?;
                    // Its zxids are not set by servers before 3.7.2 and 3.8.2 (ZOOKEEPER-4026).
                    if code == code::CREATE2 {
                        body.take(STAT_LENGTH)?;
                    }
                    self.requests.is_path_of(part, path).then_some(())?;
                }
                (code::SET_DATA, code::SET_DATA) => {
                    stat(body)?;
                }
                (code::DELETE, code::DELETE) | (code::CHECK, code::CHECK) => {}
                _ => return None,
            }
        }
        let is_whole = failures == 0 || (failures == parts && has_failed);
        is_whole.then_some(()).and_then(|()| end_of_multi(body))
    }

    /// Reads the result of one member of a multi-read.
    fn found(&mut self, body: &mut Fields<'_>) -> Option<()> {
        let part = self.requests.next_part()?;
        match (part.code, member(body)?) {
            (_, code::ERROR) => body.int().filter(|error| *error < 0).map(drop),
            (code::GET_DATA, code::GET_DATA) => body.bytes().and_then(|_| stat(body)).map(drop),
            (code::GET_CHILDREN, code::GET_CHILDREN) => self.names(body),
            _ => None,
        }
    }

    /// Reads a list of node names. A null list has the length -1.
    fn names(&mut self, body: &mut Fields<'_>) -> Option<()> {
        let count = usize::try_from(body.int()?.max(0)).ok()?;
        self.answers.names += count;
        if self.answers.names > MAX_NAMES {
            return None;
        }
        (0..count).try_for_each(|_| body.text().filter(|name| is_name(name)).map(drop))
    }
}

/// Requires that everything was read as expected, and that nothing follows.
fn all_read<T>(read: Option<T>, rest: Fields<'_>) -> Result<(), Reason> {
    match read {
        Some(_) if rest.is_empty() => Ok(()),
        Some(_) => Err("an answer with more in it than its operation has"),
        None => Err("an answer that does not fit its request"),
    }
}

/// The length of a node's metadata.
const STAT_LENGTH: usize = 68;

/// Reads a node's metadata, and returns its `czxid`. The nodes that come with a server have the zxid 0.
fn stat(body: &mut Fields<'_>) -> Option<i64> {
    let mut stat = Fields(body.take(STAT_LENGTH)?);
    let (czxid, mzxid) = (stat.long()?, stat.long()?);
    // The times, the versions and the owner follow. They may have any value.
    stat.take(36)?;
    let (data_length, children) = (stat.int()?, stat.int()?);
    (czxid >= 0 && mzxid >= 0 && data_length >= 0 && children >= 0).then_some(czxid)
}

/// Reads the header of a member's result, and returns the kind of the result.
fn member(body: &mut Fields<'_>) -> Option<i32> {
    let (code, done, _error) = (body.int()?, body.flag()?, body.int()?);
    (!done).then_some(code)
}

fn end_of_multi(body: &mut Fields<'_>) -> Option<()> {
    let (_code, done, _error) = (body.int()?, body.flag()?, body.int()?);
    done.then_some(())
}

/// Returns whether a node can have this name (`PathUtils.validatePath`).
fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.bytes().any(|byte| byte == b'/' || byte == 0)
}

/// Reads a list of permissions, each with a scheme and an id.
fn acl(body: &mut Fields<'_>) -> Option<()> {
    (0..body.int()?).try_for_each(|_| {
        body.int()?;
        body.text()?;
        body.text().map(drop)
    })
}
