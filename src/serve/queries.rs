//! What handlers ask for. The daemon answers from its store, tests from invented stories.

use crate::model::browse::{Browse, BrowsePage, OutletSummary};
use crate::model::pages::{Filter, Incident, StatusPage, StoryPage};
use crate::model::{ChannelView, Slug, StoryId, StoryView};
use jiff::Timestamp;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use url::Url;

/// Why a question has no answer now: the database's trouble, in words for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct QueryError(pub String);

/// An answer on its way.
pub type QueryFuture<A> = Pin<Box<dyn Future<Output = Result<A, QueryError>> + Send>>;

/// An answer whose error is put in words, with its causes.
pub fn answer<A, E: std::error::Error>(answer: impl Future<Output = Result<A, E>> + Send + 'static) -> QueryFuture<A> {
    Box::pin(async move { answer.await.map_err(|error| QueryError(with_causes(&error))) })
}

/// An error and what caused it, in one line.
fn with_causes(error: &impl std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(why) = cause {
        // Some errors end in the words of their cause.
        if !words.ends_with(&why.to_string()) {
            words = format!("{words}: {why}");
        }
        cause = why.source();
    }
    words
}

/// A page of a channel's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveAnswer {
    /// The page, as it was rendered.
    Page {
        /// The Atom document.
        atom: Vec<u8>,
        /// When it was rendered.
        made: Timestamp,
    },
    /// The page after the newest: its stories are still on the channel's own document.
    NotYet,
    /// It was there once; retention has passed over it.
    Gone,
    /// There is no such channel or page.
    Unknown,
}

/// The questions.
pub trait Queries: Send + Sync {
    /// Base of every own address, with a trailing slash, as configured now.
    fn public_url(&self) -> Url;
    /// Whether pages show the entries' pictures, as configured now.
    fn images(&self) -> bool;
    /// Whether requests for this host name are answered, as configured now.
    fn answers(&self, host: &str) -> bool;
    /// Whether a channel of this slug is configured now.
    fn has_channel(&self, slug: &str) -> bool;
    /// Stories that pass a filter, newest first, at most its limit; title and slug of the view are set by the caller.
    fn filtered(&self, filter: Filter) -> QueryFuture<ChannelView>;
    /// A page of a list; `None` when there is no such outlet or tag.
    fn browse(&self, wanted: Browse) -> QueryFuture<Option<BrowsePage>>;
    /// What several outlets carry, of the channel's stories since an instant; those with most outlets first.
    fn leading(&self, channel: &str, since: Timestamp) -> QueryFuture<Vec<StoryView>>;
    /// The configured outlets, those with most entries of late first.
    fn directory(&self) -> QueryFuture<Vec<OutletSummary>>;
    /// One outlet, configured now or formerly.
    fn outlet(&self, slug: Slug) -> QueryFuture<Option<OutletSummary>>;
    /// Whether an outlet has this tag.
    fn has_tag(&self, tag: &str) -> QueryFuture<bool>;
    /// A story with its reports.
    fn story(&self, id: StoryId) -> QueryFuture<Option<StoryPage>>;
    /// How everything fares.
    fn status(&self) -> QueryFuture<StatusPage>;
    /// Feeds that broke or work again, newest first, at most a hundred.
    fn incidents(&self) -> QueryFuture<Vec<Incident>>;
    /// An archive page of the channel with this slug.
    fn archive(&self, slug: &str, number: u32) -> QueryFuture<ArchiveAnswer>;
}

impl fmt::Debug for dyn Queries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queries").finish_non_exhaustive()
    }
}
