//! A link: one connection of one session.
//!
//! zookeeper-client can reconnect by itself, but what it does then is not ours to use: it queues requests without
//! limit or deadline while disconnected, waits exponentially long between attempts, re-sends watches in a way that
//! can bar it from ever reconnecting (over 128 KiB of paths), and reports the loss late or not at all. So a
//! `zookeeper_client::Client` serves us for one connection only. At its first sign of trouble the link has ended,
//! its task is aborted, and the supervisor makes a new link for the same session.
//!
//! Every request goes out at the first poll of its future, in poll order, and the server answers a session's
//! requests in that order. `join(link.create(..), link.children(..))` therefore costs one round trip.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::FutureExt;
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};
use zookeeper_client as zk;

use super::fault::{Fault, Refusal};
use super::group_commit::{GroupCommit, Names, pump};
use super::lease::{BootInstant, Lease};
use super::options::ClientOptions;
use super::request::{Created, Entry, Found, MultiFault, NodeMode, Read, Watch, Write, Written};

/// Why a link is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkEnd {
    /// The connection is gone; the session may live on.
    Disconnected,
    /// The server said that the session is over.
    Expired,
    /// We ended the session ourselves.
    Closed,
}

/// Why no link came about.
#[derive(Clone, Debug)]
pub(crate) enum ConnectFault {
    /// No server took us in; the text says what was tried.
    Unreachable(String),
    /// The session to be resumed is over.
    Expired,
    /// The servers refuse our authentication.
    NotAuthorized,
}

/// One connection of one session, and the requests that can be made over it.
#[derive(Debug)]
pub(crate) struct Link {
    /// No two links of a process have the same.
    number: u64,
    /// Taken out to close the session: zookeeper-client does that when its last handle is dropped.
    client: ArcSwapOption<zk::Client>,
    session: zk::SessionInfo,
    session_timeout: Duration,
    lease: Arc<Lease>,
    acls: Vec<zk::Acl>,
    traffic: Traffic,
    group_commit: GroupCommit,
    server_task: AbortHandle,
    end: watch::Sender<Option<LinkEnd>>,
}

impl Link {
    /// Connects to any of the servers, for a new session or to go on with `resumed`.
    pub(crate) async fn connect(
        options: &ClientOptions,
        resumed: Option<&Link>,
    ) -> Result<Arc<Link>, ConnectFault> {
        let timeout = resumed.map_or(options.session_timeout, |link| link.session_timeout);
        let mut connector = zk::Client::connector()
            .with_session_timeout(options.session_timeout)
            // Also the longest silence that it takes for a live connection. Without it a dead connection may go
            // unnoticed until after the lease has ended.
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
            connector = connector.with_session(link.session.clone());
        }
        let servers = options.hosts.to_zookeeper();
        let asked = BootInstant::now();
        let spawner = Arc::new(LinkSpawner::default());
        let connecting =
            WithSpawner { inner: Box::pin(connector.connect(&servers)), spawner: spawner.clone() };
        let mut client = connecting.await.map_err(|error| connect_fault(error, options))?;
        if let Some(chroot) = &options.hosts.chroot {
            if resumed.is_none() {
                make_chroot(&client, chroot.as_str(), options).await?;
            }
            client = client
                .chroot(chroot.as_str())
                .map_err(|_| ConnectFault::Unreachable(format!("chroot {} was refused", chroot.as_str())))?;
        }
        let task = spawner
            .task
            .lock()
            .take()
            .ok_or_else(|| ConnectFault::Unreachable("no task was spawned".into()))?;
        let lease = match resumed {
            Some(link) => link.lease.clone(),
            None => Arc::new(Lease::new(client.session_timeout(), asked)),
        };
        lease.extend(asked);
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        // Taken before anybody can close the link: then there is no client to ask for it.
        let states = client.state_watcher();
        let link = Arc::new(Link {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            session: client.session().clone(),
            session_timeout: client.session_timeout(),
            lease,
            acls: options.acl.to_zookeeper(),
            traffic: Traffic::default(),
            group_commit: GroupCommit::default(),
            server_task: task.abort_handle(),
            end: watch::Sender::new(None),
            client: ArcSwapOption::from_pointee(client),
        });
        tokio::spawn(link.clone().supervise(task, states));
        tokio::spawn(pump(link.clone()));
        Ok(link)
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn session_id(&self) -> i64 {
        self.session.id().0
    }

