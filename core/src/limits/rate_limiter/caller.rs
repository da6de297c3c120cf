//! Who comes for permits, and what he is told.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::error::{Error, ErrorCode, Result};
use crate::stats::Recorder;

/// To whom the answer goes.
#[derive(Debug)]
pub(super) enum Caller {
    Trying(oneshot::Sender<Result<bool>>),
    Waiting { answer: oneshot::Sender<Result<()>>, since: Instant, waits: Arc<Recorder> },
}

/// What the answer is.
#[derive(Debug)]
pub(super) enum Verdict {
    Granted,
    /// There are none free, or none in time.
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

    pub(super) fn tell(self, verdict: Verdict) {
        let outcome = match verdict {
            Verdict::Granted => Ok(true),
            Verdict::Refused => Ok(false),
            Verdict::Failed(error) => Err(error),
        };
        // Permits of somebody who went at this very moment count as used.
        match self {
            Caller::Trying(answer) => drop(answer.send(outcome)),
            Caller::Waiting { answer, since, waits } => {
                match outcome {
                    Ok(true) => waits.success(since.elapsed()),
                    Ok(false) => waits.timeout(),
                    Err(_) => {}
                }
                let had = |had| if had { Ok(()) } else { Err(too_late()) };
                drop(answer.send(outcome.and_then(had)));
            }
        }
    }
}

pub(super) fn too_late() -> Error {
    Error::new(ErrorCode::Timeout, "no permits come free before the deadline; none were taken")
}
