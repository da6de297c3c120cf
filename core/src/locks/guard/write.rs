//! Writes that take effect only while the guard's locks are held.

use super::Guard;
use crate::error::Error;
use crate::locks::held::fenced_write::{self, FencedWrite};
use crate::op::Op;
use crate::path::ZnodePath;
use crate::session::Tenant;

impl Guard {
    /// Sets the data of the node at `path`, below the client's chroot, if the lock is still held. With a `version`, only if the
    /// node is at that version.
    ///
    /// # Errors
    /// `LOCK_LOST` if the lock's node is gone; nothing was written. `INVALID_ARGUMENT` if the node does not exist or is at
    /// another version; nothing was written. `INDETERMINATE` if the connection was lost, or the timeout passed, after the write
    /// was sent. `TIMEOUT`, `NOT_AUTHORIZED`, `QUOTA`, `FORKED`.
    ///
    /// # Cancel safety
    /// Not safe: a cancelled write may or may not be applied.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/leader").acquire().await?;
    /// guard.set_data("/leader", "web-2:8080", None).await?;
    /// # Ok(()) }
    /// ```
    pub fn set_data(&self, path: impl AsRef<str>, data: impl Into<Vec<u8>>, version: Option<i32>) -> Op<()> {
        self.write(path.as_ref(), FencedWrite::Set { data: data.into(), version })
    }

    /// Creates a persistent node at `path`, below the client's chroot, if the lock is still held.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the node exists already or its parent does not; otherwise as for [`set_data`](Guard::set_data).
    ///
    /// # Cancel safety
    /// Not safe: a cancelled write may or may not be applied.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/jobs").acquire().await?;
    /// guard.create("/jobs/2024-05-01", "done").await?;
    /// # Ok(()) }
    /// ```
    pub fn create(&self, path: impl AsRef<str>, data: impl Into<Vec<u8>>) -> Op<()> {
        self.write(path.as_ref(), FencedWrite::Create { data: data.into() })
    }

    /// Deletes the node at `path`, below the client's chroot, if the lock is still held. With a `version`, only if the node is at
    /// that version.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the node does not exist, is at another version or has children; otherwise as for
    /// [`set_data`](Guard::set_data).
    ///
    /// # Cancel safety
    /// Not safe: a cancelled write may or may not be applied.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/jobs").acquire().await?;
    /// guard.delete("/jobs/2024-05-01", Some(0)).await?;
    /// # Ok(()) }
    /// ```
    pub fn delete(&self, path: impl AsRef<str>, version: Option<i32>) -> Op<()> {
        self.write(path.as_ref(), FencedWrite::Delete { version })
    }

    fn write(&self, path: &str, write: FencedWrite) -> Op<()> {
        let parts = self.state.get().and_then(|state| {
            write.check()?;
            let path = ZnodePath::parse("path", path)?;
            // After a release, the lock's node may still exist for a moment.
            state.holds.iter().try_for_each(|hold| hold.check_state())?;
            Ok((state, path))
        });
        Op::attempt(|| {
            let (state, path) = parts?;
            let Some(session) = self.session() else {
                return Err(Error::closed());
            };
            let nodes: Vec<_> = state.holds.iter().map(|hold| hold.held_node().node().to_owned()).collect();
            Ok(Op::new(state.context.runtime(), |deadline| async move {
                fenced_write::run(&session, &nodes, &path, write, deadline).await
            }))
        })
    }
}
