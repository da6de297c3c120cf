//! What the proxy's threads share: rules, switches, open connections and the log.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::conversation::{Conversation, Summary};
use super::rules::{Active, Target, first_to_fire};
use super::{Direction, Frame};

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    start: Instant,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) rules: Vec<Active>,
    pub(super) hold_requests: bool,
    pub(super) hold_replies: bool,
    pub(super) stalled: bool,
    pub(super) refusing: bool,
    pub(super) ended: bool,
    pub(super) delay: Duration,
    pub(super) frames: Vec<Frame>,
    pub(super) connections: BTreeMap<usize, Connection>,
    last_connection: usize,
}

/// An open connection, from its two ends.
#[derive(Debug)]
pub(super) struct Connection {
    client: Arc<TcpStream>,
    server: Arc<TcpStream>,
    pub(super) conversation: Conversation,
    half_closed: bool,
}

/// How a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Close {
    /// In an orderly way (FIN).
    Finish,
    /// At once (RST).
    Reset,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), start: Instant::now() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes all who wait for something.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until a condition on the state holds; `false` if it does not after `timeout`.
    pub(super) fn wait(&self, timeout: Duration, mut condition: impl FnMut(&State) -> bool) -> bool {
        let waiting = self.changed.wait_timeout_while(self.lock(), timeout, |state| !condition(state));
        !waiting.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Enters a new connection and returns its number; `None` if connections are not wanted now.
    pub(super) fn open(&self, client: &Arc<TcpStream>, server: &Arc<TcpStream>) -> Option<usize> {
        self.change(|state| {
            if state.refusing || state.ended {
                return None;
            }
            state.last_connection += 1;
            let connection = Connection {
                client: client.clone(),
                server: server.clone(),
                conversation: Conversation::default(),
                half_closed: false,
            };
            state.connections.insert(state.last_connection, connection);
            Some(state.last_connection)
        })
    }

    /// Looks at a frame that has just arrived: logs it, asks the rules. Returns when it is due at the other
    /// end, or `None` if it is not to get there.
    pub(super) fn see(&self, connection: usize, direction: Direction, frame: &[u8]) -> Option<Instant> {
        let at = self.start.elapsed();
        self.change(|state| {
            let (summary, passed) = match direction {
                Direction::ToServer => state.see_request(connection, frame)?,
                Direction::ToClient => state.see_reply(connection, frame)?,
            };
            let Summary { code, xid, path, error } = summary;
            state.frames.push(Frame { connection, direction, code, xid, path, error, passed, at });
            passed.then(|| Instant::now() + state.delay)
        })
    }

    /// Waits until a frame that is due at `due` may be sent on; `false` if its connection has been cut
    /// meanwhile.
    pub(super) fn wait_turn(&self, connection: usize, direction: Direction, due: Instant) -> bool {
        let mut state = self.lock();
        loop {
            if !state.connections.contains_key(&connection) {
                return false;
            }
            let left = due.saturating_duration_since(Instant::now());
            let held = state.holds(direction);
            if !held && left.is_zero() {
                return true;
            }
            state = if held {
                self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            } else {
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    /// One side has finished sending: tells the other, and forgets the connection when both have.
    pub(super) fn finish(&self, connection: usize, direction: Direction) {
        self.change(|state| {
            let Some(open) = state.connections.get_mut(&connection) else {
                return;
            };
            if open.half_closed {
                state.cut(connection, Close::Finish);
                return;
            }
            open.half_closed = true;
            let other = if direction == Direction::ToServer { &open.server } else { &open.client };
            // An error means that it is closed already.
            drop(other.shutdown(Shutdown::Write));
        });
    }
}

impl State {
    fn see_request(&mut self, connection: usize, frame: &[u8]) -> Option<(Summary, bool)> {
        let conversation = &mut self.connections.get_mut(&connection)?.conversation;
        let summary = conversation.read_request(frame)?;
        let rule = first_to_fire(&mut self.rules, summary.code);
        if let Some(rule) = rule.filter(|rule| rule.target == Target::Request) {
            rule.fired.add();
            return Some((summary, false));
        }
        conversation.expect_reply(summary.clone(), rule.map(|rule| rule.fired.clone()));
        Some((summary, true))
    }

    fn see_reply(&mut self, connection: usize, frame: &[u8]) -> Option<(Summary, bool)> {
        let conversation = &mut self.connections.get_mut(&connection)?.conversation;
        let (summary, loses_reply) = conversation.read_reply(frame)?;
        if let Some(fired) = &loses_reply {
            fired.add();
        }
        Some((summary, loses_reply.is_none()))
    }

    fn holds(&self, direction: Direction) -> bool {
        let held = if direction == Direction::ToServer { self.hold_requests } else { self.hold_replies };
        held || self.stalled
    }

    /// Closes a connection; the threads that serve it find it gone and end.
    pub(super) fn cut(&mut self, connection: usize, how: Close) {
        let Some(Connection { client, server, .. }) = self.connections.remove(&connection) else {
            return;
        };
        for stream in [client, server] {
            // Errors mean that it is closed already.
            let closed = match how {
                Close::Finish => stream.shutdown(Shutdown::Both),
                // Only wakes our reader; the RST goes out when the last thread lets go of the socket.
                Close::Reset => socket2::SockRef::from(&*stream)
                    .set_linger(Some(Duration::ZERO))
                    .and_then(|()| stream.shutdown(Shutdown::Read)),
            };
            drop(closed);
        }
    }

    pub(super) fn cut_all(&mut self, how: Close) {
        let all: Vec<usize> = self.connections.keys().copied().collect();
        for connection in all {
            self.cut(connection, how);
        }
    }
}
