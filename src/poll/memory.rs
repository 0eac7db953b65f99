//! Limits the memory of all polls together, from the bytes of a document until its entries are stored.
//!
//! All documents share [`MEMORY`]: a document reserves what parsing may need, and afterwards keeps what its entries take. One that
//! may need more than [`ORDINARY`] bytes waits for its turn and then leaves that much to the others, so costly documents are parsed
//! one after another. Large bodies are received two at a time ([`LargeBodies`]). A poll releases its reservation before it waits for
//! a larger one, except for the permit of its large body, which every poll that parses a large document has already. So polls
//! cannot deadlock.

use crate::{
    clock::Clock,
    fetch::{BodyShare, LargeBodies},
};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory for all documents that are being parsed or wait to be stored, in bytes as estimated by [`crate::parse::cost`]: enough
/// for a hundred real documents, so that many share a transaction.
const MEMORY: u32 = 12_000_000;

/// Maximum memory that an ordinary document may need, in bytes. While a costly one is parsed, all ordinary ones share this much.
const ORDINARY: u32 = 4_000_000;

/// The memory limits of all polls of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct PollMemory {
    bodies: LargeBodies,
    /// One permit, for the costly document that is being parsed or stored.
    turn: Arc<Semaphore>,
    /// A permit for each byte.
    bytes: Arc<Semaphore>,
    /// A permit for each document that is being parsed: more at once than processors take memory and are not faster.
    processors: Arc<Semaphore>,
}

/// Memory reserved for one document. Dropping it releases it.
#[derive(Debug)]
pub(super) struct Reservation {
    bytes: OwnedSemaphorePermit,
    /// The permit of a costly document.
    turn: Option<OwnedSemaphorePermit>,
    /// Held until the document is parsed.
    processor: Option<OwnedSemaphorePermit>,
}

/// The reservations of one poll. Dropping it releases them.
#[derive(Debug)]
pub(super) struct PollShare {
    memory: PollMemory,
    /// Permit for a large body.
    pub body: BodyShare,
    /// Reservation for the document parsed last.
    document: Option<Reservation>,
}

impl PollMemory {
    /// Creates the limits.
    pub fn new() -> Self {
        Self {
            bodies: LargeBodies::new(Clock::monotonic),
            turn: Arc::new(Semaphore::new(1)),
            bytes: Arc::new(Semaphore::new(MEMORY as usize)),
            // Two at least, so that a costly document delays no ordinary one on a single processor.
            processors: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(2, |n| n.get().max(2)))),
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

    /// Waits until this many bytes are available for parsing. The reservation moves into the parsing thread, because dropping a
    /// poll does not end its thread. [`Self::keep`] takes it back.
    pub async fn parsing(&mut self, cost: usize) -> Option<Reservation> {
        self.release_document();
        let cost = u32::try_from(cost).ok().filter(|cost| *cost <= ORDINARY && !self.body.is_large());
        // The semaphores are never closed.
        let turn = match cost {
            Some(_) => None,
            None => Some(Arc::clone(&self.memory.turn).acquire_owned().await.ok()?),
        };
        let cost = cost.unwrap_or(MEMORY - ORDINARY);
        let bytes = Arc::clone(&self.memory.bytes).acquire_many_owned(cost).await.ok()?;
        let processor = Arc::clone(&self.memory.processors).acquire_owned().await.ok();
        Some(Reservation { bytes, turn, processor })
    }

    /// Keeps as many bytes of a reservation as the entries of its document take, until the poll ends. The rest is released at once.
    pub fn keep(&mut self, reservation: Option<Reservation>, entries: usize) {
        self.document = reservation.map(|mut reserved| {
            let needed = entries.max(1);
            drop(reserved.bytes.num_permits().checked_sub(needed).and_then(|surplus| reserved.bytes.split(surplus)));
            reserved.turn.take_if(|_| needed <= ORDINARY as usize);
            reserved.processor = None;
            reserved
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    /// Fills the memory with ordinary documents that are parsed.
    async fn fill(memory: &PollMemory) -> Vec<Reservation> {
        let mut reserved = Vec::new();
        while memory.bytes.available_permits() > 0 {
            let most = memory.bytes.available_permits().min(ORDINARY as usize);
            reserved.extend(memory.share().parsing(most).await.map(|parsed| Reservation { processor: None, ..parsed }));
        }
        reserved
    }

    #[tokio::test]
    async fn a_poll_gives_up_what_it_holds_before_it_waits_for_more() {
        let memory = PollMemory::new();
        let mut others = fill(&memory).await;
        let (mut first, mut second) = (memory.share(), memory.share());
        assert!(first.parsing(1).now_or_never().is_none(), "all is taken");
        let free = others.pop().unwrap().bytes.num_permits();
        first.document = first.parsing(free).await;
        assert!(second.parsing(1).now_or_never().is_none(), "all is taken again");
        first.document = first.parsing(free - 1_000_000).await;
        second.document = second.parsing(1_000_000).await;
        assert!(second.document.is_some());
        drop((first, second, others));
        assert_eq!(memory.bytes.available_permits(), MEMORY as usize);
    }

    #[tokio::test]
    async fn costly_documents_are_parsed_one_after_the_other_and_hold_up_no_ordinary_one() {
        let memory = PollMemory::new();
        let (mut large, mut costly, mut ordinary) = (memory.share(), memory.share(), memory.share());
        large.body.enlarge().await.unwrap();
        large.document = large.parsing(1).await;
        let mut waits = Box::pin(costly.parsing(ORDINARY as usize + 1));
        assert!(waits.as_mut().now_or_never().is_none());
        assert!(ordinary.parsing(ORDINARY as usize).await.is_some());
        drop(large);
        assert!(waits.await.is_some());
    }

    #[tokio::test]
    async fn a_costly_document_waits_until_ordinary_ones_leave_it_room_and_then_limits_them() {
        let memory = PollMemory::new();
        let others = fill(&memory).await;
        let mut costly = memory.share();
        assert!(costly.parsing(usize::MAX).now_or_never().is_none());
        drop(others);
        costly.document = costly.parsing(usize::MAX).await;
        let beside = fill(&memory).await;
        assert_eq!(beside.iter().map(|reserved| reserved.bytes.num_permits()).sum::<usize>(), ORDINARY as usize);
    }

    #[tokio::test]
    async fn no_more_documents_are_parsed_at_once_than_there_are_processors() {
        let memory = PollMemory::new();
        let mut shares: Vec<_> = (0..memory.processors.available_permits()).map(|_| memory.share()).collect();
        let mut parsing = Vec::new();
        for share in &mut shares {
            parsing.push(share.parsing(1).await);
        }
        assert!(memory.share().parsing(1).now_or_never().is_none());
        shares[0].keep(parsing.pop().flatten(), 1);
        assert!(memory.share().parsing(1).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_costly_document_with_few_entries_ends_its_turn_once_it_is_parsed() {
        let memory = PollMemory::new();
        let mut first = memory.share();
        let reserved = first.parsing(usize::MAX).await;
        first.keep(reserved, 0);
        assert_eq!(memory.turn.available_permits(), 1);
        assert_eq!(memory.bytes.available_permits(), MEMORY as usize - 1);
    }
}
