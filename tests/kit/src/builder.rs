//! Configures and starts servers.

use std::fs;
use std::time::Duration;

use crate::certificates::Certificates;
use crate::keeper::Keeper;
use crate::zookeeper::Node;
use crate::{Error, ZooKeeper, install, ports};

const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The configuration of servers that are to be started; see [`ZooKeeper::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    nodes: usize,
    tick_time: Duration,
    properties: Vec<(String, String)>,
    java_options: Vec<String>,
    tls: bool,
}

impl Builder {
    /// Sets the number of servers: 1 (standalone, the default) or more (a quorum).
    pub fn nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// Sets ZooKeeper's `tickTime`, 250 ms by default. The shortest session timeout is two ticks.
    pub fn tick_time(mut self, tick_time: Duration) -> Self {
        self.tick_time = tick_time;
        self
    }

    /// Adds a line to `zoo.cfg`, which overrides the kit's own line for that key.
    pub fn property(mut self, key: &str, value: &str) -> Self {
        self.properties.push((key.into(), value.into()));
        self
    }

    /// Adds an option of the Java virtual machine, such as `-Dzookeeper.forceSync=no`.
    pub fn java_option(mut self, option: &str) -> Self {
        self.java_options.push(option.into());
        self
    }

    /// Adds a port for TLS to each server, with [certificates](ZooKeeper::certificates). On this port clients need a
    /// certificate, which is ZooKeeper's default.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts the servers and returns when they are ready.
    pub fn start(self) -> Result<ZooKeeper, Error> {
        // A port that was free may be in use when the server binds it.
        let mut result = self.try_start();
        for _ in 0..2 {
            match &result {
                Err(error) if error.to_string().contains("BindException") => result = self.try_start(),
                _ => break,
            }
        }
        result
    }

    fn try_start(&self) -> Result<ZooKeeper, Error> {
        if self.nodes == 0 {
            return Err(Error::new("a ZooKeeper needs at least one node"));
        }
        let keeper = Keeper::start(&install::java()?)?;
        let all = (0..self.nodes).map(|_| Ports::free()).collect::<Result<Vec<_>, _>>()?;
        let certificates = match self.tls {
            true => Some(Certificates::create(&keeper.folder().join("tls"))?),
            false => None,
        };
        let mut nodes = Vec::new();
        for node in 0..self.nodes {
            let config = keeper.folder().join(format!("{node}.cfg"));
            let data = keeper.folder().join(format!("{node}.data"));
            fs::create_dir(&data)?;
            fs::write(data.join("myid"), (node + 1).to_string())?;
            fs::write(&config, self.config(&data.display().to_string(), node, &all, certificates.as_ref()))?;
            let arguments = install::arguments(&config, self.nodes > 1, self.tls, &self.java_options)?;
            nodes.push(Node::new(all[node].client, all[node].secure, arguments));
        }
        let zookeeper = ZooKeeper::new(keeper, nodes, certificates);
        for node in 0..self.nodes {
            zookeeper.start_node(node)?;
        }
        zookeeper.wait_ready(START_TIMEOUT)?;
        Ok(zookeeper)
    }

    fn config(&self, data: &str, node: usize, all: &[Ports], tls: Option<&Certificates>) -> String {
        let mut lines = vec![
            format!("tickTime={}", self.tick_time.as_millis()),
            format!("dataDir={data}"),
            format!("clientPort={}", all[node].client),
            "clientPortAddress=127.0.0.1".into(),
            "maxSessionTimeout=60000".into(),
            "initLimit=20".into(),
            "syncLimit=10".into(),
            "maxClientCnxns=0".into(),
            "admin.enableServer=false".into(),
            "4lw.commands.whitelist=*".into(),
        ];
        if all.len() > 1 {
            for (number, ports) in (1..).zip(all) {
                lines.push(format!("server.{number}=127.0.0.1:{}:{}", ports.quorum, ports.election));
            }
        }
        if let Some(certificates) = tls {
            lines.push(format!("secureClientPort={}", all[node].secure));
            lines.extend(certificates.properties());
        }
        // Of two lines with the same key the last one counts.
        lines.extend(self.properties.iter().map(|(key, value)| format!("{key}={value}")));
        lines.join("\n") + "\n"
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            nodes: 1,
            tick_time: Duration::from_millis(250),
            properties: Vec::new(),
            java_options: Vec::new(),
            tls: false,
        }
    }
}

/// The ports of a node.
struct Ports {
    client: u16,
    secure: u16,
    quorum: u16,
    election: u16,
}

impl Ports {
    fn free() -> Result<Self, Error> {
        let (client, secure) = (ports::free()?, ports::free()?);
        Ok(Self { client, secure, quorum: ports::free()?, election: ports::free()? })
    }
}
