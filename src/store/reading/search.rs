//! Searches: pages of results. A page is selected from a batch of the latest matching entries, whose number is bounded. If the
//! filters leave nothing of it, the next older batches are tried, up to a limit. The next older page continues in the same batch
//! or in the next one.

mod batch;

use crate::store::documents::ShownReport;
use crate::store::driver::ErrorContext;
use crate::store::reading::statements::ListSql as _;
use crate::{
    model::{
        Language, Slug,
        browse::{Browse, PlaceKey, Position, Scope},
        pages::Filter,
        search::{SearchCount, SearchPage, SearchPlace, SearchQuery},
    },
    normalise::fold::fold,
    store::{
        error::StoreError,
        reading::{Reader, ask},
        row,
    },
};
use batch::Batch;
use jiff::{civil::Date, tz::TimeZone};
use std::collections::{BTreeSet, HashSet};
use url::Url;

/// Number of characters of a text that are searched for matches to show.
const EXCERPT_SOURCE: u32 = 8_000;

/// Number of latest entries with the words that are examined.
pub(super) const HITS: i64 = 5_000;
/// Number of entries used for one result; several of them may belong to one story.
pub(super) const TAKEN: i64 = 1_000;
/// Most batches that are looked through for one page. A search whose filters leave little of many entries continues on older pages;
/// the last batch of a page begins with what was seen before the day that the search names.
const BATCHES: usize = 12;
/// A matching entry: id, story, `order_at`, `published_at`.
pub(super) type Hit = (i64, i64, String, String);

/// What a batch has for a page.
#[derive(Default)]
pub(super) struct SearchMatches {
    pub(super) stories: Vec<ShownReport>,
    /// The latest entry of the batch.
    first: Option<i64>,
    /// The latest entry of the next batch.
    next: Option<i64>,
    /// Whether the batch had as many entries as are looked at at once.
    is_full: bool,
}

/// A filter with its query parsed.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// The filter, including the outlets, tags and languages that the query names. Its `words` are not used.
    pub(super) filter: Filter,
    /// The search as typed.
    pub(super) query: SearchQuery,
    /// Whether it has words to find.
    pub(super) has_words: bool,
    /// First instant of publication; empty for any.
    pub(super) after: String,
    /// The instant before which it was published; `~`, which sorts after every date, for any.
    pub(super) before: String,
}

impl Question {
    /// Parses the query of a filter; `None` if no entry can match.
    pub(super) fn new(filter: &Filter, zone: &TimeZone) -> Option<Self> {
        let Some(typed) = filter.words.as_deref().map(SearchQuery::parse) else {
            let filter = filter.clone();
            let query = SearchQuery::default();
            return Some(Self { filter, query, has_words: false, after: String::new(), before: "~".to_owned() });
        };
        let has_words = typed.groups.iter().flatten().any(|term| !fold(&term.text).is_empty());
        // A query whose words have no searchable character finds nothing. A query of filters only finds everything that passes
        // them.
        if !has_words && (!typed.is_filtered() || !typed.groups.is_empty() || !typed.without.is_empty()) {
            return None;
        }
        let midnight = |day: Option<Date>| {
            let midnight = zone.to_timestamp(day?.at(0, 0, 0, 0)).ok()?;
            Some(format!("{midnight:.0}"))
        };
        Some(Self {
            has_words,
            after: midnight(typed.after).unwrap_or_default(),
            before: midnight(typed.before).unwrap_or_else(|| "~".to_owned()),
            filter: Filter {
                outlets: both(&filter.outlets, &typed.outlets)?,
                tags: both(&filter.tags, &typed.tags)?,
                languages: both(&filter.languages, &typed.languages)?,
                ..filter.clone()
            },
            query: typed,
        })
    }

    /// Returns a query without words as a list.
    fn browse(&self, place: &SearchPlace, count: u32) -> Browse {
        let filter = &self.filter;
        Browse {
            scope: Scope::Between(self.after.clone(), self.before.clone()),
            outlets: filter.outlets.iter().cloned().collect(),
            tags: filter.tags.iter().cloned().collect(),
            languages: filter.languages.iter().cloned().collect::<Vec<Language>>(),
            author: None,
            min_outlets: filter.min_outlets,
            position: place.after.clone().map_or(Position::Newest, Position::Before),
            count,
            whole_texts: false,
        }
    }
}

/// Returns the values that two lists of alternatives allow, where an empty one allows all; `None` if there is none.
fn both<T: Ord + Clone>(list: &BTreeSet<T>, named: &BTreeSet<T>) -> Option<BTreeSet<T>> {
    match (list.is_empty(), named.is_empty()) {
        (_, true) => Some(list.clone()),
        (true, false) => Some(named.clone()),
        (false, false) => Some(list & named).filter(|both| !both.is_empty()),
    }
}

