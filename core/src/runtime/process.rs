//! Values that belong to one process and may not be touched in a child of fork().

use crate::error::{Error, Result};

/// The process that a value belongs to. The check for it costs a load, not a system call: a fork handler counts forks in the
/// child. Children of `_Fork` or a bare `clone` run no such handlers; they may not call this library anyway, as they may call
/// nothing that is not async-signal-safe.
#[derive(Clone, Debug)]
pub(crate) struct Process(forkguard::Guard);

impl Process {
    pub(crate) fn current() -> Process {
        Process(forkguard::new())
    }

    /// Returns whether this is still that process, and not a child of its fork().
    pub(crate) fn is_current(&self) -> bool {
        // A guard detects a fork only once, so a copy is asked.
        !self.0.clone().detected_fork()
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.is_current() { Ok(()) } else { Err(Error::forked()) }
    }
}

/// A value that is dropped only in the process that made it. Values that hold on to the runtime (channels, tasks, sockets)
/// must not be dropped in a child of fork(): a drop wakes tasks of a runtime whose locks another thread may have held.
#[derive(Debug)]
pub(crate) struct ProcessBound<T> {
    process: Process,
    content: Option<T>,
}

impl<T> ProcessBound<T> {
    pub(crate) fn new(content: T) -> ProcessBound<T> {
        ProcessBound { process: Process::current(), content: Some(content) }
    }

    /// Returns the content.
    ///
    /// # Errors
    /// `FORKED` in a child of the process that made it.
    pub(crate) fn get(&self) -> Result<&T> {
        self.process.check()?;
        self.content.as_ref().ok_or_else(Error::closed)
    }

    /// Returns the content for a change, as [`get`](ProcessBound::get).
    pub(crate) fn get_mut(&mut self) -> Result<&mut T> {
        self.process.check()?;
        self.content.as_mut().ok_or_else(Error::closed)
    }

    /// Takes the content out; `None` in a child of the process that made it.
    pub(crate) fn into_inner(mut self) -> Option<T> {
        if self.process.is_current() { self.content.take() } else { None }
    }
}

impl<T> Drop for ProcessBound<T> {
    fn drop(&mut self) {
        if !self.process.is_current() {
            std::mem::forget(self.content.take());
        }
    }
}
