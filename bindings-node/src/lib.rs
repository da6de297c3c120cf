//! The native half of the npm package `zkcoord`. It is private: its only users are the TypeScript files in `lib/`, which
//! add abort signals, error classes and disposal.
//!
//! - `promise.rs`, `completion_queue.rs`: make a promise of an operation of the core
//! - `error.rs`: makes results of the core's errors, which TypeScript throws
//! - `event.rs`: calls JavaScript without keeping the process alive
//! - `exit.rs`: closes the clients at the end of a process or worker
//! - `client.rs`, `mutex.rs`, `reentrant_mutex.rs`, `rw_lock.rs`, `multi_mutex.rs`, `semaphore.rs`, `guard.rs`,
//!   `counter.rs`, `striped_counter.rs`, `window_counter.rs`, `rate_limiter.rs`, `miss_guard.rs`: the core's objects, method
//!   by method
//! - `inspect.rs`, `stats.rs`: the values that these return

// Public because the lint `unreachable_pub` wants everything that `#[napi]` exports to be reachable. No Rust program links
// this crate.
pub mod client;
mod completion_queue;
pub mod counter;
pub mod error;
pub mod event;
pub mod exit;
pub mod guard;
pub mod inspect;
pub mod miss_guard;
pub mod multi_mutex;
pub mod mutex;
pub mod promise;
pub mod rate_limiter;
pub mod reentrant_mutex;
pub mod rw_lock;
pub mod semaphore;
pub mod stats;
pub mod striped_counter;
pub mod window_counter;

use napi_derive::napi;

/// The version of the core.
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
