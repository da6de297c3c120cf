//! One session after another: connects, reconnects, and opens a new session when one is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::diagnosis::diagnose;
use super::link::{ConnectFault, Link, LinkEnd};
use super::options::ClientOptions;
use super::{LinkState, Session};
use crate::error::{Error, ErrorCode, Result};

/// What a client stands on right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Connected, with a live session.
    Connected,
    /// The connection is lost; the session may live on. Locks are held until their lease ends.
    Suspended,
    /// The session is over, and every lock with it. A new one is being opened.
    Expired,
    /// Closed, for good.
    Closed,
}

impl State {
    /// The state's name in every language: `connected`, `suspended`, `expired`, `closed`.
    pub const fn name(self) -> &'static str {
        match self {
            State::Connected => "connected",
            State::Suspended => "suspended",
            State::Expired => "expired",
            State::Closed => "closed",
        }
    }
}

/// Where recipes find the session of the hour.
#[derive(Clone, Debug)]
enum Slot {
    Opening,
    Open(Arc<Session>),
    Closed,
}

#[derive(Debug)]
pub(crate) struct Supervisor {
    options: ClientOptions,
    slot: watch::Sender<Slot>,
    state: watch::Sender<State>,
    closing: watch::Sender<bool>,
}

impl Supervisor {
    /// Opens the first session, within the options' connect timeout.
    pub(crate) async fn start(options: ClientOptions) -> Result<Arc<Supervisor>> {
        let supervisor = Supervisor {
            slot: watch::Sender::new(Slot::Opening),
            state: watch::Sender::new(State::Suspended),
            closing: watch::Sender::new(false),
            options,
        };
        let limit = supervisor.options.connect_timeout;
        let mut last = String::from("no server answers");
        let opened = tokio::time::timeout(limit, async {
            if let Some(credentials) = &supervisor.options.tls {
                credentials.check().await?;
            }
            supervisor.open(Some(&mut last)).await
        })
        .await;
        let link = opened.unwrap_or_else(|_| {
            Err(Error::new(ErrorCode::ConnectionLost, format!("not connected within {limit:?}: {last}")))
        })?;
        let supervisor = Arc::new(supervisor);
        let session = supervisor.welcome(&link);
        tokio::spawn(supervisor.clone().run(session, link));
        Ok(supervisor)
    }

    /// The live session, connected or not. Waits while a new one is being opened.
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

    /// The session as it is now, if there is one.
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

    /// Tells the run loop to close the session. From now on every operation fails with `CLOSED`.
    pub(crate) fn begin_close(&self) {
        self.closing.send_replace(true);
    }

    pub(crate) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Waits until the session is closed, as far as that can be known.
    pub(crate) async fn closed(&self) {
        let mut state = self.state.subscribe();
        let _closed = state.wait_for(|state| *state == State::Closed).await;
    }

    async fn run(self: Arc<Supervisor>, mut session: Arc<Session>, mut link: Arc<Link>) {
        loop {
            let end = self.serve(&session, link).await;
            session.set_link_state(LinkState::Gone);
            if end == SessionEnd::Closed {
                break;
            }
            tracing::warn!(session = session.id(), "session expired");
            self.slot.send_replace(Slot::Opening);
            self.state.send_replace(State::Expired);
            link = tokio::select! {
                () = self.told_to_close() => break,
                link = self.open_for_sure() => link,
            };
            session = self.welcome(&link);
        }
        self.slot.send_replace(Slot::Closed);
        self.state.send_replace(State::Closed);
    }

    fn welcome(&self, link: &Arc<Link>) -> Arc<Session> {
        let session = Session::new(link);
        self.slot.send_replace(Slot::Open(session.clone()));
        self.state.send_replace(State::Connected);
        session
    }

