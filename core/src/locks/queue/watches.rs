//! The watches of an attempt that waits in a queue: on the node before it, and on its own.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::join;

use super::blocker::identity;
use crate::session::{Fault, Link, Refusal, Watch, WatchEvent};

/// The watches of one waiting attempt.
#[derive(Default)]
pub(crate) struct Watches {
    own: Option<Watch>,
    predecessor: Option<Watch>,
}

/// The node that an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchedNode {
    Own,
    Predecessor,
}

impl Watches {
    /// Watches the predecessor and, unless that is watched already, the own node. Returns the predecessor's identity, if it is
    /// known.
    ///
    /// A missing predecessor is no fault: it is gone, or not yet there on a server that lags behind the one that listed it.
    /// Then there is nothing to wait for.
    pub(crate) async fn watch(
        &mut self,
        link: &Link,
        own: &str,
        predecessor: &str,
    ) -> Result<Option<Arc<str>>, Fault> {
        let own_watch = self.own.take();
        let watch_own = async {
            match own_watch {
                Some(watch) => Ok(watch),
                None => link.watch(own).await.map(|(_, watch)| watch),
            }
        };
        let (predecessor, own) = join(link.watch(predecessor), watch_own).await;
        let own = Some(own?);
        let (identity, predecessor) = match predecessor {
            Ok((data, watch)) => (identity(&data), Some(watch)),
            Err(Fault::Refused(Refusal::NoNode)) => (None, None),
            Err(fault) => return Err(fault),
        };
        *self = Watches { own, predecessor };
        Ok(identity)
    }

    /// Waits for an event. Returns `None` if there is nothing to wait for. A watch that has fired is gone. So is the
    /// predecessor's in any case, because the queue is read again after every event.
    pub(crate) fn event(&mut self) -> impl Future<Output = Option<(WatchedNode, WatchEvent)>> {
        poll_fn(|cx| {
            let event = self.poll(cx);
            if event.is_ready() {
                self.predecessor = None;
            }
            if let Poll::Ready(Some((WatchedNode::Own, _) | (_, WatchEvent::LinkEnded))) = event {
                self.own = None;
            }
            event
        })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<(WatchedNode, WatchEvent)>> {
        let (Some(own), Some(predecessor)) = (&mut self.own, &mut self.predecessor) else {
            return Poll::Ready(None);
        };
        // The own node first: events come in the order of the changes, and a lock must never be granted on a node that is gone.
        match own.poll(cx) {
            Poll::Ready(event) => Poll::Ready(Some((WatchedNode::Own, event))),
            Poll::Pending => predecessor.poll(cx).map(|event| Some((WatchedNode::Predecessor, event))),
        }
    }

    /// Returns the watch of the own node, which the guard goes on to use.
    pub(crate) fn into_own(self) -> Option<Watch> {
        self.own
    }
}
