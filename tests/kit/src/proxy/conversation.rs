//! Decodes the frames of one connection: the operation of each request, and the request of each reply.

use super::rules::Fired;
use crate::wire::{Decoder, code};

/// The fields of a frame that the proxy uses.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Summary {
    pub(super) code: i32,
    pub(super) xid: i32,
    pub(super) path: Option<String>,
    /// The server's error code; 0 in requests.
    pub(super) error: i32,
}

/// A request that the server has not answered yet.
#[derive(Debug)]
struct Pending {
    summary: Summary,
    /// The rule that swallows the reply, if any.
    loses_reply: Option<Fired>,
}

/// The state of one connection.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    client_greeted: bool,
    server_greeted: bool,
    pending: Vec<Pending>,
}

impl Conversation {
    /// Decodes a request.
    pub(super) fn read_request(&mut self, frame: &[u8]) -> Option<Summary> {
        if !self.client_greeted {
            self.client_greeted = true;
            return Some(greeting());
        }
        let mut request = Decoder(frame);
        let (xid, code) = (request.int()?, request.int()?);
        Some(Summary { code, xid, path: path_of(code, request), error: 0 })
    }

    /// Records a request that is forwarded to the server.
    pub(super) fn expect_reply(&mut self, summary: Summary, loses_reply: Option<Fired>) {
        self.pending.push(Pending { summary, loses_reply });
    }

    /// Decodes a reply, finds its request, and returns the rule that swallows the reply, if any.
    pub(super) fn read_reply(&mut self, frame: &[u8]) -> Option<(Summary, Option<Fired>)> {
        let (xid, error) = if self.server_greeted {
            let mut reply = Decoder(frame);
            let (xid, _zxid, error) = (reply.int()?, reply.long()?, reply.int()?);
            if xid == -1 {
                return Some((event(reply)?, None));
            }
            (xid, error)
        } else {
            self.server_greeted = true;
            (0, 0)
        };
        let at = self.pending.iter().position(|pending| pending.summary.xid == xid)?;
        let Pending { summary, loses_reply } = self.pending.remove(at);
        Some((Summary { error, ..summary }, loses_reply))
    }

    /// Stops rules from swallowing the replies to pending requests.
    pub(super) fn spare_replies(&mut self) {
        for pending in &mut self.pending {
            pending.loses_reply = None;
        }
    }
}

fn greeting() -> Summary {
    Summary { code: code::CONNECT, xid: 0, path: None, error: 0 }
}

fn event(mut body: Decoder<'_>) -> Option<Summary> {
    let (_kind, _state) = (body.int()?, body.int()?);
    Some(Summary { code: code::EVENT, xid: -1, path: body.text(), error: 0 })
}

/// Returns the path at the start of a request's body, if requests of this kind have one. For a multi this is the path of
/// its first operation.
fn path_of(code: i32, mut body: Decoder<'_>) -> Option<String> {
    match code {
        1..=9 | 12 | 13 | 15 | 17..=19 | 21 | 103 | 104 | 106 => body.text(),
        code::MULTI => {
            let (first, _) = (body.int()?, body.0.split_off(..5)?);
            (first > 0).then(|| body.text()).flatten()
        }
        _ => None,
    }
}
