//! Stories that match a filter, for filtered feeds and searches. Each query reads a bounded number of rows.

use crate::store::documents::ShownReport;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{Channel, ChannelView, Language, Slug, pages::Filter},
    store::{
        error::StoreError,
        sqlite::{
            reading::{
                Reader,
                search::{HITS, Hit, Question, TAKEN},
            },
            row,
        },
    },
};
use jiff::tz::TimeZone;
use std::collections::{HashMap, HashSet, hash_map::Entry};
use url::Url;

/// Number of latest positions of channel `all` that are examined: days of a large installation, months of a small one.
const PLACES: i64 = 50_000;
/// Number of latest entries of each outlet that are examined if the filter names outlets or tags.
const OF_OUTLET: i64 = 200;

/// Condition on an entry `e` of outlet `o` in story `s`: $1 outlets, $2 tags and $3 languages are JSON arrays, of which an empty
/// one matches everything; $4 is the number of outlets that must carry the story; it is published from $10 on and before $11.
macro_rules! passing {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " (json_array_length($1) = 0 OR o.slug IN (SELECT value FROM json_each($1))) \
              AND (json_array_length($2) = 0 OR EXISTS (SELECT 1 FROM json_each(o.tags) AS tag \
                    WHERE tag.value IN (SELECT value FROM json_each($2)))) \
              AND (json_array_length($3) = 0 OR lower(substr(e.language, 1, \
                    instr(replace(e.language, '_', '-') || '-', '-') - 1)) IN (SELECT value FROM json_each($3))) \
              AND s.outlets >= $4 AND (o.private = 0 OR NOT $8) \
              AND e.published_at >= $10 AND e.published_at < $11 ",
            $after
        )
    };
}

const LATEST: &str = passing!(
    "SELECT e.id, e.story_id, e.order_at, e.published_at FROM place AS p CROSS JOIN story AS s ON s.id = p.story_id \
     CROSS JOIN entry AS e ON e.story_id = p.story_id CROSS JOIN outlet AS o ON o.id = e.outlet_id \
     WHERE p.channel_id = (SELECT id FROM channel WHERE slug = $9) AND p.order_at >= coalesce((SELECT order_at FROM place \
            WHERE channel_id = (SELECT id FROM channel WHERE slug = $9) ORDER BY order_at DESC LIMIT 1 OFFSET $5), '') AND",
    "ORDER BY p.order_at DESC, p.published_at DESC, p.story_id DESC LIMIT $6"
);

const OF_OUTLETS: &str = passing!(
    "SELECT e.id, e.story_id, e.order_at, e.published_at FROM outlet AS o CROSS JOIN entry AS e ON e.id IN ( \
        SELECT id FROM entry AS latest WHERE latest.outlet_id = o.id ORDER BY latest.first_seen_at DESC LIMIT $5) \
     CROSS JOIN story AS s ON s.id = e.story_id WHERE",
    "ORDER BY e.order_at DESC, e.id DESC LIMIT $6"
);

/// Entries with words, the latest first: the outer order is that of the inner one, because nothing else is in the first place of the
/// join. $12 is the latest entry that counts.
const WITH_WORDS: &str = passing!(
    "SELECT e.id, e.story_id, e.order_at, e.published_at FROM \
        (SELECT rowid AS id FROM entry_search WHERE entry_search MATCH $7 AND rowid <= $12 \
         ORDER BY rowid DESC LIMIT $5) AS hit \
     CROSS JOIN entry AS e ON e.id = hit.id CROSS JOIN outlet AS o ON o.id = e.outlet_id \
     CROSS JOIN story AS s ON s.id = e.story_id WHERE EXISTS (SELECT 1 FROM place AS p WHERE p.story_id = e.story_id \
        AND p.channel_id = (SELECT id FROM channel WHERE slug = $9)) AND",
    "LIMIT $6"
);

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
        let mut wanted = match Question::new(filter, zone) {
            Some(question) => self.reports(&question, None).await?.0,
            None => Vec::new(),
        };
        wanted.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
        let stories = self.stories(&wanted, true, public_url).await?;
        Ok(crate::store::sqlite::reading::channel::view(String::new(), String::new(), stories, public_url))
    }

    /// Returns the stories that a question finds, newest first, and the matching entries that they were chosen from, up to one
    /// more than are used. `newest`: the latest entry that counts.
    pub(super) async fn reports(
        &self,
        question: &Question,
        newest: Option<i64>,
    ) -> Result<(Vec<ShownReport>, Vec<Hit>), StoreError> {
        let hits = self.hits(question, newest).await?;
        let used = usize::try_from(TAKEN).unwrap_or(usize::MAX).min(hits.len());
        let mut stories = first_reports(&hits[..used]);
        if question.filter.min_outlets > 1 {
            stories = self.dated_by_outlets(stories, question.filter.min_outlets).await?;
        }
        let order = |w: &ShownReport| (w.order_at.clone(), w.published_at.clone(), w.story, w.entry);
        stories.sort_by_cached_key(|w| std::cmp::Reverse(order(w)));
        Ok((stories, hits))
    }

    async fn hits(&self, question: &Question, newest: Option<i64>) -> Result<Vec<Hit>, StoreError> {
        let filter = &question.filter;
        let (sql, looked_at) = match question.words.is_empty() {
            false => (WITH_WORDS, HITS),
            true if filter.channel.is_some() || (filter.outlets.is_empty() && filter.tags.is_empty()) => {
                (LATEST, PLACES)
            }
            true => (OF_OUTLETS, OF_OUTLET),
        };
        let texts = |texts: &mut dyn Iterator<Item = &str>| row::rows(&texts.collect::<Vec<_>>());
        let mut asked = sqlx::query_as(sql)
            .bind(texts(&mut filter.outlets.iter().map(Slug::as_str)))
            .bind(texts(&mut filter.tags.iter().map(String::as_str)))
            .bind(texts(&mut filter.languages.iter().map(Language::primary)))
            .bind(filter.min_outlets)
            .bind(looked_at)
            .bind(TAKEN + 1);
        let channel = filter.channel.as_ref().map_or(Channel::ALL, Slug::as_str);
        asked = asked.bind(&question.words).bind(self.hides_private).bind(channel);
        asked = asked.bind(&question.after).bind(&question.before).bind(newest.unwrap_or(i64::MAX));
        asked.fetch_all(&self.pool).await.while_doing("reading what passes a filter")
    }

    /// A story that several outlets must carry is sorted by the report of the last of them, so that a subscriber misses none.
    async fn dated_by_outlets(
        &self,
        mut stories: Vec<ShownReport>,
        outlets: u32,
    ) -> Result<Vec<ShownReport>, StoreError> {
        let ids: Vec<i64> = stories.iter().map(|w| w.story).collect();
        let members: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT e.story_id, e.outlet_id, e.order_at FROM entry AS e JOIN outlet AS o ON o.id = e.outlet_id \
             WHERE e.story_id IN (SELECT value FROM json_each($1)) AND (o.private = 0 OR NOT $2) ORDER BY e.id",
        )
        .bind(row::rows(&ids))
        .bind(self.hides_private)
        .fetch_all(&self.pool)
        .await
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
