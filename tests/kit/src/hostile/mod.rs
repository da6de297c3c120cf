//! A hostile server: a proxy in front of a real one that forges one answer, and is honest before and after.

mod answer;
mod attacks;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::Error;
use crate::wire::{Decoder, code, read_frame, write_frame};
use answer::Answer;
use attacks::{After, Attack};

/// A server that gives one forged answer and is honest otherwise. It closes its connections when it is dropped.
#[derive(Debug)]
pub struct HostileServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    attack: Attack,
    upstream: String,
    fired: AtomicBool,
    ended: AtomicBool,
    connections: Mutex<Vec<Arc<TcpStream>>>,
}

impl HostileServer {
    /// Returns the names of all attacks.
    #[must_use]
    pub fn attacks() -> Vec<&'static str> {
        attacks::all().into_iter().map(|attack| attack.name).collect()
    }

    /// Starts a server that passes on what `upstream` answers, except for the first answer that this attack forges.
    pub fn start(upstream: &str, attack: &str) -> Result<Self, Error> {
        let attack = attacks::all()
            .into_iter()
            .find(|known| known.name == attack)
            .ok_or_else(|| Error::new(format!("unknown attack {attack:?}")))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            attack,
            upstream: upstream.to_owned(),
            fired: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            connections: Mutex::default(),
        });
        let state = shared.clone();
        let accepting = thread::spawn(move || state.accept(&listener));
        Ok(Self { shared, address, accepting: Some(accepting) })
    }

    /// Returns the address for clients.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Returns whether the forged answer was sent.
    #[must_use]
    pub fn fired(&self) -> bool {
        self.shared.fired.load(Ordering::SeqCst)
    }
}

impl Drop for HostileServer {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        drop(self.accepting.take().map(JoinHandle::join));
        for connection in self.shared.connections().drain(..) {
            drop(connection.shutdown(Shutdown::Both));
        }
    }
}

/// The requests of one connection that await their answers.
type Requests = Arc<Mutex<VecDeque<Vec<u8>>>>;

impl Shared {
    fn connections(&self) -> std::sync::MutexGuard<'_, Vec<Arc<TcpStream>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.ended.load(Ordering::SeqCst) {
                return;
            }
            let Ok(client) = client else { continue };
            let Ok(server) = TcpStream::connect(&self.upstream) else { continue };
            drop(client.set_nodelay(true).and(server.set_nodelay(true)));
            let (client, server) = (Arc::new(client), Arc::new(server));
            self.connections().extend([client.clone(), server.clone()]);
            let requests = Requests::default();
            let (from, to, pending) = (client.clone(), server.clone(), requests.clone());
            thread::spawn(move || {
                drop(forward_requests(&from, &to, &pending));
                drop(to.shutdown(Shutdown::Both));
            });
            let shared = self.clone();
            thread::spawn(move || {
                drop(shared.forward_answers(&server, &client, &requests));
                drop(client.shutdown(Shutdown::Both));
                drop(server.shutdown(Shutdown::Both));
            });
        }
    }

    /// Passes on what the server answers, until the attack is carried out.
    fn forward_answers(
        &self,
        mut server: &TcpStream,
        mut client: &TcpStream,
        requests: &Requests,
    ) -> io::Result<()> {
        let mut greeted = false;
        while let Some(frame) = read_frame(&mut server)? {
            let answer = Answer::new(frame, !greeted, requests);
            greeted = true;
            let is_due = answer.error == 0 && self.attack.is_on(&answer);
            if !is_due || self.fired.swap(true, Ordering::SeqCst) {
                write_frame(&mut client, &answer.frame)?;
                continue;
            }
            // The client may cut the connection while it still receives the answer.
            let written = client.write_all(&(self.attack.forge)(&answer));
            match self.attack.after {
                After::Continue => written?,
                After::Close => return Ok(()),
                After::Held => {
                    let next = read_frame(&mut server)?.unwrap_or_default();
                    write_frame(&mut client, &next)?;
                    write_frame(&mut client, &answer.frame)?;
                }
                After::Silence => thread::sleep(Duration::from_secs(30)),
                After::PingsOnly => {
                    written?;
                    only_pings(server, client)?;
                }
            }
        }
        Ok(())
    }
}

fn forward_requests(mut client: &TcpStream, mut server: &TcpStream, requests: &Requests) -> io::Result<()> {
    while let Some(frame) = read_frame(&mut client)? {
        requests.lock().unwrap_or_else(PoisonError::into_inner).push_back(frame.clone());
        write_frame(&mut server, &frame)?;
    }
    Ok(())
}

/// Passes on nothing but answers to pings.
fn only_pings(mut server: &TcpStream, mut client: &TcpStream) -> io::Result<()> {
    while let Some(frame) = read_frame(&mut server)? {
        if Decoder(&frame).int() == Some(-2) {
            write_frame(&mut client, &frame)?;
        }
    }
    Ok(())
}

/// The operation code of a request.
fn code_of(request: &[u8]) -> i32 {
    let mut request = Decoder(request);
    request.int().and_then(|_xid| request.int()).unwrap_or(code::EVENT)
}
