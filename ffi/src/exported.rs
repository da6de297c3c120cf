//! The declaration of exported functions that can fail.

/// Declares exported functions by what is specific to them, and adds what they all have in common: the attributes, the
/// parameters for results, the conversion of errors and panics into a status, and the asynchronous form.
///
/// A body converts and checks its own arguments, may use `?`, and ends with the result. There are four forms:
///
/// ```text
/// // A function that returns at once. Without `-> T` it has no `out`.
/// fn zkcoord_x(x: Option<&zkcoord_x>, n: i64) -> T { the T }
///
/// // A blocking function and its asynchronous form. The body makes the `Op` of both; `IntoC` converts its result.
/// // The second doc comment continues "The asynchronous form of zkcoord_x()."; it may be missing.
/// fn zkcoord_x(x: Option<&zkcoord_x>, timeout_ms: i64) -> T { the Op }
/// async fn zkcoord_x_async(done: zkcoord_t_fn);
///
/// // An asynchronous form alone, because the blocking form has another body. `done` comes first here, but not in C.
/// async fn zkcoord_x_async(done: zkcoord_t_fn, x: Option<&zkcoord_x>, timeout_ms: i64) { the Op }
///
/// // Two constructors. The second also has the parameters of the first; the first passes None as the options.
/// fn zkcoord_x_new(client: Option<&zkcoord_client>, path: *const c_char) -> *mut zkcoord_x;
/// fn zkcoord_x_new_with_options(options: Option<&zkcoord_x_options>) { the *mut zkcoord_x }
/// ```
///
/// cbindgen does not expand macros, so `tests/header.rs` expands this one for it. Change both together.
macro_rules! exported {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty $body:block) => {
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            $($arg: $type,)*
            out: *mut $out,
            err: *mut *mut $crate::error::zkcoord_error,
        ) -> $crate::status::zkcoord_status {
            $crate::boundary::run_with_out(out, err, || Ok($body))
        }
    };

    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) $body:block) => {
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            $($arg: $type,)*
            err: *mut *mut $crate::error::zkcoord_error,
        ) -> $crate::status::zkcoord_status {
            $crate::boundary::run(err, || {
                let () = $body;
                Ok(())
            })
        }
    };

    (
        $(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty $op:block
        $(#[$async_doc:meta])* async fn $async_name:ident(done: $done:ty);
    ) => {
        exported! {
            $(#[$doc])*
            fn $name($($arg: $type),*) -> $out { $crate::op::wait($op)? }
        }
        exported! {
            #[doc = concat!("The asynchronous form of ", stringify!($name), "().")]
            $(#[$async_doc])*
            async fn $async_name(done: $done, $($arg: $type),*) $op
        }
    };

    (
        $(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) $op:block
        $(#[$async_doc:meta])* async fn $async_name:ident(done: $done:ty);
    ) => {
        exported! {
            $(#[$doc])*
            fn $name($($arg: $type),*) { $crate::op::wait($op)?; }
        }
        exported! {
            #[doc = concat!("The asynchronous form of ", stringify!($name), "().")]
            $(#[$async_doc])*
            async fn $async_name(done: $done, $($arg: $type),*) $op
        }
    };

    ($(#[$doc:meta])* async fn $name:ident(done: $done:ty, $($arg:ident: $type:ty),*) $op:block) => {
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            $($arg: $type,)*
            done: $done,
            user_data: *mut std::ffi::c_void,
            destroy: $crate::op::zkcoord_destroy_fn,
            op: *mut *mut $crate::op::zkcoord_op,
            err: *mut *mut $crate::error::zkcoord_error,
        ) -> $crate::status::zkcoord_status {
            $crate::op::start(done, user_data, destroy, op, err, || Ok($op))
        }
    };

    (
        $(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty;
        $(#[$with_doc:meta])* fn $with_name:ident($options:ident: $options_type:ty) $body:block
    ) => {
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            $($arg: $type,)*
            out: *mut $out,
            err: *mut *mut $crate::error::zkcoord_error,
        ) -> $crate::status::zkcoord_status {
            // SAFETY: the caller of this function gives the guarantees that the other one requires.
            unsafe { $with_name($($arg,)* None, out, err) }
        }
        exported! {
            $(#[$with_doc])*
            fn $with_name($($arg: $type,)* $options: $options_type) -> $out $body
        }
    };
}

pub(crate) use exported;
