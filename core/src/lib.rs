//! Distributed locks and counters over the ZooKeeper ensemble that you already run.
//!
//! ```no_run
//! use std::time::Duration;
//! use zkcoord::Client;
//!
//! # async fn example() -> zkcoord::Result<()> {
//! let client = Client::connect("zk1:2181,zk2:2181/app").await?;
//! let guard = client.mutex("/locks/report").acquire().timeout(Duration::from_secs(5)).await?;
//! println!("writing the report with fencing token {}", guard.token());
//! let runs = client.counter("/counters/runs").add(1).await?;
//! println!("run number {runs}");
//! guard.release().await?; // or drop it: the lock is then released in the background
//! # Ok(()) }
//! ```
//!
//! Every operation is an [`Op`]: await it on any executor, block on it with [`Op::wait`], or pass a callback. The crate
//! runs on a tokio runtime of its own, with one thread for the whole process.
//!
//! # Layout
//! Each folder is a layer, and imports run downwards only (ARCHITECTURE.md has the list, and `tests/layers.rs` checks it):
//!
//! - `client/`: [`Client`], how it connects, and what the servers permit
//! - `limits/`: [`RateLimiter`], [`MissGuard`]
//! - `counters/`: [`Counter`], [`StripedCounter`], [`WindowCounter`]
//! - `locks/`: the locks, their queue, the guards, and the owners
//! - `ledger/`: one node that many clients change, exactly once each
//! - `context.rs`: what a client and everything made from it share
//! - `session/`: sessions over the crate `zookeeper-client`; nothing else names that crate
//! - `op/`: [`Op`] and its deadline
//! - `runtime/`: the private tokio runtime, callbacks, and the log
//! - `stats.rs`, `path.rs`, `error.rs`, `util/`: the foundations

#![forbid(unsafe_code)]
#![warn(clippy::print_stdout)]

mod client;
mod context;
mod counters;
mod error;
mod ledger;
mod limits;
mod locks;
mod op;
mod path;
mod runtime;
mod session;
mod stats;
mod util;

pub use client::{Access, Client, ClientBuilder, WeakClient};
pub use counters::{Counter, CounterFormat, CounterWatch, StripedCounter, Versioned, WindowCounter};
pub use error::{Error, ErrorCode, Result};
pub use limits::{LoadTurn, Lookup, MissGuard, RateLimiter};
pub use locks::{
    Contender, Guard, Library, MultiMutex, Mutex, Queue, ReentrantMutex, RwLock, Scheme, Semaphore,
    thread_owner,
};
pub use op::{Canceller, Op, Outcome};
pub use runtime::{Subscription, callback, log};
pub use session::{Acl, Loss, State, Tls};
pub use stats::{HoldStats, WaitStats};
