//! The only module with SQL: one file, one writer, and readers that never wait for it.
//!
//! The writer takes finished polls in order, looks up what is known, lets `dedup` decide, applies the decisions, and commits
//! several polls in one transaction if they queue up. A poll is stored completely or not at all. Validators and due times are
//! stored in the same transaction as the entries they belong to.
//!
//! An `Err` from here means a problem of the disk or the database, or a bug. It stops the writer, and with it the process.

mod backend;
mod batch;
mod catalog;
mod changes;
mod command;
mod configured;
mod copied;
mod copy;
#[cfg(feature = "postgres")]
mod copying;
mod documents;
mod driver;
mod dropped;
mod error;
mod explanations;
mod feed_update;
mod feeds;
mod figures;
mod finished_poll;
mod instant;
mod listed;
mod location;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
mod progress;
mod prune;
mod push;
mod reading;
mod retention;
mod row;
mod rows;
mod shown_title;
mod sqlite;
mod transient;
mod trouble_log;
mod waiting;
mod writer;
mod writing;

pub use batch::AskedPage;
pub use changes::ChannelChanges;
pub use configured::{ConfigChanges, StoreConfig};
pub use copied::Copied;
pub use copy::{CopyError, copy};
pub use documents::{ArchiveLookup, ArchivePage, KeptEdition, RenderedEdition};
pub use error::{DatabaseError, StoreError, StoreErrorKind, TransientError};
pub use explanations::{
    ChannelPosition, DroppedCount, DroppedExplanation, EntryExplanation, EntrySnapshot, FeedExplanation, FeedSnapshot,
    PastPoll, PastRevision, PastSighting, StoryExplanation,
};
pub use feed_update::FAILURES_BEFORE_CONFIGURED_ADDRESS;
pub use feeds::{FeedHealth, SubscribedFeed};
pub use figures::{ServerFigures, WalState, WriterProcess};
pub use finished_poll::{
    BodyState, CommittedPoll, Document, FeedUpdate, FinishedPoll, PageFault, PollFindings, PollTiming,
};
pub(crate) use location::{LOCK, WAL, beside};
pub use open::check_place;
pub use progress::{Progress, ProgressSender, ProgressUnit};
pub use push::{PushChange, WebhookResult};
pub use reading::{ArrivedEntry, Reader};
pub use retention::{Pruned, RetentionLimits};
pub use sqlite::backup::{backup, restore};
pub use trouble_log::TroubleLog;
pub use writer::{Writer, WriterTask};
