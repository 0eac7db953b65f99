//! Decisions and their stored reasons, as `warraq explain` shows them.

use serde::Serialize;

/// A feed and its latest polls.
#[derive(Debug, Clone, Serialize)]
pub struct FeedExplanation {
    /// Its current state.
    #[serde(flatten)]
    pub feed: FeedSnapshot,
    /// Number of entries that the rules of the outlet leave out, by rule.
    pub dropped: Vec<DroppedCount>,
    /// Its latest polls, newest first.
    pub polls: Vec<PastPoll>,
}

/// How many of a feed's entries a rule leaves out.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct DroppedCount {
    /// The rule, and in which list it is.
    pub rule: String,
    /// Number of dropped entries.
    pub entries: i64,
}

/// An entry that a rule leaves out.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct DroppedExplanation {
    /// The outlet's slug.
    pub outlet: String,
    /// The feed that lists it.
    pub feed: String,
    /// Its title.
    pub title: String,
    /// Address of the article.
    pub link: Option<String>,
    /// When Warraq first saw it.
    pub seen_at: String,
    /// The rule, and in which list it is.
    pub rule: String,
}

/// The current state of a feed.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct FeedSnapshot {
    #[serde(skip)]
    pub(in crate::store) id: i64,
    /// The outlet's slug.
    pub outlet: String,
    /// The configured address.
    pub url: String,
    /// The address that is polled.
    pub ask_url: String,
    /// `new active failing held gone`.
    pub state: String,
    /// Number of consecutive failures.
    pub failures: i64,
    /// Error of the last poll.
    pub last_error: Option<String>,
    /// Due time of the next poll.
    pub next_poll_at: String,
    /// Reason for the due time: a JSON object.
    pub why: String,
    /// The document's hints about polling: a JSON object.
    pub hints: String,
    /// Target of a permanent redirect that is not adopted yet.
    pub moving_to: Option<String>,
    /// Number of polls that confirmed the redirect.
    pub moving_visits: i64,
    /// Whether different articles share a guid.
    pub guids_void: bool,
    /// Number of polls whose document had nothing in common with the previous one.
    pub gaps: i64,
}

/// A past poll.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct PastPoll {
    /// When it ended.
    pub ended_at: String,
    /// Its outcome.
    pub outcome: String,
    /// Its error.
    pub error: Option<String>,
    /// Number of new entries.
    pub new: i64,
    /// Number of revised entries.
    pub revised: i64,
    /// Number of entries known from elsewhere or joined to a story.
    pub duplicate: i64,
    /// Number of entries that rules left out.
    pub dropped: i64,
    /// Due time of the next poll, as decided then.
    pub next_poll_at: String,
    /// Reason for the due time: a JSON object.
    pub why: String,
}

/// An entry and the decisions about it.
#[derive(Debug, Clone, Serialize)]
pub struct EntryExplanation {
    /// The entry, and why it belongs to its story.
    #[serde(flatten)]
    pub entry: EntrySnapshot,
    /// Its sightings, the first one first.
    pub sightings: Vec<PastSighting>,
    /// Changes by its outlet, oldest first.
    pub revisions: Vec<PastRevision>,
}

/// An entry, and why it belongs to its story.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct EntrySnapshot {
    /// Id of the entry.
    pub entry_id: i64,
    /// Id of its story.
    pub story_id: i64,
    /// The outlet's slug.
    pub outlet: String,
    /// The feed that listed it first.
    pub feed: String,
    /// The key by which the feed identifies it.
    pub key: String,
    /// Its current title.
    pub title: String,
    /// Address of the article.
    pub link: Option<String>,
    /// Its first known address, as far as revisions record it.
    pub first_link: Option<String>,
    /// The date stated by its outlet.
    pub published: Option<String>,
    /// The stated date if it is plausible, else another plausible one.
    pub believed: Option<String>,
    /// When Warraq first saw it.
    pub first_seen_at: String,
    /// Its position in channels.
    pub order_at: String,
    /// The rule by which it joined its story.
    pub rule: String,
    /// The evidence for the rule.
    pub evidence: String,
    /// The smaller share of the two leads found in the other text.
    pub lmin: Option<f64>,
    /// Share of the three-word sequences of the shorter text that are in the longer one.
    pub containment: Option<f64>,
    /// The smaller share of the two beginnings found in the other text.
    pub start: Option<f64>,
    /// Address of its page, if that was requested because of `full_text`.
    pub page: Option<String>,
    /// When the page was fetched, or the request was given up.
    pub page_at: Option<String>,
    /// Why there is no article from the page.
    pub page_missing: Option<String>,
    /// The same in words.
    pub page_detail: Option<String>,
}

/// An entry seen in a feed.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct PastSighting {
    /// The feed.
    pub feed: String,
    /// Its guid there, if it differs.
    pub guid: Option<String>,
    /// Its link there, if it differs.
    pub link: Option<String>,
    /// When it was first seen there.
    pub first_seen_at: String,
    /// The last poll that listed it; `None` while it is listed.
    pub left_at: Option<String>,
    /// Evidence that it is this entry, if it was known from another address or feed.
    pub evidence: Option<String>,
}

/// A change by an outlet.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct PastRevision {
    /// When it was noticed.
    pub seen_at: String,
    /// What changed, in words.
    pub what: String,
    /// Whether it changes `updated` in published feeds.
    pub material: bool,
    /// Title before the change.
    pub old_title: String,
    /// Title after the change.
    pub new_title: String,
}

/// A story, its members, and where it is published.
#[derive(Debug, Clone, Serialize)]
pub struct StoryExplanation {
    /// Id of the story.
    pub story_id: i64,
    /// Its id in published feeds.
    pub iri: String,
    /// When it was created.
    pub created_at: String,
    /// Its members in order of joining; the first one leads.
    pub members: Vec<EntrySnapshot>,
    /// The channels that list it.
    pub places: Vec<ChannelPosition>,
}

/// A story's position in a channel.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct ChannelPosition {
    /// The channel's slug.
    pub channel: String,
    /// Its position.
    pub order_at: String,
    /// Id of the report that is shown.
    pub entry_id: i64,
    /// The archive page that contains it.
    pub page: Option<i64>,
}
