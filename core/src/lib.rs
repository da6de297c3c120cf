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
//! guard.release().await?; // or drop it: given back in the background
//! # Ok(()) }
//! ```
//!
//! Every operation is an [`Op`]: await it on any executor, block on it with [`Op::wait`], or take a callback. The crate
//! runs on a tokio runtime of its own, one thread for the whole process.
//!
//! # Layout
//! - `client.rs`, `client_builder.rs`, `options.rs`, `tls.rs`: [`Client`] and how it connects
//! - `mutex.rs`, `reentrant_mutex.rs`, `rw_lock.rs`, `semaphore.rs`, `multi_mutex.rs`: the locks; `attempt.rs` is what they share
//!   in how they are taken, `queue.rs` the recipe of the queue, `contender.rs` the names in it, `lookout.rs` the watches,
//!   `uuids.rs` what makes the names unique
//! - `owners.rs`, `owned.rs`: who holds what, and how an owner gets in again; `downgrade.rs`: from writing to reading
//! - `handoff.rs`: hand-over inside the process
//! - `guard.rs`, `share.rs`, `holding.rs`, `fenced.rs`: what is held, and writes guarded by it
//! - `inspect.rs`, `access.rs`, `stats.rs`: a look at a queue, at what the servers permit, and at waits and holds
//! - `counter/`, `striped_counter/`, `window_counter/`: [`Counter`], [`StripedCounter`], [`WindowCounter`]
//! - `rate_limiter/`: [`RateLimiter`]
//! - `miss_guard/`: [`MissGuard`]
//! - `ledger/`: one node that many change, exactly once each; `server_clock.rs`: the servers' time
//! - `session/`: sessions over the crate `zookeeper-client`; nothing else names it
//! - `op.rs`, `runtime.rs`, `callback.rs`, `subscription.rs`, `deadline.rs`: how operations run
//! - `log.rs`: what happens inside, for the program's log
//! - `error.rs`: the error table of all languages

#![forbid(unsafe_code)]
#![warn(clippy::print_stdout)]

mod access;
mod ancestors;
mod attempt;
pub mod callback;
mod client;
mod client_builder;
mod contender;
mod counter;
mod deadline;
mod downgrade;
mod error;
mod fenced;
mod guard;
mod handoff;
mod holding;
mod inspect;
mod ledger;
pub mod log;
mod lookout;
mod miss_guard;
mod multi_mutex;
mod mutex;
mod op;
mod options;
mod owned;
mod owners;
mod path;
mod queue;
mod rate_limiter;
mod reentrant_mutex;
mod registry;
mod runtime;
mod rw_lock;
mod semaphore;
mod server_clock;
mod session;
mod share;
mod stats;
mod striped_counter;
mod subscription;
mod tls;
mod uuids;
mod window_counter;

pub use access::Access;
pub use client::{Client, WeakClient};
pub use client_builder::ClientBuilder;
pub use contender::{Library, Scheme};
pub use counter::{Counter, CounterFormat, CounterWatch, Versioned};
pub use error::{Error, ErrorCode, Result};
pub use guard::Guard;
pub use holding::Loss;
pub use inspect::{Contender, Queue};
pub use miss_guard::{LoadTurn, Lookup, MissGuard};
pub use multi_mutex::MultiMutex;
pub use mutex::Mutex;
pub use op::{Canceller, Op, Outcome};
pub use options::Acl;
pub use owners::thread_owner;
pub use rate_limiter::RateLimiter;
pub use reentrant_mutex::ReentrantMutex;
pub use rw_lock::RwLock;
pub use semaphore::Semaphore;
pub use session::State;
pub use stats::{HoldStats, WaitStats};
pub use striped_counter::StripedCounter;
pub use subscription::Subscription;
pub use tls::Tls;
pub use window_counter::WindowCounter;
