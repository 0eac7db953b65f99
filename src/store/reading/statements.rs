//! The statements of reading, by name. Each store has them in its own SQL, with the same parameters and the same columns. Lists are
//! given as JSON arrays.

use crate::model::search::SearchQuery;

/// Statements about stories and their parts.
pub(in crate::store) trait StorySql {
    /// Row id, document, time of the latest rendering, and whether by this fingerprint, of an archive page: $1 channel, $2 number,
    /// $3 fingerprint.
    const ARCHIVED: &'static str;
    /// Number of the newest archive page of channel $1 whose document is stored.
    const NEWEST_PAGE: &'static str;
    /// Number of the next archive page of channel $1.
    const NEXT_PAGE: &'static str;
    /// Number of stories of channel $1 that are on no archive page, up to $2.
    const UNPAGED: &'static str;
    /// The $2 oldest stories of channel $1 that are on no archive page.
    const NEXT_PAGE_STORIES: &'static str;
    /// The stories of archive page $2 of channel $1.
    const STORIES_OF_PAGE: &'static str;
    /// Entries after entry $1, at most $3; $2 hides private outlets.
    const ARRIVALS: &'static str;
    /// The latest $3 stories of channel $2; $1 characters of texts, $4 hides private outlets.
    const CHANNEL: &'static str;
    /// The stories of the JSON array $2; otherwise as the latest stories of a channel.
    const STORIES: &'static str;
    /// The reports of stories $1; $2 hides private outlets.
    const CARRIERS: &'static str;
    /// Row id, document and time of the edition at path $1 with fingerprint $2.
    const KEPT_EDITION: &'static str;
    /// Feeds of an outlet or an address.
    const EXPLAIN_FEED: &'static str;
    /// The latest $2 polls of feed $1.
    const LATEST_POLLS: &'static str;
    /// Number of dropped entries of feed $1 for each rule.
    const DROPPED_BY_RULE: &'static str;
    /// Entry $1 with its membership.
    const EXPLAIN_ENTRY: &'static str;
    /// The first $2 sightings of entry $1.
    const SIGHTINGS: &'static str;
    /// The first $2 revisions of entry $1.
    const REVISIONS_OF_ENTRY: &'static str;
    /// The newest $2 entries whose link has hash $1.
    const ENTRIES_AT: &'static str;
    /// At most $3 dropped entries with one of the links $1 and $2.
    const DROPPED_AT: &'static str;
    /// Id in feeds and time of story $1.
    const STORY_ORIGIN: &'static str;
    /// The first $2 entries of story $1 with their membership.
    const EXPLAIN_MEMBERS: &'static str;
    /// The first $2 positions of story $1.
    const PLACES_OF_STORY: &'static str;
    /// The first $2 reports of story $1; $3 hides private outlets.
    const REPORTS: &'static str;
    /// The newest $2 revisions of the entries $1.
    const REVISIONS: &'static str;
}

