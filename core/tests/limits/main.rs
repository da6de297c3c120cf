//! Rate limiters and miss guards against a real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "../support/mod.rs"]
mod support;

mod miss_guard;
mod miss_guard_forget;
mod rate_limiter;
