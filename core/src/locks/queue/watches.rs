//! What one who waits in a queue looks at: the node before it, and its own.

use std::future::{Future, poll_fn};
use std::task::{Context, Poll};

use futures_util::future::join;

use crate::session::{Fault, Link, Refusal, Watch, WatchEvent};

/// The watches of one who waits.
#[derive(Default)]
pub(crate) struct Watches {
    own: Option<Watch>,
    predecessor: Option<Watch>,
}

/// Which of the two nodes something happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchedNode {
    Own,
    Predecessor,
}

impl Watches {
    /// Watches the predecessor and, unless that is watched already, the own node. A predecessor that is gone, or not yet there on
    /// a server that lags behind the one that listed it, is no fault: then there is nothing to wait for.
    pub(crate) async fn watch(&mut self, link: &Link, own: &str, predecessor: &str) -> Result<(), Fault> {
        let own_watch = self.own.take();
        let watch_own = async {
            match own_watch {
                Some(watch) => Ok(watch),
                None => link.watch(own).await.map(|(_, watch)| watch),
            }
        };
        let (before, own) = join(link.watch(predecessor), watch_own).await;
        let (own, before) = match (own?, before) {
            (own, Ok((_, watch))) => (own, Some(watch)),
            (own, Err(Fault::Refused(Refusal::NoNode))) => (own, None),
            (_, Err(fault)) => return Err(fault),
        };
        *self = Watches { own: Some(own), predecessor: before };
        Ok(())
    }

    /// Waits for something to happen. `None` when there is nothing to wait for. A watch that has fired is gone, and so is the
    /// predecessor's in any case: one looks again then.
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
        // The own node first: events come in the order of the changes, and a grant must never rest on a node that is gone.
        match own.poll(cx) {
            Poll::Ready(event) => Poll::Ready(Some((WatchedNode::Own, event))),
            Poll::Pending => predecessor.poll(cx).map(|event| Some((WatchedNode::Predecessor, event))),
        }
    }

    /// The watch of the own node, to go on with it.
    pub(crate) fn into_own(self) -> Option<Watch> {
        self.own
    }
}
