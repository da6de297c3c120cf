//! Connecting to one of several addresses.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use async_net::TcpStream;
use tokio::net::TcpSocket;

/// An address that does not answer a request to connect, because its queue of connections is full.
struct Unanswering {
    address: SocketAddr,
    _sockets: Vec<tokio::task::JoinHandle<()>>,
    _listener: tokio::net::TcpListener,
}

impl Unanswering {
    async fn new() -> Unanswering {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut sockets = Vec::new();
        for _ in 0..16 {
            sockets.push(tokio::spawn(async move {
                let _socket = tokio::net::TcpStream::connect(address).await;
                std::future::pending::<()>().await;
            }));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let connecting = tokio::net::TcpStream::connect(address);
        let full = tokio::time::timeout(Duration::from_millis(500), connecting).await.is_err();
        assert!(full, "the queue is full");
        Unanswering { address, _sockets: sockets, _listener: listener }
    }
}

async fn connect(addresses: &[SocketAddr]) -> (std::io::Result<TcpStream>, Duration) {
    let started = Instant::now();
    (TcpStream::connect(addresses).await, started.elapsed())
}

#[tokio::test]
async fn addresses_that_do_not_answer_or_refuse_delay_a_connection_but_do_not_prevent_it() {
    let silent = [Unanswering::new().await, Unanswering::new().await];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let addresses = [silent[0].address, silent[1].address, refused, listener.local_addr().unwrap()];
    for _ in 0..addresses.len() {
        let (connected, took) = connect(&addresses).await;
        connected.unwrap();
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
    each_call_begins_with_another_address().await;
}

/// Belongs to the test above, because the calls of a process take turns.
async fn each_call_begins_with_another_address() {
    let listeners: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let addresses: Vec<SocketAddr> =
        listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
    for _ in 0..3 {
        connect(&addresses).await.0.unwrap();
    }
    for listener in listeners {
        listener.set_nonblocking(true).unwrap();
        listener.accept().expect("every address was the first once");
    }
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_given_up_after_two_seconds() {
    let silent = Unanswering::new().await;
    let (connected, took) = connect(&[silent.address]).await;
    assert_eq!(connected.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    assert!((2..4).contains(&took.as_secs()), "{took:?}");
}
