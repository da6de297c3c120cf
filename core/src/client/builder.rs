//! The options to connect with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::client::Client;
use crate::error::{Error, ErrorCode, Result};
use crate::op::Op;
use crate::runtime::Runtime;
use crate::session::Tls;
use crate::session::{Acl, ClientOptions};
use crate::session::{ConnectString, Supervisor, TlsCredentials};

/// The options of a client, and the call that connects it. Returned by [`Client::builder`].
///
/// # Examples
/// ```no_run
/// use std::time::Duration;
/// use zkcoord::{Acl, Client};
///
/// # async fn example() -> zkcoord::Result<()> {
/// let client = Client::builder("zk1:2181,zk2:2181/app")
///     .session_timeout(Duration::from_secs(30))
///     .auth("digest", "report:secret")
///     .acl(Acl::Creator)
///     .connect()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until connect() is called and awaited"]
pub struct ClientBuilder {
    hosts: String,
    session_timeout: Duration,
    connect_timeout: Duration,
    identity: Option<String>,
    auth: Vec<(String, Vec<u8>)>,
    tls: Option<Tls>,
    acl: Acl,
}

impl ClientBuilder {
    pub(crate) fn new(hosts: &str) -> ClientBuilder {
        ClientBuilder {
            hosts: hosts.to_owned(),
            session_timeout: ClientOptions::DEFAULT_SESSION_TIMEOUT,
            connect_timeout: ClientOptions::DEFAULT_CONNECT_TIMEOUT,
            identity: None,
            auth: Vec::new(),
            tls: None,
            acl: Acl::Open,
        }
    }

    /// Sets how long the servers keep the session, and with it its locks, if they hear nothing from this client. They may
    /// grant less or more: see [`Client::session_timeout`]. Default 10 s; from 100 ms to 24 h.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration; use zkcoord::Client;
    /// # async fn example() -> zkcoord::Result<()> {
    /// let client = Client::builder("zk1:2181/app").session_timeout(Duration::from_secs(4)).connect().await?;
    /// # Ok(()) }
    /// ```
    pub fn session_timeout(mut self, timeout: Duration) -> ClientBuilder {
        self.session_timeout = timeout;
        self
    }

    /// Sets how long `connect` may take. Default 10 s.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration; use zkcoord::Client;
    /// # async fn example() -> zkcoord::Result<()> {
    /// let client = Client::builder("zk1:2181/app").connect_timeout(Duration::from_secs(3)).connect().await?;
    /// # Ok(()) }
    /// ```
    pub fn connect_timeout(mut self, timeout: Duration) -> ClientBuilder {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the text by which others see this client in a queue, at most 1,024 bytes. Default `host:pid`.
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::Client;
    /// # async fn example() -> zkcoord::Result<()> {
    /// let client = Client::builder("zk1:2181/app").identity("report-worker-7").connect().await?;
    /// # Ok(()) }
    /// ```
    pub fn identity(mut self, identity: impl Into<String>) -> ClientBuilder {
        self.identity = Some(identity.into());
        self
    }

    /// Authenticates the client, for example with `("digest", "user:password")`. May be called several times.
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::Client;
    /// # async fn example() -> zkcoord::Result<()> {
    /// let client = Client::builder("zk1:2181/app").auth("digest", "report:secret").connect().await?;
    /// # Ok(()) }
    /// ```
    pub fn auth(mut self, scheme: impl Into<String>, credentials: impl Into<Vec<u8>>) -> ClientBuilder {
        self.auth.push((scheme.into(), credentials.into()));
        self
    }

    /// Encrypts all connections: see [`Tls`]. By default they are not encrypted, unless all servers in `hosts` begin with
    /// `tcp+tls://`, which is equivalent to [`Tls::new`].
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::Client;
    /// # async fn example() -> zkcoord::Result<()> {
    /// let client = Client::builder("zk1:2181/app").tls(zkcoord::Tls::new().ca("/etc/zk/ca.pem")).connect().await?;
    /// # Ok(()) }
    /// ```
    pub fn tls(mut self, tls: Tls) -> ClientBuilder {
        self.tls = Some(tls);
        self
    }

    /// Sets the permissions of the nodes that this client creates. Default [`Acl::Open`].
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::Client;
    /// # async fn example() -> zkcoord::Result<()> {
    /// let client = Client::builder("zk1:2181/app").auth("digest", "report:secret").acl(zkcoord::Acl::Read).connect().await?;
    /// # Ok(()) }
    /// ```
    pub fn acl(mut self, acl: Acl) -> ClientBuilder {
        self.acl = acl;
        self
    }

    /// Connects, and creates a missing chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for invalid options, and for files of [`Tls`] that cannot be used; `CONNECTION_LOST` if no server
    /// answers within the connect timeout, or TLS fails with all of them; `NOT_AUTHORIZED` if the servers refuse the
    /// authentication or the chroot; `UNSUPPORTED` for TLS in a build without it.
    ///
    /// # Cancel safety
    /// Safe: a session that was being opened ends by its timeout.
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::Client;
    /// # async fn example() -> zkcoord::Result<()> {
    /// let client = Client::builder("zk1:2181/app").connect().await?;
    /// # Ok(()) }
    /// ```
    pub fn connect(self) -> Op<Client> {
        Op::attempt(|| {
            let (options, runtime) = self.check().and_then(|options| Ok((options, Runtime::get()?)))?;
            let own = runtime.clone();
            Ok(Op::new(&runtime, |deadline| async move {
                let late = || Error::new(ErrorCode::Timeout, "timed out connecting");
                let supervisor = deadline.run(Supervisor::start(options)).await.ok_or_else(late)??;
                Ok(Client::new(own, supervisor))
            }))
        })
    }

    fn check(self) -> Result<ClientOptions> {
        let hosts = ConnectString::parse(&self.hosts, self.tls.is_some())?;
        let credentials = hosts.tls.then(|| TlsCredentials::new(self.tls.unwrap_or_default())).transpose()?;
        let options = ClientOptions {
            hosts,
            session_timeout: self.session_timeout,
            connect_timeout: self.connect_timeout,
            identity: self.identity.unwrap_or_else(ClientOptions::default_identity).into(),
            auth: self.auth,
            tls: credentials.map(Arc::new),
            acl: self.acl,
            multi_read_refused: Default::default(),
        };
        options.check()?;
        Ok(options)
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without `auth`: passwords do not belong in logs.
        f.debug_struct("ClientBuilder")
            .field("hosts", &self.hosts)
            .field("session_timeout", &self.session_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("identity", &self.identity)
            .field("tls", &self.tls)
            .field("acl", &self.acl)
            .finish_non_exhaustive()
    }
}
