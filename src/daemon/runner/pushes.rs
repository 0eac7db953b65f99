//! Documents that hubs delivered.

use super::{EndedPoll, PollRunner};
use crate::{
    model::push::{DeliveryGuard, PushedDocument},
    poll::{PollError, PollResult},
    store::StoreError,
};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;

/// Maximum number of delivered documents that are read at once.
const PUSHES: usize = 4;

impl PollRunner {
    /// Returns whether another delivered document may be read now.
    #[must_use]
    pub fn takes_pushes(&self) -> bool {
        self.pushes.len() < PUSHES
    }

    /// Starts to read a document that a hub delivered. Drops it if its feed is no longer configured. `guard` is kept until it is
    /// read.
    pub fn push(&mut self, document: PushedDocument, guard: DeliveryGuard) {
        let Some(planned) = self.queue.plan(document.feed, self.clock.now()) else { return };
        let (poller, id) = (self.poller.clone(), document.feed);
        let push = async move {
            let _guard = guard;
            poller.pushed(planned, document).await
        };
        self.pushes.spawn(async move { (id, AssertUnwindSafe(push).catch_unwind().await.ok()) });
    }

    /// Handles a delivered document that was read, and returns its result. The feed's next poll stays as it is. If the document could
    /// not be read although nothing is wrong with it, the feed is polled soon: the hub was told that it arrived.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub fn take_push(&mut self, (id, report): EndedPoll) -> Result<Option<PollResult>, StoreError> {
        match report {
            None => tracing::error!(feed = %id, "reading a delivered document panicked (a bug in Warraq)"),
            Some(Err(PollError::Store(error))) if !error.can_pass() => return Err(error),
            Some(Err(error)) => {
                tracing::error!(feed = %id, %error, "a delivered document could not be read; the feed is polled soon instead");
                self.queue.missed(id, self.clock.now());
            }
            Some(Ok(report)) => {
                self.queue.add_pages(report.written.waiting.clone(), self.clock.now());
                let (outlet, feed) = (&report.written.feed.outlet, report.written.feed.url.shown());
                let (new, revised) = (report.written.tally.new, report.written.tally.revised);
                if let Some(error) = &report.error {
                    tracing::warn!(%outlet, %feed, %error, "a document delivered by a hub cannot be read");
                } else {
                    tracing::info!(%outlet, %feed, new, revised, "pushed by hub");
                }
                return Ok(Some(report));
            }
        }
        Ok(None)
    }
}
