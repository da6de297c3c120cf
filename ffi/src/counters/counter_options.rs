//! Options for counters.

use std::ffi::c_char;

use zkcoord_core::{Counter, CounterFormat};

use crate::exported::exported;
use crate::pointer::{free, given, handle};
use crate::text::text;

/// Options for zkcoord_counter_new_with_options(), which also checks that they are consistent. Must not be set by two
/// threads at the same time, nor while they are in use.
pub struct zkcoord_counter_options {
    format: CounterFormat,
    default: i64,
    min: Option<i64>,
    max: Option<i64>,
    exactly_once: bool,
}

/// Returns new options with the default values; free them with zkcoord_counter_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_counter_options_new() -> *mut zkcoord_counter_options {
    let format = CounterFormat::default();
    handle(zkcoord_counter_options { format, default: 0, min: None, max: None, exactly_once: true })
}

exported! {
    /// Sets the format of the value in the node. All clients that share the counter must use the same format.
    /// - "i64" (the default): 8 bytes, big-endian, as Curator's DistributedAtomicLong;
    /// - "i32": 4 bytes, big-endian, as Curator's SharedCount and DistributedAtomicInteger, and kazoo's Counter with
    ///   support_curator. Values must fit into an int32_t;
    /// - "text": a decimal number in ASCII, as kazoo's Counter.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
    fn zkcoord_counter_options_set_format(options: Option<&mut zkcoord_counter_options>, format: *const c_char) {
        let options = given("options", options)?;
        // SAFETY: borrowed for the call.
        options.format = CounterFormat::from_name(unsafe { text("format", format) }?)?;
    }
}

exported! {
    /// Sets the value of a node that is missing or empty, from which the first change starts. Default: 0. It must be
    /// within the bounds and the range of the format.
    fn zkcoord_counter_options_set_default(options: Option<&mut zkcoord_counter_options>, value: i64) {
        given("options", options)?.default = value;
    }
}

exported! {
    /// Sets the minimum value. A change whose result would be less fails with ZKCOORD_STATUS_OVERFLOW and changes
    /// nothing. Default: the minimum of the format. The bound applies only to changes of this client through this
    /// counter; values that others wrote are read unchanged.
    fn zkcoord_counter_options_set_min(options: Option<&mut zkcoord_counter_options>, value: i64) {
        given("options", options)?.min = Some(value);
    }
}

exported! {
    /// Sets the maximum value. Default: the maximum of the format. Otherwise as zkcoord_counter_options_set_min().
    fn zkcoord_counter_options_set_max(options: Option<&mut zkcoord_counter_options>, value: i64) {
        given("options", options)?.max = Some(value);
    }
}

exported! {
    /// Sets whether the client finds out the outcome of a change whose reply is lost, for which it creates an ephemeral
    /// child of the counter's node. Default: true. False is for nodes whose ACL forbids children: a change whose reply
    /// is lost then fails with ZKCOORD_STATUS_INDETERMINATE, unless the node itself proves that the change was not
    /// applied.
    fn zkcoord_counter_options_set_exactly_once(
        options: Option<&mut zkcoord_counter_options>,
        exactly_once: bool
    ) {
        given("options", options)?.exactly_once = exactly_once;
    }
}

/// Takes ownership of the options and frees them. NULL is allowed. Counters that were created with them are not
/// affected.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_counter_options_free(options: Option<Box<zkcoord_counter_options>>) {
    free(options);
}

impl zkcoord_counter_options {
    /// Returns the counter with these options, or unchanged for NULL.
    pub(crate) fn apply(options: Option<&Self>, counter: Counter) -> Counter {
        let Some(options) = options else { return counter };
        let counter =
            counter.format(options.format).default(options.default).exactly_once(options.exactly_once);
        let counter = options.min.into_iter().fold(counter, Counter::min);
        options.max.into_iter().fold(counter, Counter::max)
    }
}
