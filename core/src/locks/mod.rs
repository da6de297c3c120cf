//! Locks.
//!
//! | file or folder | contents |
//! | --- | --- |
//! | `mutex.rs`, `reentrant_mutex.rs`, `rw_lock.rs`, `semaphore/`, `multi_mutex.rs` | the public lock types |
//! | `owner/` | acquiring a lock for an owner that may already hold it |
//! | `handoff/` | handing a mutex over within the process |
//! | `queue/` | the queue in a lock's directory |
//! | `acquire.rs` | the part of acquiring that all locks share: the deadline, a single try or a wait, the cleanup |
//! | `guard/` | the public guard of a held lock |
//! | `held/` | a held node, and the holds that guards have on it |

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
