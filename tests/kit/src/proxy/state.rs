//! The state that the proxy's threads share: rules, switches, open connections and the log.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::conversation::{Conversation, Summary};
use super::rules::{Active, Target, first_to_fire};
use super::{Direction, Frame};

/// An operation code that no server knows.
const UNKNOWN_CODE: i32 = 999;

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    start: Instant,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) rules: Vec<Active>,
    /// The codes of operations that the server must not know.
    pub(super) hidden: Vec<i32>,
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

/// An open connection, with the sockets of both sides.
#[derive(Debug)]
pub(super) struct Connection {
    client: Arc<TcpStream>,
    server: Arc<TcpStream>,
    pub(super) conversation: Conversation,
    half_closed: bool,
}

/// The way in which a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Close {
    /// In an orderly way (FIN).
    Finish,
    /// Abruptly (RST).
    Reset,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), start: Instant::now() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes all waiting threads.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until the state satisfies a condition. Returns `false` if it does not within `timeout`.
    pub(super) fn wait(&self, timeout: Duration, mut condition: impl FnMut(&State) -> bool) -> bool {
        let waiting = self.changed.wait_timeout_while(self.lock(), timeout, |state| !condition(state));
        !waiting.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Registers a new connection and returns its number, or `None` if the proxy refuses connections.
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

    /// Logs a frame that has just arrived, and applies the rules. Returns the time at which the frame is due at the other side, or
    /// `None` if it is swallowed.
    pub(super) fn receive(
        &self,
        connection: usize,
        direction: Direction,
        frame: &mut [u8],
    ) -> Option<Instant> {
        let at = self.start.elapsed();
        self.change(|state| {
            let (summary, passed) = match direction {
                Direction::ToServer => state.receive_request(connection, frame)?,
                Direction::ToClient => state.receive_reply(connection, frame)?,
            };
            let Summary { code, xid, path, error } = summary;
            if direction == Direction::ToServer && state.hidden.contains(&code) {
                frame[4..8].copy_from_slice(&UNKNOWN_CODE.to_be_bytes());
            }
            state.frames.push(Frame { connection, direction, code, xid, path, error, passed, at });
            passed.then(|| Instant::now() + state.delay)
        })
    }

    /// Waits until a frame that is due at `due` may be forwarded. Returns `false` if its connection was closed in the
    /// meantime.
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

    /// Handles the end of one side's data: closes that direction to the other side, and removes the connection after both
    /// have ended.
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
            // An error means that the socket is already closed.
            drop(other.shutdown(Shutdown::Write));
        });
    }
}

impl State {
    fn receive_request(&mut self, connection: usize, frame: &[u8]) -> Option<(Summary, bool)> {
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

    fn receive_reply(&mut self, connection: usize, frame: &[u8]) -> Option<(Summary, bool)> {
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

    /// Closes a connection. Its threads then find it removed, and end.
    pub(super) fn cut(&mut self, connection: usize, how: Close) {
        let Some(Connection { client, server, .. }) = self.connections.remove(&connection) else {
            return;
        };
        for stream in [client, server] {
            // Errors mean that the socket is already closed.
            let closed = match how {
                Close::Finish => stream.shutdown(Shutdown::Both),
                // This only wakes our reader. The RST is sent when the last thread drops the socket.
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
