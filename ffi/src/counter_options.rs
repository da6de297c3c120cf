//! Options of counters.

use std::ffi::c_char;

use zkcoord_core::{Counter, CounterFormat};

use crate::boundary::{boundary, free, given, handle};
use crate::error::zkcoord_error;
use crate::status::zkcoord_status;
use crate::text::text;

/// Options for zkcoord_counter_new_with_options(), which also checks whether they go together. Must not be set by two
/// threads at the same time, nor while it is in use.
pub struct zkcoord_counter_options {
    format: CounterFormat,
    default: i64,
    min: Option<i64>,
    max: Option<i64>,
    exactly_once: bool,
}

/// Returns new options, all at their defaults; free with zkcoord_counter_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_counter_options_new() -> *mut zkcoord_counter_options {
    let format = CounterFormat::default();
    handle(zkcoord_counter_options { format, default: 0, min: None, max: None, exactly_once: true })
}

/// Sets how the value stands in the node. Everyone who shares the counter must use the same.
/// - "i64" (the default): 8 bytes, big-endian, as Curator's DistributedAtomicLong;
/// - "i32": 4 bytes, big-endian, as Curator's SharedCount and DistributedAtomicInteger, and kazoo's Counter with
///   support_curator. Only what an int32_t can be;
/// - "text": a decimal number in ASCII, as kazoo's Counter.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_options_set_format(
    options: Option<&mut zkcoord_counter_options>,
    format: *const c_char,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        let options = given("options", options)?;
        // SAFETY: borrowed for the call.
        options.format = CounterFormat::from_name(unsafe { text("format", format) }?)?;
        Ok(())
    })
}

/// Sets the value of a node that is missing or empty, from which the first change starts. Default 0. It must be within the
/// bounds and what the format can be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_options_set_default(
    options: Option<&mut zkcoord_counter_options>,
    value: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        given("options", options)?.default = value;
        Ok(())
    })
}

/// Sets the least value: a change whose result would be less fails with ZKCOORD_STATUS_OVERFLOW and changes nothing. Default:
/// the least that the format can be. Only this client's changes through this counter are held to it; what others wrote
/// is read as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_options_set_min(
    options: Option<&mut zkcoord_counter_options>,
    value: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        given("options", options)?.min = Some(value);
        Ok(())
    })
}

/// Sets the greatest value. Otherwise as zkcoord_counter_options_set_min().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_options_set_max(
    options: Option<&mut zkcoord_counter_options>,
    value: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        given("options", options)?.max = Some(value);
        Ok(())
    })
}

/// Sets whether a change whose reply is lost is resolved, for which the client makes an ephemeral child of the counter's
/// node. Default true. False is for nodes whose ACL forbids children: a change whose reply is lost then answers
/// ZKCOORD_STATUS_INDETERMINATE, unless the node itself proves that it was not applied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_counter_options_set_exactly_once(
    options: Option<&mut zkcoord_counter_options>,
    exactly_once: bool,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        given("options", options)?.exactly_once = exactly_once;
        Ok(())
    })
}

/// Takes ownership of the options. NULL is fine. Counters that were made with them are not touched.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_counter_options_free(options: Option<Box<zkcoord_counter_options>>) {
    free(options);
}

impl zkcoord_counter_options {
    /// The counter with what has been set here.
    pub(crate) fn apply(&self, counter: Counter) -> Counter {
        let counter = counter.format(self.format).default(self.default).exactly_once(self.exactly_once);
        let counter = self.min.into_iter().fold(counter, Counter::min);
        self.max.into_iter().fold(counter, Counter::max)
    }
}
