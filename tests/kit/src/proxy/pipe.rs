//! The proxy's threads: one accepts connections, and four serve each connection, a reader and a writer per direction.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Direction;
use super::state::{Close, Shared};
use crate::wire::{read_frame, write_frame};

/// An item that a reader passes to the writer of the same direction, in order.
enum Item {
    Frame(Vec<u8>, Instant),
    /// The sender has closed its side.
    Finish(Instant),
    /// The connection is closed after everything before this was delivered.
    Cut(Instant),
}

/// Accepts connections until the proxy has ended.
pub(super) fn accept(shared: &Arc<Shared>, listener: &TcpListener, upstream: &str) {
    for client in listener.incoming() {
        if shared.lock().ended {
            return;
        }
        // A connection that is not served is dropped, which closes it.
        let Ok(client) = client else { continue };
        if !shared.lock().refusing {
            let (shared, upstream) = (shared.clone(), upstream.to_owned());
            thread::spawn(move || serve(&shared, client, &upstream));
        }
    }
}

fn serve(shared: &Arc<Shared>, client: TcpStream, upstream: &str) {
    let Ok(server) = TcpStream::connect(upstream) else {
        return;
    };
    if client.set_nodelay(true).and(server.set_nodelay(true)).is_err() {
        return;
    }
    let (client, server) = (Arc::new(client), Arc::new(server));
    let Some(connection) = shared.open(&client, &server) else {
        return;
    };
    for (from, to, direction) in
        [(&client, &server, Direction::ToServer), (&server, &client, Direction::ToClient)]
    {
        let (sender, receiver) = channel();
        let side = Side { shared: shared.clone(), connection, direction };
        let (reader, from, to) = (side.clone(), from.clone(), to.clone());
        thread::spawn(move || reader.read(&from, &sender));
        thread::spawn(move || side.write(&to, receiver));
    }
}

/// One direction of one connection.
#[derive(Clone)]
struct Side {
    shared: Arc<Shared>,
    connection: usize,
    direction: Direction,
}

impl Side {
    fn read(&self, mut from: &TcpStream, queue: &Sender<Item>) {
        let end = loop {
            match read_frame(&mut from) {
                Ok(Some(mut frame)) => match self.shared.receive(self.connection, self.direction, &mut frame)
                {
                    // An error means that the writer has ended together with the connection.
                    Some(due) => drop(queue.send(Item::Frame(frame, due))),
                    None => break Item::Cut(self.due()),
                },
                Ok(None) => break Item::Finish(self.due()),
                Err(_) => break Item::Cut(self.due()),
            }
        };
        drop(queue.send(end));
    }

    fn write(&self, mut to: &TcpStream, queue: Receiver<Item>) {
        for item in queue {
            let (Item::Frame(_, due) | Item::Finish(due) | Item::Cut(due)) = item;
            if !self.shared.wait_turn(self.connection, self.direction, due) {
                return;
            }
            match item {
                Item::Frame(frame, _) if write_frame(&mut to, &frame).is_ok() => {}
                Item::Finish(_) => return self.shared.finish(self.connection, self.direction),
                Item::Frame(..) | Item::Cut(_) => {
                    return self.shared.change(|state| state.cut(self.connection, Close::Finish));
                }
            }
        }
    }

    fn due(&self) -> Instant {
        let delay: Duration = self.shared.lock().delay;
        Instant::now() + delay
    }
}
