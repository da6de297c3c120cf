//! Increments a counter that all processes share: cargo run --example counter

use zkcoord::Client;

fn main() -> zkcoord::Result<()> {
    let hosts = std::env::var("ZKCOORD_HOSTS").unwrap_or_else(|_| "localhost:2181".into());
    let client = Client::connect(hosts).wait()?;

    let hits = client.counter("/examples/hits");
    let mine = hits.increment().wait()?; // counted exactly once, also if a reply is lost
    println!("this was hit number {mine}; there are {} by now", hits.get().wait()?);

    client.close().wait()
}
