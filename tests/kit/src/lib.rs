//! Test kit of zkcoord: everything a test needs to see how the library behaves when things go wrong.
//!
//! * [`ZooKeeper`] starts real servers, one or three, and kills, pauses and restarts them.
//! * [`Proxy`] stands between a client and a server and loses, delays or holds chosen messages.
//! * [`Observer`] looks at the server's data over its own small wire client, so that a test does not have to
//!   believe the code under test.
//!
//! All calls block; none needs an async runtime.

mod builder;
mod certificates;
mod error;
mod install;
mod keeper;
mod observer;
mod ports;
mod proxy;
pub mod wire;
mod zookeeper;

pub use builder::Builder;
pub use certificates::Certificates;
pub use error::Error;
pub use observer::Observer;
pub use proxy::{Direction, Frame, Op, Proxy, Rule};
pub use wire::Stat;
pub use zookeeper::{ZooKeeper, shared};

use std::time::{Duration, Instant};

/// Polls `condition` until it holds (`true`) or `timeout` has passed (`false`).
#[must_use]
pub fn eventually(timeout: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + timeout;
    while !condition() {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}
