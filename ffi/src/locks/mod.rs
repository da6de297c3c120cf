//! Locks, the guards that hold them, and their queues.

pub mod mutex_options;

pub mod mutex;

pub mod reentrant_mutex;

pub mod rw_lock;

pub mod multi_mutex;

pub mod semaphore;

pub mod guard;

pub mod queue;
