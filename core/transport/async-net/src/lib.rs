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

/// A TCP connection that gathers what is written until it is flushed.
#[derive(Debug)]
pub struct TcpStream {
    socket: tokio::net::TcpStream,
    gathered: Vec<u8>,
    /// How much of `gathered` the socket has taken.
    sent: usize,
    /// Whether a flush has already stepped back once for the bytes gathered now.
    yielded: bool,
}

impl TcpStream {
    /// Connects to the first of `addresses` that answers.
    pub async fn connect<A: ToSocketAddrs>(addresses: A) -> Result<TcpStream> {
        let socket = tokio::net::TcpStream::connect(addresses).await?;
        socket.set_nodelay(true)?;
        Ok(TcpStream { socket, gathered: Vec::with_capacity(4096), sent: 0, yielded: false })
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
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.drain(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.drain(cx))?;
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
