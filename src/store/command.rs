//! What the writer is asked to do, each with where its answer goes.

use super::{
    finished_poll::{CommittedPoll, FeedUpdate, FinishedPoll},
    sqlite::{
        reading::ArchivePage,
        writing::{
            configured::{ConfigChanges, StoreConfig},
            edition::RenderedEdition,
            retention::{Done, PruneStep, RetentionLimits},
        },
    },
};
use crate::model::FeedRecord;
use jiff::Timestamp;
use tokio::sync::oneshot;

/// One request to the writer.
pub(super) enum Command {
    /// Joins the polls that are committed together.
    Poll(Box<FinishedPoll>, oneshot::Sender<CommittedPoll>),
    /// Done by itself, after the polls before it.
    Task(Task),
    /// Ends the writer.
    Close(oneshot::Sender<()>),
}

/// A request that is neither a poll nor the end.
pub(super) enum Task {
    Adopt(Box<StoreConfig>, Timestamp, oneshot::Sender<(ConfigChanges, Vec<FeedRecord>)>),
    UpdateFeeds(Vec<FeedUpdate>, oneshot::Sender<()>),
    Editions(Vec<RenderedEdition>, Timestamp, oneshot::Sender<Vec<Timestamp>>),
    Archive {
        page: Box<ArchivePage>,
        packed: Vec<u8>,
        fingerprint: String,
        now: Timestamp,
        reply: oneshot::Sender<bool>,
    },
    Retention(RetentionLimits, PruneStep, oneshot::Sender<Done>),
    Compact(oneshot::Sender<()>),
    Index(oneshot::Sender<()>),
}
