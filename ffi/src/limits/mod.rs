//! Rate limits, and protection of a database against lookups of absent keys.

pub mod rate_limiter_options;

pub mod rate_limiter;

pub mod miss_guard_options;

pub mod miss_guard;

pub mod load_turn;
