//! TLS without a look at host names. A crate of its own, because zookeeper-client marks that choice `unsafe` and zkcoord's
//! core forbids what is.

use zookeeper_client::TlsOptions;

/// Accepts a certificate of a trusted authority for whatever host name.
pub fn accept_any_host_name(options: TlsOptions) -> TlsOptions {
    // SAFETY: touches no memory; "exposes risk to man-in-the-middle attacks" is all that its documentation asks to consider,
    // and that is for the user who turns verification off to decide.
    unsafe { options.with_no_hostname_verification() }
}
