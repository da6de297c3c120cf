//! Checks both directions of a plain connection to a ZooKeeper server.
//!
//! zookeeper-client trusts its server. A length or a count that is wrong makes it allocate without bound, and an answer that
//! is too short makes it panic, or the task that waits for the answer. So no answer is handed on before it is known to be
//! one that its request can have:
//!
//! 1. The bytes that are sent are split into frames (`frames.rs`). Each request is remembered until it is answered (`requests.rs`).
//! 2. The bytes that are received are split into frames too. The length of a frame has a limit.
//! 3. The server answers requests in the order in which they were sent. Each answer is checked against its request
//!    (`answers.rs`): its fields must fill the frame exactly.
//! 4. All bytes before the last piece of a frame are handed on as they arrive, so that a long answer over a slow line counts
//!    as a sign of life. The last piece is handed on if the frame is good. So zookeeper-client never decodes a bad frame.
//! 5. The first bad frame ends the connection: reading fails, and the library connects again.
//!
//! Encrypted connections pass unchecked, because only zookeeper-client can decrypt them. They start with another first byte
//! than a connect request, whose length is below 2^24.

use crate::answers::{Answers, Incoming};
use crate::frames::{Frames, Reason};
use crate::requests::Requests;

/// The state of the checks of one connection.
#[derive(Debug, Default)]
pub(crate) enum Checker {
    /// Nothing was sent yet.
    #[default]
    Undecided,
    /// The connection is encrypted, or not one of ZooKeeper's sessions.
    Off,
    On(Box<Conversation>),
}

/// Both directions of a connection.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    outgoing: Frames,
    requests: Requests,
    incoming: Frames,
    answers: Answers,
    refused: Option<Reason>,
}

impl Checker {
    /// Takes note of what is sent.
    pub(crate) fn sent(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        if let Checker::Undecided = self
            && let Some(first) = bytes.first()
        {
            *self = if *first == 0 { Checker::On(Box::default()) } else { Checker::Off };
        }
        match self {
            Checker::On(conversation) => conversation.sent(bytes),
            _ => Ok(()),
        }
    }

    /// Returns how many of these bytes may be handed on. All that follow a bad frame fail.
    pub(crate) fn received(&mut self, bytes: &[u8]) -> Result<usize, Reason> {
        match self {
            Checker::On(conversation) => conversation.received(bytes),
            Checker::Off => Ok(bytes.len()),
            Checker::Undecided if bytes.is_empty() => Ok(0),
            Checker::Undecided => Err("an answer before the request"),
        }
    }
}

impl Conversation {
    fn sent(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        self.outgoing.feed(bytes, &mut self.requests).map_err(|(_, reason)| reason)
    }

    fn received(&mut self, bytes: &[u8]) -> Result<usize, Reason> {
        if let Some(reason) = self.refused {
            return Err(reason);
        }
        let mut incoming = Incoming { answers: &mut self.answers, requests: &mut self.requests };
        match self.incoming.feed(bytes, &mut incoming) {
            Ok(()) => Ok(bytes.len()),
            Err((good, reason)) => {
                self.refused = Some(reason);
                if good == 0 { Err(reason) } else { Ok(good) }
            }
        }
    }
}

#[cfg(test)]
mod tests;
