//! The native half of the npm package `zkcoord`. Private: its users are the TypeScript files in `lib/`, which give it
//! abort signals, error classes and disposal.
//!
//! - `promise.rs`, `desk.rs`: how an operation of the core becomes a promise
//! - `error.rs`: how its errors become results that TypeScript throws
//! - `event.rs`: how its callbacks become calls that do not keep a process alive
//! - `client.rs`, `mutex.rs`, `reentrant_mutex.rs`, `rw_lock.rs`, `multi_mutex.rs`, `semaphore.rs`, `guard.rs`, `counter.rs`,
//!   `striped_counter.rs`, `window_counter.rs`, `rate_limiter.rs`, `miss_guard.rs`: the core's objects, method by method
//! - `inspect.rs`, `stats.rs`: what they report

// Public for the linter's sake: what `#[napi]` exports to JavaScript has to be reachable. Nobody links this crate.
pub mod client;
pub mod counter;
mod desk;
pub mod error;
pub mod event;
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
