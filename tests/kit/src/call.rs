//! A call from stdin: its name and its arguments.

use std::time::Duration;

use serde_json::{Map, Value};
use zkcoord_testkit::Op;

/// The result of a call. An error is a sentence.
pub(crate) type Answer = Result<Value, String>;

/// A line from stdin.
pub(crate) struct Call(Map<String, Value>);

impl Call {
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        match serde_json::from_str(line) {
            Ok(Value::Object(call)) => Ok(Self(call)),
            Ok(_) => Err("a call must be a JSON object".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The id of this call, which its answer repeats.
    pub(crate) fn id(&self) -> Value {
        self.get("id").cloned().unwrap_or_default()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, String> {
        self.get(name).and_then(Value::as_str).ok_or_else(|| format!("the argument {name:?} must be a text"))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, String> {
        self.get(name)
            .and_then(Value::as_bool)
            .ok_or_else(|| format!("the argument {name:?} must be true or false"))
    }

    pub(crate) fn count(&self, name: &str) -> Result<usize, String> {
        let number = self.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| format!("the argument {name:?} must be a number"))
    }

    pub(crate) fn count_or(&self, name: &str, default: usize) -> Result<usize, String> {
        if self.0.contains_key(name) { self.count(name) } else { Ok(default) }
    }

    pub(crate) fn fraction(&self, name: &str) -> Result<f64, String> {
        self.get(name)
            .and_then(Value::as_f64)
            .ok_or_else(|| format!("the argument {name:?} must be a number"))
    }

    pub(crate) fn milliseconds(&self, name: &str) -> Result<Duration, String> {
        let number = self
            .get(name)
            .and_then(Value::as_u64)
            .ok_or_else(|| format!("the argument {name:?} must be a number"));
        number.map(Duration::from_millis)
    }

    /// The session id: a number, or its digits as a text, for languages whose numbers are too small.
    pub(crate) fn session_id(&self) -> Result<i64, String> {
        let value = self.get("session_id");
        let number = value.and_then(Value::as_i64).or_else(|| value?.as_str()?.parse().ok());
        number.ok_or_else(|| "the argument \"session_id\" must be an integer".into())
    }

    /// Bytes that are written as hexadecimal digits.
    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        let digits = self.text(name)?;
        let pair = |at| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(pair).collect();
        bytes.ok_or_else(|| format!("the argument {name:?} must be hexadecimal digits"))
    }

    pub(crate) fn op(&self) -> Result<Op, String> {
        self.text("op")?.parse().map_err(|error: zkcoord_testkit::Error| error.to_string())
    }
}

/// Formats bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
