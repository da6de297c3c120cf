//! An independent client that reads, prepares and changes the server's data.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Error;
use crate::wire::{Decoder, Encoder, NO_NODE, NODE_EXISTS, Session, Stat, code, garbled};

const SESSION_TIMEOUT: Duration = Duration::from_secs(30);
const RETRY_TIMEOUT: Duration = Duration::from_secs(20);

/// A plain ZooKeeper client for tests; not built on the code under test.
///
/// Every read sends a `sync` first, so it sees all earlier changes. After the loss of its connection or session the
/// observer continues with a new session and repeats the request, for up to 20 seconds. A write whose answer was lost may
/// therefore be done twice.
#[derive(Debug)]
pub struct Observer {
    hosts: Vec<String>,
    session: Mutex<Option<Session>>,
}

impl Observer {
    /// Connects to one host, or to the first of several hosts (separated by commas) that answers.
    pub fn connect(hosts: &str) -> Result<Self, Error> {
        let hosts = hosts.split(',').map(|host| host.trim().to_owned()).collect();
        let observer = Self { hosts, session: Mutex::new(None) };
        observer.sync("/")?;
        Ok(observer)
    }

    /// Returns the names of a node's children, sorted, or `None` if the node is missing.
    pub fn children(&self, path: &str) -> Result<Option<Vec<String>>, Error> {
        self.sync(path)?;
        let body = Encoder::default().text(path).flag(false).0;
        let Some(answer) = self.read(code::GET_CHILDREN, "getChildren", path, &body)? else {
            return Ok(None);
        };
        let mut children = Decoder(&answer).texts().ok_or_else(garbled)?;
        children.sort();
        Ok(Some(children))
    }

    /// Returns a node's data and stat, or `None` if the node is missing.
    pub fn data(&self, path: &str) -> Result<Option<(Vec<u8>, Stat)>, Error> {
        self.sync(path)?;
        let body = Encoder::default().text(path).flag(false).0;
        let Some(answer) = self.read(code::GET_DATA, "getData", path, &body)? else {
            return Ok(None);
        };
        let mut answer = Decoder(&answer);
        let data = answer.bytes().ok_or_else(garbled)?.to_vec();
        Ok(Some((data, answer.stat().ok_or_else(garbled)?)))
    }

    /// Returns a node's stat, or `None` if the node is missing.
    pub fn exists(&self, path: &str) -> Result<Option<Stat>, Error> {
        self.sync(path)?;
        let body = Encoder::default().text(path).flag(false).0;
        let Some(answer) = self.read(code::EXISTS, "exists", path, &body)? else {
            return Ok(None);
        };
        Decoder(&answer).stat().ok_or_else(garbled).map(Some)
    }

    /// Creates a persistent node.
    pub fn create(&self, path: &str, data: &[u8]) -> Result<(), Error> {
        self.create_for(0x1f, path, data)
    }

    /// Creates a persistent node that everyone may read and write, but whose ACL allows nobody to create children.
    pub fn create_childless(&self, path: &str, data: &[u8]) -> Result<(), Error> {
        self.create_for(0x03, path, data)
    }

    fn create_for(&self, permissions: i32, path: &str, data: &[u8]) -> Result<(), Error> {
        // An ACL with one entry, for everyone. The flags 0 mean a plain persistent node.
        let acl = Encoder::default().int(1).int(permissions).text("world").text("anyone").0;
        let mut body = Encoder::default().text(path).bytes(data);
        body.0.extend(acl);
        self.write(code::CREATE, "create", path, &body.int(0).0)
    }

    /// Creates a node and its missing ancestors, without data. Existing nodes are not changed.
    pub fn create_all(&self, path: &str) -> Result<(), Error> {
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
        for end in ends {
            match self.create(&path[..end], &[]) {
                Err(error) if error.code() != Some(NODE_EXISTS) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Sets a node's data, regardless of its version.
    pub fn set(&self, path: &str, data: &[u8]) -> Result<(), Error> {
        let body = Encoder::default().text(path).bytes(data).int(-1).0;
        self.write(code::SET_DATA, "setData", path, &body)
    }

    /// Deletes a node without children, regardless of its version.
    pub fn delete(&self, path: &str) -> Result<(), Error> {
        let body = Encoder::default().text(path).int(-1).0;
        self.write(code::DELETE, "delete", path, &body)
    }

    fn sync(&self, path: &str) -> Result<(), Error> {
        self.write(code::SYNC, "sync", path, &Encoder::default().text(path).0)
    }

    fn read(&self, code: i32, name: &str, path: &str, body: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.call(code, body)? {
            (0, answer) => Ok(Some(answer)),
            (NO_NODE, _) => Ok(None),
            (error, _) => Err(Error::from_server(error, &format!("{name} {path}"))),
        }
    }

    fn write(&self, code: i32, name: &str, path: &str, body: &[u8]) -> Result<(), Error> {
        match self.call(code, body)? {
            (0, _) => Ok(()),
            (error, _) => Err(Error::from_server(error, &format!("{name} {path}"))),
        }
    }

    /// Sends a request and returns its answer, over as many connections as necessary.
    fn call(&self, code: i32, body: &[u8]) -> Result<(i32, Vec<u8>), Error> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let deadline = Instant::now() + RETRY_TIMEOUT;
        loop {
            let result = match session.take() {
                Some(open) => Ok(open),
                None => self.open(),
            };
            let result = result.and_then(|mut open| open.call(code, body).map(|answer| (open, answer)));
            match result {
                Ok((open, answer)) => {
                    *session = Some(open);
                    return Ok(answer);
                }
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    fn open(&self) -> Result<Session, Error> {
        let mut last = Error::new("no host given");
        for host in &self.hosts {
            match Session::open(host, SESSION_TIMEOUT) {
                Ok(session) => return Ok(session),
                Err(error) => last = Error::new(format!("{host}: {error}")),
            }
        }
        Err(last)
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        let session = self.session.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = session {
            // Otherwise the server would keep the session until it expires.
            drop(session.call(code::CLOSE_SESSION, &[]));
        }
    }
}
