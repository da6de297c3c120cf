//! libzkcoord: the C ABI of zkcoord. No logic, only translation: pointers, text, time and errors.
//!
//! The doc comments of exported items are those of `include/zkcoord.h` and speak to a C reader. The contract that all
//! functions share stands once, in `preamble.h`. The header follows the order of the modules below.

#![allow(non_camel_case_types, reason = "types are named as C names them")]
#![allow(clippy::too_many_arguments, reason = "C has no other way to leave one out than to pass NULL")]
#![allow(clippy::missing_safety_doc, reason = "what a caller owes every function stands once, in preamble.h")]

pub mod status;

pub mod error;

pub mod log;

pub mod op;

pub mod subscription;

pub mod options;

pub mod client;

pub mod mutex_options;

pub mod mutex;

pub mod reentrant_mutex;

pub mod rw_lock;

pub mod multi_mutex;

pub mod semaphore;

pub mod guard;

pub mod queue;

pub mod stats;

pub mod counter_options;

pub mod counter;

pub mod counter_versioned;

pub mod counter_watch;

pub mod striped_counter_options;

pub mod striped_counter;

pub mod window_counter;

pub mod rate_limiter_options;

pub mod rate_limiter;

pub mod miss_guard_options;

pub mod miss_guard;

pub mod load_turn;

mod boundary;
mod callback;
mod number;
mod text;
mod time;
