//! Sets the link arguments of the addon.

fn main() {
    napi_build::setup();
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // The core's threads run until the process ends, so their code must stay loaded when a worker unloads its addons.
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
