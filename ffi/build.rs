//! How the shared library is linked, which cargo has no setting for.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // Bumped by an incompatible change only; 0 until 1.0.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libzkcoord.so.0");
        // A library that owns threads must never be unmapped.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
