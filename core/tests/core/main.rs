//! The library against a real server: locks, counters, and what clients have in common.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod arguments;
mod connect;
mod counter;
mod counter_formats;
mod counter_reads;
mod counter_recreated;
mod counter_watch;
mod counter_without_children;
mod errors;
mod fenced_writes;
mod group_commit;
mod handoff;
mod inspect;
mod lease;
mod multi_mutex;
mod mutex;
mod reentrant_mutex;
mod rw_lock;
mod semaphore;
mod server_versions;
mod stats;
mod striped_counter;
#[cfg(feature = "tls")]
mod tls;
mod window_counter;
