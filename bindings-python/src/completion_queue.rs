//! The queue in which operations report to an event loop that they are done: numbers, and a pipe that is readable while
//! there are any.
//!
//! The loop watches the pipe like a socket. So no thread of ours takes the GIL to report, no callback of a user delays a
//! report, and everything that completes while the loop is busy is delivered together.

use std::collections::VecDeque;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

/// The numbers of operations that are done.
#[pyclass(frozen)]
pub(crate) struct CompletionQueue {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Both ends stay open as long as anybody may write: writing to a pipe without a reader can end the process.
    reader: PipeReader,
    writer: PipeWriter,
}

#[derive(Default)]
struct State {
    done: VecDeque<u64>,
    /// True while there is a byte in the pipe. There are never two.
    is_signalled: bool,
}

impl CompletionQueue {
    /// The function to call, on any thread, when the operation of this number is done.
    pub(crate) fn notifier(&self, number: u64) -> impl FnOnce() + Send + 'static {
        let shared = self.shared.clone();
        move || shared.push(number)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, number: u64) {
        let mut state = self.state();
        state.done.push_back(number);
        if !state.is_signalled {
            // Cannot block, because the pipe is empty, and cannot fail, because its reader is open.
            state.is_signalled = (&self.writer).write(&[0]).is_ok();
        }
    }

    fn drain(&self, max: usize) -> Vec<u64> {
        let mut state = self.state();
        let count = max.min(state.done.len());
        let drained = state.done.drain(..count).collect();
        if state.done.is_empty() && state.is_signalled {
            state.is_signalled = (&self.reader).read(&mut [0]).is_err();
        }
        drained
    }
}

#[pymethods]
impl CompletionQueue {
    #[new]
    fn new() -> PyResult<CompletionQueue> {
        let (reader, writer) = pipe()?;
        Ok(CompletionQueue { shared: Arc::new(Shared { state: Mutex::default(), reader, writer }) })
    }

    /// A file descriptor that is readable while the queue is not empty.
    fn fileno(&self) -> RawFd {
        self.shared.reader.as_raw_fd()
    }

    /// Removes and returns up to `max` numbers of operations that are done, in order. Does not wait.
    fn drain(&self, max: usize) -> Vec<u64> {
        self.shared.drain(max)
    }
}
