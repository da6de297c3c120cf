//! Keeps lookups of missing users away from a database: cargo run --example absent_keys

use std::time::Duration;

use zkcoord::{Client, Lookup, MissGuard, Result};

fn main() -> Result<()> {
    let hosts = std::env::var("ZKCOORD_HOSTS").unwrap_or_else(|_| "localhost:2181".into());
    let client = Client::connect(hosts).wait()?;

    // A user that was missed twice within a minute counts as absent for half a minute.
    let users = client
        .miss_guard("/examples/absent-users")
        .threshold(2)
        .window(Duration::from_secs(60))
        .hold(Duration::from_secs(30));

    for name in ["user-1", "user-2", "user-2", "user-2"] {
        match mail_of(name, &users)? {
            Some(mail) => println!("{name} is {mail}"),
            None => println!("{name} is nobody"),
        }
    }
    client.close().wait()
}

/// In async code: `users.load(name, async || query(name).await).await`.
fn mail_of(name: &str, users: &MissGuard) -> Result<Option<String>> {
    // In all processes together, one caller at a time has the turn for a name.
    let Lookup::Load(turn) = users.begin(name).timeout(Duration::from_secs(10)).wait()? else {
        return Ok(None);
    };
    let mail = query(name);
    match &mail {
        Some(_) => turn.found().wait()?,
        None => turn.missed().wait()?,
    }
    Ok(mail)
}

/// Stands for the database.
fn query(name: &str) -> Option<String> {
    println!("  the database is asked for {name}");
    (name == "user-1").then(|| "ada@example.org".into())
}
