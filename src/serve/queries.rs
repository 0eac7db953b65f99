//! The queries that handlers make. The daemon implements them with its store, tests with invented stories.

use crate::model::browse::{Browse, BrowsePage, OutletSummary};
use crate::model::copies::CopiesPage;
use crate::model::feed_table::FeedQuery;
use crate::model::pages::{Filter, Incident, StoryPage};
use crate::model::search::{FoundPage, SearchPlace};
use crate::model::status::{FeedPage, FeedPageQuery, StatusPage};
use crate::model::{Audience, ChannelView, Language, Slug, StoryId, StoryView};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use url::Url;

/// The database error of a failed query, as text for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct QueryError(pub String);

/// The future of a query's result.
pub type QueryFuture<A> = Pin<Box<dyn Future<Output = Result<A, QueryError>> + Send>>;

/// Wraps a future, and converts its error and the error's causes to text.
pub fn answer<A, E: std::error::Error>(answer: impl Future<Output = Result<A, E>> + Send + 'static) -> QueryFuture<A> {
    Box::pin(async move { answer.await.map_err(|error| QueryError(with_causes(&error))) })
}

/// Formats an error and its causes as one line.
fn with_causes(error: &impl std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(why) = cause {
        // Some errors already end with the text of their cause.
        if !words.ends_with(&why.to_string()) {
            words = format!("{words}: {why}");
        }
        cause = why.source();
    }
    words
}

/// The result of a request for an archive page of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveAnswer {
    /// The archive page, as it was rendered.
    Page {
        /// The Atom document.
        atom: Vec<u8>,
        /// When it was rendered.
        made: Timestamp,
    },
    /// The page after the newest one: its stories are still in the channel's own feed.
    NotYet,
    /// The page existed once, but retention has removed it.
    Gone,
    /// The channel or the page does not exist.
    Unknown,
}

/// The queries and settings that handlers need.
pub trait Queries: Send + Sync {
    /// Returns the base of all addresses of this server, with a trailing slash, as currently configured.
    fn public_url(&self) -> Url;
    /// Returns whether pages show the entries' pictures, as currently configured.
    fn images(&self) -> bool;
    /// Returns whether open pages ask for new stories, as currently configured.
    fn live(&self) -> bool;
    /// Returns the time zone of the days and times on pages, as currently configured.
    fn time_zone(&self) -> TimeZone;
    /// Returns whether requests for this host name are served, as currently configured.
    fn answers(&self, host: &str) -> bool;
    /// Returns a fingerprint of the settings that affect rendered documents, as currently configured.
    fn settings(&self) -> String;
    /// Returns whether a channel with this slug is currently configured.
    fn has_channel(&self, slug: &str, audience: Audience) -> bool;
    /// Returns the stories that pass a filter, newest first, at most the filter's limit. The caller sets the view's title and slug.
    fn filtered(&self, filter: Filter, audience: Audience) -> QueryFuture<ChannelView>;
    /// Returns a page of what a search finds, at most the filter's limit.
    fn search(&self, filter: Filter, place: SearchPlace, audience: Audience) -> QueryFuture<FoundPage>;
    /// Returns a page of a list; `None` if the outlet or tag does not exist.
    fn browse(&self, wanted: Browse, audience: Audience) -> QueryFuture<Option<BrowsePage>>;
    /// Returns the stories of a channel that several outlets have reported since an instant, those with the most outlets first.
    fn leading(&self, channel: &str, since: Timestamp, audience: Audience) -> QueryFuture<Vec<StoryView>>;
    /// Returns the configured outlets with their entries of the last seven days, those with the most entries first, at most `limit`.
    fn directory(&self, limit: u32, audience: Audience) -> QueryFuture<Vec<OutletSummary>>;
    /// Returns an outlet that is or was configured; `None` if there never was one with this slug.
    fn outlet(&self, slug: Slug, audience: Audience) -> QueryFuture<Option<OutletSummary>>;
    /// Returns whether an outlet has this tag.
    fn has_tag(&self, tag: &str, audience: Audience) -> QueryFuture<bool>;
    /// Returns whether an outlet or one of the latest entries has this language.
    fn has_language(&self, language: Language, audience: Audience) -> QueryFuture<bool>;
    /// Returns a story with its reports; `None` if it does not exist.
    fn story(&self, id: StoryId, audience: Audience) -> QueryFuture<Option<StoryPage>>;
    /// Returns the data of the status page.
    fn status(&self, query: FeedQuery, audience: Audience) -> QueryFuture<StatusPage>;
    /// Returns the data of the page of a feed; `None` if there is no such feed.
    fn feed(&self, query: FeedPageQuery, audience: Audience) -> QueryFuture<Option<FeedPage>>;
    /// Returns the stories that an outlet shares with others, and who was first; `None` if there is no such outlet.
    fn copies(&self, outlet: Slug, audience: Audience) -> QueryFuture<Option<CopiesPage>>;
    /// Returns the feeds that failed or recovered, newest first, at most a hundred.
    fn incidents(&self, audience: Audience) -> QueryFuture<Vec<Incident>>;
    /// Returns the archive page with this number of the channel with this slug.
    fn archive(&self, slug: &str, number: u32, audience: Audience) -> QueryFuture<ArchiveAnswer>;
}

impl fmt::Debug for dyn Queries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queries").finish_non_exhaustive()
    }
}
