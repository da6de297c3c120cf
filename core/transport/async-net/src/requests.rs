//! Remembers the requests that await an answer, in the order in which they were sent.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use crate::code;
use crate::fields::Fields;
use crate::frames::{Reason, Sink};

/// The flag of a create that makes the server append a number to the path.
const SEQUENTIAL: i32 = 2;

/// A request that awaits its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) xid: i32,
    pub(crate) code: i32,
    /// The number of its [`Part`]s.
    pub(crate) parts: usize,
}

/// One operation whose answer depends on more than the kind of the request: a create, or a member of a multi.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) code: i32,
    /// For a create, true if the server appends a number to the path.
    pub(crate) sequential: bool,
    /// For a create, the length of the path. The path itself is kept as a hash only.
    path_length: usize,
    path_hash: u64,
}

/// The requests of one connection that await an answer.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// The session timeout that was requested, in milliseconds. `None` until the connect request is sent.
    pub(crate) session_timeout: Option<i32>,
    pending: VecDeque<Request>,
    /// The parts of all pending requests, in order.
    parts: VecDeque<Part>,
    pings: usize,
    /// The number of events that the server may still send: each one-shot watch leads to one event at most.
    events: usize,
    hashes: RandomState,
}

impl Requests {
    /// Removes the request that is answered by an answer with this number. The server answers in order, except for
    /// authentication (`ZooKeeperServer.processPacket`) and for operations that it does not know
    /// (`ZooKeeperServer.submitRequestNow`), both of which it answers at once.
    pub(crate) fn answered(&mut self, xid: i32, error: i32) -> Option<Request> {
        let index = match self.pending.front() {
            Some(first) if first.xid == xid => 0,
            _ => self.pending.iter().position(|request| {
                let at_once = matches!(request.code, code::AUTH | code::SASL) || error == code::UNIMPLEMENTED;
                request.xid == xid && at_once
            })?,
        };
        if index != 0 {
            // The parts of its predecessors stay at the front.
            let start: usize = self.pending.iter().take(index).map(|request| request.parts).sum();
            let end = start + self.pending[index].parts;
            self.parts.drain(start..end);
        }
        let mut request = self.pending.remove(index)?;
        if index != 0 {
            request.parts = 0;
        }
        Some(request)
    }

    /// Removes the next part of the request that was answered last. Its caller takes each part once.
    pub(crate) fn next_part(&mut self) -> Option<Part> {
        self.parts.pop_front()
    }

    /// Removes one ping. Returns false if no ping awaits its answer.
    pub(crate) fn ping_answered(&mut self) -> bool {
        let pinged = self.pings > 0;
        self.pings = self.pings.saturating_sub(1);
        pinged
    }

    /// Counts an event. Returns false if there can be no watch that it belongs to.
    pub(crate) fn event_arrived(&mut self) -> bool {
        let expected = self.events > 0;
        self.events = self.events.saturating_sub(1);
        expected
    }

    /// Returns whether a create may answer with this path.
    pub(crate) fn is_path_of(&self, part: Part, path: &str) -> bool {
        let Some((start, end)) = path.as_bytes().split_at_checked(part.path_length) else { return false };
        // The number is formatted with `%010d`, and is negative after an overflow.
        let digits = end.strip_prefix(b"-").unwrap_or(end);
        let is_number = matches!(end.len(), 10 | 11) && digits.iter().all(u8::is_ascii_digit);
        self.hashes.hash_one(start) == part.path_hash
            && if part.sequential { is_number } else { end.is_empty() }
    }

    /// Reads one operation of a request. `None` if it is not laid out as expected.
    fn part(&self, code: i32, body: &mut Fields<'_>) -> Option<Part> {
        let path = body.bytes()?;
        let mut part = Part { code, sequential: false, path_length: path.len(), path_hash: 0 };
        match code {
            code::CREATE | code::CREATE2 | code::CREATE_CONTAINER | code::CREATE_TTL => {
                body.bytes()?;
                for _ in 0..body.int()? {
                    body.int()?;
                    body.bytes()?;
                    body.bytes()?;
                }
                // The modes are 2 and 3, and 6 with a time to live (`CreateMode`).
                part.sequential = body.int()? & SEQUENTIAL != 0;
                if code == code::CREATE_TTL {
                    body.long()?;
                }
                part.path_hash = self.hashes.hash_one(path);
            }
            code::SET_DATA => {
                body.bytes()?;
                body.int()?;
            }
            code::DELETE | code::CHECK => {
                body.int()?;
            }
            code::GET_DATA | code::GET_CHILDREN => {
                body.flag()?;
            }
            _ => return None,
        }
        Some(part)
    }

    /// Remembers the parts of a request, and returns their number.
    fn add_parts(&mut self, code: i32, mut body: Fields<'_>) -> Option<usize> {
        match code {
            code::CREATE | code::CREATE2 | code::CREATE_CONTAINER | code::CREATE_TTL => {
                let part = self.part(code, &mut body)?;
                self.parts.push_back(part);
                Some(1)
            }
            code::MULTI | code::MULTI_READ => {
                let mut parts = 0;
                loop {
                    let (code, done, _) = (body.int()?, body.flag()?, body.int()?);
                    if done {
                        return Some(parts);
                    }
                    let part = self.part(code, &mut body)?;
                    self.parts.push_back(part);
                    parts += 1;
                }
            }
            _ => Some(0),
        }
    }
}

impl Sink for Requests {
    fn max_length(&self) -> usize {
        usize::MAX - 4
    }

    fn frame(&mut self, frame: &[u8]) -> Result<(), Reason> {
        const UNREADABLE: Reason = "a request that is not laid out as expected";
        let mut fields = Fields(frame);
        if self.session_timeout.is_none() {
            // The protocol version and the last zxid seen come first.
            fields.take(12).ok_or(UNREADABLE)?;
            self.session_timeout = Some(fields.int().ok_or(UNREADABLE)?);
            return Ok(());
        }
        let (xid, code) = (fields.int().ok_or(UNREADABLE)?, fields.int().ok_or(UNREADABLE)?);
        match code {
            code::PING => {
                self.pings += 1;
                return Ok(());
            }
            code::EXISTS | code::GET_DATA | code::GET_CHILDREN | code::GET_CHILDREN2 => {
                // The request ends with the flag that asks for a watch.
                self.events += usize::from(frame.ends_with(&[1]));
            }
            // These watches lead to any number of events.
            code::ADD_WATCH | code::SET_WATCHES | code::SET_WATCHES2 => self.events = usize::MAX / 2,
            _ => {}
        }
        let parts = self.add_parts(code, fields).ok_or(UNREADABLE)?;
        self.pending.push_back(Request { xid, code, parts });
        Ok(())
    }
}
