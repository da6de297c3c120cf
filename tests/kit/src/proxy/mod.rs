//! A TCP proxy in front of one server. It decodes ZooKeeper's frames, so that a test can choose the messages to lose, delay
//! or hold.

mod conversation;
mod op;
mod pipe;
mod rules;
mod state;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::Error;
use rules::{Active, Fired, Random, Target, When};
use state::{Close, Shared};

pub use op::Op;
pub use rules::Rule;

/// The direction of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A request.
    ToServer,
    /// A reply or a watch event.
    ToClient,
}

/// A frame that a proxy has received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The connection's number, starting with 1.
    pub connection: usize,
    /// The frame's direction.
    pub direction: Direction,
    /// The operation code of the request, or of the request that a reply answers. -10 is the handshake, 0 is an event.
    pub code: i32,
    /// The request's number on its connection.
    pub xid: i32,
    /// The path of the request or the event. For a multi this is the path of its first operation.
    pub path: Option<String>,
    /// The server's error code; 0 in requests.
    pub error: i32,
    /// `true` if the frame was or will be forwarded, `false` if a rule swallowed it.
    pub passed: bool,
    /// The time at which the frame arrived, since the start of the proxy.
    pub at: Duration,
}

impl Frame {
    /// Returns whether this is a request of that kind.
    #[must_use]
    pub fn is_request(&self, op: Op) -> bool {
        self.direction == Direction::ToServer && op.matches(self.code)
    }

    /// Returns whether this is the reply to a request of that kind.
    #[must_use]
    pub fn is_reply(&self, op: Op) -> bool {
        self.direction == Direction::ToClient && op.matches(self.code)
    }
}

/// A proxy in front of one ZooKeeper server. It ends and closes its connections when it is dropped.
///
/// Rules count the requests on all connections together. A rule that swallows a frame also closes that connection, after
/// all earlier frames in the same direction have been delivered.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy on a free port of the loopback interface.
    pub fn start(upstream: &str) -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new());
        let (state, upstream) = (shared.clone(), upstream.to_owned());
        let accepting = thread::spawn(move || pipe::accept(&state, &listener, &upstream));
        Ok(Self { shared, address, accepting: Some(accepting) })
    }

    /// Returns the address for clients.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Forwards the `nth` such request from now (1 is the next) to the server, but swallows its reply.
    pub fn swallow_reply(&self, op: Op, nth: usize) -> Rule {
        self.add_rule(op, Target::Reply, When::Nth(nth))
    }

    /// Swallows the `nth` such request from now (1 is the next) before it reaches the server.
    pub fn swallow_request(&self, op: Op, nth: usize) -> Rule {
        self.add_rule(op, Target::Request, When::Nth(nth))
    }

    /// Swallows the reply to each such request with a probability from 0 to 1.
    pub fn swallow_replies_at_random(&self, op: Op, probability: f64, seed: u64) -> Rule {
        self.add_rule(op, Target::Reply, When::Random { probability, random: Random(seed) })
    }

    /// Swallows each such request with a probability from 0 to 1.
    pub fn swallow_requests_at_random(&self, op: Op, probability: f64, seed: u64) -> Rule {
        self.add_rule(op, Target::Request, When::Random { probability, random: Random(seed) })
    }

    /// Makes the server behave as if it did not know the operation with this code, as an older server does not: it refuses
    /// such a request ahead of requests that it received before, and closes the connection. Logs show the original code.
    pub fn hide_operation(&self, code: i32) {
        self.shared.change(|state| state.hidden.push(code));
    }

    /// Removes all rules, also for requests whose reply is still pending.
    pub fn clear_rules(&self) {
        self.shared.change(|state| {
            state.rules.clear();
            for connection in state.connections.values_mut() {
                connection.conversation.spare_replies();
            }
        });
    }

    /// With `true`, holds everything that the server sends until it is called with `false`. Requests are still forwarded.
    pub fn hold_replies(&self, on: bool) {
        self.shared.change(|state| state.hold_replies = on);
    }

    /// With `true`, holds everything that clients send until it is called with `false`. Replies are still forwarded.
    pub fn hold_requests(&self, on: bool) {
        self.shared.change(|state| state.hold_requests = on);
    }

    /// With `true`, stops forwarding in both directions while connections stay open, as in a network partition: neither
    /// side learns even that the other has closed. New connections are accepted, but get no answers. With `false`, forwards
    /// everything that was held.
    pub fn stall(&self, on: bool) {
        self.shared.change(|state| state.stalled = on);
    }

    /// Closes all connections in an orderly way (FIN) at once. Frames that are held are lost.
    pub fn cut(&self) {
        self.shared.change(|state| state.cut_all(Close::Finish));
    }

    /// Resets all connections (RST) at once.
    pub fn reset(&self) {
        self.shared.change(|state| state.cut_all(Close::Reset));
    }

    /// With `true`, closes all connections, and closes new ones at once until it is called with `false`.
    pub fn refuse(&self, on: bool) {
        self.shared.change(|state| {
            state.refusing = on;
            if on {
                state.cut_all(Close::Finish);
            }
        });
    }

    /// Delays every frame that arrives from now on. The order of frames stays the same.
    pub fn delay(&self, delay: Duration) {
        self.shared.change(|state| state.delay = delay);
    }

    /// Returns all frames so far.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        self.shared.lock().frames.clone()
    }

    /// Removes the frames so far from the log.
    pub fn clear_frames(&self) {
        self.shared.change(|state| state.frames.clear());
    }

    /// Returns the number of open connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.lock().connections.len()
    }

    /// Waits until the frames satisfy a condition. Returns `false` if they do not within `timeout`.
    #[must_use]
    pub fn wait_for(&self, timeout: Duration, mut condition: impl FnMut(&[Frame]) -> bool) -> bool {
        self.shared.wait(timeout, |state| condition(&state.frames))
    }

    fn add_rule(&self, op: Op, target: Target, when: When) -> Rule {
        let fired = Fired::default();
        let active = Active { op, target, when, fired: fired.clone() };
        self.shared.change(|state| state.rules.push(active));
        Rule { fired, shared: self.shared.clone() }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.change(|state| {
            state.ended = true;
            state.cut_all(Close::Finish);
        });
        // Wakes the accepting thread, which then ends. If this fails, the thread has ended already.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}
