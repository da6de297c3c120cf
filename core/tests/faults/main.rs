//! Locks, counters and miss guards under real faults: lost messages, lost connections, ended sessions, stopped servers.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "../support/mod.rs"]
mod support;

mod counter;
mod follower;
mod handoff;
mod hostile_server;
mod linearizability;
mod locks;
mod miss_guard;
mod quorum;
mod striped_counter;
mod striped_counter_flush;
mod stuck;
