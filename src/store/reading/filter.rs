//! Stories that match a filter, for filtered feeds and searches. Each query reads a bounded number of rows.

use crate::store::documents::ShownReport;
use crate::store::driver::ErrorContext;
use crate::{
    model::{Channel, ChannelView, Language, Slug, pages::Filter, search::SearchPlace},
    store::{
        error::StoreError,
        reading::{
            Reader, ask,
            search::{HITS, Hit, Question, TAKEN},
            statements::ListSql as _,
        },
        row,
    },
};
use jiff::tz::TimeZone;
use std::collections::{HashMap, HashSet, hash_map::Entry};
use url::Url;

/// Number of latest positions of channel `all` that are examined: days of a large installation, months of a small one.
const PLACES: i64 = 50_000;
/// Number of latest entries of each outlet that are examined if the filter names outlets or tags.
const OF_OUTLET: i64 = 200;

/// Along what entries are looked for.
enum Along {
    /// The index of words.
    Words,
    /// The places of a channel.
    Places,
    /// The entries of outlets.
    Outlets,
}

impl Reader {
    /// Returns the latest stories that match a filter, newest first, each shown as its first matching report. Days that the words
    /// name begin and end in `zone`. The caller sets slug and title of the view.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn filtered(
        &self,
        filter: &Filter,
        zone: &TimeZone,
        public_url: &Url,
    ) -> Result<ChannelView, StoreError> {
        let snapshot = &self.snapshot().await?;
        let mut wanted = match Question::new(filter, zone) {
            Some(question) if question.has_words => {
                snapshot.first_matches(&question, &SearchPlace::default()).await?.0.stories
            }
            Some(question) => snapshot.reports(&question, "[]").await?.0,
            None => Vec::new(),
        };
        wanted.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
        let stories = snapshot.stories(&wanted, true, public_url).await?;
        Ok(ChannelView::of(String::new(), String::new(), stories, public_url.clone()))
    }

    /// Returns the stories that a question finds, newest first, and the matching entries that they were chosen from, up to one
    /// more than are used. `matches`: the entries with its words, a JSON array; not used without words.
    pub(super) async fn reports(
        &self,
        question: &Question,
        matches: &str,
    ) -> Result<(Vec<ShownReport>, Vec<Hit>), StoreError> {
        let hits = self.hits(question, matches).await?;
        let used = usize::try_from(TAKEN).unwrap_or(usize::MAX).min(hits.len());
        let mut stories = first_reports(&hits[..used]);
        if question.filter.min_outlets > 1 {
            stories = self.dated_by_outlets(stories, question.filter.min_outlets).await?;
        }
        let order = |w: &ShownReport| (w.order_at.clone(), w.published_at.clone(), w.story, w.entry);
        stories.sort_by_cached_key(|w| std::cmp::Reverse(order(w)));
        Ok((stories, hits))
    }

    async fn hits(&self, question: &Question, matches: &str) -> Result<Vec<Hit>, StoreError> {
        let filter = &question.filter;
        let (along, looked_at) = match question.has_words {
            true => (Along::Words, HITS),
            false if filter.channel.is_some() || (filter.outlets.is_empty() && filter.tags.is_empty()) => {
                (Along::Places, PLACES)
            }
            false => (Along::Outlets, OF_OUTLET),
        };
        let sql = |words, places, outlets| match along {
            Along::Words => words,
            Along::Places => places,
            Along::Outlets => outlets,
        };
        let texts = |texts: &mut dyn Iterator<Item = &str>| row::rows(&texts.collect::<Vec<_>>());
        ask!(self.pool, Db: fetch_all(query_as(sql(Db::WITH_WORDS, Db::LATEST, Db::OF_OUTLETS)),
            texts(&mut filter.outlets.iter().map(Slug::as_str)),
            texts(&mut filter.tags.iter().map(String::as_str)),
            texts(&mut filter.languages.iter().map(Language::primary)),
            i64::from(filter.min_outlets), looked_at, TAKEN + 1, matches, self.hides_private,
            filter.channel.as_ref().map_or(Channel::ALL, Slug::as_str), &question.after, &question.before))
        .while_doing("reading what passes a filter")
    }

    /// A story that several outlets must carry is sorted by the report of the last of them, so that a subscriber misses none.
    async fn dated_by_outlets(
        &self,
        mut stories: Vec<ShownReport>,
        outlets: u32,
    ) -> Result<Vec<ShownReport>, StoreError> {
        let ids: Vec<i64> = stories.iter().map(|w| w.story).collect();
        let members: Vec<(i64, i64, String)> =
            ask!(self.pool, Db: fetch_all(query_as(Db::MEMBERS_OF_STORIES), row::rows(&ids), self.hides_private))
                .while_doing("reading the members of stories")?;
        let enough = usize::try_from(outlets).unwrap_or(usize::MAX);
        let mut carried: HashMap<i64, (HashSet<i64>, String)> = HashMap::new();
        for (story, outlet, order_at) in members {
            let (outlets, latest) = carried.entry(story).or_default();
            if outlets.len() < enough && outlets.insert(outlet) && order_at > *latest {
                *latest = order_at;
            }
        }
        stories.retain(|story| carried.get(&story.story).is_some_and(|(outlets, _)| outlets.len() >= enough));
        for story in &mut stories {
            if let Some((_, latest)) = carried.remove(&story.story) {
                story.order_at = latest.max(std::mem::take(&mut story.order_at));
            }
        }
        Ok(stories)
    }
}

/// Keeps the first report of each story.
fn first_reports(hits: &[Hit]) -> Vec<ShownReport> {
    let mut first: HashMap<i64, ShownReport> = HashMap::new();
    for (entry, story, order_at, published_at) in hits {
        let hit = ShownReport {
            story: *story,
            entry: *entry,
            order_at: order_at.clone(),
            published_at: published_at.clone(),
        };
        match first.entry(*story) {
            Entry::Occupied(mut had) if had.get().entry > *entry => *had.get_mut() = hit,
            Entry::Occupied(_) => {}
            Entry::Vacant(none) => {
                none.insert(hit);
            }
        }
    }
    first.into_values().collect()
}
