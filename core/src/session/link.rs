//! A link: one connection of one session, and the requests that are made over it.
//!
//! zookeeper-client can reconnect by itself, but its way of doing so is of no use here. It queues requests without limit or
//! deadline while it is disconnected, waits exponentially long between attempts, re-sends watches in a way that can keep it
//! from ever reconnecting (over 128 KiB of paths), and reports the loss late or not at all. So a
//! `zookeeper_client::Client` is used for one connection only. At its first sign of trouble the link ends, its task is
//! aborted, and the supervisor makes a new link for the same session (`connect.rs`).
//!
//! Every request goes out at the first poll of its future, in poll order, and the server answers the requests of a session
//! in that order. `join(link.create(..), link.children(..))` therefore costs one round trip.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::MissedTickBehavior;
use zookeeper_client as zk;

use super::fault::{Fault, Refusal};
use super::group_commit::{self, GroupCommit, Names};
use super::lease::{BootInstant, Lease};
use super::multi_read::MultiRead;
use super::options::ClientOptions;
use super::request::{Created, Entry, Found, MultiFault, NodeMode, Read, Watch, Write, Written};
use super::throttling::Throttling;
use super::traffic::{CHECKS_PER_TIMEOUT, Checks, Flow, PendingRequest, Traffic};

/// The reason why a link can no longer be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkEnd {
    /// The connection was lost. The session may still live.
    Disconnected,
    /// The server said that the session has ended.
    Expired,
    /// This client ended the session.
    Closed,
}

/// The servers that take part in the answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AnsweredBy {
    /// The server of this link alone, which may have lost its leader.
    AnyServer,
    /// The server of this link and the leader.
    Leader,
}

/// One connection of one session, and the requests that can be made over it.
#[derive(Debug)]
pub(crate) struct Link {
    /// Unique among the links of a process.
    number: u64,
    /// Removed in order to close the session: zookeeper-client closes it when its last handle is dropped.
    client: ArcSwapOption<zk::Client>,
    session: zk::SessionInfo,
    session_timeout: Duration,
    lease: Arc<Lease>,
    acls: Vec<zk::Acl>,
    traffic: Traffic,
    throttling: Throttling,
    multi_read: MultiRead,
    group_commit: GroupCommit,
    client_task: AbortHandle,
    end: watch::Sender<Option<LinkEnd>>,
}

impl Link {
    /// Makes a link of a connected client and of the task in which that client does its work.
    pub(super) fn start(
        client: zk::Client,
        client_task: JoinHandle<()>,
        lease: Arc<Lease>,
        options: &ClientOptions,
    ) -> Arc<Link> {
        static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);
        // Taken before the link can be closed: the closed link has no client to take it from.
        let states = client.state_watcher();
        lease.grant(client.session_timeout());
        let link = Arc::new(Link {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            session: client.session().clone(),
            session_timeout: client.session_timeout(),
            lease,
            acls: options.acl.to_zookeeper(),
            traffic: Traffic::default(),
            throttling: Throttling::default(),
            multi_read: MultiRead::new(client.session_id().0, options.multi_read_refused.clone()),
            group_commit: GroupCommit::default(),
            client_task: client_task.abort_handle(),
            end: watch::Sender::new(None),
            client: ArcSwapOption::from_pointee(client),
        });
        tokio::spawn(link.clone().supervise(client_task, states));
        tokio::spawn(group_commit::run(link.clone()));
        link
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn session_id(&self) -> i64 {
        self.session.id().0
    }

    /// Returns the id and the password of the session, with which another link can resume it.
    pub(super) fn session(&self) -> &zk::SessionInfo {
        &self.session
    }

    /// Returns the session timeout that the server granted for this link.
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

    /// Waits until the link has ended, and returns the reason.
    pub(crate) async fn ended(&self) -> LinkEnd {
        let mut end = self.end.subscribe();
        let end = end.wait_for(Option::is_some).await;
        end.ok().and_then(|end| *end).unwrap_or(LinkEnd::Closed)
    }

    /// Ends the link. Requests under way fail with [`Fault::Unknown`].
    pub(crate) fn cut(&self) {
        self.finish(LinkEnd::Disconnected);
    }

