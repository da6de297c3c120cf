//! The part of ZooKeeper's wire protocol that the kit needs: frames, a blocking session, and the common operations.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::Error;

/// Operation codes of requests.
pub mod code {
    #![allow(missing_docs, reason = "the names are ZooKeeper's own")]
    pub const EVENT: i32 = 0;
    pub const CREATE: i32 = 1;
    pub const DELETE: i32 = 2;
    pub const EXISTS: i32 = 3;
    pub const GET_DATA: i32 = 4;
    pub const SET_DATA: i32 = 5;
    pub const GET_CHILDREN: i32 = 8;
    pub const SYNC: i32 = 9;
    pub const PING: i32 = 11;
    pub const MULTI: i32 = 14;
    pub const CREATE2: i32 = 15;
    pub const CREATE_CONTAINER: i32 = 19;
    pub const MULTI_READ: i32 = 22;
    pub const CONNECT: i32 = -10;
    pub const CLOSE_SESSION: i32 = -11;
}

/// Error code: there is no such node.
pub const NO_NODE: i32 = -101;
/// Error code: the node exists already.
pub const NODE_EXISTS: i32 = -110;
/// Error code: the server was overloaded and did not apply the request.
pub const THROTTLED: i32 = -127;
const SESSION_EXPIRED: i32 = -112;
const SESSION_MOVED: i32 = -118;

const MAX_FRAME: usize = 64 << 20;
const IO_TIMEOUT: Duration = Duration::from_secs(5);

/// ZooKeeper's metadata of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are ZooKeeper's own")]
pub struct Stat {
    pub czxid: i64,
    pub mzxid: i64,
    pub ctime: i64,
    pub mtime: i64,
    pub version: i32,
    pub cversion: i32,
    pub aversion: i32,
    pub ephemeral_owner: i64,
    pub data_length: i32,
    pub num_children: i32,
    pub pzxid: i64,
}

/// Reads one frame. Returns `None` if the other side has closed the connection.
pub(crate) fn read_frame(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a ZooKeeper frame"));
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame)?;
    Ok(Some(frame))
}

