//! Belonging to a process: what may not be touched in a child of fork().

use crate::error::{Error, Result};

/// The process that something belongs to. To ask whether it is still that one costs a load, not a system call: a fork handler
/// counts forks in the child. What `_Fork` or a bare `clone` makes runs no such handlers; it may not call us anyway, as little
/// as anything else that is not async-signal-safe.
#[derive(Clone, Debug)]
pub(crate) struct Process(forkguard::Guard);

impl Process {
    pub(crate) fn current() -> Process {
        Process(forkguard::new())
    }

    /// Whether this is still that process, and not a child of its fork().
    pub(crate) fn is_current(&self) -> bool {
        // A copy is asked, because it answers only once.
        !self.0.clone().detected_fork()
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.is_current() { Ok(()) } else { Err(Error::forked()) }
    }
}

/// Drops its content in the process that made it only. What holds on to the runtime (channels, tasks, sockets) must
/// not be dropped in a fork's child: a drop wakes tasks of a runtime whose locks another thread may have held.
#[derive(Debug)]
pub(crate) struct ProcessBound<T> {
    process: Process,
    content: Option<T>,
}

impl<T> ProcessBound<T> {
    pub(crate) fn new(content: T) -> ProcessBound<T> {
        ProcessBound { process: Process::current(), content: Some(content) }
    }

    /// # Errors
    /// `FORKED` in a child of the process that made it.
    pub(crate) fn get(&self) -> Result<&T> {
        self.process.check()?;
        self.content.as_ref().ok_or_else(Error::closed)
    }

    /// As [`get`](ProcessBound::get), to change it.
    pub(crate) fn get_mut(&mut self) -> Result<&mut T> {
        self.process.check()?;
        self.content.as_mut().ok_or_else(Error::closed)
    }

    /// The content, out of it; `None` in a child of the process that made it.
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
