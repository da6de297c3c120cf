//! Locks, semaphores and counters shared with Curator and kazoo.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "../support/mod.rs"]
mod support;

mod counter;
mod inspect;
mod locks;
mod semaphore;
mod sequence;
