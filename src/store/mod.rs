//! The only module with SQL: one file, one writer, and readers that never wait for it.
//!
//! The writer takes finished polls in order, looks up what is known, lets `dedup` decide, applies the decisions, and commits
//! several polls in one transaction if they queue up. A poll is stored completely or not at all. Validators and due times are
//! stored in the same transaction as the entries they belong to.
//!
//! An `Err` from here means a problem of the disk or the database, or a bug. It stops the writer, and with it the process.

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
mod waiting;
mod writer;

pub use batch::AskedPage;
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
