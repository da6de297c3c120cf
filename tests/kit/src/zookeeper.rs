//! Real ZooKeeper servers, one or a quorum, on free ports and with temporary folders.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::keeper::Keeper;
use crate::{Builder, Certificates, Error, eventually, wire};

const ELECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// Running ZooKeeper servers. They are killed, and their files are removed, when this is dropped or the process ends.
///
/// Nodes are numbered from 0.
#[derive(Debug)]
pub struct ZooKeeper {
    ports: Vec<u16>,
    secure_ports: Vec<u16>,
    certificates: Option<Certificates>,
    inner: Mutex<Inner>,
}

struct Inner {
    keeper: Keeper,
    nodes: Vec<Node>,
}

pub(crate) struct Node {
    client_port: u16,
    secure_port: u16,
    arguments: Vec<String>,
    state: NodeState,
}

impl Node {
    pub(crate) fn new(client_port: u16, secure_port: u16, arguments: Vec<String>) -> Self {
        Self { client_port, secure_port, arguments, state: NodeState::Down }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum NodeState {
    Down,
    Running(u32),
    Paused(u32),
}

impl ZooKeeper {
    /// Starts one server (standalone) or a quorum of several, and returns when they are ready.
    pub fn start(nodes: usize) -> Result<Self, Error> {
        Self::builder().nodes(nodes).start()
    }

    /// Returns a builder for servers that differ from the kit's defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Wraps servers that are not started yet.
    pub(crate) fn new(keeper: Keeper, nodes: Vec<Node>, certificates: Option<Certificates>) -> Self {
        let ports = nodes.iter().map(|node| node.client_port).collect();
        let secure_ports = nodes.iter().map(|node| node.secure_port).collect();
        let inner = Mutex::new(Inner { keeper, nodes });
        Self { ports, secure_ports, certificates, inner }
    }

    /// Returns the number of nodes, running or not.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.ports.len()
    }

    /// Returns the addresses of all nodes in the format of ZooKeeper clients: `127.0.0.1:p1,127.0.0.1:p2`.
    #[must_use]
    pub fn hosts(&self) -> String {
        let hosts: Vec<String> = (0..self.nodes()).map(|node| self.host(node)).collect();
        hosts.join(",")
    }

    /// Returns the address of one node.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn host(&self, node: usize) -> String {
        format!("127.0.0.1:{}", self.ports[node])
    }

    /// Returns the TLS addresses of servers [with TLS](Builder::tls): `localhost:p1,localhost:p2`. Their certificate is valid for
    /// `localhost`, and not for `127.0.0.1`.
    #[must_use]
    pub fn secure_hosts(&self) -> String {
        let hosts: Vec<String> = self.secure_ports.iter().map(|port| format!("localhost:{port}")).collect();
        hosts.join(",")
    }

    /// Returns the certificates of servers [with TLS](Builder::tls).
    #[must_use]
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// Returns the id of a node's process, or `None` while the node is down.
    #[must_use]
    pub fn pid(&self, node: usize) -> Option<u32> {
        match self.lock().nodes.get(node)?.state {
            NodeState::Down => None,
            NodeState::Running(pid) | NodeState::Paused(pid) => Some(pid),
        }
    }

    /// Returns everything that a node has logged so far.
    #[must_use]
    pub fn log(&self, node: usize) -> String {
        self.lock().keeper.log(node)
    }

    /// Kills a node (SIGKILL) and returns when it has ended. Does nothing if the node is down.
    pub fn kill(&self, node: usize) -> Result<(), Error> {
        let mut inner = self.lock();
        if inner.node(node)?.state != NodeState::Down {
            inner.keeper.kill_node(node)?;
            inner.node(node)?.state = NodeState::Down;
        }
        Ok(())
    }

    /// Starts a killed node again, with the same data and ports. Does not wait until the node serves clients, which it may
    /// never do without a quorum; see [`ZooKeeper::wait_ready`].
    pub fn start_node(&self, node: usize) -> Result<(), Error> {
        let mut inner = self.lock();
        if inner.node(node)?.state != NodeState::Down {
            return Err(Error::new(format!("node {node} is running")));
        }
        let arguments = inner.node(node)?.arguments.clone();
        let pid = inner.keeper.start_node(node, &arguments)?;
        inner.node(node)?.state = NodeState::Running(pid);
        Ok(())
    }

    /// Pauses a node (SIGSTOP). Its connections stay open, but it does not answer any more.
    pub fn pause(&self, node: usize) -> Result<(), Error> {
        let mut inner = self.lock();
        match inner.node(node)?.state {
            NodeState::Down => return Err(Error::new(format!("node {node} is down"))),
            NodeState::Paused(_) => return Ok(()),
            NodeState::Running(pid) => {
                inner.keeper.signal(node, "STOP")?;
                inner.node(node)?.state = NodeState::Paused(pid);
                // The process stops a little later than kill(2) returns.
                if !eventually(Duration::from_secs(5), || process_state(pid) == Some('T')) {
                    return Err(Error::new(format!("node {node} did not stop")));
                }
            }
        }
        Ok(())
    }

