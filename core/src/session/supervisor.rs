//! Keeps a client connected: opens its first session, reconnects it, and opens a new session when one has ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::backoff::Backoff;
use super::connect::ConnectFault;
use super::diagnosis::diagnose;
use super::link::{Link, LinkEnd};
use super::options::ClientOptions;
use super::{LinkState, Session};
use crate::error::{Error, ErrorCode, Result};

/// The time that a close waits until the close request is sent.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The state of a client's connection and session.
///
/// # Examples
/// ```no_run
/// use zkcoord::State;
///
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// match client.state()? {
///     State::Connected => println!("connected"),
///     State::Suspended => println!("no connection; locks are held until their lease ends"),
///     State::Expired => println!("every lock is lost; a new session is being opened"),
///     _ => println!("closed"),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// The client is connected and its session is live.
    Connected,
    /// The connection is lost. The session may still live, and locks are held until their lease ends.
    Suspended,
    /// The session has ended, and every lock with it. A new session is being opened.
    Expired,
    /// The client is closed and does not connect again.
    Closed,
}

impl State {
    /// Returns the name that the state has in every language: `connected`, `suspended`, `expired` or `closed`.
    ///
    /// # Examples
    /// ```
    /// use zkcoord::State;
    ///
    /// assert_eq!(State::Suspended.name(), "suspended");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            State::Connected => "connected",
            State::Suspended => "suspended",
            State::Expired => "expired",
            State::Closed => "closed",
        }
    }
}

/// The place where recipes find the current session.
#[derive(Clone, Debug)]
enum Slot {
    /// A new session is being opened.
    Opening,
    Open(Arc<Session>),
    Closed,
}

/// Opens and reconnects the sessions of one client.
#[derive(Debug)]
pub(crate) struct Supervisor {
    options: ClientOptions,
    slot: watch::Sender<Slot>,
    state: watch::Sender<State>,
    closing: watch::Sender<bool>,
}

impl Supervisor {
    /// Opens the first session, within the connect timeout of the options.
    ///
    /// # Errors
    /// `CONNECTION_LOST` if no server opens a session in time, `NOT_AUTHORIZED` if the servers refuse the authentication or
    /// the creation of the chroot, `INVALID_ARGUMENT` for TLS files that cannot be used.
    pub(crate) async fn start(options: ClientOptions) -> Result<Arc<Supervisor>> {
        let supervisor = Supervisor {
            slot: watch::Sender::new(Slot::Opening),
            state: watch::Sender::new(State::Suspended),
            closing: watch::Sender::new(false),
            options,
        };
        let limit = supervisor.options.connect_timeout;
        let mut last_failure = format!("no server of {} answered", supervisor.options.hosts);
        let opened = tokio::time::timeout(limit, async {
            if let Some(credentials) = &supervisor.options.tls {
                credentials.check().await?;
            }
            supervisor.open(Some(&mut last_failure)).await
        })
        .await;
        let link = opened.unwrap_or_else(|_| {
            let message = format!("could not connect within {limit:?}: {last_failure}");
            Err(Error::new(ErrorCode::ConnectionLost, message))
        })?;
        let supervisor = Arc::new(supervisor);
        let session = supervisor.publish_session(&link);
        tokio::spawn(supervisor.clone().run(session, link));
        Ok(supervisor)
    }

    /// Returns the current session, connected or not. Waits while a new one is being opened.
    ///
    /// # Errors
    /// `CLOSED` if the client is closed or being closed.
    pub(crate) async fn session(&self) -> Result<Arc<Session>> {
        if self.is_closing() {
            return Err(Error::closed());
        }
        if let Slot::Open(session) = &*self.slot.borrow() {
            return Ok(session.clone());
        }
        let mut slot = self.slot.subscribe();
        match slot.wait_for(|slot| !matches!(slot, Slot::Opening)).await.as_deref() {
            Ok(Slot::Open(session)) => Ok(session.clone()),
            _ => Err(Error::closed()),
        }
    }

    /// Returns the current session, or `None` if a new one is being opened or the client is closed.
    pub(crate) fn session_now(&self) -> Option<Arc<Session>> {
        match &*self.slot.borrow() {
            Slot::Open(session) => Some(session.clone()),
            _ => None,
        }
    }

    pub(crate) fn state(&self) -> State {
        *self.state.borrow()
    }

