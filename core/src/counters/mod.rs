//! Counters: one number, a sum that many clients add to, and the events within a time window.

pub(crate) mod counter;
pub(crate) mod striped_counter;
pub(crate) mod window_counter;

pub use counter::{Counter, CounterFormat, CounterWatch, Versioned};
pub use striped_counter::StripedCounter;
pub use window_counter::WindowCounter;
