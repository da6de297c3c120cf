//! libzkcoord: the C ABI of zkcoord. It contains no logic of its own: it translates pointers, text, time and errors.
//!
//! The doc comments of exported items become `include/zkcoord.h`, so they address a C programmer. The contract that all
//! functions share is in `preamble.h`. Declarations in the header have the order of the modules below.
//! Most exported functions are declared with [`exported!`](exported::exported), which adds what they have in common.

#![allow(non_camel_case_types, reason = "types have their C names")]
#![allow(clippy::too_many_arguments, reason = "in C, an argument can only be left out by passing NULL")]
#![allow(clippy::missing_safety_doc, reason = "preamble.h has the duties of every caller")]

pub mod status;

pub mod error;

pub mod log;

pub mod op;

pub mod subscription;

pub mod client_options;

pub mod client;

pub mod locks;

pub mod stats;

pub mod counters;

pub mod limits;

mod boundary;
mod callback;
mod exported;
mod into_c;
mod number;
mod panic;
mod pointer;
mod text;
mod time;