    pub(crate) fn states(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(crate) fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Requests that the session be closed. From now on every operation fails with `CLOSED`.
    pub(crate) fn begin_close(&self) {
        self.closing.send_replace(true);
    }

    pub(crate) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Waits until the client is closed: the close request has been sent, or could not be sent in time.
    pub(crate) async fn closed(&self) {
        let mut state = self.state.subscribe();
        let _closed = state.wait_for(|state| *state == State::Closed).await;
    }

    /// Serves one session after another until the client is closed.
    async fn run(self: Arc<Supervisor>, mut session: Arc<Session>, mut link: Arc<Link>) {
        loop {
            let end = self.serve(&session, link).await;
            session.set_link_state(LinkState::Gone);
            if end == SessionEnd::Closed {
                break;
            }
            tracing::warn!(session = session.id(), "the session expired; opening a new one");
            self.slot.send_replace(Slot::Opening);
            self.state.send_replace(State::Expired);
            link = tokio::select! {
                () = self.close_requested() => break,
                link = self.open_until_success() => link,
            };
            session = self.publish_session(&link);
        }
        self.slot.send_replace(Slot::Closed);
        self.state.send_replace(State::Closed);
    }

    /// Makes the session of this link the current one.
    fn publish_session(&self, link: &Arc<Link>) -> Arc<Session> {
        let session = Session::new(link);
        self.slot.send_replace(Slot::Open(session.clone()));
        self.state.send_replace(State::Connected);
        session
    }

    /// Keeps one session connected until it has ended.
    async fn serve(&self, session: &Arc<Session>, mut link: Arc<Link>) -> SessionEnd {
        let mut backoff = Backoff::new(session.timeout());
        loop {
            let linked_at = Instant::now();
            tokio::select! {
                end = link.ended() => match end {
                    LinkEnd::Disconnected => {}
                    LinkEnd::Expired | LinkEnd::Closed => return SessionEnd::Expired,
                },
                () = self.close_requested() => {
                    // Set first, so that no waiter mistakes the end of this session's own locks for its turn.
                    session.set_link_state(LinkState::Gone);
                    // If no server receives the close request, the session ends by its timeout.
                    let _bounded = tokio::time::timeout(CLOSE_TIMEOUT, link.close()).await;
                    return SessionEnd::Closed;
                }
            }
            session.set_link_state(LinkState::Unlinked);
            self.state.send_replace(State::Suspended);
            backoff.after_link(linked_at.elapsed());
            link = tokio::select! {
                () = self.close_requested() => return SessionEnd::Closed,
                link = self.reconnect(&link, &mut backoff) => match link {
                    Some(link) => link,
                    None => return SessionEnd::Expired,
                },
            };
            session.set_link_state(LinkState::Linked(link.clone()));
            self.state.send_replace(State::Connected);
        }
    }

    /// Connects again for the session of `lost`. Returns `None` if the server says that the session has ended.
    ///
    /// zookeeper-client would declare the session expired on its own after 1.4 timeouts. The supervisor goes on asking:
    /// after an outage of the whole ensemble the servers still know the session, and only they can say whether it lives.
    async fn reconnect(&self, lost: &Link, backoff: &mut Backoff) -> Option<Arc<Link>> {
        loop {
            tokio::time::sleep(backoff.next()).await;
            match Link::connect(&self.options, Some(lost)).await {
                Ok(link) if link.session_id() == lost.session_id() => return Some(link),
                Ok(link) => {
                    // ClickHouse Keeper opens a new session in place of an expired one.
                    link.close().await;
                    return None;
                }
                Err(ConnectFault::Expired) => return None,
                Err(fault) => tracing::debug!(?fault, "could not reconnect; trying again"),
            }
        }
    }

    /// Opens a new session. Tries again until the servers refuse the authentication or the chroot. Stores a description of
    /// the last failure in `last_failure`.
    ///
    /// # Errors
    /// `NOT_AUTHORIZED` if the servers refuse the authentication or the creation of the chroot.
    async fn open(&self, mut last_failure: Option<&mut String>) -> Result<Arc<Link>> {
        let mut backoff = Backoff::new(self.options.session_timeout);
        loop {
            match Link::connect(&self.options, None).await {
                Ok(link) => return Ok(link),
                Err(ConnectFault::NotAuthorized(message)) => {
                    return Err(Error::new(ErrorCode::NotAuthorized, message));
                }
                Err(ConnectFault::Unreachable(why)) => {
                    tracing::debug!(why, "could not open a session; trying again");
                    if let Some(last_failure) = &mut last_failure {
                        **last_failure = diagnose(&self.options).await;
                    }
                }
                Err(ConnectFault::Expired) => {}
            }
            tokio::time::sleep(backoff.next()).await;
        }
    }

    /// Opens a new session, however long it takes.
    async fn open_until_success(&self) -> Arc<Link> {
        loop {
            match self.open(None).await {
                Ok(link) => return link,
                Err(refused) => {
                    tracing::warn!(%refused, "could not open a new session; trying again");
                    tokio::time::sleep(self.options.session_timeout).await;
                }
            }
        }
    }

    /// Waits until the client is being closed.
    pub(crate) async fn close_requested(&self) {
        let mut closing = self.closing.subscribe();
        let _requested = closing.wait_for(|closing| *closing).await;
    }
}

/// The reason why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SessionEnd {
    Expired,
    Closed,
}
