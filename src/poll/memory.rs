//! Limits the memory of all polls together, from the bytes of a document until its entries are stored.
//!
//! Large documents are received two at a time ([`LargeBodies`]), and parsed and stored one after another. All other documents
//! share [`SMALL`]: a document reserves what parsing may need, and afterwards keeps what its entries take. A poll releases its
//! reservation before it waits for a larger one, except for the permit of its large body, which every poll that parses a large
//! document has already. So polls cannot deadlock.

use crate::{
    clock::Clock,
    fetch::{BodyShare, LargeBodies},
    store::Document,
};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory for all documents of ordinary size that are being parsed or wait to be stored, in bytes as estimated by
/// [`crate::parse::cost`]: enough for dozens of real documents.
const SMALL: u32 = 4_000_000;

/// The memory limits of all polls of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct PollMemory {
    bodies: LargeBodies,
    large: Arc<Semaphore>,
    small: Arc<Semaphore>,
}

/// The reservations of one poll. Dropping it releases them.
#[derive(Debug)]
pub(super) struct PollShare {
    memory: PollMemory,
    /// Permit for a large body.
    pub body: BodyShare,
    /// Reservation for the document parsed last.
    document: Option<OwnedSemaphorePermit>,
}

impl PollMemory {
    /// Creates the limits.
    pub fn new() -> Self {
        Self {
            bodies: LargeBodies::new(Clock::monotonic),
            large: Arc::new(Semaphore::new(1)),
            small: Arc::new(Semaphore::new(SMALL as usize)),
        }
    }

    /// Returns the account of one poll, without reservations.
    pub fn share(&self) -> PollShare {
        PollShare { memory: self.clone(), body: self.bodies.share(), document: None }
    }
}

impl PollShare {
    /// Releases the reservation for the document parsed last.
    pub fn release_document(&mut self) {
        self.document = None;
    }

    /// Waits until this many bytes are available for parsing. The permit moves into the parsing thread, because dropping a poll
    /// does not end its thread. [`Self::keep`] takes it back.
    pub async fn parsing(&mut self, cost: usize) -> Option<OwnedSemaphorePermit> {
        self.release_document();
        // The semaphores are never closed.
        if self.body.is_large() {
            return Arc::clone(&self.memory.large).acquire_owned().await.ok();
        }
        let cost = u32::try_from(cost).unwrap_or(SMALL).min(SMALL);
        Arc::clone(&self.memory.small).acquire_many_owned(cost).await.ok()
    }

    /// Keeps the part of a permit that a document's entries need until the poll ends.
    pub fn keep(&mut self, permit: Option<OwnedSemaphorePermit>, document: &Document) {
        self.document = permit.map(|mut permit| {
            let needed = document.memory().max(1);
            // The rest is released at once.
            drop(permit.num_permits().checked_sub(needed).and_then(|surplus| permit.split(surplus)));
            permit
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn a_poll_gives_up_what_it_holds_before_it_waits_for_more() {
        let memory = PollMemory::new();
        let (mut first, mut second) = (memory.share(), memory.share());
        first.document = first.parsing(usize::MAX).await;
        assert!(second.parsing(1).now_or_never().is_none(), "all is taken");
        first.document = first.parsing(1_000_000).await;
        second.document = second.parsing(1_000_000).await;
        drop(first);
        assert_eq!(memory.small.available_permits(), SMALL as usize - 1_000_000);
        second.release_document();
        assert_eq!(memory.small.available_permits(), SMALL as usize);
    }

    #[tokio::test]
    async fn large_documents_are_parsed_one_after_the_other_and_hold_up_no_small_one() {
        let memory = PollMemory::new();
        let (mut first, mut second, mut small) = (memory.share(), memory.share(), memory.share());
        first.body.enlarge().await.unwrap();
        second.body.enlarge().await.unwrap();
        first.document = first.parsing(usize::MAX).await;
        assert!(second.parsing(usize::MAX).now_or_never().is_none());
        assert!(small.parsing(usize::MAX).await.is_some());
        drop(first);
        assert!(second.parsing(usize::MAX).await.is_some());
    }
}
