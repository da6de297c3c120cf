//! The public semaphore: a number of permits, shared by all clients, acquired one or several at a time. The steps are in
//! `attempt.rs`.

mod attempt;

use std::sync::Arc;

use crate::context::{Context, SharedContext};
use crate::error::{Error, Result};
use crate::locks::acquire;
use crate::locks::guard::Guard;
use crate::op::{Op, Retry};
use crate::path::ZnodePath;
use crate::stats::{Meters, WaitStats};

use attempt::PermitAttempt;

/// The most permits that one acquire may ask for: their nodes are created in one transaction, which must fit in a packet.
const MAX_AT_ONCE: usize = 500;

/// The most permits of a semaphore, as in Curator, which counts them in an `int`.
const MAX_PERMITS: usize = i32::MAX as usize;

/// A semaphore at a path. Made by [`Client::semaphore`](crate::Client::semaphore), without any request.
///
/// All clients of the path must give the same number of permits: it is not stored anywhere. Permits are granted in the order of
/// arrival: a caller that asks for many is not overtaken by callers that ask for few. On the same path it works with Curator's
/// `InterProcessSemaphoreV2`.
///
/// The guard's token grows from one grant to the next. It is the `czxid` of the gate's node at the grant.
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let downloads = client.semaphore("/limits/downloads", 10);
/// let slot = downloads.acquire(1).await?;
/// slot.release().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Semaphore {
    context: SharedContext,
    path: Result<ZnodePath>,
    permits: usize,
    meters: Arc<Meters>,
}

impl Semaphore {
    pub(crate) fn new(context: SharedContext, path: Result<ZnodePath>, permits: usize) -> Semaphore {
        let path = path.and_then(|path| match permits {
            1..=MAX_PERMITS => Ok(path),
            _ => Err(Error::invalid_argument("permits", permits, format!("must be from 1 to {MAX_PERMITS}"))),
        });
        Semaphore { context, path, permits, meters: Arc::default() }
    }

    /// Returns the semaphore's directory, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the path or the number of permits is invalid, `FORKED` in a child of fork(). Every operation then
    /// fails with the same error.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// assert_eq!(client.semaphore("/limits/downloads", 10).path()?, "/limits/downloads");
    /// assert!(client.semaphore("/limits/downloads", 0).path().is_err());
    /// # Ok(()) }
    /// ```
    pub fn path(&self) -> Result<&str> {
        self.context.get()?;
        self.path.as_ref().map(ZnodePath::as_str).map_err(Clone::clone)
    }

    /// Waits until `permits` of them are acquired, all at once. None is held while waiting for more. Takes three round trips if
    /// they are free.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if `permits` is 0, above 500, or more than the semaphore has; otherwise as for
    /// [`Mutex::acquire`](crate::Mutex::acquire).
    ///
    /// # Cancel safety
    /// As for [`Mutex::acquire`](crate::Mutex::acquire).
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let gpus = client.semaphore("/limits/gpus", 8);
    /// let two = gpus.acquire(2).timeout(Duration::from_secs(30)).await?;
    /// assert_eq!(two.tokens()?.len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn acquire(&self, permits: usize) -> Op<Guard> {
        Op::attempt(|| {
            let (context, path) = self.parts(permits)?;
            let subject = attempt::subject(path, self.permits, permits);
            let attempt = self.attempt(context, path, permits);
            Ok(acquire::acquire(context, &self.meters, subject, attempt))
        })
    }

    /// Acquires `permits` of them if they are free and no other caller is ahead. Returns `None` otherwise.
    ///
    /// # Errors
    /// As for [`acquire`](Semaphore::acquire) and [`Mutex::try_acquire`](crate::Mutex::try_acquire).
    ///
    /// # Cancel safety
    /// As for [`Mutex::acquire`](crate::Mutex::acquire).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let downloads = client.semaphore("/limits/downloads", 10);
    /// match downloads.try_acquire(1).await? {
    ///     Some(slot) => slot.release().await?,
    ///     None => println!("too many downloads, try later"),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn try_acquire(&self, permits: usize) -> Op<Option<Guard>> {
        Op::attempt(|| {
            let (context, path) = self.parts(permits)?;
            Ok(acquire::try_acquire(context, &self.meters, self.attempt(context, path, permits)))
        })
    }

    /// Returns how long this handle and its clones waited for permits and held them. Costs no round trip.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let downloads = client.semaphore("/limits/downloads", 10);
    /// drop(downloads.acquire(1).await?);
    /// let stats = downloads.stats();
    /// println!("{} granted, {} timed out", stats.count, stats.timeouts);
    /// # Ok(()) }
    /// ```
    pub fn stats(&self) -> WaitStats {
        self.meters.stats()
    }

    fn attempt(
        &self,
        context: &Arc<Context>,
        path: &ZnodePath,
        wanted: usize,
    ) -> impl FnOnce(Retry) -> PermitAttempt + use<> {
        let (context, path, total) = (context.clone(), path.clone(), self.permits);
        move |retry| PermitAttempt::new(context, path, total, wanted, retry)
    }

    fn parts(&self, wanted: usize) -> Result<(&Arc<Context>, &ZnodePath)> {
        let (context, path) = (self.context.get()?, self.path.as_ref().map_err(Clone::clone)?);
        let max = self.permits.min(MAX_AT_ONCE);
        if wanted == 0 || wanted > max {
            return Err(Error::invalid_argument("permits", wanted, format!("must be from 1 to {max}")));
        }
        Ok((context, path))
    }
}
