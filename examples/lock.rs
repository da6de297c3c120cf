//! Does something that must not run twice at the same time: cargo run --example lock

use std::time::Duration;

use zkcoord::Client;

fn main() -> zkcoord::Result<()> {
    let hosts = std::env::var("ZKCOORD_HOSTS").unwrap_or_else(|_| "localhost:2181".into());
    let client = Client::connect(hosts).wait()?;

    // In async code: `.await` in place of `.wait()`, on any executor.
    let guard = client.mutex("/examples/lock").acquire().timeout(Duration::from_secs(10)).wait()?;
    println!("holding {} with fencing token {}", guard.node(), guard.token());

    // ... the critical section. Pass the token along with what you write, and check now and then:
    guard.check()?;

    guard.release().wait()?; // or drop it: given back in the background
    println!("released");
    client.close().wait()
}
