//! The only SQL: one file, one writer, readers that never wait for it.
//!
//! The writer takes finished polls in order, recalls what is known, lets `dedup` decide, applies the decision and commits
//! several polls in one transaction when they queue up. A poll is in the file whole or not at all; validators and due
//! times are stored only in the transaction that stores the entries they stand for.
//!
//! An `Err` here means the disk, the database or a bug; it ends the writer, and with it the process.

mod batch;
mod catalog;
mod changes;
mod command;
mod error;
mod feed_update;
mod figures;
mod finished_poll;
mod instant;
mod location;
mod progress;
mod prune;
mod rows;
mod sqlite;
mod writer;

pub use changes::ChannelChanges;
pub use error::{DatabaseError, StoreError, StoreErrorKind, TransientError};
pub use feed_update::FAILURES_BEFORE_CONFIGURED_ADDRESS;
pub use finished_poll::{
    BodyState, CommittedPoll, Document, FeedUpdate, FinishedPoll, PageFault, PollFindings, PollTiming,
};
pub use progress::{Progress, ProgressSender, ProgressUnit};
pub use sqlite::backup::{backup, restore};
pub use sqlite::reading::{
    ArchiveLookup, ArchivePage, ChannelPosition, EntryExplanation, EntrySnapshot, FeedExplanation, FeedHealth,
    FeedSnapshot, KeptEdition, PastPoll, PastRevision, PastSighting, Reader, StoryExplanation, SubscribedFeed,
};
pub use sqlite::writing::checkpoint::WalState;
pub use sqlite::writing::configured::{ConfigChanges, StoreConfig};
pub use sqlite::writing::edition::RenderedEdition;
pub use sqlite::writing::retention::{Pruned, RetentionLimits};
pub use writer::{Writer, WriterTask};
