//! Link options of the shared library that Cargo has no setting for.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // The number is increased only by an incompatible change; it stays 0 until 1.0.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libzkcoord.so.0");
        // The library owns threads, so it must never be unloaded.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
