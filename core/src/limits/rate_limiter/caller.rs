//! The callers that ask for permits, and their answers.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::error::{Error, ErrorCode, Result};
use crate::stats::Recorder;

/// The receiver of an answer.
#[derive(Debug)]
pub(super) enum Caller {
    Trying(oneshot::Sender<Result<bool>>),
    Waiting { answer: oneshot::Sender<Result<()>>, since: Instant, waits: Arc<Recorder> },
}

/// The answer to a call.
#[derive(Debug)]
pub(super) enum Verdict {
    Granted,
    /// No permits are free, or none become free in time.
    Refused,
    Failed(Error),
}

impl Caller {
    pub(super) fn has_gone(&self) -> bool {
        match self {
            Caller::Trying(answer) => answer.is_closed(),
            Caller::Waiting { answer, .. } => answer.is_closed(),
        }
    }

    pub(super) fn answer(self, verdict: Verdict) {
        let outcome = match verdict {
            Verdict::Granted => Ok(true),
            Verdict::Refused => Ok(false),
            Verdict::Failed(error) => Err(error),
        };
        // Permits of a caller that goes away at this very moment count as used.
        match self {
            Caller::Trying(answer) => drop(answer.send(outcome)),
            Caller::Waiting { answer, since, waits } => {
                match outcome {
                    Ok(true) => waits.success(since.elapsed()),
                    Ok(false) => waits.timeout(),
                    Err(_) => {}
                }
                let granted = |granted| if granted { Ok(()) } else { Err(timed_out()) };
                drop(answer.send(outcome.and_then(granted)));
            }
        }
    }
}

pub(super) fn timed_out() -> Error {
    Error::new(
        ErrorCode::Timeout,
        "timed out acquiring permits: none become free before the deadline, and none were acquired",
    )
}
