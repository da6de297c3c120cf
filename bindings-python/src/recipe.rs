//! The checks and statistics that the classes of all recipes share.

use pyo3::prelude::*;
use zkcoord::WaitStats;

use crate::error::OrRaise;
use crate::stats::{StatsTuple, stats_tuple};

/// A recipe of the core, as a client makes it.
pub(crate) trait Recipe: Sized {
    /// Fails if the path or an option is invalid, and in a child of `fork()`.
    fn check(&self) -> zkcoord::Result<()>;

    /// The recipe itself; raises its error if it cannot be used.
    fn checked(self, py: Python<'_>) -> PyResult<Self> {
        self.check().or_raise(py)?;
        Ok(self)
    }
}

/// A recipe that measures its waits.
pub(crate) trait Measured: Recipe {
    fn wait_stats(&self) -> WaitStats;

    fn stats_tuple(&self, py: Python<'_>) -> PyResult<StatsTuple> {
        // Refuses a child of fork(), where the statistics may be locked by a thread that does not exist there.
        self.check().or_raise(py)?;
        Ok(stats_tuple(self.wait_stats()))
    }
}

macro_rules! recipes {
    ($($recipe:ident: $path:ident),* $(,)?) => {
        $(impl Recipe for zkcoord::$recipe {
            fn check(&self) -> zkcoord::Result<()> {
                self.$path().map(drop)
            }
        })*
    };
}

macro_rules! measured {
    ($($recipe:ident),* $(,)?) => {
        $(impl Measured for zkcoord::$recipe {
            fn wait_stats(&self) -> WaitStats {
                self.stats()
            }
        })*
    };
}

recipes! {
    Counter: path,
    MissGuard: path,
    MultiMutex: paths,
    Mutex: path,
    RateLimiter: path,
    ReentrantMutex: path,
    Semaphore: path,
    StripedCounter: path,
    WindowCounter: path,
}

measured!(Counter, MultiMutex, Mutex, RateLimiter, ReentrantMutex, Semaphore);
