//! Makes a link: connects to one of the servers, for a new session or for one that lost its connection.
//!
//! 1. The names of all servers are resolved. Every address is a candidate (`candidates.rs`).
//! 2. The candidates are tried one after the other, in random order. Each gets a share of the time for its connection and
//!    its handshake, so that silent ones do not keep the client away from those that answer.
//! 3. For a new session, the chroot is created if it is missing (`parents.rs`).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use zookeeper_client as zk;

use super::candidates;
use super::lease::{BootInstant, Lease};
use super::link::Link;
use super::options::ClientOptions;
use super::parents::find_or_create_chroot;
use super::spawner::capture_task;

/// The reason why no link was made.
#[derive(Clone, Debug)]
pub(super) enum ConnectFault {
    /// No server accepted the connection. The text says what was tried.
    Unreachable(String),
    /// The session to be resumed has ended.
    Expired,
    /// The servers refused the authentication, or the creation of the chroot. The text says which, and what to do.
    NotAuthorized(String),
}

impl Link {
    /// Connects to any of the servers, for a new session or to continue the session of `resumed`. Each candidate gets the
    /// more time the more attempts failed before, as `failures` says.
    pub(super) async fn connect(
        options: &ClientOptions,
        resumed: Option<&Link>,
        failures: u32,
    ) -> Result<Arc<Link>, ConnectFault> {
        let longest = longest_silence(options, resumed);
        let connector = connector(options, resumed).await?;
        let candidates = candidates::resolve(&options.hosts, failures).await;
        let share = candidates::share(candidates.len(), failures, longest);
        let mut fault = ConnectFault::Unreachable(format!("no server of {} is known by name", options.hosts));
        for server in candidates {
            match Link::connect_to(&server, connector.clone(), share, options, resumed).await {
                Err(ConnectFault::Unreachable(why)) => fault = ConnectFault::Unreachable(why),
                decided => return decided,
            }
        }
        Err(fault)
    }

    /// Connects to one server, which has to answer within `share`.
    async fn connect_to(
        server: &str,
        connector: zk::Connector,
        share: Duration,
        options: &ClientOptions,
        resumed: Option<&Link>,
    ) -> Result<Arc<Link>, ConnectFault> {
        let silent = |_| ConnectFault::Unreachable(format!("{server} does not answer"));
        let sent = BootInstant::now();
        let (connected, task) =
            timeout(share, capture_task(connector.connect(server))).await.map_err(silent)?;
        let mut client = connected.map_err(|error| connect_fault(error, options))?;
        let no_task = || ConnectFault::Unreachable("zookeeper-client spawned no task".into());
        let task = task.ok_or_else(no_task)?;
        if let Some(chroot) = &options.hosts.chroot {
            let chroot = chroot.as_str();
            if resumed.is_none() {
                let acls = options.acl.to_zookeeper();
                let found = find_or_create_chroot(&client, chroot, &acls);
                // A server that answers pings only would keep the client waiting for ever.
                let found = timeout(longest_silence(options, None), found).await.map_err(silent)?;
                if let Err(error) = found {
                    drop(client);
                    task.finish().await;
                    return Err(chroot_fault(error, chroot, options));
                }
            }
            client = client.chroot(chroot).map_err(|_| {
                ConnectFault::Unreachable(format!("zookeeper-client refused the chroot {chroot}"))
            })?;
        }
        let lease = match resumed {
            Some(link) => link.lease().clone(),
            None => Arc::new(Lease::new(client.session_timeout(), sent)),
        };
        lease.extend(sent);
        Ok(Link::start(client, task.into_handle().ok_or_else(no_task)?, lease, options))
    }
}

/// Returns the longest time for which a server may say nothing, during a handshake as on a live connection.
fn longest_silence(options: &ClientOptions, resumed: Option<&Link>) -> Duration {
    resumed.map_or(options.session_timeout, Link::session_timeout) / 4
}

async fn connector(options: &ClientOptions, resumed: Option<&Link>) -> Result<zk::Connector, ConnectFault> {
    let mut connector = zk::Client::connector()
        .with_session_timeout(options.session_timeout)
        // This is also the longest silence that zookeeper-client accepts on a live connection. Without it, a dead
        // connection may go unnoticed until after the lease has ended.
        .with_connection_timeout(longest_silence(options, resumed))
        .with_fail_eagerly();
    for (scheme, credentials) in &options.auth {
        connector = connector.with_auth(scheme, credentials);
    }
    if let Some(credentials) = &options.tls {
        let secured = credentials.secure(connector).await;
        connector = secured.map_err(|error| ConnectFault::Unreachable(error.to_string()))?;
    }
    if let Some(link) = resumed {
        connector = connector.with_session(link.session().clone());
    }
    Ok(connector)
}

fn connect_fault(error: zk::Error, options: &ClientOptions) -> ConnectFault {
    match error {
        zk::Error::SessionExpired => ConnectFault::Expired,
        zk::Error::AuthFailed => ConnectFault::NotAuthorized(format!(
            "{} refused the authentication; check the schemes and credentials given as auth",
            options.hosts
        )),
        zk::Error::NoHosts | zk::Error::Timeout | zk::Error::ConnectionLoss => {
            ConnectFault::Unreachable(format!("no server of {} answers", options.hosts))
        }
        other => ConnectFault::Unreachable(format!("{}: {other}", options.hosts)),
    }
}

fn chroot_fault(error: zk::Error, chroot: &str, options: &ClientOptions) -> ConnectFault {
    match error {
        zk::Error::NoAuth => ConnectFault::NotAuthorized(format!(
            "{} refused to create the chroot {chroot}: the ACL of a node above it does not allow it; \
             create the chroot first, or give auth that may create it",
            options.hosts
        )),
        error => connect_fault(error, options),
    }
}
