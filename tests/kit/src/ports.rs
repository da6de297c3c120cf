//! Free loopback ports that remain free.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Error;

// The ports are below the range of Linux's ports for outgoing connections. Otherwise a client could take the port of a
// server that is down, and the server could not start again.
const FIRST: u32 = 10_000;
const COUNT: u32 = 22_000;

/// Returns a port that no process listens on, and that this process has not returned lately.
pub(crate) fn free() -> Result<u16, Error> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + (start() + step) % COUNT).unwrap_or(u16::MAX);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Error::new(format!("no free port between {FIRST} and {}", FIRST + COUNT)))
}

/// The first port of this process. It differs between processes, so that concurrent tests seldom choose the same port.
fn start() -> u32 {
    static START: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *START.get_or_init(|| {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
        (nanos / 1000).wrapping_mul(31).wrapping_add(std::process::id().wrapping_mul(977)) % COUNT
    })
}
