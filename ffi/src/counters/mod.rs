//! Counters.

pub mod counter_options;

pub mod counter;

pub mod counter_versioned;

pub mod counter_watch;

pub mod striped_counter_options;

pub mod striped_counter;

pub mod window_counter;