    /// The timeout that the server granted.
    pub(crate) fn session_timeout(&self) -> Duration {
        self.session_timeout
    }

    pub(super) fn group_commit(&self) -> &GroupCommit {
        &self.group_commit
    }

    pub(crate) fn lease(&self) -> &Arc<Lease> {
        &self.lease
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.end.borrow().is_some()
    }

    /// Waits until the link is of no more use, and says why.
    pub(crate) async fn ended(&self) -> LinkEnd {
        let mut end = self.end.subscribe();
        let end = end.wait_for(Option::is_some).await;
        end.ok().and_then(|end| *end).unwrap_or(LinkEnd::Closed)
    }

    /// Gives the link up: what is under way gets [`Fault::Unknown`].
    pub(crate) fn cut(&self) {
        self.finish(LinkEnd::Disconnected);
    }

    /// Ends the session in good order: the server deletes its ephemeral nodes. Returns when that is sent.
    pub(crate) async fn close(&self) {
        drop(self.client.swap(None));
        self.ended().await;
    }

    /// The first end counts. It is published before the task is aborted: a watcher must look at it first, because
    /// zookeeper-client panics when one waits on a client whose task is gone.
    fn finish(&self, end: LinkEnd) {
        let first = self.end.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(end);
            first
        });
        if first {
            self.client.store(None);
            self.server_task.abort();
        }
    }

    /// Ends the link when its client shows any change of state or stops, or when a request stays unanswered.
    async fn supervise(self: Arc<Link>, mut task: JoinHandle<()>, mut states: zk::StateWatcher) {
        let mut patrol = tokio::time::interval(self.session_timeout / 4);
        let mut ended = self.end.subscribe();
        let end = loop {
            tokio::select! {
                // States flap and coalesce: any change means that the connection was lost for a while.
                state = states.changed() => break match state {
                    zk::SessionState::Expired => LinkEnd::Expired,
                    zk::SessionState::Closed => LinkEnd::Closed,
                    _ => LinkEnd::Disconnected,
                },
                _ = &mut task => break match states.peek_state() {
                    zk::SessionState::Expired => LinkEnd::Expired,
                    zk::SessionState::Closed => LinkEnd::Closed,
                    _ => LinkEnd::Disconnected,
                },
                _ = ended.wait_for(Option::is_some) => return,
                // A 3.8.0 follower can leave a request unanswered while it goes on answering pings; it looks like
                // ZOOKEEPER-4537. A new connection helps.
                _ = patrol.tick() => if self.traffic.is_stuck() { break LinkEnd::Disconnected },
            }
        };
        tracing::debug!(session = self.session_id(), ?end, "link ended");
        self.finish(end);
    }

    /// Makes a request; its answer extends the lease from the moment just before it was sent.
    async fn ask<T, F, R>(&self, request: R) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, zk::Error>>,
        R: FnOnce(Arc<zk::Client>) -> F,
    {
        let Some(client) = self.client.load_full() else {
            return Err(self.missed());
        };
        let _pending = self.traffic.pending();
        let asked = BootInstant::now();
        let outcome = request(client).await.map_err(Fault::from);
        if let Ok(_) | Err(Fault::Refused(_)) = outcome {
            self.lease.extend(asked);
        }
        outcome
    }

    /// The fault of a request that could not be sent any more.
    fn missed(&self) -> Fault {
        match *self.end.borrow() {
            Some(LinkEnd::Disconnected) => Fault::Unknown,
            // Without an end it is being closed.
            Some(LinkEnd::Expired | LinkEnd::Closed) | None => Fault::Gone,
        }
    }

    fn create_options(&self, mode: NodeMode) -> zk::CreateOptions<'_> {
        mode.to_zookeeper().with_acls(zk::Acls::new(&self.acls))
    }

    /// Creates a node. For a sequential one `path` is the prefix.
    pub(crate) async fn create(&self, path: &str, data: &[u8], mode: NodeMode) -> Result<Created, Fault> {
        self.ask(async |client: Arc<zk::Client>| {
            let (stat, sequence) = client.create(path, data, &self.create_options(mode)).await?;
            let mut path = if mode.is_sequential() { format!("{path}{sequence}") } else { path.to_owned() };
            path.shrink_to_fit();
            Ok(Created { path, czxid: stat.czxid })
        })
        .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Fault> {
        self.ask(async |client: Arc<zk::Client>| client.delete(path, None).await).await
    }

    pub(crate) async fn children(&self, path: &str) -> Result<Vec<String>, Fault> {
        self.ask(async |client: Arc<zk::Client>| client.list_children(path).await).await
    }

    /// Lists several nodes' children in one request (servers from 3.6; one by one before that).
    pub(super) async fn children_of_all(&self, paths: &[&str]) -> Vec<Result<Vec<String>, Fault>> {
        let reads: Vec<_> = paths.iter().map(|path| Read::Children(path)).collect();
        match self.read_all(&reads).await {
            Ok(found) => found.into_iter().map(|found| found?.children()).collect(),
            Err(Fault::Refused(Refusal::Other(_))) => {
                join_all(paths.iter().map(|path| self.children(path))).await
            }
            Err(fault) => vec![Err(fault); paths.len()],
        }
    }

    /// Reads several nodes as they are at one moment, in one request (servers from 3.6). No write happens in between: a server
    /// "simply allows no read requests to be processed in parallel with write requests" (`CommitProcessor`).
    pub(crate) async fn read_all(&self, reads: &[Read<'_>]) -> Result<Vec<Result<Found, Fault>>, Fault> {
        let results = self.ask(async |client: Arc<zk::Client>| {
            let mut reader = client.new_multi_reader();
            reads.iter().try_for_each(|read| read.add_to(&mut reader))?;
            reader.commit().await
        });
        Ok(results.await?.into_iter().map(Found::of).collect())
    }

    /// Makes an ephemeral sequential node, together with what others write at this moment: see `burst.rs`.
    pub(crate) async fn create_grouped(&self, prefix: String, data: Arc<str>) -> Result<Created, Fault> {
        self.group_commit.create(prefix, data).await.unwrap_or_else(|_| Err(self.missed()))
    }

    /// Deletes a node, together with what others write at this moment.
    pub(crate) async fn delete_grouped(&self, path: String) -> Result<(), Fault> {
        self.group_commit.delete(path).await.unwrap_or_else(|_| Err(self.missed()))
    }

    /// Lists a node's children, behind the writes that were asked for before, together with what others list.
    pub(crate) async fn children_grouped(&self, path: String) -> Result<Names, Fault> {
        self.group_commit.children(path).await.unwrap_or_else(|_| Err(self.missed()))
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Entry, Fault> {
        self.ask(async |client: Arc<zk::Client>| Ok(Entry::from(client.get_data(path).await?))).await
    }

    /// The number that the next sequential child of a node gets: how many were made so far. `None` when the node is missing.
    pub(crate) async fn next_number(&self, path: &str) -> Result<Option<u32>, Fault> {
        let stat = self.ask(async |client: Arc<zk::Client>| client.check_stat(path).await).await?;
        // A client is told how many children were made or deleted: `2 * made - left` (`DataNode.copyStat`), in 32 bits.
        Ok(stat.map(|stat| stat.cversion.wrapping_add(stat.num_children) as u32 / 2))
    }

    /// Reads a node and watches it. Read, not `exists`: that leaves a watch behind when the node is already gone.
    pub(crate) async fn watch(&self, path: &str) -> Result<(Vec<u8>, Watch), Fault> {
        let (data, _, watcher) =
            self.ask(async |client: Arc<zk::Client>| client.get_and_watch_data(path).await).await?;
        Ok((data, Watch::new(watcher, self.end.subscribe())))
    }

    /// Watches a node, also for being made, and says whether it is there.
    pub(crate) async fn watch_existence(&self, path: &str) -> Result<(bool, Watch), Fault> {
        let (stat, watcher) =
            self.ask(async |client: Arc<zk::Client>| client.check_and_watch_stat(path).await).await?;
        Ok((stat.is_some(), Watch::new(watcher, self.end.subscribe())))
    }

    pub(crate) async fn set(&self, path: &str, data: &[u8]) -> Result<(), Fault> {
        self.ask(async |client: Arc<zk::Client>| client.set_data(path, data, None).await.map(drop)).await
    }

    /// Lists a node's children and watches for changes among them.
    pub(crate) async fn watch_children(&self, path: &str) -> Result<(Vec<String>, Watch), Fault> {
        let (names, watcher) =
            self.ask(async |client: Arc<zk::Client>| client.list_and_watch_children(path).await).await?;
        Ok((names, Watch::new(watcher, self.end.subscribe())))
    }

    /// Answered only after the leader has put through all that was outstanding when the request reached it: what
    /// this session sent before, over whichever connection, has taken effect by then or never will.
    pub(crate) async fn sync(&self, path: &str) -> Result<(), Fault> {
        self.ask(async |client: Arc<zk::Client>| client.sync(path).await).await
    }

    /// Writes all or nothing.
    pub(crate) async fn multi(&self, writes: &[Write<'_>]) -> Result<Vec<Written>, MultiFault> {
        let Some(client) = self.client.load_full() else {
            return Err(MultiFault::whole(self.missed()));
        };
        let _pending = self.traffic.pending();
        let asked = BootInstant::now();
        let mut writer = client.new_multi_writer();
        for write in writes {
            write.add_to(&mut writer, |mode| self.create_options(mode)).map_err(MultiFault::from)?;
        }
        let outcome = writer.commit().await.map_err(MultiFault::from);
        if let Ok(_) | Err(MultiFault { fault: Fault::Refused(_), .. }) = outcome {
            self.lease.extend(asked);
        }
        Ok(outcome?.into_iter().map(Written::from).collect())
    }
}

fn connect_fault(error: zk::Error, options: &ClientOptions) -> ConnectFault {
    match error {
        zk::Error::SessionExpired => ConnectFault::Expired,
        zk::Error::AuthFailed => ConnectFault::NotAuthorized,
        zk::Error::NoHosts | zk::Error::Timeout | zk::Error::ConnectionLoss => {
            ConnectFault::Unreachable(format!("no server of {} answers", options.hosts))
        }
        other => ConnectFault::Unreachable(format!("{}: {other}", options.hosts)),
    }
}

/// ZooKeeper lets a client use a chroot that does not exist and then refuses every request; we make it.
async fn make_chroot(client: &zk::Client, chroot: &str, options: &ClientOptions) -> Result<(), ConnectFault> {
    let acls = options.acl.to_zookeeper();
    let made = client.mkdir(chroot, &zk::CreateMode::Persistent.with_acls(zk::Acls::new(&acls))).await;
    made.map_err(|error| match error {
        zk::Error::NoAuth => ConnectFault::NotAuthorized,
        error => connect_fault(error, options),
    })
}

/// Counts requests and answers, to notice when an answer is overdue.
#[derive(Debug, Default)]
struct Traffic {
    sent: AtomicU64,
    settled: AtomicU64,
    /// What `sent` was at the last patrol.
    seen: AtomicU64,
}

impl Traffic {
    fn pending(&self) -> Pending<'_> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        Pending(self)
    }

    /// Whether a request from before the last patrol has still not been answered. Answers come in order, so counting
    /// is enough.
    fn is_stuck(&self) -> bool {
        let seen = self.seen.swap(self.sent.load(Ordering::Relaxed), Ordering::Relaxed);
        self.settled.load(Ordering::Relaxed) < seen
    }
}

/// A request under way. Settled also when its caller stops waiting.
struct Pending<'a>(&'a Traffic);

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.settled.fetch_add(1, Ordering::Relaxed);
    }
}

/// Takes in the one task that zookeeper-client spawns for a connection, so that it can be aborted.
#[derive(Default)]
struct LinkSpawner {
    task: Mutex<Option<JoinHandle<()>>>,
}

impl spawns_core::Spawn for LinkSpawner {
    fn spawn(&self, task: spawns_core::Task) {
        let handle = tokio::spawn(Box::into_pin(task.future));
        *self.task.lock() = Some(handle);
    }
}

/// Polls a future with a spawner in scope.
struct WithSpawner<F> {
    inner: Pin<Box<F>>,
    spawner: Arc<LinkSpawner>,
}

impl<F: Future> Future for WithSpawner<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let spawner = self.spawner.clone();
        let _scope = spawns_core::enter(&*spawner);
        self.inner.poll_unpin(cx)
    }
}