    /// Closes the session, so that the server deletes its ephemeral nodes. Returns when the close request is sent.
    pub(crate) async fn close(&self) {
        drop(self.client.swap(None));
        self.ended().await;
    }

    /// Publishes the end of the link, then aborts the client's task. Only the first end counts. A watcher must look at the
    /// end before it waits, because zookeeper-client panics in a wait on a client whose task is gone.
    fn finish(&self, end: LinkEnd) {
        let first = self.end.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(end);
            first
        });
        if first {
            self.client.store(None);
            self.client_task.abort();
        }
    }

    /// Ends the link when the state of its client changes, when the client stops, or when a request stays unanswered.
    async fn supervise(self: Arc<Link>, mut task: JoinHandle<()>, mut states: zk::StateWatcher) {
        let interval = self.lease.shortest_timeout() / CHECKS_PER_TIMEOUT;
        let mut traffic_check = tokio::time::interval(interval.max(Duration::from_millis(1)));
        // A process that was stopped makes no checks in quick succession.
        traffic_check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut checks = Checks::default();
        let mut probe: Option<JoinHandle<_>> = None;
        let mut ended = self.end.subscribe();
        let end = loop {
            tokio::select! {
                // States flap and coalesce, so any change means that the connection was lost for a while.
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
                // A 3.8.0 follower can leave a request unanswered while it still answers pings, probably because of
                // ZOOKEEPER-4537. A new connection helps.
                _ = traffic_check.tick() => match self.traffic.check(&mut checks) {
                    Flow::Normal => {}
                    Flow::Unknown if probe.as_ref().is_none_or(JoinHandle::is_finished) => {
                        let link = self.clone();
                        probe = Some(tokio::spawn(async move { link.sync("/").await }));
                    }
                    Flow::Unknown => {}
                    Flow::Stuck => break LinkEnd::Disconnected,
                },
            }
        };
        tracing::debug!(session = self.session_id(), ?end, "link ended");
        self.finish(end);
    }

    /// Makes a request that the server cannot answer without the leader.
    async fn write<T, F, R>(&self, request: R) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, zk::Error>>,
        R: Fn(Arc<zk::Client>) -> F,
    {
        self.request(AnsweredBy::Leader, request).await
    }

    /// Makes a request, again after a pause if the server put it off; see `throttling.rs`.
    async fn request<T, F, R>(&self, answered_by: AnsweredBy, request: R) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, zk::Error>>,
        R: Fn(Arc<zk::Client>) -> F,
    {
        let mut repeat = None;
        loop {
            let turn = self.multi_read.turn().await;
            let outcome = self.send(answered_by, &request).await;
            drop(turn);
            if !matches!(outcome, Err(Fault::Refused(Refusal::Throttled))) {
                return outcome;
            }
            Box::pin(self.throttling.pause(&mut repeat)).await;
        }
    }

    /// Makes a request that the server answers by itself, again if an earlier one was put off meanwhile; see `throttling.rs`.
    async fn read<T, F, R>(&self, request: R) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, zk::Error>>,
        R: Fn(Arc<zk::Client>) -> F,
    {
        loop {
            let put_off = self.throttling.answers();
            let outcome = self.request(AnsweredBy::AnyServer, &request).await;
            if self.throttling.answers() == put_off {
                return outcome;
            }
            Box::pin(self.throttling.settled()).await;
        }
    }

    /// Sends a request.
    async fn send<T, F, R>(&self, answered_by: AnsweredBy, request: R) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, zk::Error>>,
        R: FnOnce(Arc<zk::Client>) -> F,
    {
        let Some(client) = self.client.load_full() else {
            return Err(self.unsent_fault());
        };
        let pending = self.traffic.begin();
        let sent = self.lease.note_request();
        let outcome = request(client).await.map_err(Fault::from);
        self.note_outcome(&pending, sent, answered_by, outcome.as_ref().err());
        outcome
    }

    /// Notes the outcome of a request. If the leader took part in the answer, it extends the lease, counted from the moment
    /// just before the request was sent.
    fn note_outcome(
        &self,
        pending: &PendingRequest<'_>,
        sent: BootInstant,
        answered_by: AnsweredBy,
        fault: Option<&Fault>,
    ) {
        if matches!(fault, Some(Fault::Refused(Refusal::Throttled))) {
            // The server answered by itself, without the leader.
            pending.answered();
        } else if fault.is_none_or(Fault::is_answer) {
            pending.answered();
            if answered_by == AnsweredBy::Leader {
                self.lease.extend(sent);
            }
            self.lease.note_answer();
        }
    }

    /// Returns the fault of a request that could no longer be sent.
    fn unsent_fault(&self) -> Fault {
        match *self.end.borrow() {
            Some(LinkEnd::Disconnected) => Fault::Unknown,
            // A link without a client and without an end is being closed.
            Some(LinkEnd::Expired | LinkEnd::Closed) | None => Fault::Gone,
        }
    }

    fn create_options(&self, mode: NodeMode) -> zk::CreateOptions<'_> {
        mode.to_zookeeper().with_acls(zk::Acls::new(&self.acls))
    }

    /// Creates a node. For a sequential node, `path` is the prefix of its path.
    pub(crate) async fn create(&self, path: &str, data: &[u8], mode: NodeMode) -> Result<Created, Fault> {
        self.write(async |client: Arc<zk::Client>| {
            let (stat, sequence) = client.create(path, data, &self.create_options(mode)).await?;
            let mut path = if mode.is_sequential() { format!("{path}{sequence}") } else { path.to_owned() };
            path.shrink_to_fit();
            Ok(Created { path, czxid: stat.czxid })
        })
        .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Fault> {
        self.write(async |client: Arc<zk::Client>| client.delete(path, None).await).await
    }

    pub(crate) async fn children(&self, path: &str) -> Result<Vec<String>, Fault> {
        self.read(async |client: Arc<zk::Client>| client.list_children(path).await).await
    }

    /// Lists the children of several nodes in one request, or in one request each on servers before 3.6.
    pub(super) async fn children_of_all(&self, paths: &[&str]) -> Vec<Result<Vec<String>, Fault>> {
        let reads: Vec<_> = paths.iter().map(|path| Read::Children(path)).collect();
        match self.read_all(&reads).await {
            Ok(found) => found.into_iter().map(|found| found?.children()).collect(),
            Err(Fault::Refused(Refusal::Unimplemented | Refusal::Other(_))) => {
                join_all(paths.iter().map(|path| self.children(path))).await
            }
            Err(fault) => vec![Err(fault); paths.len()],
        }
    }

    /// Reads several nodes as of one moment, in one request (servers from 3.6). No write happens in between: a server "simply
    /// allows no read requests to be processed in parallel with write requests" (`CommitProcessor`).
    pub(crate) async fn read_all(&self, reads: &[Read<'_>]) -> Result<Vec<Result<Found, Fault>>, Fault> {
        let request = async |client: Arc<zk::Client>| {
            let mut reader = client.new_multi_reader();
            reads.iter().try_for_each(|read| read.add_to(&mut reader))?;
            reader.commit().await
        };
        loop {
            // The first one goes out alone; see `multi_read.rs`.
            let alone = self.multi_read.alone(self.session_timeout / 8).await;
            let results = match self.multi_read.works() {
                Some(true) => self.read(&request).await,
                Some(false) => Err(Fault::Refused(Refusal::Unimplemented)),
                None => self.send(AnsweredBy::AnyServer, &request).await,
            };
            match &results {
                Ok(_) => self.multi_read.set_present(),
                // The server is about to close the connection.
                Err(Fault::Refused(Refusal::Unimplemented)) if self.multi_read.set_missing() => self.cut(),
                Err(Fault::Refused(Refusal::Throttled)) => {
                    drop(alone);
                    Box::pin(self.throttling.pause(&mut None)).await;
                    continue;
                }
                Err(_) => {}
            }
            return Ok(results?.into_iter().map(Found::from_result).collect());
        }
    }

    /// Creates an ephemeral sequential node, in one request with the writes of other tasks at this moment. See
    /// `group_commit.rs`.
    pub(crate) async fn create_grouped(&self, prefix: String, data: Arc<str>) -> Result<Created, Fault> {
        self.group_commit.create(prefix, data).await.unwrap_or_else(|_| Err(self.unsent_fault()))
    }

    /// Deletes a node, in one request with the writes of other tasks at this moment.
    pub(crate) async fn delete_grouped(&self, path: String) -> Result<(), Fault> {
        self.group_commit.delete(path).await.unwrap_or_else(|_| Err(self.unsent_fault()))
    }

    /// Lists the children of a node, after the writes that were requested before, in one request with the listings of
    /// other tasks.
    pub(crate) async fn children_grouped(&self, path: String) -> Result<Names, Fault> {
        self.group_commit.children(path).await.unwrap_or_else(|_| Err(self.unsent_fault()))
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Entry, Fault> {
        self.read(async |client: Arc<zk::Client>| Ok(Entry::from(client.get_data(path).await?))).await
    }

    /// Returns the number that the next sequential child of a node gets, which is the number of children created so far.
    /// Returns `None` if the node is missing.
    pub(crate) async fn next_number(&self, path: &str) -> Result<Option<u32>, Fault> {
        let stat = self.read(async |client: Arc<zk::Client>| client.check_stat(path).await).await?;
        // The `cversion` that a client sees is `2 * created - current children`, in 32 bits (`DataNode.copyStat`).
        Ok(stat.map(|stat| stat.cversion.wrapping_add(stat.num_children) as u32 / 2))
    }

    /// Reads a node and watches it. It does not use `exists`, which leaves a watch behind if the node is already gone.
    pub(crate) async fn watch(&self, path: &str) -> Result<(Vec<u8>, Watch), Fault> {
        let (data, _, watcher) =
            self.read(async |client: Arc<zk::Client>| client.get_and_watch_data(path).await).await?;
        Ok((data, Watch::new(watcher, self.end.subscribe())))
    }

    /// Watches a node, also for its creation, and returns whether it exists.
    pub(crate) async fn watch_existence(&self, path: &str) -> Result<(bool, Watch), Fault> {
        let (stat, watcher) =
            self.read(async |client: Arc<zk::Client>| client.check_and_watch_stat(path).await).await?;
        Ok((stat.is_some(), Watch::new(watcher, self.end.subscribe())))
    }

    pub(crate) async fn set(&self, path: &str, data: &[u8]) -> Result<(), Fault> {
        self.write(async |client: Arc<zk::Client>| client.set_data(path, data, None).await.map(drop)).await
    }

    /// Lists the children of a node and watches for changes among them.
    pub(crate) async fn watch_children(&self, path: &str) -> Result<(Vec<String>, Watch), Fault> {
        let (names, watcher) =
            self.read(async |client: Arc<zk::Client>| client.list_and_watch_children(path).await).await?;
        Ok((names, Watch::new(watcher, self.end.subscribe())))
    }

    /// Waits until the leader has put through every request that was outstanding when the `sync` reached it. Everything
    /// that this session sent before, over any connection, has then taken effect or never will.
    pub(crate) async fn sync(&self, path: &str) -> Result<(), Fault> {
        self.write(async |client: Arc<zk::Client>| client.sync(path).await).await
    }

    /// Applies all writes in one transaction, or none of them. Tries again after a pause if the server put it off.
    pub(crate) async fn multi(&self, writes: &[Write<'_>]) -> Result<Vec<Written>, MultiFault> {
        let mut repeat = None;
        loop {
            let turn = self.multi_read.turn().await;
            let outcome = self.send_multi(writes).await;
            drop(turn);
            if !matches!(outcome, Err(MultiFault { fault: Fault::Refused(Refusal::Throttled), .. })) {
                return outcome;
            }
            Box::pin(self.throttling.pause(&mut repeat)).await;
        }
    }

    async fn send_multi(&self, writes: &[Write<'_>]) -> Result<Vec<Written>, MultiFault> {
        let Some(client) = self.client.load_full() else {
            return Err(MultiFault::whole(self.unsent_fault()));
        };
        let pending = self.traffic.begin();
        let sent = self.lease.note_request();
        let mut writer = client.new_multi_writer();
        for write in writes {
            write.add_to(&mut writer, |mode| self.create_options(mode)).map_err(MultiFault::from)?;
        }
        let outcome = writer.commit().await.map_err(MultiFault::from);
        let fault = outcome.as_ref().err().map(|multi| &multi.fault);
        self.note_outcome(&pending, sent, AnsweredBy::Leader, fault);
        Ok(outcome?.into_iter().map(Written::from).collect())
    }
}
