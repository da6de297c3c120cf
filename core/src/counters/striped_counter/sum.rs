//! The sum of the base and all stripes at one moment, and the merge of stripes whose owners are gone.

use std::sync::Arc;

use futures_util::future::join;
use uuid::Uuid;

use super::adder::Adder;
use super::stripe::PREFIX;
use crate::context::Context;
use crate::counters::counter::CounterFormat;
use crate::error::{Error, ErrorCode, Result};
use crate::op::Retry;
use crate::session::parents::ParentsError;
use crate::session::{Entry, Fault, Found, Link, Read, Refusal, Write};

/// The largest number of stripes that are merged in one transaction, which must fit in a packet.
const MAX_STRIPES_PER_TRANSACTION: usize = 100;

/// The largest number of transactions in one merge. Stripes that are left then are for the next merge.
const MAX_TRANSACTIONS: usize = 10;

/// A striped counter at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    path: String,
    pub(super) base: Option<Part>,
    stripes: Vec<Part>,
}

/// A node that holds a part of the sum.
#[derive(Debug)]
pub(super) struct Part {
    name: String,
    value: i64,
    pub(super) version: i32,
    /// The node has no bytes. Its value is then 0.
    pub(super) is_empty: bool,
    has_children: bool,
}

impl Snapshot {
    /// Returns the sum.
    ///
    /// # Errors
    /// `OVERFLOW` if the sum is outside the 64-bit range.
    pub(super) fn total(&self) -> Result<i64> {
        let total: i128 = self.base.iter().chain(&self.stripes).map(|part| i128::from(part.value)).sum();
        i64::try_from(total).map_err(|_| {
            let message =
                format!("striped counter {}: the sum {total} is outside the 64-bit range", self.path);
            Error::new(ErrorCode::Overflow, message)
        })
    }
}

impl Adder {
    /// Reads the counter as it is now, with as many connections and sessions as necessary; with [`Retry::Never`] only with the
    /// current one.
    pub(super) async fn snapshot(&self, context: &Context, retry: Retry) -> Result<Snapshot> {
        loop {
            let session = context.session(retry).await?;
            let Ok(link) = session.link().await else { continue };
            match self.read_snapshot(&link).await {
                Ok(snapshot) => return Ok(snapshot),
                Err(ParentsError::Fault(Fault::Unknown)) if retry.is_never() => {
                    let message = "the connection was lost before the server answered";
                    return Err(Error::new(ErrorCode::ConnectionLost, message));
                }
                Err(trouble) => self.recover(&session, &link, trouble).await?,
            }
        }
    }

    /// Does step 5 over one link.
    pub(super) async fn read_snapshot(&self, link: &Link) -> Result<Snapshot, ParentsError> {
        loop {
            let expected = self.stripes.lock().clone();
            let paths: Vec<_> = expected.iter().map(|name| self.path.child(name)).collect();
            let reads = [Read::Children(self.path()), Read::Data(self.path())];
            let reads: Vec<_> = reads.into_iter().chain(paths.iter().map(|path| Read::Data(path))).collect();
            let (synced, found) = join(link.sync(self.path()), link.read_all(&reads)).await;
            synced.map_err(ParentsError::Fault)?;
            let mut found = found.map_err(ParentsError::Fault)?.into_iter();
            let mut next = || found.next().unwrap_or(Err(Fault::Unknown));
            let names = match next().and_then(Found::children) {
                Ok(names) => stripes_among(names),
                Err(Fault::Refused(Refusal::NoNode)) => {
                    return Ok(Snapshot { path: self.path().to_owned(), base: None, stripes: Vec::new() });
                }
                Err(fault) => return Err(ParentsError::Fault(fault)),
            };
            if names != *expected {
                *self.stripes.lock() = Arc::new(names);
                continue;
            }
            let mut part = |name: &str| {
                let entry = next().and_then(Found::entry).map_err(ParentsError::Fault)?;
                Part::read(self.path(), name, entry).map_err(ParentsError::Refused)
            };
            let base = Some(part("")?);
            let stripes = names.iter().map(|name| part(name)).collect::<Result<_, _>>()?;
            return Ok(Snapshot { path: self.path().to_owned(), base, stripes });
        }
    }

    /// Returns whether there are stripes to merge.
    pub(super) fn needs_merge(&self, snapshot: &Snapshot) -> bool {
        self.plan_merge(snapshot).is_some()
    }

    /// Does step 6. Stripes that cannot be merged now are left to the next merge of any client.
    pub(super) async fn merge(self: Arc<Self>, context: Arc<Context>) {
        for _ in 0..MAX_TRANSACTIONS {
            let Ok(session) = context.connected_now() else { return };
            let Ok(link) = session.link().await else { return };
            let Ok(snapshot) = self.read_snapshot(&link).await else { return };
            let Some(merge) = self.plan_merge(&snapshot) else { return };
            let writes: Vec<_> = merge.writes(self.path()).collect();
            match link.multi(&writes).await.as_ref().map_err(|fault| &fault.fault) {
                Ok(_) => tracing::debug!(path = self.path(), stripes = merge.stripes.len(), "merged"),
                // Another client merged, or wrote the base.
                Err(Fault::Refused(Refusal::BadVersion | Refusal::NoNode | Refusal::NotEmpty)) => {}
                Err(fault) => {
                    tracing::debug!(path = self.path(), ?fault, "merge failed");
                    return;
                }
            }
        }
    }

    /// Returns the next transaction of a merge. It leaves out a stripe that this client is writing, because the outcome of that
    /// write may yet have to be read from it.
    fn plan_merge(&self, snapshot: &Snapshot) -> Option<Merge> {
        let left_behind = |part: &&Part| !part.has_children && !self.is_writing(&part.name);
        let stripes: Vec<_> =
            snapshot.stripes.iter().filter(left_behind).take(MAX_STRIPES_PER_TRANSACTION).collect();
        // A write that is conditional on version -1 would be unconditional.
        let base = snapshot.base.as_ref().filter(|base| base.version != -1)?;
        if stripes.is_empty() {
            return None;
        }
        let sum = stripes.iter().try_fold(base.value, |sum, part| sum.checked_add(part.value))?;
        let stripes = stripes.iter().map(|part| (self.path.child(&part.name), part.version)).collect();
        Some(Merge { data: CounterFormat::I64.encode(sum), version: base.version, stripes })
    }
}

/// One transaction of a merge.
struct Merge {
    data: Vec<u8>,
    version: i32,
    stripes: Vec<(String, i32)>,
}

impl Merge {
    fn writes<'a>(&'a self, path: &'a str) -> impl Iterator<Item = Write<'a>> {
        let base = Write::Set { path, data: &self.data, version: Some(self.version) };
        let deletes =
            self.stripes.iter().map(|(path, version)| Write::Delete { path, version: Some(*version) });
        std::iter::once(base).chain(deletes)
    }
}

impl Part {
    fn read(path: &str, name: &str, entry: Entry) -> Result<Part> {
        let at = if name.is_empty() { path.to_owned() } else { format!("{path}/{name}") };
        let value = CounterFormat::I64.decode(&at, &entry.data)?;
        Ok(Part {
            name: name.to_owned(),
            value: value.unwrap_or(0),
            is_empty: value.is_none(),
            version: entry.version,
            has_children: entry.children > 0,
        })
    }
}

/// Returns the names of the stripes, sorted. A plain counter at the path has other children there.
fn stripes_among(mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| name.strip_prefix(PREFIX).is_some_and(|uuid| Uuid::try_parse(uuid).is_ok()));
    names.sort_unstable();
    names
}
