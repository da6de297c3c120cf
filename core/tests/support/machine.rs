//! Which tests may run beside each other in one process.
//!
//! A test program runs as many tests at once as there are processors. Most tests only need to get done at some time. But
//! some assert that something happens soon enough, or that many requests leave together, and fail if they do not get a
//! processor in time; others keep all processors busy. The first kind takes [`quiet`], the second [`busy`], each once and
//! before anything else. Tests that take neither run beside all others.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Shared by tests that load the machine, held alone by a test that depends on its speed.
static MACHINE: RwLock<()> = RwLock::new(());

/// Declares that this test keeps the processors busy. It does not run beside a test that is [`quiet`].
pub(crate) fn busy() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Declares that this test depends on the machine's speed. It does not run beside a test that is [`busy`], nor beside
/// another that is quiet.
pub(crate) fn quiet() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}
