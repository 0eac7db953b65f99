//! What handlers ask for. The daemon fills the queries with functions over its store; tests with functions over nothing.

use crate::model::pages::{Filter, Incident, StatusPage, StoryPage};
use crate::model::{ChannelView, StoryId};
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

/// A question that may be asked any number of times.
pub type QueryFn<Q, A> = Box<dyn Fn(Q) -> QueryFuture<A> + Send + Sync>;

/// Makes a question of an async function.
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
pub struct Queries {
    /// Base of every own address, with a trailing slash, as configured now.
    pub public_url: Box<dyn Fn() -> Url + Send + Sync>,
    /// Whether pages show the entries' pictures, as configured now.
    pub images: Box<dyn Fn() -> bool + Send + Sync>,
    /// Whether requests for this host name are answered, as configured now.
    pub answers: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// What marks documents as made by today's settings.
    pub settings: Box<dyn Fn() -> String + Send + Sync>,
    /// Whether a channel of this slug is configured now.
    pub has_channel: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Stories that pass a filter, newest first, at most its limit; title and slug of the view are set by the caller.
    pub filtered: QueryFn<Filter, ChannelView>,
    /// A story with its reports.
    pub story: QueryFn<StoryId, Option<StoryPage>>,
    /// How everything fares.
    pub status: QueryFn<(), StatusPage>,
    /// Feeds that broke or work again, newest first, at most a hundred.
    pub incidents: QueryFn<(), Vec<Incident>>,
    /// An archive page of the channel with this slug.
    pub archive: QueryFn<(String, u32), ArchiveAnswer>,
}

impl fmt::Debug for Queries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queries").finish_non_exhaustive()
    }
}
