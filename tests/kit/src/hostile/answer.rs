//! An honest answer, and the parts of which forged ones are made.

use std::sync::PoisonError;

use super::{Requests, code_of};
use crate::wire::{Decoder, Encoder, code};

/// An honest answer and its request.
pub(super) struct Answer {
    pub(super) frame: Vec<u8>,
    /// The operation code of the request; 0 for an event.
    pub(super) code: i32,
    pub(super) request: Vec<u8>,
    pub(super) xid: i32,
    pub(super) zxid: i64,
    pub(super) error: i32,
}

impl Answer {
    pub(super) fn new(frame: Vec<u8>, is_handshake: bool, requests: &Requests) -> Self {
        let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
        if is_handshake {
            let request = requests.pop_front().unwrap_or_default();
            return Self { frame, code: code::CONNECT, request, xid: 0, zxid: 0, error: 0 };
        }
        let mut header = Decoder(&frame);
        let xid = header.int().unwrap_or_default();
        let zxid = header.long().unwrap_or_default();
        let error = header.int().unwrap_or_default();
        let at = requests.iter().position(|request| Decoder(request).int() == Some(xid));
        let request = at.and_then(|at| requests.remove(at)).unwrap_or_default();
        Self { code: code_of(&request), frame, request, xid, zxid, error }
    }

    pub(super) fn body(&self) -> &[u8] {
        self.frame.get(16..).unwrap_or_default()
    }

    /// The number of bytes of the path, the first field of the body.
    pub(super) fn path_end(&self) -> usize {
        4 + Decoder(self.body()).int().unwrap_or_default() as usize
    }

    /// True if the request asks for a watch.
    pub(super) fn sets_watch(&self) -> bool {
        self.request.last() == Some(&1)
    }

    /// The answer with another header.
    pub(super) fn with_header(&self, xid: i32, error: i32) -> Vec<u8> {
        framed(&[header(xid, self.zxid, error), self.body().to_vec()].concat())
    }

    /// The answer with another body.
    pub(super) fn with_body(&self, body: &[u8]) -> Vec<u8> {
        framed(&[&header(self.xid, self.zxid, 0), body].concat())
    }

    /// The answer with some bytes of its body replaced.
    pub(super) fn patched(&self, at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut body = self.body().to_vec();
        body[at..at + bytes.len()].copy_from_slice(bytes);
        self.with_body(&body)
    }

    /// The honest answer.
    pub(super) fn honest(&self) -> Vec<u8> {
        framed(&self.frame)
    }
}

pub(super) fn header(xid: i32, zxid: i64, error: i32) -> Vec<u8> {
    Encoder::default().int(xid).long(zxid).int(error).0
}

/// A frame with its true length.
pub(super) fn framed(frame: &[u8]) -> Vec<u8> {
    let length = i32::try_from(frame.len()).unwrap_or(i32::MAX);
    claiming(length, frame)
}

/// A frame that claims some length.
pub(super) fn claiming(length: i32, frame: &[u8]) -> Vec<u8> {
    [&length.to_be_bytes()[..], frame].concat()
}

/// An answer to the handshake.
pub(super) fn session(version: i32, timeout: i32, id: i64, password: &[u8]) -> Vec<u8> {
    framed(&Encoder::default().int(version).int(timeout).long(id).bytes(password).flag(false).0)
}

/// A watch event.
pub(super) fn event(kind: i32, state: i32, path: &[u8]) -> Vec<u8> {
    let body = Encoder::default().int(kind).int(state).bytes(path).0;
    framed(&[header(-1, -1, 0), body].concat())
}

/// A list of names of which the count is claimed.
pub(super) fn names(count: i32, names: &[&[u8]]) -> Vec<u8> {
    names.iter().fold(Encoder::default().int(count), |list, name| list.bytes(name)).0
}

/// The header of one result of a multi.
pub(super) fn member(code: i32, done: bool, error: i32) -> Vec<u8> {
    Encoder::default().int(code).flag(done).int(error).0
}

/// The results of a multi of which each member failed with this code.
pub(super) fn failures(count: usize, error: i32) -> Vec<u8> {
    let failure = [member(-1, false, error), error.to_be_bytes().to_vec()].concat();
    [failure.repeat(count), member(-1, true, -1)].concat()
}
