//! TLS without the verification of host names. It is a crate of its own, because zookeeper-client marks that choice `unsafe`
//! and the core of zkcoord forbids unsafe code.

use zookeeper_client::TlsOptions;

/// Makes connections accept a certificate of a trusted authority for any host name.
pub fn accept_any_host_name(options: TlsOptions) -> TlsOptions {
    // SAFETY: the call touches no memory. Its documentation only warns that it "exposes risk to man-in-the-middle attacks",
    // and the user who turns verification off has decided to take that risk.
    unsafe { options.with_no_hostname_verification() }
}