/// Writes one frame with a single write.
pub(crate) fn write_frame(stream: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(4 + frame.len());
    bytes.extend(u32::try_from(frame.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend(frame);
    stream.write_all(&bytes)
}

/// Appends values to a frame.
#[derive(Default)]
pub(crate) struct Encoder(pub(crate) Vec<u8>);

impl Encoder {
    pub(crate) fn int(mut self, value: i32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(crate) fn long(mut self, value: i64) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(crate) fn flag(mut self, value: bool) -> Self {
        self.0.push(u8::from(value));
        self
    }

    pub(crate) fn bytes(self, value: &[u8]) -> Self {
        let mut encoder = self.int(i32::try_from(value.len()).unwrap_or(i32::MAX));
        encoder.0.extend(value);
        encoder
    }

    pub(crate) fn text(self, value: &str) -> Self {
        self.bytes(value.as_bytes())
    }
}

/// Reads values from a frame. Its methods return `None` if the frame is too short.
pub(crate) struct Decoder<'a>(pub(crate) &'a [u8]);

impl<'a> Decoder<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(crate) fn int(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    pub(crate) fn long(&mut self) -> Option<i64> {
        self.take().map(i64::from_be_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        // A null array has the length -1.
        let length = usize::try_from(self.int()?.max(0)).ok()?;
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    pub(crate) fn texts(&mut self) -> Option<Vec<String>> {
        let count = self.int()?;
        (0..count).map(|_| self.text()).collect()
    }

    pub(crate) fn stat(&mut self) -> Option<Stat> {
        Some(Stat {
            czxid: self.long()?,
            mzxid: self.long()?,
            ctime: self.long()?,
            mtime: self.long()?,
            version: self.int()?,
            cversion: self.int()?,
            aversion: self.int()?,
            ephemeral_owner: self.long()?,
            data_length: self.int()?,
            num_children: self.int()?,
            pzxid: self.long()?,
        })
    }
}

/// A session on one connection. It sends no pings between calls.
#[derive(Debug)]
pub struct Session {
    stream: TcpStream,
    next_xid: i32,
    id: i64,
    password: Vec<u8>,
}

/// The server's answer to the request for a session.
pub(crate) enum Handshake {
    Accepted(Session),
    /// The requested session has ended, or the password is wrong.
    Refused,
}

impl Session {
    /// Opens a new session on one server.
    pub fn open(host: &str, timeout: Duration) -> Result<Self, Error> {
        match Self::handshake(host, timeout, 0, &[0; 16])? {
            Handshake::Accepted(session) => Ok(session),
            Handshake::Refused => Err(Error::new(format!("{host} refused a new session"))),
        }
    }

    pub(crate) fn handshake(
        host: &str,
        timeout: Duration,
        id: i64,
        password: &[u8],
    ) -> Result<Handshake, Error> {
        let address =
            host.to_socket_addrs()?.next().ok_or_else(|| Error::new(format!("unknown host {host}")))?;
        let mut stream = TcpStream::connect_timeout(&address, IO_TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(IO_TIMEOUT))?;
        let timeout = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        let request = Encoder::default().int(0).long(0).int(timeout).long(id).bytes(password).flag(false);
        write_frame(&mut stream, &request.0)?;
        let frame = read_frame(&mut stream)?.ok_or_else(closed)?;
        let mut answer = Decoder(&frame);
        let (Some(_), Some(timeout)) = (answer.int(), answer.int()) else {
            return Err(garbled());
        };
        let (Some(id), Some(password)) = (answer.long(), answer.bytes()) else {
            return Err(garbled());
        };
        if timeout <= 0 {
            return Ok(Handshake::Refused);
        }
        Ok(Handshake::Accepted(Self { stream, next_xid: 1, id, password: password.into() }))
    }

    /// Returns the session's id.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Returns the session's password.
    #[must_use]
    pub fn password(&self) -> &[u8] {
        &self.password
    }

    /// Sends a request and returns its answer: the error code (0 is success) and the body after it. After an `Err` the
    /// connection cannot be used any more.
    pub fn call(&mut self, code: i32, body: &[u8]) -> Result<(i32, Vec<u8>), Error> {
        let xid = self.next_xid;
        self.next_xid += 1;
        let mut request = Encoder::default().int(xid).int(code);
        request.0.extend(body);
        write_frame(&mut self.stream, &request.0)?;
        loop {
            let frame = read_frame(&mut self.stream)?.ok_or_else(closed)?;
            let mut answer = Decoder(&frame);
            let (Some(got), Some(_), Some(error)) = (answer.int(), answer.long(), answer.int()) else {
                return Err(garbled());
            };
            if got != xid {
                continue;
            }
            return match error {
                SESSION_EXPIRED | SESSION_MOVED => Err(closed()),
                _ => Ok((error, answer.0.to_vec())),
            };
        }
    }
}

/// Computes the password that the server gave to a session's owner. The password is predictable: ZooKeeper takes it from
/// `java.util.Random`, seeded with the session's id and a constant (`ZooKeeperServer.generatePasswd`).
pub(crate) fn password_of(session_id: i64) -> [u8; 16] {
    const SALT: u64 = 0xB341_5C00;
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;
    let mut state = (session_id as u64 ^ SALT ^ MULTIPLIER) & MASK;
    let mut password = [0; 16];
    for word in password.chunks_mut(4) {
        state = state.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        word.copy_from_slice(&((state >> 16) as u32).to_le_bytes());
    }
    password
}

/// Ends a session from outside: moves it to a new connection and closes it, as often as its owner moves it back.
pub(crate) fn end_session(hosts: &[String], id: i64, password: &[u8]) -> Result<(), Error> {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut existed = false;
    let mut last = Error::new("no node is running");
    while Instant::now() < deadline {
        for host in hosts {
            match Session::handshake(host, Duration::from_secs(30), id, password) {
                Ok(Handshake::Accepted(mut session)) => {
                    existed = true;
                    // The next handshake shows whether this worked.
                    drop(session.call(code::CLOSE_SESSION, &[]));
                }
                Ok(Handshake::Refused) if existed => return Ok(()),
                Ok(Handshake::Refused) => {
                    return Err(Error::new(format!("session {id:#x} is unknown, or its password is wrong")));
                }
                Err(error) => last = error,
            }
        }
        if hosts.is_empty() {
            break;
        }
    }
    Err(last)
}

fn closed() -> Error {
    Error::new("the server closed the connection")
}

pub(crate) fn garbled() -> Error {
    Error::new("the server's answer is too short")
}
