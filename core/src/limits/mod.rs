//! Limits: a rate for a whole fleet, and a guard against lookups of keys that do not exist.

pub(crate) mod miss_guard;
pub(crate) mod rate_limiter;

pub use miss_guard::{LoadTurn, Lookup, MissGuard};
pub use rate_limiter::RateLimiter;
