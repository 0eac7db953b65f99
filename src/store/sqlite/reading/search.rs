//! Searches: the translation of a query to FTS5, and pages of results. A page is selected from a batch of the latest matching
//! entries, whose number is bounded; the next older page continues in the same batch or in the next one.

use crate::store::documents::ShownReport;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{
        Language, Slug,
        browse::{Browse, PlaceKey, Position, Scope},
        pages::Filter,
        search::{SearchCount, SearchPage, SearchPlace, SearchQuery, Term},
    },
    normalise::fold::fold,
    store::{
        error::StoreError,
        sqlite::{reading::Reader, row},
    },
};
use jiff::{civil::Date, tz::TimeZone};
use std::collections::{BTreeSet, HashSet};
use url::Url;

/// Number of characters of a text that are searched for matches to show.
const EXCERPT_SOURCE: u32 = 8_000;

/// Number of latest entries with the words that are examined.
pub(super) const HITS: i64 = 5_000;
/// Number of entries used for one result; several of them may belong to one story.
pub(super) const TAKEN: i64 = 1_000;
/// A matching entry: id, story, `order_at`, `published_at`.
pub(super) type Hit = (i64, i64, String, String);

/// A filter with its query parsed.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// The filter, including the outlets, tags and languages that the query names. Its `words` are not used.
    pub(super) filter: Filter,
    /// The words to find, as an FTS5 query; empty for any.
    pub(super) words: String,
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
            return Some(Self { filter, words: String::new(), after: String::new(), before: "~".to_owned() });
        };
        let words = fts5(&typed);
        // A query whose words have no searchable character finds nothing. A query of filters only finds everything that passes
        // them.
        if words.is_empty() && (!typed.is_filtered() || !typed.groups.is_empty() || !typed.without.is_empty()) {
            return None;
        }
        let midnight = |day: Option<Date>| {
            let midnight = zone.to_timestamp(day?.at(0, 0, 0, 0)).ok()?;
            Some(format!("{midnight:.0}"))
        };
        Some(Self {
            words,
            after: midnight(typed.after).unwrap_or_default(),
            before: midnight(typed.before).unwrap_or_else(|| "~".to_owned()),
            filter: Filter {
                outlets: both(&filter.outlets, &typed.outlets)?,
                tags: both(&filter.tags, &typed.tags)?,
                languages: both(&filter.languages, &typed.languages)?,
                ..filter.clone()
            },
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

/// Returns a search as an FTS5 query; empty if there is no word to find. Every word is folded like the searched text and quoted,
/// so that no typed text is read as FTS5 syntax.
fn fts5(typed: &SearchQuery) -> String {
    let any = |terms: &[Term]| {
        let terms: Vec<String> = terms.iter().filter_map(phrase).collect();
        (!terms.is_empty()).then(|| format!("({})", terms.join(" OR ")))
    };
    let all = typed.groups.iter().filter_map(|group| any(group)).collect::<Vec<_>>().join(" AND ");
    match any(&typed.without) {
        Some(without) if !all.is_empty() => format!("({all}) NOT {without}"),
        _ => all,
    }
}

/// Returns a term as an FTS5 phrase; `None` if nothing of it is searchable.
fn phrase(term: &Term) -> Option<String> {
    // Folded text contains only letters, digits and spaces. A doubled quote would be safe in any case.
    let folded = fold(&term.text).replace('"', "\"\"");
    let star = if term.is_prefix { " *" } else { "" };
    (!folded.is_empty()).then(|| format!("\"{folded}\"{star}"))
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
        let Some(question) = Question::new(filter, zone) else {
            return Ok(SearchPage { count: Some(SearchCount::Exactly(0)), ..SearchPage::default() });
        };
        if question.words.is_empty() {
            let along = filter.channel.as_ref().map_or(crate::model::Channel::ALL, Slug::as_str);
            let found = self.browse(&question.browse(place, filter.limit), along, true, public_url).await?;
            let (stories, older) = found.map_or_else(Default::default, |page| (page.stories, page.older));
            let older = older.map(|after| SearchPlace { newest: None, after: Some(after) });
            return Ok(SearchPage { stories, count: None, older });
        }
        let (mut stories, hits) = self.reports(&question, place.newest).await?;
        let next = self.next_batch(&question, &hits, place.newest).await?;
        if let Some(newest) = place.newest {
            let shown = self.on_newer_pages(&question, &stories, newest).await?;
            stories.retain(|story| !shown.contains(&story.story));
        }
        let count = (*place == SearchPlace::default()).then(|| count(stories.len(), next.is_some()));
        if let Some(after) = &place.after {
            stories.retain(|story| key(story) < *after);
        }
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let older = if stories.len() > limit {
            stories.truncate(limit);
            let newest = place.newest.or_else(|| hits.first().map(|hit| hit.0));
            Some(SearchPlace { newest, after: stories.last().map(key) })
        } else {
            next.map(|newest| SearchPlace { newest: Some(newest), after: None })
        };
        let stories = self.clone().with_text_max(EXCERPT_SOURCE).stories(&stories, true, public_url).await?;
        Ok(SearchPage { stories, count, older })
    }

    /// Returns the latest entry of the next batch; `None` if no older entry can match.
    async fn next_batch(
        &self,
        question: &Question,
        hits: &[Hit],
        newest: Option<i64>,
    ) -> Result<Option<i64>, StoreError> {
        if let Some(next) = hits.get(usize::try_from(TAKEN).unwrap_or(usize::MAX)) {
            return Ok(Some(next.0));
        }
        let (looked_at, last, seen): (i64, Option<i64>, Option<String>) = sqlx::query_as(
            "SELECT looked_at, last, (SELECT first_seen_at FROM entry WHERE id = last) \
             FROM (SELECT count(*) AS looked_at, min(id) AS last \
                   FROM (SELECT rowid AS id FROM entry_search WHERE entry_search MATCH $1 AND rowid <= $2 \
                         ORDER BY rowid DESC LIMIT $3))",
        )
        .bind(&question.words)
        .bind(newest.unwrap_or(i64::MAX))
        .bind(HITS)
        .fetch_one(&self.pool)
        .await
        .while_doing("reading how far a search has looked")?;
        // Entries seen before this one are not published later.
        let is_over = looked_at < HITS || seen.is_none_or(|seen| seen < question.after);
        Ok(last.filter(|_| !is_over).map(|last| last - 1))
    }

    /// Returns which of these stories have a matching report that is later than a batch, and stand on a newer page for it.
    async fn on_newer_pages(
        &self,
        question: &Question,
        stories: &[ShownReport],
        newest: i64,
    ) -> Result<HashSet<i64>, StoreError> {
        let ids: Vec<i64> = stories.iter().map(|story| story.story).collect();
        let shown: Vec<i64> = sqlx::query_scalar(
            "SELECT e.story_id FROM entry AS e WHERE e.story_id IN (SELECT value FROM json_each($1)) AND e.id > $2 \
             AND EXISTS (SELECT 1 FROM entry_search WHERE entry_search MATCH $3 AND rowid = e.id)",
        )
        .bind(row::rows(&ids))
        .bind(newest)
        .bind(&question.words)
        .fetch_all(&self.pool)
        .await
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
