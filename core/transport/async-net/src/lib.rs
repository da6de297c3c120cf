//! Replaces the crate `async-net` under `zookeeper-client`: it has the one type that `zookeeper-client` uses,
//! [`TcpStream`], on tokio.
//!
//! It differs from a plain socket in three ways. Two of them make a pair of requests cost one round trip instead of two:
//!
//! 1. `TCP_NODELAY` is set. With Nagle's algorithm, a second small request waits for the reply to the first.
//! 2. Writes are buffered until the client has nothing more to send. `zookeeper-client` writes one request at a time and
//!    flushes after each. So [`poll_flush`](AsyncWrite::poll_flush) first yields to the other tasks that are ready, and writes
//!    to the socket only when it is called again with nothing added to the buffer.
//! 3. Every answer of a server over a plain connection is checked, and a damaged or malicious answer fails the read. See
//!    `checker.rs`.

#![forbid(unsafe_code)]

mod answers;
mod checker;
mod code;
mod fields;
mod frames;
mod requests;

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::ToSocketAddrs;

use checker::Checker;
use frames::Reason;

/// The number of buffered bytes from which a write goes to the socket before the flush.
const BUFFER_LIMIT: usize = 64 * 1024;

/// The number of flushes of a new connection that do not yield. Those of a TLS handshake must not, because `futures-rustls`
/// treats a flush that is pending as done. A handshake has up to three: for a hello, for a second hello or a change of cipher,
/// and for its end.
const IMMEDIATE_FLUSHES: u8 = 3;

/// A TCP connection that buffers writes until it is flushed.
#[derive(Debug)]
pub struct TcpStream {
    socket: tokio::net::TcpStream,
    buffer: Vec<u8>,
    /// The number of bytes of `buffer` that the socket has accepted.
    sent: usize,
    /// True if a flush has already yielded for the bytes in the buffer.
    yielded: bool,
    /// The number of flushes that still go out without yielding.
    immediate_flushes: u8,
    checker: Checker,
}

impl TcpStream {
    /// Connects to the first of `addresses` that accepts the connection.
    pub async fn connect<A: ToSocketAddrs>(addresses: A) -> Result<TcpStream> {
        let socket = tokio::net::TcpStream::connect(addresses).await?;
        socket.set_nodelay(true)?;
        let buffer = Vec::with_capacity(4096);
        Ok(TcpStream {
            socket,
            buffer,
            sent: 0,
            yielded: false,
            immediate_flushes: IMMEDIATE_FLUSHES,
            checker: Checker::default(),
        })
    }

    fn push(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        if self.buffer.len() >= BUFFER_LIMIT {
            ready!(self.drain(cx))?;
        }
        self.yielded = false;
        let before = self.buffer.len();
        for slice in slices {
            self.checker.sent(slice).map_err(refused)?;
            self.buffer.extend_from_slice(slice);
        }
        Poll::Ready(Ok(self.buffer.len() - before))
    }

    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while self.sent < self.buffer.len() {
            self.sent += ready!(Pin::new(&mut self.socket).poll_write(cx, &self.buffer[self.sent..]))?;
        }
        self.buffer.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf))?;
        Poll::Ready(self.checker.received(buf.filled()).map_err(refused))
    }
}

/// Makes the error that ends a connection whose server, or whose client, does not keep to the protocol.
#[cold]
fn refused(reason: Reason) -> Error {
    tracing::warn!(target: "zkcoord::transport", reason, "a ZooKeeper connection is cut");
    Error::new(ErrorKind::InvalidData, reason)
}

impl AsyncWrite for TcpStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.push(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.push(cx, slices)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if !self.buffer.is_empty() && !self.yielded {
            self.yielded = true;
            if self.immediate_flushes == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.immediate_flushes -= 1;
        }
        self.drain(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.drain(cx))?;
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
