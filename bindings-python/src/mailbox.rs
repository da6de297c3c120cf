//! Where operations report to an event loop that they are done: numbers, and a pipe that is readable while there are any.
//!
//! The loop looks after the pipe as after a socket. So no thread of ours takes the GIL to tell, no callback of a user's
//! can be in the way, and what is done while the loop is busy is told in one go.

use std::collections::VecDeque;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

/// The numbers of operations that are done.
#[pyclass(frozen)]
pub(crate) struct Mailbox {
    shared: Arc<Shared>,
}

struct Shared {
    letters: Mutex<Letters>,
    /// Both ends stay open as long as anybody may write: a pipe that nobody reads can end the process.
    reader: PipeReader,
    writer: PipeWriter,
}

#[derive(Default)]
struct Letters {
    done: VecDeque<u64>,
    /// Whether there is a byte in the pipe; never are there two.
    is_signalled: bool,
}

impl Mailbox {
    /// What to call, on any thread, when the operation of this number is done.
    pub(crate) fn post(&self, number: u64) -> impl FnOnce() + Send + 'static {
        let shared = self.shared.clone();
        move || shared.post(number)
    }
}

impl Shared {
    fn letters(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, number: u64) {
        let mut letters = self.letters();
        letters.done.push_back(number);
        if !letters.is_signalled {
            // Cannot block, because the pipe is empty, and cannot fail, because it is read from here.
            letters.is_signalled = (&self.writer).write(&[0]).is_ok();
        }
    }

    fn collect(&self, at_most: usize) -> Vec<u64> {
        let mut letters = self.letters();
        let count = at_most.min(letters.done.len());
        let collected = letters.done.drain(..count).collect();
        if letters.done.is_empty() && letters.is_signalled {
            letters.is_signalled = (&self.reader).read(&mut [0]).is_err();
        }
        collected
    }
}

#[pymethods]
impl Mailbox {
    #[new]
    fn new() -> PyResult<Mailbox> {
        let (reader, writer) = pipe()?;
        Ok(Mailbox { shared: Arc::new(Shared { letters: Mutex::default(), reader, writer }) })
    }

    /// A descriptor that is readable while there is something to collect.
    fn fileno(&self) -> RawFd {
        self.shared.reader.as_raw_fd()
    }

    /// At most so many numbers of operations that are done, in the order in which they were. Does not wait.
    fn collect(&self, at_most: usize) -> Vec<u64> {
        self.shared.collect(at_most)
    }
}
