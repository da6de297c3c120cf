//! Stands in for the crate `async-net` under `zookeeper-client`: the one type it uses, [`TcpStream`], on tokio.
//!
//! Two things differ from a plain socket, and both make a pair of requests cost one round trip instead of two:
//!
//! 1. `TCP_NODELAY` is set. With Nagle's algorithm a second small request waits for the reply to the first.
//! 2. Writes are gathered until the client has nothing more to say. `zookeeper-client` hands over one request
//!    at a time and flushes between them; [`poll_flush`](AsyncWrite::poll_flush) therefore lets everyone else
//!    who is ready run first, and writes only when it is asked again with nothing added.

#![forbid(unsafe_code)]

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::ToSocketAddrs;

/// Gathered bytes beyond which a write no longer waits for the flush.
const GATHER_LIMIT: usize = 64 * 1024;

/// Flushes of a young connection that do not step back. Those of a TLS handshake must not: `futures-rustls` takes a flush that
/// is not done at once for done. It makes up to three, for a hello, a second hello or a change of cipher, and the end.
const FLUSHES_AT_ONCE: u8 = 3;

/// A TCP connection that gathers what is written until it is flushed.
#[derive(Debug)]
pub struct TcpStream {
    socket: tokio::net::TcpStream,
    gathered: Vec<u8>,
    /// How much of `gathered` the socket has taken.
    sent: usize,
    /// Whether a flush has already stepped back once for the bytes gathered now.
    yielded: bool,
    /// How many flushes are still to be done at once.
    at_once: u8,
}

impl TcpStream {
    /// Connects to the first of `addresses` that answers.
    pub async fn connect<A: ToSocketAddrs>(addresses: A) -> Result<TcpStream> {
        let socket = tokio::net::TcpStream::connect(addresses).await?;
        socket.set_nodelay(true)?;
        let gathered = Vec::with_capacity(4096);
        Ok(TcpStream { socket, gathered, sent: 0, yielded: false, at_once: FLUSHES_AT_ONCE })
    }

    fn gather(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        if self.gathered.len() >= GATHER_LIMIT {
            ready!(self.drain(cx))?;
        }
        self.yielded = false;
        let before = self.gathered.len();
        slices.iter().for_each(|slice| self.gathered.extend_from_slice(slice));
        Poll::Ready(Ok(self.gathered.len() - before))
    }

    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while self.sent < self.gathered.len() {
            self.sent += ready!(Pin::new(&mut self.socket).poll_write(cx, &self.gathered[self.sent..]))?;
        }
        self.gathered.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.gather(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.gather(cx, slices)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if !self.gathered.is_empty() && !self.yielded {
            self.yielded = true;
            if self.at_once == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.at_once -= 1;
        }
        self.drain(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.drain(cx))?;
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
