//! The queries that handlers make. The daemon provides functions that read its store; tests provide functions without one.

use crate::model::pages::{Filter, Incident, StatusPage, StoryPage};
use crate::model::{ChannelView, StoryId};
use jiff::Timestamp;
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

/// A query that may be run any number of times.
pub type QueryFn<Q, A> = Box<dyn Fn(Q) -> QueryFuture<A> + Send + Sync>;

/// Wraps an async function as a query.
pub fn query<Q, A, E, F>(question: impl Fn(Q) -> F + Send + Sync + 'static) -> QueryFn<Q, A>
where
    F: Future<Output = Result<A, E>> + Send + 'static,
    E: std::error::Error,
{
    Box::new(move |q| {
        let answer = question(q);
        Box::pin(async move { answer.await.map_err(|error| QueryError(with_causes(&error))) })
    })
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
pub struct Queries {
    /// Returns the base of all addresses of this server, with a trailing slash, as currently configured.
    pub public_url: Box<dyn Fn() -> Url + Send + Sync>,
    /// Returns whether pages show the entries' pictures, as currently configured.
    pub images: Box<dyn Fn() -> bool + Send + Sync>,
    /// Returns whether requests for this host name are served, as currently configured.
    pub answers: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Returns whether a channel with this slug is currently configured.
    pub has_channel: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// The stories that pass a filter, newest first, at most the filter's limit. The caller sets the view's title and slug.
    pub filtered: QueryFn<Filter, ChannelView>,
    /// A story with its reports; `None` if it does not exist.
    pub story: QueryFn<StoryId, Option<StoryPage>>,
    /// The data of the status page.
    pub status: QueryFn<(), StatusPage>,
    /// Feeds that failed or recovered, newest first, at most a hundred.
    pub incidents: QueryFn<(), Vec<Incident>>,
    /// The archive page with this number of the channel with this slug.
    pub archive: QueryFn<(String, u32), ArchiveAnswer>,
}

impl fmt::Debug for Queries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queries").finish_non_exhaustive()
    }
}
