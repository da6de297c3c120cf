//! The test kit of zkcoord: servers, faults and an observer for tests of the library's behaviour under faults.
//!
//! * [`ZooKeeper`] starts real servers, one or three, and kills, pauses and restarts them.
//! * [`Proxy`] is placed between a client and a server and loses, delays or holds chosen messages.
//! * [`HostileServer`] is placed like a proxy and forges one answer.
//! * [`Observer`] reads the server's data through its own small client, so that a test does not depend on the code under
//!   test.
//!
//! All calls block; none needs an async runtime.

mod builder;
mod certificates;
mod error;
mod hostile;
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
pub use hostile::HostileServer;
pub use observer::Observer;
pub use proxy::{Direction, Frame, Op, Proxy, Rule};
pub use wire::Stat;
pub use zookeeper::{ZooKeeper, shared};

use std::time::{Duration, Instant};

/// Polls `condition` until it is true, and returns `true`, or until `timeout` has passed, and returns `false`.
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
