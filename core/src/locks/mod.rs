//! Locks.
//!
//! | file or folder | idea |
//! | --- | --- |
//! | `mutex.rs`, `reentrant_mutex.rs`, `rw_lock.rs`, `semaphore.rs`, `multi_mutex.rs` | the locks as callers see them |
//! | `owner/` | acquiring a lock for an owner that may already hold it |
//! | `handoff.rs` | handing a mutex over within the process |
//! | `queue/` | the queue in a lock's directory |
//! | `acquire.rs` | what every acquire shares: one deadline, one try or a wait, and nothing left behind |
//! | `guard.rs` | a lock that is held, as callers see it |
//! | `held/` | a node that is held, and the guards that share it |

pub(crate) mod acquire;
pub(crate) mod guard;
pub(crate) mod handoff;
pub(crate) mod held;
pub(crate) mod multi_mutex;
pub(crate) mod mutex;
pub(crate) mod owner;
pub(crate) mod queue;
pub(crate) mod reentrant_mutex;
pub(crate) mod rw_lock;
pub(crate) mod semaphore;

pub use guard::Guard;
pub use multi_mutex::MultiMutex;
pub use mutex::Mutex;
pub use owner::thread_owner;
pub use queue::inspect::{Contender, Queue};
pub use queue::node_name::{Library, Scheme};
pub use reentrant_mutex::ReentrantMutex;
pub use rw_lock::RwLock;
pub use semaphore::Semaphore;
