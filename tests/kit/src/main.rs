//! The test kit as a program, for tests in other languages and for examples.
//!
//! * `zkcoord-testkit`: answers calls in JSON lines on stdin; see README.md.
//! * `zkcoord-testkit run [--nodes N] [--tls] -- COMMAND...`: runs a command with a new ZooKeeper.

mod call;
mod serve;

use std::process::{Command, ExitCode};

use zkcoord_testkit::ZooKeeper;

const USAGE: &str = "usage: zkcoord-testkit                                      answer calls on stdin
       zkcoord-testkit run [--nodes N] [--tls] -- COMMAND...  run a command with ZKCOORD_HOSTS set";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [] => {
            serve::serve();
            Ok(0)
        }
        ["run", arguments @ ..] => run(arguments),
        _ => Err(USAGE.to_owned()),
    };
    result.map_or_else(
        |error| {
            eprintln!("{error}");
            ExitCode::from(2)
        },
        ExitCode::from,
    )
}

/// Runs a command with `ZKCOORD_HOSTS` set to new servers, and returns its exit code. With TLS, `ZKCOORD_TLS_HOSTS` and the
/// files `ZKCOORD_TLS_CA`, `..._CERT`, `..._KEY`, `..._STRANGER` and `..._STRANGER_KEY` are set too.
fn run(mut arguments: &[&str]) -> Result<u8, String> {
    let mut builder = ZooKeeper::builder();
    let (command, arguments) = loop {
        arguments = match arguments {
            ["--nodes", nodes, rest @ ..] => {
                builder = builder.nodes(nodes.parse().map_err(|_| USAGE)?);
                rest
            }
            ["--tls", rest @ ..] => {
                builder = builder.tls();
                rest
            }
            ["--", command, rest @ ..] => break (command, rest),
            _ => return Err(USAGE.to_owned()),
        };
    };
    let zookeeper = builder.start().map_err(|error| error.to_string())?;
    let mut process = Command::new(command);
    process.args(arguments).env("ZKCOORD_HOSTS", zookeeper.hosts());
    if let Some(certificates) = zookeeper.certificates() {
        process
            .env("ZKCOORD_TLS_HOSTS", zookeeper.secure_hosts())
            .env("ZKCOORD_TLS_CA", certificates.ca())
            .env("ZKCOORD_TLS_CERT", certificates.cert())
            .env("ZKCOORD_TLS_KEY", certificates.key())
            .env("ZKCOORD_TLS_STRANGER", certificates.stranger())
            .env("ZKCOORD_TLS_STRANGER_KEY", certificates.stranger_key());
    }
    let status = process.status().map_err(|error| format!("{command}: {error}"))?;
    // A command without an exit code was ended by a signal, for which shells use 128 plus its number.
    let signal = || std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    Ok(status.code().or_else(signal).and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
