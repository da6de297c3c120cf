//! Makes a link: connects to one of the servers, for a new session or for one that lost its connection.

use std::sync::Arc;

use zookeeper_client as zk;

use super::lease::{BootInstant, Lease};
use super::link::Link;
use super::options::ClientOptions;
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
    /// Connects to any of the servers, for a new session or to continue the session of `resumed`.
    pub(super) async fn connect(
        options: &ClientOptions,
        resumed: Option<&Link>,
    ) -> Result<Arc<Link>, ConnectFault> {
        let connector = connector(options, resumed).await?;
        let servers = options.hosts.to_zookeeper();
        let sent = BootInstant::now();
        let (connected, task) = capture_task(connector.connect(&servers)).await;
        let mut client = connected.map_err(|error| connect_fault(error, options))?;
        if let Some(chroot) = &options.hosts.chroot {
            if resumed.is_none() {
                make_chroot(&client, chroot.as_str(), options).await?;
            }
            client = client.chroot(chroot.as_str()).map_err(|_| {
                ConnectFault::Unreachable(format!("zookeeper-client refused the chroot {}", chroot.as_str()))
            })?;
        }
        let task =
            task.ok_or_else(|| ConnectFault::Unreachable("zookeeper-client spawned no task".into()))?;
        let lease = match resumed {
            Some(link) => link.lease().clone(),
            None => Arc::new(Lease::new(client.session_timeout(), sent)),
        };
        lease.extend(sent);
        Ok(Link::start(client, task, lease, options))
    }
}

async fn connector(options: &ClientOptions, resumed: Option<&Link>) -> Result<zk::Connector, ConnectFault> {
    let timeout = resumed.map_or(options.session_timeout, Link::session_timeout);
    let mut connector = zk::Client::connector()
        .with_session_timeout(options.session_timeout)
        // This is also the longest silence that zookeeper-client accepts on a live connection. Without it, a dead
        // connection may go unnoticed until after the lease has ended.
        .with_connection_timeout(timeout / 4)
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

/// Creates the chroot. ZooKeeper lets a client use a chroot that does not exist, and then refuses every request.
async fn make_chroot(client: &zk::Client, chroot: &str, options: &ClientOptions) -> Result<(), ConnectFault> {
    // Looked for first: an ACL further up may forbid this client to create a node that exists.
    if matches!(client.check_stat(chroot).await, Ok(Some(_))) {
        return Ok(());
    }
    let acls = options.acl.to_zookeeper();
    let made = client.mkdir(chroot, &zk::CreateMode::Persistent.with_acls(zk::Acls::new(&acls))).await;
    made.map_err(|error| match error {
        zk::Error::NoAuth => ConnectFault::NotAuthorized(format!(
            "{} refused to create the chroot {chroot}: the ACL of a node above it does not allow it; \
             create the chroot first, or give auth that may create it",
            options.hosts
        )),
        error => connect_fault(error, options),
    })
}
