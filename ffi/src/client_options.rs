//! Options for connecting.

use std::ffi::c_char;
use std::path::PathBuf;
use std::time::Duration;

use zkcoord_core::{Acl, Client, ClientBuilder, Error, Tls};

use crate::exported::exported;
use crate::pointer::{free, given, handle};
use crate::text::{slice, text};
use crate::time::{duration, timeout};

/// Options for zkcoord_client_connect(). Must not be set by two threads at the same time, nor while they are in use.
#[derive(Default)]
pub struct zkcoord_options {
    session_timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    identity: Option<String>,
    auth: Vec<(String, Vec<u8>)>,
    tls: Option<Tls>,
    acl: Acl,
}

/// Returns new options with the default values; free them with zkcoord_options_free().
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_options_new() -> *mut zkcoord_options {
    handle(zkcoord_options::default())
}

exported! {
    /// Sets how many milliseconds the servers keep the session, and with it its locks, without hearing from the client.
    /// The servers may grant less or more. Default: 10000.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `timeout_ms` is negative. zkcoord_client_connect() refuses less
    /// than 100 ms and more than 24 h.
    fn zkcoord_options_set_session_timeout(options: Option<&mut zkcoord_options>, timeout_ms: i64) {
        given("options", options)?.session_timeout = Some(duration("session_timeout", timeout_ms)?);
    }
}

exported! {
    /// Sets how many milliseconds zkcoord_client_connect() may take. A negative timeout never expires. Default: 10000.
    /// zkcoord_client_connect() refuses 0.
    fn zkcoord_options_set_connect_timeout(options: Option<&mut zkcoord_options>, timeout_ms: i64) {
        given("options", options)?.connect_timeout = Some(timeout(timeout_ms));
    }
}

exported! {
    /// Sets the text that identifies the client in a queue, at most 1024 bytes. Default: "host:pid".
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `identity` is NULL or not UTF-8. zkcoord_client_connect() checks
    /// the rest.
    fn zkcoord_options_set_identity(options: Option<&mut zkcoord_options>, identity: *const c_char) {
        let options = given("options", options)?;
        // SAFETY: borrowed for the call.
        options.identity = Some(unsafe { text("identity", identity) }?.to_owned());
    }
}

exported! {
    /// Adds credentials for authentication, like the scheme "digest" with the data "user:password" of `len` bytes,
    /// which is copied. May be called several times.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `scheme` is NULL or empty, and if `data` is NULL and `len` is not
    /// 0.
    fn zkcoord_options_add_auth(
        options: Option<&mut zkcoord_options>,
        scheme: *const c_char,
        data: *const u8,
        len: usize
    ) {
        let options = given("options", options)?;
        // SAFETY: borrowed for the call.
        let scheme = unsafe { text("scheme", scheme) }?;
        if scheme.is_empty() {
            return Err(Error::invalid_argument("scheme", scheme, "must not be empty"));
        }
        // SAFETY: borrowed for the call.
        let data = unsafe { slice("data", data, len) }?;
        options.auth.push((scheme.to_owned(), data.to_owned()));
    }
}

exported! {
    /// Sets whether connections are encrypted. Default: false. Every zkcoord_options_set_tls_...() function also turns
    /// encryption on, and so do hosts that all begin with "tcp+tls://". False discards the values that those functions
    /// have set.
    ///
    /// zkcoord_client_connect() fails with ZKCOORD_STATUS_INVALID_ARGUMENT if a file cannot be used, with
    /// ZKCOORD_STATUS_CONNECTION_LOST and a message that gives the reason if TLS fails with all servers, and with
    /// ZKCOORD_STATUS_UNSUPPORTED if this library was built without TLS. Clients read their files again for every new
    /// connection, so renewed certificates need no restart.
    fn zkcoord_options_set_tls(options: Option<&mut zkcoord_options>, enabled: bool) {
        let options = given("options", options)?;
        options.tls = enabled.then(|| options.tls.take().unwrap_or_default());
    }
}

exported! {
    /// Sets the PEM file with the certificates of the trusted authorities. No others are trusted then. Default: those
    /// of the system, which the environment variable SSL_CERT_FILE can name.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `file` is NULL or not UTF-8. zkcoord_client_connect() reads the
    /// file.
    fn zkcoord_options_set_tls_ca(options: Option<&mut zkcoord_options>, file: *const c_char) {
        // SAFETY: borrowed for the call.
        unsafe { set_tls_file(options, file, Tls::ca) }?;
    }
}

exported! {
    /// Sets the PEM file with the certificate that the client presents to servers. Servers ask for one unless their
    /// ssl.clientAuth is "none". Requires zkcoord_options_set_tls_key().
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `file` is NULL or not UTF-8. zkcoord_client_connect() reads the
    /// file.
    fn zkcoord_options_set_tls_cert(options: Option<&mut zkcoord_options>, file: *const c_char) {
        // SAFETY: borrowed for the call.
        unsafe { set_tls_file(options, file, Tls::cert) }?;
    }
}

exported! {
    /// Sets the PEM file with the unencrypted private key of the certificate. It may be the same file.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `file` is NULL or not UTF-8. zkcoord_client_connect() reads the
    /// file.
    fn zkcoord_options_set_tls_key(options: Option<&mut zkcoord_options>, file: *const c_char) {
        // SAFETY: borrowed for the call.
        unsafe { set_tls_file(options, file, Tls::key) }?;
    }
}

exported! {
    /// Sets whether a server's certificate must be valid for the host named in `hosts`. Default: true. Without this
    /// check, anyone with a certificate of a trusted authority can impersonate the server.
    fn zkcoord_options_set_tls_verify_hostname(options: Option<&mut zkcoord_options>, verify: bool) {
        given("options", options)?.change_tls(|tls| tls.verify_hostname(verify));
    }
}

exported! {
    /// Sets who may access the nodes that the client creates: "open" (everyone; the default), "creator" (only clients
    /// that authenticated like the creator), or "read" (the creator has all rights, everyone may read).
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
    fn zkcoord_options_set_acl(options: Option<&mut zkcoord_options>, acl: *const c_char) {
        let options = given("options", options)?;
        // SAFETY: borrowed for the call.
        options.acl = Acl::from_name(unsafe { text("acl", acl) }?)?;
    }
}

/// Takes ownership of the options and frees them. NULL is allowed. Clients that were connected with them are not
/// affected.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_options_free(options: Option<Box<zkcoord_options>>) {
    free(options);
}

/// Sets one of the files with `set`.
///
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

impl zkcoord_options {
    fn change_tls(&mut self, change: impl FnOnce(Tls) -> Tls) {
        self.tls = Some(change(self.tls.take().unwrap_or_default()));
    }

    /// Returns core's builder with these options.
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
