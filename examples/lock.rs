//! Acquires a lock that all processes share: cargo run --example lock

use std::time::Duration;

use zkcoord::Client;

fn main() -> zkcoord::Result<()> {
    let hosts = std::env::var("ZKCOORD_HOSTS").unwrap_or_else(|_| "localhost:2181".into());
    let client = Client::connect(hosts).wait()?;

    // In async code: `.await` in place of `.wait()`, on any executor.
    let guard = client.mutex("/examples/lock").acquire().timeout(Duration::from_secs(10)).wait()?;
    println!("holding {} with fencing token {}", guard.node(), guard.token());

    // This is the critical section. Pass the token along with every write, and check the guard from time to time:
    guard.check()?;

    guard.release().wait()?; // or drop it, which releases the lock in the background
    println!("released");
    client.close().wait()
}
