//! The log of this library, for programs that have no log of their own in Rust.
//!
//! zkcoord logs through the crate `tracing`. A program in Rust has a subscriber for that; for all other programs [`set`] makes
//! one when it is first called.
//!
//! Lines are passed on by the callback thread, so a sink that writes them to a slow disk delays no connection. If too many
//! lines wait there, further ones are left out, and the next line says how many.

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

/// The severity of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A failure that is not repaired.
    Error = 1,
    /// A problem that is being dealt with: a session expired, a lock was lost.
    Warn = 2,
    /// Information for operators.
    Info = 3,
    /// Details for understanding zkcoord.
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

/// The number of lines that may wait for the callback thread.
const MAX_WAITING: usize = 1000;

type SinkFn = Box<dyn Fn(Level, &str) + Send + Sync>;

struct Sink {
    process: Process,
    level: Level,
    waiting: AtomicUsize,
    left_out: AtomicUsize,
    callback: SinkFn,
}

static SINK: ArcSwapOption<Sink> = ArcSwapOption::const_empty();

/// Calls `callback` with every line of at least this level, in place of the callback that was set before. It runs on the
/// callback thread, so it must not make waiting calls.
///
/// # Errors
/// `UNSUPPORTED` if the program already has a subscriber of `tracing`, which then gets the lines; or if the system cannot
/// start the callback thread.
///
/// # Examples
/// ```
/// use zkcoord::log::{self, Level};
///
/// log::set(Level::Warn, |level, line| eprintln!("{level:?}: {line}")).unwrap();
/// log::unset();
/// ```
pub fn set(level: Level, callback: impl Fn(Level, &str) + Send + Sync + 'static) -> Result<()> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    if !INSTALLED.get_or_init(|| set_global_default(ToSink).is_ok()) {
        let message = "this program already has a subscriber of the crate tracing, which gets the log";
        return Err(Error::new(ErrorCode::Unsupported, message));
    }
    callback::start()?;
    let (waiting, left_out) = Default::default();
    put(Some(Sink { process: Process::current(), level, waiting, left_out, callback: Box::new(callback) }));
    Ok(())
}

/// Ends the calls to the callback, as before the first [`set`].
///
/// # Examples
/// ```
/// zkcoord::log::unset();
/// ```
pub fn unset() {
    put(None);
}

fn put(sink: Option<Sink>) {
    let before = SINK.swap(sink.map(Arc::new));
    if before.as_ref().is_some_and(|before| !before.process.is_current()) {
        // The sink of a parent process must not be dropped in its child.
        std::mem::forget(before);
    }
}

struct ToSink;

impl Subscriber for ToSink {
    /// The level may change, so tracing must not cache the decision.
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
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        let _taken = callback::try_dispatch(move || {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            if left_out > 0 {
                (self.callback)(
                    Level::Warn,
                    &format!("{left_out} lines are left out here: callbacks are slow"),
                );
            }
            (self.callback)(level, &line);
        });
    }
}

/// A line of the form `message key=value key=value`.
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
        // Writing into a String does not fail, but formatting the value may.
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

    /// There is one sink in a process, so this is one test.
    #[test]
    fn lines_of_the_level_are_passed_on_and_a_flood_is_cut() {
        let (sender, receiver) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let may_go_on = parking_lot::Mutex::new(may_go_on);
        set(Level::Warn, move |level, line: &str| {
            if line.starts_with("a test") {
                let _go = may_go_on.lock().recv();
            }
            if line.contains("test") || line.contains("left out") {
                sender.send((level, line.to_owned())).unwrap();
            }
        })
        .unwrap();
        tracing::debug!("a test that is not wanted");
        tracing::warn!(target: "elsewhere", "a test of others");
        tracing::warn!(path = "/a", n = 7, what = ?Some(1), "a test of {}", "lines");
        for _ in 0..2 * MAX_WAITING {
            tracing::error!("test");
        }
        drop(go_on);
        let next = || receiver.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
        assert_eq!(next(), (Level::Warn, "a test of lines path=/a n=7 what=Some(1)".to_owned()));
        for _ in 1..MAX_WAITING / 2 {
            assert_eq!(next(), (Level::Error, "test".to_owned()));
        }
        tracing::error!("the last test");
        let rest: Vec<_> =
            receiver.iter().map(|(_, line)| line).take_while(|line| line != "the last test").collect();
        assert!(
            rest.iter().any(|line| line.ends_with("lines are left out here: callbacks are slow")),
            "{rest:?}"
        );
        unset();
        tracing::error!("a test for nobody");
        assert_eq!(receiver.iter().count(), 0);
    }
}
