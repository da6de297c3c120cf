//! Options to connect with.

use std::ffi::c_char;
use std::path::PathBuf;
use std::time::Duration;

use zkcoord_core::{Acl, Client, ClientBuilder, Error, Tls};

use crate::boundary::{boundary, free, given, handle};
use crate::error::zkcoord_error;
use crate::status::zkcoord_status;
use crate::text::{slice, text};
use crate::time::duration;

/// Options for zkcoord_client_connect(). Must not be set by two threads at the same time, nor while it is in use.
#[derive(Default)]
pub struct zkcoord_options {
    session_timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    identity: Option<String>,
    auth: Vec<(String, Vec<u8>)>,
    tls: Option<Tls>,
    acl: Acl,
}

/// Returns new options, all at their defaults; free with zkcoord_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_options_new() -> *mut zkcoord_options {
    handle(zkcoord_options::default())
}

/// Sets for how many milliseconds the servers keep the session, and with it its locks, when they hear nothing of the
/// client. They may grant less or more. Default 10000.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT when it is negative; zkcoord_client_connect() refuses less than 100 ms and more than
/// 24 h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_options_set_session_timeout(
    options: Option<&mut zkcoord_options>,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        let options = given("options", options)?;
        options.session_timeout = Some(duration("session_timeout", timeout_ms)?);
        Ok(())
    })
}

/// Sets how many milliseconds zkcoord_client_connect() may take; negative waits for ever. Default 10000.
/// zkcoord_client_connect() refuses 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_options_set_connect_timeout(
    options: Option<&mut zkcoord_options>,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        let options = given("options", options)?;
        let timeout = u64::try_from(timeout_ms).map_or(Duration::MAX, Duration::from_millis);
        options.connect_timeout = Some(timeout);
        Ok(())
    })
}

/// Sets the text by which others see the client in a queue; at most 1024 bytes. Default "host:pid".
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for NULL and what is not UTF-8; zkcoord_client_connect() checks the rest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_options_set_identity(
    options: Option<&mut zkcoord_options>,
    identity: *const c_char,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        let options = given("options", options)?;
        // SAFETY: borrowed for the call.
        options.identity = Some(unsafe { text("identity", identity) }?.to_owned());
        Ok(())
    })
}

/// Adds an authentication, like the scheme "digest" with the data "user:password" of `len` bytes, which is copied. May
/// be called several times.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a scheme that is NULL or empty, and for NULL as data unless `len` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_options_add_auth(
    options: Option<&mut zkcoord_options>,
    scheme: *const c_char,
    data: *const u8,
    len: usize,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        let options = given("options", options)?;
        // SAFETY: borrowed for the call.
        let scheme = unsafe { text("scheme", scheme) }?;
        if scheme.is_empty() {
            return Err(Error::invalid_argument("scheme", scheme, "must not be empty"));
        }
        // SAFETY: borrowed for the call.
        let data = unsafe { slice("data", data, len) }?;
        options.auth.push((scheme.to_owned(), data.to_owned()));
        Ok(())
    })
}

/// Sets whether connections are encrypted. Default false; every zkcoord_options_set_tls_...() sets true as well, and so do
/// hosts that all begin with "tcp+tls://". False forgets what those have set.
///
/// zkcoord_client_connect() returns ZKCOORD_STATUS_INVALID_ARGUMENT for files that cannot be used,
/// ZKCOORD_STATUS_CONNECTION_LOST when TLS fails with all servers, with a message that says why, and
/// ZKCOORD_STATUS_UNSUPPORTED when this library was built without TLS. Clients read their files again for every new
/// connection, so that renewed certificates need no restart.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_options_set_tls(
    options: Option<&mut zkcoord_options>,
    enabled: bool,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        let options = given("options", options)?;
        options.tls = enabled.then(|| options.tls.take().unwrap_or_default());
        Ok(())
    })
}

/// Sets the PEM file with the certificates of the authorities that are trusted, and only they. Default: the system's, which
/// the environment variable SSL_CERT_FILE can name.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for NULL and what is not UTF-8; zkcoord_client_connect() reads the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_options_set_tls_ca(
    options: Option<&mut zkcoord_options>,
    file: *const c_char,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    // SAFETY: borrowed for the call.
    boundary(err, || unsafe { set_tls_file(options, file, Tls::ca) })
}

/// Sets the PEM file with the certificate that is shown to servers, which ask for one unless their ssl.clientAuth says "none".
/// Needs zkcoord_options_set_tls_key().
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for NULL and what is not UTF-8; zkcoord_client_connect() reads the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_options_set_tls_cert(
    options: Option<&mut zkcoord_options>,
    file: *const c_char,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    // SAFETY: borrowed for the call.
    boundary(err, || unsafe { set_tls_file(options, file, Tls::cert) })
}

/// Sets the PEM file with the private key to the certificate, not encrypted. It may be the same file.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for NULL and what is not UTF-8; zkcoord_client_connect() reads the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_options_set_tls_key(
    options: Option<&mut zkcoord_options>,
    file: *const c_char,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    // SAFETY: borrowed for the call.
    boundary(err, || unsafe { set_tls_file(options, file, Tls::key) })
}

/// Sets whether a server's certificate must be one for the host that was named in `hosts`. Default true. Without it, whoever
/// has any certificate of a trusted authority can pose as the server.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_options_set_tls_verify_hostname(
    options: Option<&mut zkcoord_options>,
    verify: bool,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        given("options", options)?.change_tls(|tls| tls.verify_hostname(verify));
        Ok(())
    })
}

/// # Safety
/// As for [`text`].
unsafe fn set_tls_file(
    options: Option<&mut zkcoord_options>,
    file: *const c_char,
    set: fn(Tls, PathBuf) -> Tls,
) -> Result<(), Error> {
    let options = given("options", options)?;
    // SAFETY: the caller's promise.
    let file = PathBuf::from(unsafe { text("file", file) }?);
    options.change_tls(|tls| set(tls, file));
    Ok(())
}

/// Sets who may touch the nodes that the client makes: "open" (everybody; the default), "creator" (only who
/// authenticated like the creator), or "read" (the creator everything, everybody may read).
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_options_set_acl(
    options: Option<&mut zkcoord_options>,
    acl: *const c_char,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary(err, || {
        let options = given("options", options)?;
        // SAFETY: borrowed for the call.
        options.acl = Acl::from_name(unsafe { text("acl", acl) }?)?;
        Ok(())
    })
}

/// Takes ownership of the options. NULL is fine. Clients that were connected with them are not touched.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_options_free(options: Option<Box<zkcoord_options>>) {
    free(options);
}

impl zkcoord_options {
    fn change_tls(&mut self, change: impl FnOnce(Tls) -> Tls) {
        self.tls = Some(change(self.tls.take().unwrap_or_default()));
    }

    /// Core's builder with what has been set here.
    pub(crate) fn builder(&self, hosts: &str) -> ClientBuilder {
        let mut builder = Client::builder(hosts).acl(self.acl);
        if let Some(timeout) = self.session_timeout {
            builder = builder.session_timeout(timeout);
        }
        if let Some(timeout) = self.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(identity) = &self.identity {
            builder = builder.identity(identity);
        }
        if let Some(tls) = &self.tls {
            builder = builder.tls(tls.clone());
        }
        for (scheme, data) in &self.auth {
            builder = builder.auth(scheme, data.as_slice());
        }
        builder
    }
}
