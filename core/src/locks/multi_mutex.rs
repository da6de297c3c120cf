//! Several mutexes acquired as one: all or none.
//!
//! 1. Sort the paths and remove duplicates. All clients acquire them in that order, so there is no circular wait.
//! 2. Queue for one after another (`queue/`), all under one deadline.
//! 3. If one cannot be acquired, release those acquired before it. If one was lost while waiting for a later one, release all of
//!    them and go on at step 2.

use std::sync::Arc;

use crate::context::{Context, SharedContext};
use crate::error::{Error, Result};
use crate::locks::acquire::{self, Attempt};
use crate::locks::guard::Guard;
use crate::locks::owner::acquire::OwnedLockAttempt;
use crate::locks::owner::{
    self,
    role::{Requester, Role},
};
use crate::locks::queue::node_name::Scheme;
use crate::op::{Op, Retry};
use crate::path::ZnodePath;
use crate::stats::{Meters, WaitStats};

/// Several mutexes acquired as one. Made by [`Client::multi_mutex`](crate::Client::multi_mutex), without any request.
///
/// Its guard holds all of them, and is lost when one of them is. The guard's token is that of the first path;
/// [`Guard::tokens`] has all of them. On each path it excludes every [`Mutex`](crate::Mutex) at that path.
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let both = client.multi_mutex(["/accounts/7", "/accounts/12"]).acquire().await?;
/// println!("moving money with token {}", both.token());
/// both.release().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct MultiMutex {
    context: SharedContext,
    paths: Result<Vec<ZnodePath>>,
    scheme: Scheme,
    requester: Requester,
    meters: Arc<Meters>,
}

impl MultiMutex {
    pub(crate) fn new(context: SharedContext, paths: Result<Vec<ZnodePath>>) -> MultiMutex {
        let paths = paths.and_then(|mut paths| {
            paths.sort_unstable();
            paths.dedup();
            let no_paths = || Error::invalid_argument("paths", "", "must name at least one lock");
            if paths.is_empty() { Err(no_paths()) } else { Ok(paths) }
        });
        MultiMutex {
            context,
            paths,
            scheme: Scheme::Curator,
            requester: Requester::Unknown,
            meters: Arc::default(),
        }
    }

