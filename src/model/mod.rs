//! The types of the domain: outlet, feed, poll, entry, story and channel. They are plain data with invariants, and every
//! module may use them.
//!
//! All times are UTC ([`jiff::Timestamp`]). A missing date is `None` and is never replaced by the current time.

pub mod address;
mod announced;
pub mod browse;
mod channel;
pub mod copies;
mod credible;
mod database;
mod deadline;
mod durations;
pub mod elements;
mod entry;
mod entry_rules;
pub mod escape;
mod feed;
pub mod feed_table;
mod hex;
mod hour_counts;
mod ids;
pub mod link;
mod network;
mod outlet;
mod page;
pub mod pages;
mod parsed;
mod poll;
mod proxies;
pub mod push;
mod reader_key;
mod refresh;
mod rhythm;
pub mod script;
pub mod search;
mod secret;
mod shorten;
mod size;
pub mod status;
mod story;
#[cfg(test)]
pub(crate) mod testing;
mod text;
pub mod uri;

pub use announced::{announces_feed, looks_like_feed};
pub use channel::{Audience, Carrier, Channel, ChannelView, Readers, ReportView, StoryView};
pub use credible::is_credible;
pub use database::{DatabasePlace, DatabaseServer};
pub use deadline::{Deadline, SteppedDeadline};
pub use durations::DurationHistogram;
pub use entry::{Category, Enclosure, Entry, EntryKey, Extras, FoldedText, LinkKey, Person, RawHash, SourceRef};
pub use entry_rules::{EntryRule, EntryRules, RuleField, RulePattern};
pub use feed::{FeedInfo, FeedRecord, FeedState, FeedUrl, FeedUrlError, Hints, PendingRedirect, Validators};
pub use hex::hex;
pub use hour_counts::{HourCounts, WEEK};
pub use ids::{EntryId, FeedId, OutletId, PollId, StoryId};
pub use network::{Network, NetworkError};
pub use outlet::{Language, LanguageError, Outlet, PublishedText, Slug, SlugError};
pub use page::{Article, EntryPage, MissingArticle, NoArticle, PAGE_PATIENCE, WaitingKey, WaitingPage};
pub use parsed::{DocumentFormat, EncodingFrom, ListedEntry, Markup, ParsedEntry, ParsedFeed};
pub use poll::{Fault, Freshness, Outcome, Tally};
pub use proxies::EnvironmentProxies;
pub use reader_key::{ReaderKey, ReaderKeyError};
pub use refresh::refresh_target;
pub use rhythm::Rhythm;
pub use secret::Secret;
pub use size::{ByteSize, LargerThanMaxBody, WrittenDuration};
pub use story::{Evidence, Rule, STORY_MEMBERS_MAX};
pub use text::{PlainText, SafeHtml};
