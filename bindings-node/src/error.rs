//! Errors as results. TypeScript throws them, as the right class and with the caller's stack.

use napi::bindgen_prelude::{Env, Object, ToNapiValue};
use napi::sys;
use napi_derive::napi;
use zkcoord::ErrorCode;

/// The outcome of a call: `{ value }` or `{ code, message }` in JavaScript, as native.header.txt declares it.
pub struct Outcome<T>(pub zkcoord::Result<T>);

impl<T> Outcome<T> {
    /// Makes an outcome of a function, so that its body can use `?`.
    pub(crate) fn attempt(body: impl FnOnce() -> zkcoord::Result<T>) -> Outcome<T> {
        Outcome(body())
    }
}

impl<T: ToNapiValue> ToNapiValue for Outcome<T> {
    unsafe fn to_napi_value(env: sys::napi_env, outcome: Self) -> napi::Result<sys::napi_value> {
        let mut object = Object::new(&Env::from_raw(env))?;
        match outcome.0 {
            Ok(value) => object.set("value", value)?,
            Err(error) => {
                object.set("code", js_code(error.code()))?;
                object.set("message", error.message())?;
            }
        }
        // SAFETY: `env` is the one given to us, and the object was just made in it.
        unsafe { Object::to_napi_value(env, object) }
    }
}

/// One row of the core's error table.
#[napi(object)]
pub struct ErrorRow {
    /// The stable code, for example `ERR_ZKCOORD_TIMEOUT`.
    pub code: String,
    /// The name of the class in Python; the class of this package ends in `Error`.
    pub class: String,
    /// The condition that it reports.
    pub meaning: String,
}

/// Returns the core's error table, with which the tests compare the classes.
#[napi]
pub fn error_table() -> Vec<ErrorRow> {
    let row = |code: &ErrorCode| ErrorRow {
        code: js_code(*code),
        class: code.class().to_owned(),
        meaning: code.meaning().to_owned(),
    };
    ErrorCode::ALL.iter().map(row).collect()
}

fn js_code(code: ErrorCode) -> String {
    format!("ERR_ZKCOORD_{code}")
}