    /// Sets the naming scheme of the nodes that it creates. Default [`Scheme::Curator`].
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::Scheme;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let both = client.multi_mutex(["/accounts/7", "/accounts/12"]).scheme(Scheme::Kazoo);
    /// let guard = both.acquire().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn scheme(mut self, scheme: Scheme) -> MultiMutex {
        self.scheme = scheme;
        self
    }

    /// Names the thread or task that asks. See [`Mutex::asked_by`](crate::Mutex::asked_by).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let both = client.multi_mutex(["/accounts/7", "/accounts/12"]).asked_by(zkcoord::thread_owner());
    /// let guard = both.acquire().wait()?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn asked_by(mut self, owner: u64) -> MultiMutex {
        self.requester = Requester::Asking(owner);
        self
    }

    /// Names the thread or task that asks, and declares that it will hold the locks until the release. See
    /// [`Mutex::owned_by`](crate::Mutex::owned_by).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.multi_mutex(["/accounts/7", "/accounts/12"]).owned_by(7).acquire().await?;
    /// let error = client.mutex("/accounts/7").owned_by(7).acquire().await.unwrap_err();
    /// assert_eq!(error.code(), zkcoord::ErrorCode::WouldDeadlock);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn owned_by(mut self, owner: u64) -> MultiMutex {
        self.requester = Requester::Owning(owner);
        self
    }

    /// Returns the locks' directories, sorted and without duplicates, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if a path is invalid or there is none, `FORKED` in a child of fork(). Every operation then fails with
    /// the same error.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// assert_eq!(client.multi_mutex(["/b", "/a", "/b"]).paths()?, ["/a", "/b"]);
    /// # Ok(()) }
    /// ```
    pub fn paths(&self) -> Result<Vec<&str>> {
        let (_, paths) = self.parts()?;
        Ok(paths.iter().map(ZnodePath::as_str).collect())
    }

    /// Waits until all the locks are acquired. If it fails, it holds none of them.
    ///
    /// # Errors
    /// As for [`Mutex::acquire`](crate::Mutex::acquire).
    ///
    /// # Cancel safety
    /// As for [`Mutex::acquire`](crate::Mutex::acquire).
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let both = client.multi_mutex(["/accounts/7", "/accounts/12"]);
    /// let guard = both.acquire().timeout(Duration::from_secs(5)).await?;
    /// guard.create("/transfers/1", "7 to 12").await?; // only if both locks are still held
    /// # Ok(()) }
    /// ```
    pub fn acquire(&self) -> Op<Guard> {
        Op::attempt(|| {
            let (context, paths) = self.parts()?;
            let names: Vec<_> = paths.iter().map(ZnodePath::as_str).collect();
            Ok(acquire::acquire(
                context,
                &self.meters,
                format!("locks {}", names.join(", ")),
                self.attempt(context, paths),
            ))
        })
    }

    /// Acquires all the locks if all are free. Returns `None` if one is not.
    ///
    /// # Errors
    /// As for [`Mutex::try_acquire`](crate::Mutex::try_acquire).
    ///
    /// # Cancel safety
    /// As for [`Mutex::acquire`](crate::Mutex::acquire).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let both = client.multi_mutex(["/accounts/7", "/accounts/12"]);
    /// if both.try_acquire().await?.is_none() {
    ///     println!("one of the accounts is in use");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn try_acquire(&self) -> Op<Option<Guard>> {
        Op::attempt(|| {
            let (context, paths) = self.parts()?;
            Ok(acquire::try_acquire(context, &self.meters, self.attempt(context, paths)))
        })
    }

    /// Returns how long this handle and its clones waited for the locks and held them. Costs no round trip.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let both = client.multi_mutex(["/accounts/7", "/accounts/12"]);
    /// both.acquire().await?.release().await?;
    /// println!("99 % of the waits took at most {:?}", both.stats().p99);
    /// # Ok(()) }
    /// ```
    pub fn stats(&self) -> WaitStats {
        self.meters.stats()
    }

    fn attempt(
        &self,
        context: &Arc<Context>,
        paths: &[ZnodePath],
    ) -> impl FnOnce(Retry) -> MultiLockAttempt + use<> {
        let (scheme, requester) = (self.scheme, self.requester);
        let (context, paths) = (context.clone(), paths.to_vec());
        move |retry| MultiLockAttempt {
            context,
            paths,
            scheme,
            requester,
            retry,
            acquired: Vec::new(),
            current: None,
        }
    }

    fn parts(&self) -> Result<(&Arc<Context>, &[ZnodePath])> {
        Ok((self.context.get()?, self.paths.as_deref().map_err(Clone::clone)?))
    }
}

/// One attempt to acquire all of them.
struct MultiLockAttempt {
    context: Arc<Context>,
    paths: Vec<ZnodePath>,
    scheme: Scheme,
    requester: Requester,
    retry: Retry,
    acquired: Vec<Guard>,
    current: Option<OwnedLockAttempt>,
}

impl Attempt for MultiLockAttempt {
    async fn acquire(&mut self) -> Result<Option<Guard>> {
        // All paths first: an acquire that must fail with `WOULD_DEADLOCK` does not wait for other locks.
        self.paths
            .iter()
            .try_for_each(|path| owner::check(&self.context, path, Role::Mutex, self.requester))?;
        while let Some(path) = self.paths.get(self.acquired.len()) {
            let (context, path) = (self.context.clone(), path.clone());
            let attempt =
                OwnedLockAttempt::new(context, path, self.scheme, Role::Mutex, self.requester, self.retry);
            let outcome = self.current.insert(attempt).acquire().await;
            if let Ok(Some(guard)) = outcome {
                self.acquired.push(guard);
                if !self.acquired.iter().all(Guard::is_held) {
                    self.release_all().await;
                }
                continue;
            }
            // The attempt failed, or tries only once and the lock is taken.
            self.release_all().await;
            return outcome;
        }
        Ok(Guard::of_all(std::mem::take(&mut self.acquired)))
    }

    async fn leave(&mut self) {
        if let Some(current) = &mut self.current {
            current.leave().await;
        }
        self.release_all().await;
    }

    fn wait_reason(&self) -> String {
        match (&self.current, self.paths.get(self.acquired.len())) {
            (Some(current), Some(path)) => format!("at {}, {}", path.as_str(), current.wait_reason()),
            _ => "not started".into(),
        }
    }
}

impl MultiLockAttempt {
    /// Releases the locks acquired so far. If it is cancelled, the guards that are dropped release theirs in the background.
    async fn release_all(&mut self) {
        for guard in std::mem::take(&mut self.acquired) {
            if let Err(error) = guard.release().await {
                tracing::warn!(%error, "a lock was not released");
            }
        }
    }
}