    /// Resumes a paused node (SIGCONT). Does nothing if the node is not paused.
    pub fn resume(&self, node: usize) -> Result<(), Error> {
        let mut inner = self.lock();
        if let NodeState::Paused(pid) = inner.node(node)?.state {
            inner.keeper.signal(node, "CONT")?;
            inner.node(node)?.state = NodeState::Running(pid);
        }
        Ok(())
    }

    /// Returns the leader (a standalone server is its own leader). Waits for an election that is under way. Nodes that are
    /// down or paused do not count.
    pub fn leader(&self) -> Result<usize, Error> {
        let deadline = Instant::now() + ELECTION_TIMEOUT;
        loop {
            let running = self.running();
            let leads = |node: &usize| matches!(self.mode(*node).as_deref(), Some("leader" | "standalone"));
            if let Some(leader) = running.into_iter().find(leads) {
                return Ok(leader);
            }
            if Instant::now() > deadline {
                return Err(Error::new("no node became the leader"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until every node that is neither down nor paused serves clients, and one of them is the leader.
    pub fn wait_ready(&self, timeout: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + timeout;
        loop {
            let running = self.running();
            let modes: Vec<Option<String>> = running.iter().map(|node| self.mode(*node)).collect();
            let leads = |mode: &Option<String>| matches!(mode.as_deref(), Some("leader" | "standalone"));
            if modes.iter().all(Option::is_some) && modes.iter().any(leads) && self.listens_for_tls(&running)
            {
                return Ok(());
            }
            if let Some(node) = running.iter().find(|node| self.has_died(**node)) {
                return Err(Error::new(format!("ZooKeeper node {node} ended:\n{}", tail(&self.log(*node)))));
            }
            if Instant::now() > deadline {
                let log = running.first().map(|node| tail(&self.log(*node))).unwrap_or_default();
                return Err(Error::new(format!(
                    "ZooKeeper was not ready after {timeout:?}: {modes:?}\n{log}"
                )));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends a session from outside, as if it had expired.
    pub fn expire(&self, session_id: i64) -> Result<(), Error> {
        // To a server, id 0 means "a new session", so this would end a session that it has just created.
        if session_id == 0 {
            return Err(Error::new("session 0 does not exist; the client may have no session at the moment"));
        }
        let hosts: Vec<String> = self.running().into_iter().map(|node| self.host(node)).collect();
        wire::end_session(&hosts, session_id, &wire::password_of(session_id))
    }

    /// Returns a node's `Mode` (leader, follower, standalone), or `None` while it does not serve clients.
    #[must_use]
    pub fn mode(&self, node: usize) -> Option<String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *self.ports.get(node)?));
        let answer = four_letter_word(address, "srvr").ok()?;
        answer.lines().find_map(|line| line.strip_prefix("Mode: ")).map(String::from)
    }

    /// Returns whether these nodes listen on their ports for TLS, if they have any.
    fn listens_for_tls(&self, nodes: &[usize]) -> bool {
        let listens = |node: &usize| {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.secure_ports[*node]));
            TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
        };
        self.certificates.is_none() || nodes.iter().all(listens)
    }

    fn running(&self) -> Vec<usize> {
        let inner = self.lock();
        let states = inner.nodes.iter().map(|node| node.state).enumerate();
        let running = states.filter(|(_, state)| matches!(state, NodeState::Running(_)));
        running.map(|(node, _)| node).collect()
    }

    fn has_died(&self, node: usize) -> bool {
        self.pid(node).is_some_and(|pid| matches!(process_state(pid), None | Some('Z')))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn node(&mut self, node: usize) -> Result<&mut Node, Error> {
        self.nodes.get_mut(node).ok_or_else(|| Error::new(format!("node {node} does not exist")))
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.nodes.iter().map(|node| node.state)).finish()
    }
}

/// Returns the standalone server that all tests of this process share, and starts it on first use.
///
/// # Panics
/// If the server does not start.
pub fn shared() -> &'static ZooKeeper {
    static SHARED: OnceLock<ZooKeeper> = OnceLock::new();
    SHARED.get_or_init(|| ZooKeeper::start(1).unwrap_or_else(|error| panic!("{error}")))
}

fn four_letter_word(address: SocketAddr, word: &str) -> Result<String, Error> {
    let timeout = Duration::from_secs(1);
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.write_all(word.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Returns the kernel's letter for the state of a process: R, S, T (stopped), Z (dead) ...
fn process_state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

/// Returns the end of a log, without the many lines about the environment.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains("environment:")).collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
