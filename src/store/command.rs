//! Requests to the writer, each with the sender of its reply.

use super::push::PushChange;
use super::{
    batch::AskedPage,
    configured::{ConfigChanges, StoreConfig},
    documents::{ArchivePage, RenderedEdition},
    finished_poll::{CommittedPoll, FeedUpdate, FinishedPoll},
    retention::{PruneStep, PruneStepResult, RetentionLimits},
};
use crate::model::FeedRecord;
use jiff::Timestamp;
use tokio::sync::oneshot;

/// A request to the writer.
pub(super) enum Command {
    /// A finished poll, which may be committed together with others.
    Poll(Box<FinishedPoll>, oneshot::Sender<CommittedPoll>),
    /// Pages of waiting entries that were asked for; the entries are decided.
    Pages(Vec<AskedPage>, oneshot::Sender<()>),
    /// Other work, done by itself after the polls before it.
    Task(Task),
    /// Stops the writer.
    Close(oneshot::Sender<()>),
}

/// A request other than a poll or the stop.
pub(super) enum Task {
    Adopt(Box<StoreConfig>, Timestamp, oneshot::Sender<(ConfigChanges, Vec<FeedRecord>)>),
    UpdateFeeds(Vec<FeedUpdate>, oneshot::Sender<()>),
    Editions {
        editions: Vec<RenderedEdition>,
        shown: Option<Vec<String>>,
        now: Timestamp,
        reply: oneshot::Sender<Vec<Timestamp>>,
    },
    Archive {
        page: Box<ArchivePage>,
        packed: Vec<u8>,
        fingerprint: String,
        now: Timestamp,
        reply: oneshot::Sender<bool>,
    },
    Push(Vec<PushChange>, oneshot::Sender<()>),
    Retention(RetentionLimits, PruneStep, oneshot::Sender<PruneStepResult>),
    Compact(oneshot::Sender<()>),
    Index(oneshot::Sender<()>),
}