/// Statements about lists, filters and searches.
pub(in crate::store) trait ListSql {
    /// Stories of channel $1 since $2 that several outlets carry, among its latest $3, at most $4.
    const LEADING: &'static str;
    /// Id of outlet $1; $2 hides private ones.
    const OUTLET_ID: &'static str;
    /// Configured outlets with their entries since day $1, at most $2; $3 hides private ones.
    const DIRECTORY: &'static str;
    /// Outlet $1; $2 hides private ones.
    const OUTLET: &'static str;
    /// Slug and privacy of every outlet, configured or not.
    const PRIVACY: &'static str;
    /// Whether an outlet or one of the latest $3 entries has language $1; $2 hides private outlets.
    const HAS_LANGUAGE: &'static str;
    /// Outlets with tag $1; $2 hides private ones.
    const TAGGED: &'static str;
    /// Id and name of outlet $1; $2 hides private ones.
    const OUTLET_NAME: &'static str;
    /// Reports, at most $4, of the stories that the latest $3 entries of outlet $1 since $2 share with other outlets; $5 hides private ones.
    const SHARED_STORIES: &'static str;
    /// The entries of stories $1; $2 hides private outlets.
    const MEMBERS_OF_STORIES: &'static str;
    /// The latest $4 entries with words $1 after $3 and up to $2, the latest first, as a JSON array.
    const MATCHES: &'static str;
    /// All entries with words $1 after $2 and up to $3, the latest last, as a JSON array.
    const MATCHES_UP: &'static str;
    /// Number of entries that [`ListSql::MATCHES_UP`] is asked about, one after the other, until enough are found, before it is asked about
    /// as many as a search looks at; empty if it costs as much whatever the number.
    const STEPS: &'static [i64];
    /// Whether a search with the beginning of a word looks at no more entries for a page than every search does: a server reads all
    /// words with this beginning anew in each partition of its index.
    const BOUNDS_BEGINNINGS: bool;
    /// The latest entry.
    const LATEST_ENTRY: &'static str;
    /// The latest entry, and, if $3 is before it, the entry up to $2 with words $1 that $4 others are later than.
    const NTH_MATCH: &'static str;
    /// When the last entry up to $1 was first seen.
    const SEEN: &'static str;
    /// Those of the stories $1 that have one of the entries $2.
    const STORIES_WITH: &'static str;
    /// Places of a channel, the newest first.
    const PLACES_DOWN: &'static str;
    /// Places of a channel, the oldest first.
    const PLACES_UP: &'static str;
    /// Entries of outlets, the newest first.
    const ENTRIES_DOWN: &'static str;
    /// Entries of outlets, the oldest first.
    const ENTRIES_UP: &'static str;
    /// Entries of the latest stories of a channel that pass a filter.
    const LATEST: &'static str;
    /// Latest entries of the outlets that pass a filter.
    const OF_OUTLETS: &'static str;
    /// Those of the entries $7 (a JSON array) that pass a filter.
    const WITH_WORDS: &'static str;
    /// Returns a query for [`ListSql::MATCHES`] and others; empty if there is no word to find.
    fn words(query: &SearchQuery) -> String;
}

/// Statements about feeds, polls and subscriptions.
pub(in crate::store) trait FeedSql {
    /// What feed $1 says about itself; $2 hides private outlets.
    const FEED: &'static str;
    /// The $3 polls of feed $1 before $2.
    const POLLS_BEFORE: &'static str;
    /// All configured feeds.
    const FEED_HEALTH: &'static str;
    /// Sums of all feeds for each day since $1; $2 hides private outlets.
    const DAYS_OF_ALL: &'static str;
    /// The days of feed $2 since $1.
    const DAYS_OF_FEED: &'static str;
    /// Sums of all feeds for each hour since $1, of the latest $2 polls; $3 hides private outlets.
    const HOURS_OF_ALL: &'static str;
    /// The hours of feed $3 since $1, of the latest $2 polls.
    const HOURS_OF_FEED: &'static str;
    /// Delays of the first $3 entries of each of the $2 hours before $1, named by $4 characters; $5 hides private outlets.
    const DELAYS: &'static str;
    /// The latest $2 polls at which a feed broke or recovered, among the latest $1 failures; $3 hides private outlets.
    const INCIDENTS: &'static str;
    /// What feed $1 lists.
    const LISTED: &'static str;
    /// Those of the keys $1 that feed $2 has listed; $3: only those it still lists.
    const SIGHTED: &'static str;
    /// Entries with links $1 or dates $2 that feed $3 has listed; $4: only those it still lists.
    const FAMILIAR: &'static str;
    /// Subscriptions of feeds.
    const HUB_LEASES: &'static str;
    /// Subscribers of the hub.
    const HUB_SUBSCRIBERS: &'static str;
    /// Editions of which another hub was notified.
    const HUB_PINGS: &'static str;
    /// Webhooks.
    const WEBHOOKS: &'static str;
    /// The story after number $2 in the queue of webhook $1.
    const WEBHOOK_NEXT: &'static str;
    /// Number of stories and of entries.
    const TALLY: &'static str;
    /// All configured feeds, with their entries since day $1; $2 hides private outlets.
    const FEED_SUMMARIES: &'static str;
    /// What the table shows of the feeds $1.
    const FEED_DETAILS: &'static str;
    /// New entries of the feeds $1 on each day since $2.
    const DAYS_OF_FEEDS: &'static str;
    /// All configured feeds; $1 hides private outlets.
    const SUBSCRIPTIONS: &'static str;
    /// Entries that wait for their pages.
    const WAITING: &'static str;
    /// Number of entries that wait for their pages; $1 hides private outlets.
    const WAITING_COUNT: &'static str;
}
