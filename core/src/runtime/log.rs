//! What happens inside, for the log of a program that has none of its own for Rust.
//!
//! zkcoord says it to the crate `tracing`. A program in Rust has a subscriber for that; for all others [`set`] makes one, the
//! first time it is called.
//!
//! Lines are told on the callback thread: whoever writes them to a slow disk holds up no connection. Those that find too
//! many others waiting are left out, and the next one says how many.

use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber, set_global_default};
use tracing::{Event, Metadata};

use super::{Process, callback};
use crate::error::{Error, ErrorCode, Result};

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed for good.
    Error = 1,
    /// Something went wrong and is dealt with: a session expired, a lock was lost.
    Warn = 2,
    /// What an operator may want to know.
    Info = 3,
    /// What helps to understand zkcoord.
    Debug = 4,
}

impl Level {
    fn of(level: tracing::Level) -> Option<Level> {
        match level {
            tracing::Level::ERROR => Some(Level::Error),
            tracing::Level::WARN => Some(Level::Warn),
            tracing::Level::INFO => Some(Level::Info),
            tracing::Level::DEBUG => Some(Level::Debug),
            _ => None,
        }
    }
}

/// How many lines may wait for the callback thread.
const MOST_WAITING: usize = 1000;

type Tell = Box<dyn Fn(Level, &str) + Send + Sync>;

struct Sink {
    process: Process,
    level: Level,
    waiting: AtomicUsize,
    left_out: AtomicUsize,
    tell: Tell,
}

static SINK: ArcSwapOption<Sink> = ArcSwapOption::const_empty();

/// Has `tell` called with every line of at least this level, in place of whom was told before: on the callback thread, so it
/// must not make waiting calls.
///
/// # Errors
/// `UNSUPPORTED` when the program has a subscriber of `tracing` already. That one gets the lines.
pub fn set(level: Level, tell: impl Fn(Level, &str) + Send + Sync + 'static) -> Result<()> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    if !INSTALLED.get_or_init(|| set_global_default(ToSink).is_ok()) {
        let message = "this program has a subscriber of the crate tracing, which gets the log";
        return Err(Error::new(ErrorCode::Unsupported, message));
    }
    callback::start()?;
    let (waiting, left_out) = Default::default();
    put(Some(Sink { process: Process::current(), level, waiting, left_out, tell: Box::new(tell) }));
    Ok(())
}

/// Has nobody told any more, as it was before the first [`set`].
pub fn unset() {
    put(None);
}

fn put(sink: Option<Sink>) {
    let before = SINK.swap(sink.map(Arc::new));
    if before.as_ref().is_some_and(|before| !before.process.is_current()) {
        // A parent's is not to be dropped in its child.
        std::mem::forget(before);
    }
}

struct ToSink;

impl Subscriber for ToSink {
    /// As the level may change, nothing of this may be remembered.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let wanted = |sink: &Arc<Sink>| {
            let level = Level::of(*metadata.level());
            level.is_some_and(|level| level <= sink.level) && sink.process.is_current()
        };
        metadata.target().starts_with("zkcoord") && SINK.load().as_ref().is_some_and(wanted)
    }

    fn event(&self, event: &Event<'_>) {
        if let (Some(sink), Some(level)) = (SINK.load_full(), Level::of(*event.metadata().level())) {
            let mut line = Line::default();
            event.record(&mut line);
            sink.pass_on(level, line.message + &line.fields);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Sink {
    fn pass_on(self: Arc<Sink>, level: Level, line: String) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= MOST_WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        let _taken = callback::try_dispatch(move || {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            if left_out > 0 {
                (self.tell)(Level::Warn, &format!("{left_out} lines are left out here: callbacks are slow"));
            }
            (self.tell)(level, &line);
        });
    }
}

/// `what happened key=value key=value`
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing into a String does not fail, but what is written may.
        let _failed = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// One test, because there is one sink.
    #[test]
    fn lines_are_told_as_wanted_and_a_flood_is_cut() {
        let (tell, told) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let may_go_on = parking_lot::Mutex::new(may_go_on);
        set(Level::Warn, move |level, line: &str| {
            if line.starts_with("a test") {
                let _go = may_go_on.lock().recv();
            }
            if line.contains("test") || line.contains("left out") {
                tell.send((level, line.to_owned())).unwrap();
            }
        })
        .unwrap();
        tracing::debug!("a test that is not wanted");
        tracing::warn!(target: "elsewhere", "a test of others");
        tracing::warn!(path = "/a", n = 7, what = ?Some(1), "a test of {}", "lines");
        for _ in 0..2 * MOST_WAITING {
            tracing::error!("test");
        }
        drop(go_on);
        let next = || told.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
        assert_eq!(next(), (Level::Warn, "a test of lines path=/a n=7 what=Some(1)".to_owned()));
        for _ in 1..MOST_WAITING / 2 {
            assert_eq!(next(), (Level::Error, "test".to_owned()));
        }
        tracing::error!("the last test");
        let rest: Vec<_> =
            told.iter().map(|(_, line)| line).take_while(|line| line != "the last test").collect();
        assert!(
            rest.iter().any(|line| line.ends_with("lines are left out here: callbacks are slow")),
            "{rest:?}"
        );
        unset();
        tracing::error!("a test for nobody");
        assert_eq!(told.iter().count(), 0);
    }
}
