//! Several processes that compete as fast as they can. This is a program of its own, and its tests run one by one, so that
//! the processes share one counter or rate limiter and do not share the machine with other tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "../support/mod.rs"]
mod support;

mod counter;
mod rate_limiter;
