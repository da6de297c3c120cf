//! Acquires permits of a rate limiter that all processes share: cargo run --example rate_limit

use std::time::Duration;

use zkcoord::Client;

fn main() -> zkcoord::Result<()> {
    let hosts = std::env::var("ZKCOORD_HOSTS").unwrap_or_else(|_| "localhost:2181".into());
    let client = Client::connect(hosts).wait()?;

    // At most 10 in any second, by all processes together. All clients that share the path must give the same numbers.
    let limiter = client.rate_limiter("/examples/limit", 10, Duration::from_secs(1));

    limiter.acquire(1).timeout(Duration::from_secs(10)).wait()?; // TIMEOUT at once if it would take longer
    println!("this one may go");

    let more = limiter.try_acquire(1).wait()?;
    println!("another one {}", if more { "too" } else { "later" });
    client.close().wait()
}
