//! Several mutexes taken as one: all or none.
//!
//! 1. The paths are sorted, each of them once. Everybody takes them in that order, so nobody waits in a circle.
//! 2. One after another is queued for (`queue.rs`), all under one deadline.
//! 3. One cannot be had: those taken before it are given back. One was lost while a later one was waited for: all are given
//!    back, and 2.

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

/// Several mutexes taken as one. Made by [`Client::multi_mutex`](crate::Client::multi_mutex), without any request.
///
/// Its guard holds all of them, and is lost when one of them is. The guard's token is that of the first path; the others' are in
/// [`Guard::tokens`]. On each path it excludes whoever takes that path alone, as a [`Mutex`](crate::Mutex).
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
            let none = || Error::invalid_argument("paths", "", "must name at least one lock");
            if paths.is_empty() { Err(none()) } else { Ok(paths) }
        });
        MultiMutex {
            context,
            paths,
            scheme: Scheme::Curator,
            requester: Requester::Unknown,
            meters: Arc::default(),
        }
    }

    /// Whose node names it writes. Default [`Scheme::Curator`].
    #[must_use]
    pub fn scheme(mut self, scheme: Scheme) -> MultiMutex {
        self.scheme = scheme;
        self
    }

    /// Says who asks. See [`Mutex::asked_by`](crate::Mutex::asked_by).
    #[must_use]
    pub fn asked_by(mut self, owner: u64) -> MultiMutex {
        self.requester = Requester::Asking(owner);
        self
    }

    /// Says who asks, and that he will hold the locks until they are released. See [`Mutex::owned_by`](crate::Mutex::owned_by).
    #[must_use]
    pub fn owned_by(mut self, owner: u64) -> MultiMutex {
        self.requester = Requester::Owning(owner);
        self
    }

    /// The locks' directories, sorted, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when one of the paths given was none, `FORKED` in a child of fork(); every operation fails with it
    /// too.
    pub fn paths(&self) -> Result<Vec<&str>> {
        let (_, paths) = self.parts()?;
        Ok(paths.iter().map(ZnodePath::as_str).collect())
    }

    /// Waits for all the locks. Errors and cancel safety as for [`Mutex::acquire`](crate::Mutex::acquire).
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

    /// Takes all the locks if all are free: `None` when one is not. Errors and cancel safety as for
    /// [`Mutex::try_acquire`](crate::Mutex::try_acquire).
    pub fn try_acquire(&self) -> Op<Option<Guard>> {
        Op::attempt(|| {
            let (context, paths) = self.parts()?;
            Ok(acquire::try_acquire(context, &self.meters, self.attempt(context, paths)))
        })
    }

    /// How long this handle and its clones waited, and held what they got. Costs no round trip.
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
            had: Vec::new(),
            current: None,
        }
    }

    fn parts(&self) -> Result<(&Arc<Context>, &[ZnodePath])> {
        Ok((self.context.get()?, self.paths.as_deref().map_err(Clone::clone)?))
    }
}

/// An attempt to take all of them.
struct MultiLockAttempt {
    context: Arc<Context>,
    paths: Vec<ZnodePath>,
    scheme: Scheme,
    requester: Requester,
    retry: Retry,
    had: Vec<Guard>,
    current: Option<OwnedLockAttempt>,
}

impl Attempt for MultiLockAttempt {
    async fn acquire(&mut self) -> Result<Option<Guard>> {
        // All of them first: what is known to be in vain is not to wait for the others.
        self.paths
            .iter()
            .try_for_each(|path| owner::check(&self.context, path, Role::Mutex, self.requester))?;
        while let Some(path) = self.paths.get(self.had.len()) {
            let (context, path) = (self.context.clone(), path.clone());
            let attempt =
                OwnedLockAttempt::new(context, path, self.scheme, Role::Mutex, self.requester, self.retry);
            let outcome = self.current.insert(attempt).acquire().await;
            if let Ok(Some(guard)) = outcome {
                self.had.push(guard);
                if !self.had.iter().all(Guard::is_held) {
                    self.release_all().await;
                }
                continue;
            }
            // Refused, or taken while we try only once.
            self.release_all().await;
            return outcome;
        }
        Ok(Guard::of_all(std::mem::take(&mut self.had)))
    }

    async fn leave(&mut self) {
        if let Some(current) = &mut self.current {
            current.leave().await;
        }
        self.release_all().await;
    }

    fn waiting_for(&self) -> String {
        self.current.as_ref().map_or_else(String::new, Attempt::waiting_for)
    }
}

impl MultiLockAttempt {
    /// Gives back what was had. A guard that is dropped on the way gives its lock back in the background.
    async fn release_all(&mut self) {
        for guard in std::mem::take(&mut self.had) {
            if let Err(error) = guard.release().await {
                tracing::warn!(%error, "a lock was not given back");
            }
        }
    }
}