    /// Keeps one session connected until it is over.
    async fn serve(&self, session: &Arc<Session>, mut link: Arc<Link>) -> SessionEnd {
        let mut backoff = Backoff::new(session.timeout());
        loop {
            let linked = Instant::now();
            tokio::select! {
                end = link.ended() => match end {
                    LinkEnd::Disconnected => {}
                    LinkEnd::Expired | LinkEnd::Closed => return SessionEnd::Expired,
                },
                () = self.told_to_close() => {
                    // First, so that no waiter takes the end of our own locks for its turn.
                    session.set_link_state(LinkState::Gone);
                    // A server that does not take the goodbye ends the session by its timeout.
                    let _bounded = tokio::time::timeout(CLOSE_PATIENCE, link.close()).await;
                    return SessionEnd::Closed;
                }
            }
            session.set_link_state(LinkState::Unlinked);
            self.state.send_replace(State::Suspended);
            backoff.after_link_of(linked.elapsed());
            link = tokio::select! {
                () = self.told_to_close() => return SessionEnd::Closed,
                link = self.relink(&link, &mut backoff) => match link {
                    Some(link) => link,
                    None => return SessionEnd::Expired,
                },
            };
            session.set_link_state(LinkState::Linked(link.clone()));
            self.state.send_replace(State::Connected);
        }
    }

    /// Connects again for the session of `lost`. `None` when the server says that it is over.
    ///
    /// zookeeper-client would declare it expired on its own at 1.4 timeouts. We go on asking: after an outage of the
    /// whole ensemble the servers know the session still, and only they know.
    async fn relink(&self, lost: &Link, backoff: &mut Backoff) -> Option<Arc<Link>> {
        loop {
            tokio::time::sleep(backoff.next()).await;
            match Link::connect(&self.options, Some(lost)).await {
                Ok(link) if link.session_id() == lost.session_id() => return Some(link),
                Ok(link) => {
                    // ClickHouse LeaseKeeper hands out a new session in place of an expired one.
                    link.close().await;
                    return None;
                }
                Err(ConnectFault::Expired) => return None,
                Err(fault) => tracing::debug!(?fault, "no connection yet"),
            }
        }
    }

    /// Opens a new session. Puts into `trouble` what goes wrong meanwhile; gives up only when the servers refuse us.
    async fn open(&self, mut trouble: Option<&mut String>) -> Result<Arc<Link>> {
        let mut backoff = Backoff::new(self.options.session_timeout);
        loop {
            match Link::connect(&self.options, None).await {
                Ok(link) => return Ok(link),
                Err(ConnectFault::NotAuthorized) => {
                    let message = format!("{} refused the authentication, or the chroot", self.options.hosts);
                    return Err(Error::new(ErrorCode::NotAuthorized, message));
                }
                Err(ConnectFault::Unreachable(why)) => {
                    tracing::debug!(why, "no session yet");
                    if let Some(trouble) = &mut trouble {
                        **trouble = diagnose(&self.options).await;
                    }
                }
                Err(ConnectFault::Expired) => {}
            }
            tokio::time::sleep(backoff.next()).await;
        }
    }

    /// Opens a new session however long it takes.
    async fn open_for_sure(&self) -> Arc<Link> {
        loop {
            match self.open(None).await {
                Ok(link) => return link,
                Err(refused) => {
                    tracing::warn!(%refused, "no session");
                    tokio::time::sleep(self.options.session_timeout).await;
                }
            }
        }
    }

    pub(crate) async fn told_to_close(&self) {
        let mut closing = self.closing.subscribe();
        let _told = closing.wait_for(|closing| *closing).await;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SessionEnd {
    Expired,
    Closed,
}

/// How long a close waits for a server to take it.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait before the next attempt: at once, then longer and longer, jittered.
struct Backoff {
    failures: u32,
    longest: Duration,
}

impl Backoff {
    const SHORTEST: Duration = Duration::from_millis(10);
    /// A link that lived this long was a good one, and the next attempt starts afresh. One that ended sooner may be
    /// a server or balancer that takes connections only to drop them.
    const GOOD_LINK: Duration = Duration::from_secs(1);

    fn new(session_timeout: Duration) -> Backoff {
        Backoff { failures: 0, longest: (session_timeout / 10).min(Duration::from_millis(500)) }
    }

    fn after_link_of(&mut self, age: Duration) {
        if age >= Backoff::GOOD_LINK {
            self.failures = 0;
        }
    }

    fn next(&mut self) -> Duration {
        let failures = self.failures;
        self.failures += 1;
        if failures == 0 {
            return Duration::ZERO;
        }
        let wait = (Backoff::SHORTEST * 2u32.saturating_pow(failures.min(16) - 1)).min(self.longest);
        wait.mul_f64(0.5 + fastrand::f64())
    }
}
