//! A TCP proxy in front of one server that understands ZooKeeper's frames, so that a test can say which
//! message is to be lost, late or held back.

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

/// Which way a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A request.
    ToServer,
    /// A reply or a watch event.
    ToClient,
}

/// A frame that has come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The connection's number; the proxy's first one is 1.
    pub connection: usize,
    /// Which way it went.
    pub direction: Direction,
    /// The request's operation code (in a reply: of the request it answers); -10 for the handshake, 0 for an
    /// event.
    pub code: i32,
    /// The request's number on its connection.
    pub xid: i32,
    /// The request's path (for a multi: its first operation's), or the event's.
    pub path: Option<String>,
    /// The server's error code; 0 in requests.
    pub error: i32,
    /// Whether it was sent on, or is going to be; `false` if a rule swallowed it.
    pub passed: bool,
    /// When it came in, counted from the start of the proxy.
    pub at: Duration,
}

impl Frame {
    /// Whether this is a request of that kind.
    #[must_use]
    pub fn is_request(&self, op: Op) -> bool {
        self.direction == Direction::ToServer && op.matches(self.code)
    }

    /// Whether this is the reply to a request of that kind.
    #[must_use]
    pub fn is_reply(&self, op: Op) -> bool {
        self.direction == Direction::ToClient && op.matches(self.code)
    }
}

/// A proxy in front of one ZooKeeper server. Ends, and cuts its connections, when dropped.
///
/// Rules count the requests on all connections together. A rule that swallows a frame also cuts that
/// connection, after everything that was under way before it in the same direction.
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

    /// Where clients connect to.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Lets the server do the `nth` (1: the next) such request, but swallows its reply.
    pub fn swallow_reply(&self, op: Op, nth: usize) -> Rule {
        self.add_rule(op, Target::Reply, When::Nth(nth))
    }

    /// Swallows the `nth` (1: the next) such request before it gets to the server.
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

    /// Ends all rules, also for requests whose reply is still to come.
    pub fn clear_rules(&self) {
        self.shared.change(|state| {
            state.rules.clear();
            for connection in state.connections.values_mut() {
                connection.conversation.spare_replies();
            }
        });
    }

    /// Keeps back all that the server sends, until released by `false`; requests still go through.
    pub fn hold_replies(&self, on: bool) {
        self.shared.change(|state| state.hold_replies = on);
    }

    /// Keeps back all that clients send, until released by `false`; replies still go through.
    pub fn hold_requests(&self, on: bool) {
        self.shared.change(|state| state.hold_requests = on);
    }

    /// Stops forwarding both ways while connections stay open, as a network partition does: neither side gets
    /// to know even that the other has closed. New connections are accepted, and hear nothing. With `false`
    /// all that was kept back goes on.
    pub fn stall(&self, on: bool) {
        self.shared.change(|state| state.stalled = on);
    }

    /// Closes all connections in an orderly way (FIN), now. What was kept back is lost.
    pub fn cut(&self) {
        self.shared.change(|state| state.cut_all(Close::Finish));
    }

    /// Resets all connections (RST), now.
    pub fn reset(&self) {
        self.shared.change(|state| state.cut_all(Close::Reset));
    }

    /// While on, there is no connection: existing ones are cut, new ones closed at once.
    pub fn refuse(&self, on: bool) {
        self.shared.change(|state| {
            state.refusing = on;
            if on {
                state.cut_all(Close::Finish);
            }
        });
    }

    /// Delivers every frame that comes in from now on that much later, in order.
    pub fn delay(&self, delay: Duration) {
        self.shared.change(|state| state.delay = delay);
    }

    /// All frames that have come by.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        self.shared.lock().frames.clone()
    }

    /// Forgets the frames that have come by.
    pub fn clear_frames(&self) {
        self.shared.change(|state| state.frames.clear());
    }

    /// How many connections are open now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.lock().connections.len()
    }

    /// Waits until the frames that have come by satisfy a condition; `false` if they do not after `timeout`.
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
        // Wakes the accepting thread, which then ends. If this fails there is nothing left to wake.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}
