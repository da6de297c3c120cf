//! Counters: a number, a sum to which many clients add, and the number of events within a time window.

pub(crate) mod counter;
pub(crate) mod striped_counter;
pub(crate) mod window_counter;

pub use counter::{Counter, CounterFormat, CounterWatch, Versioned};
pub use striped_counter::StripedCounter;
pub use window_counter::WindowCounter;
