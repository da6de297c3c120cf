//! Connects to one of several addresses.

use std::future::{Future, poll_fn};
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

/// The time after which the next address is tried beside those that have not answered yet. RFC 8305 recommends it.
const STAGGER: Duration = Duration::from_millis(250);

/// The time that an address has to accept a connection. The kernel alone would try for minutes.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(2);

type Attempt = Pin<Box<dyn Future<Output = Result<TcpStream>> + Send>>;

/// Connects to the first of `addresses` that accepts the connection.
pub(super) async fn to_any(mut addresses: Vec<SocketAddr>) -> Result<TcpStream> {
    if addresses.len() > 1 {
        // An address may accept the connection and then stay silent. So the next call begins with the next address.
        addresses.sort_unstable();
        let first = next_number() % addresses.len();
        addresses.rotate_left(first);
    }
    let mut addresses = addresses.into_iter();
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut last_error = Error::new(ErrorKind::InvalidInput, "the name has no address");
    loop {
        let wait = match addresses.next() {
            Some(address) => {
                attempts.push(Box::pin(connect(address)));
                STAGGER
            }
            None if attempts.is_empty() => return Err(last_error),
            None => ADDRESS_TIMEOUT,
        };
        match timeout(wait, poll_fn(|cx| poll_any(&mut attempts, cx))).await {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(error)) => last_error = error,
            Err(_) => {}
        }
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream> {
    let connected = timeout(ADDRESS_TIMEOUT, TcpStream::connect(address)).await;
    connected.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

/// Returns the outcome of the first attempt that has one, and removes that attempt.
fn poll_any(attempts: &mut Vec<Attempt>, cx: &mut Context<'_>) -> Poll<Result<TcpStream>> {
    for number in 0..attempts.len() {
        if let Poll::Ready(outcome) = attempts[number].as_mut().poll(cx) {
            drop(attempts.swap_remove(number));
            return Poll::Ready(outcome);
        }
    }
    Poll::Pending
}

/// Returns the numbers from a random one upwards, so that not every process begins with the same address.
fn next_number() -> usize {
    use std::hash::{BuildHasher, RandomState};
    static NEXT: LazyLock<AtomicUsize> =
        LazyLock::new(|| AtomicUsize::new(RandomState::new().hash_one(()) as usize));
    NEXT.fetch_add(1, Ordering::Relaxed)
}