impl Reader {
    /// Returns a page of the stories that a search finds, at most `filter.limit`. `filter.channel` is the slug of a channel in
    /// the database: a search without words reads the stories of this channel in order. Days begin and end in `zone`.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn search(
        &self,
        filter: &Filter,
        place: &SearchPlace,
        zone: &TimeZone,
        public_url: &Url,
    ) -> Result<SearchPage, StoreError> {
        let snapshot = &self.snapshot().await?;
        let Some(question) = Question::new(filter, zone) else {
            return Ok(SearchPage { count: Some(SearchCount::Exactly(0)), ..SearchPage::default() });
        };
        if !question.has_words {
            let along = filter.channel.as_ref().map_or(crate::model::Channel::ALL, Slug::as_str);
            let found = snapshot.browse(&question.browse(place, filter.limit), along, true, public_url).await?;
            let (stories, older) = found.map_or_else(Default::default, |page| (page.stories, page.older));
            let older = older.map(|after| SearchPlace { newest: None, after: Some(after) });
            return Ok(SearchPage { stories, count: None, older });
        }
        let (found, from) = snapshot.first_matches(&question, place).await?;
        let SearchMatches { mut stories, first, next, .. } = found;
        let count = (*place == SearchPlace::default()).then(|| count(stories.len(), next.is_some()));
        if let Some(after) = &from.after {
            stories.retain(|story| key(story) < *after);
        }
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let older = if stories.len() > limit {
            stories.truncate(limit);
            Some(SearchPlace { newest: from.newest.or(first), after: stories.last().map(key) })
        } else {
            next.map(|newest| SearchPlace { newest: Some(newest), after: None })
        };
        let stories = snapshot.clone().with_text_max(EXCERPT_SOURCE).stories(&stories, true, public_url).await?;
        Ok(SearchPage { stories, count, older })
    }

    /// Returns the matching stories of the first batch, from this place on, of which the filters leave any, and where it begins.
    /// Filters may leave nothing of a full batch, which is not a page worth showing. One that is not full has looked far already.
    pub(super) async fn first_matches(
        &self,
        question: &Question,
        place: &SearchPlace,
    ) -> Result<(SearchMatches, SearchPlace), StoreError> {
        let mut from = place.clone();
        if !self.may_match(question).await? {
            return Ok((SearchMatches::default(), from));
        }
        let mut found = self.matches(question, &from).await?;
        for turn in 1..BATCHES {
            let Some(mut newest) = found.next.filter(|_| found.is_full && found.stories.is_empty()) else { break };
            if turn + 1 == BATCHES && question.before != "~" {
                newest = self.seen_by(&question.before, newest).await?;
            }
            from = SearchPlace { newest: Some(newest), after: None };
            found = self.matches(question, &from).await?;
        }
        Ok((found, from))
    }

    /// Returns the latest entry up to `newest` that was seen before this instant: ids are given in the order in which entries are
    /// seen. Most entries that were published before a day were also seen before it; those that came later are only found among
    /// the batches before.
    async fn seen_by(&self, before: &str, newest: i64) -> Result<i64, StoreError> {
        // The latest that is known to have been seen before, and the first that is not.
        let (mut known, mut late) = (0, newest + 1);
        while known + 1 < late {
            let middle = known + (late - known) / 2;
            let seen: Option<String> = ask!(self.pool, Db: fetch_optional(query_scalar(Db::SEEN), middle))
                .while_doing("reading when entries were seen")?;
            if seen.is_none_or(|seen| *seen < *before) {
                known = middle;
            } else {
                late = middle;
            }
        }
        Ok(known)
    }

    /// Returns whether any entry can match: of the outlets that a question names, one is stored.
    async fn may_match(&self, question: &Question) -> Result<bool, StoreError> {
        let outlets = &question.filter.outlets;
        if outlets.is_empty() {
            return Ok(true);
        }
        for outlet in outlets {
            if self.outlet(outlet).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the matching stories of one batch.
    async fn matches(&self, question: &Question, from: &SearchPlace) -> Result<SearchMatches, StoreError> {
        let batch = self.batch(question, from.newest).await?;
        let (mut stories, hits) = self.reports(question, &batch.ids).await?;
        let next = self.next_batch(question, &hits, &batch).await?;
        if !batch.later.is_empty() {
            let shown = self.on_newer_pages(&stories, &batch.later).await?;
            stories.retain(|story| !shown.contains(&story.story));
        }
        Ok(SearchMatches { stories, first: hits.first().map(|hit| hit.0), next, is_full: batch.is_full() })
    }

    /// Returns the latest entry of the next batch; `None` if no older entry can match.
    async fn next_batch(&self, question: &Question, hits: &[Hit], batch: &Batch) -> Result<Option<i64>, StoreError> {
        if let Some(next) = hits.get(usize::try_from(TAKEN).unwrap_or(usize::MAX)) {
            return Ok(Some(next.0));
        }
        let Some(next) = batch.next() else { return Ok(None) };
        let seen: Option<String> = ask!(self.pool, Db: fetch_optional(query_scalar(Db::SEEN), next))
            .while_doing("reading how far a search has looked")?;
        // Entries seen before this one are not published later.
        Ok(seen.is_some_and(|seen| seen >= question.after).then_some(next))
    }

    /// Returns which of these stories have one of the matching reports that are later than a batch, and stand on a newer page for it.
    async fn on_newer_pages(&self, stories: &[ShownReport], later: &[i64]) -> Result<HashSet<i64>, StoreError> {
        let ids: Vec<i64> = stories.iter().map(|story| story.story).collect();
        let shown: Vec<i64> =
            ask!(self.pool, Db: fetch_all(query_scalar(Db::STORIES_WITH), row::rows(&ids), row::rows(later)))
                .while_doing("reading what newer pages show")?;
        Ok(shown.into_iter().collect())
    }
}

fn key(story: &ShownReport) -> PlaceKey {
    PlaceKey {
        order_at: story.order_at.clone(),
        published_at: story.published_at.clone(),
        story: story.story,
        entry: story.entry,
    }
}

/// Returns the number of stories of the first batch: exact if there is no other batch, else rounded down.
fn count(stories: usize, has_more: bool) -> SearchCount {
    let stories = u32::try_from(stories).unwrap_or(u32::MAX);
    match (has_more, stories) {
        (false, stories) => SearchCount::Exactly(stories),
        (true, stories @ ..100) => SearchCount::MoreThan(stories),
        (true, stories) => SearchCount::MoreThan(stories / 100 * 100),
    }
}

#[cfg(test)]
mod tests;
