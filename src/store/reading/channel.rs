//! A channel's latest stories, in the form that `publish` needs: two statements, whatever the size of the file.

use crate::store::documents::ShownReport;
use crate::store::driver::ErrorContext;
use crate::store::reading::statements::StorySql as _;
use crate::{
    model::{Carrier, Channel, ChannelView, EntryId, Extras, PlainText, ReportView, SafeHtml, StoryId, StoryView, uri},
    store::{
        error::StoreError,
        reading::{Reader, ask, shown_feed},
        row::{self, RowRef},
    },
};
use std::collections::{HashMap, HashSet};
use url::Url;

#[derive(sqlx::FromRow)]
struct ShownStoryRow {
    story_id: i64,
    order_at: String,
    story_iri: String,
    members: i64,
    entry_id: i64,
    entry_iri: String,
    outlet_id: i64,
    title: String,
    link: Option<String>,
    source_id: Option<String>,
    published_at: String,
    revised_at: Option<String>,
    language: Option<String>,
    summary: Option<String>,
    content: Option<String>,
    extras: String,
    outlet: String,
    outlet_name: String,
    feed_url: String,
    feed_public_url: Option<String>,
    feed_link: Option<String>,
    feed_updated_at: String,
}

#[derive(sqlx::FromRow)]
struct CarrierRow {
    story_id: i64,
    entry_id: i64,
    outlet_id: i64,
    outlet_name: String,
    title: String,
    link: Option<String>,
    language: Option<String>,
}

impl Reader {
    /// Returns the channel's latest stories, newest first.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn channel(&self, channel: &Channel, public_url: &Url) -> Result<ChannelView, StoreError> {
        let snapshot = &self.snapshot().await?;
        let rows: Vec<ShownStoryRow> = ask!(snapshot.pool, Db: fetch_all(query_as(Db::CHANNEL), i64::from(snapshot.text_max), channel.slug.as_str(), i64::from(channel.limit), channel.hides_private))
        .while_doing("reading a channel")?;
        let reader = Self { hides_private: channel.hides_private, ..snapshot.clone() };
        let stories = reader.carried(rows, channel.collapse, public_url).await?;
        let view =
            ChannelView::of(channel.public_slug().to_owned(), channel.title.clone(), stories, public_url.clone());
        Ok(ChannelView { subtitle: channel.subtitle.clone(), outlet_in_title: channel.outlet_in_title, ..view })
    }

    /// Returns these stories in the given order.
    pub(super) async fn stories(
        &self,
        wanted: &[ShownReport],
        collapse: bool,
        public_url: &Url,
    ) -> Result<Vec<StoryView>, StoreError> {
        let rows: Vec<ShownStoryRow> = ask!(self.pool, Db: fetch_all(query_as(Db::STORIES), i64::from(self.text_max), row::rows(wanted), i64::try_from(wanted.len()).unwrap_or(i64::MAX), self.hides_private))
        .while_doing("reading stories")?;
        self.carried(rows, collapse, public_url).await
    }

    /// Converts rows to stories and adds the other outlets that carry each.
    async fn carried(
        &self,
        rows: Vec<ShownStoryRow>,
        collapse: bool,
        public_url: &Url,
    ) -> Result<Vec<StoryView>, StoreError> {
        let shared: Vec<i64> = rows.iter().filter(|r| r.members > 1).map(|r| r.story_id).collect();
        let carriers = if collapse { self.carriers(&shared).await? } else { HashMap::new() };
        let mut stories = Vec::with_capacity(rows.len());
        for row in rows {
            let also = also(&row, carriers.get(&row.story_id).map(Vec::as_slice).unwrap_or_default(), public_url);
            stories.push(story(row, also, collapse, public_url)?);
        }
        Ok(stories)
    }

    async fn carriers(&self, stories: &[i64]) -> Result<HashMap<i64, Vec<CarrierRow>>, StoreError> {
        if stories.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<CarrierRow> =
            ask!(self.pool, Db: fetch_all(query_as(Db::CARRIERS), row::rows(stories), self.hides_private))
                .while_doing("reading who carried a story")?;
        let mut carriers: HashMap<i64, Vec<CarrierRow>> = HashMap::new();
        for row in rows {
            carriers.entry(row.story_id).or_default().push(row);
        }
        Ok(carriers)
    }
}

/// Returns the other outlets that carry a story, each with its first report.
fn also(lead: &ShownStoryRow, carriers: &[CarrierRow], public_url: &Url) -> Vec<Carrier> {
    let mut outlets = HashSet::from([lead.outlet_id]);
    carriers
        .iter()
        .filter(|c| c.entry_id != lead.entry_id && outlets.insert(c.outlet_id))
        .map(|c| Carrier {
            outlet_name: c.outlet_name.clone(),
            title: PlainText::vouch(c.title.clone()),
            link: c.link.clone().unwrap_or_else(|| story_page(public_url, c.story_id)),
            language: c.language.clone(),
        })
        .collect()
}

/// Returns the address of a feed's page as it may be shown: without its query if that repeats a hidden query of the feed.
pub(super) fn shown_page(feed_url: &str, feed: &str, page: Option<String>) -> Option<String> {
    let is_open = feed_url == feed;
    page.map(|page| if is_open { uri::without_userinfo(&page).into_owned() } else { uri::shown(&page).into_owned() })
}

fn story(row: ShownStoryRow, also: Vec<Carrier>, collapse: bool, public_url: &Url) -> Result<StoryView, StoreError> {
    let entry = RowRef { table: "entry", row: row.entry_id };
    let published = entry.time("published_at", &row.published_at)?;
    let revised = entry.maybe_time("revised_at", row.revised_at.as_deref())?;
    let feed_url = shown_feed(&row.feed_url, row.feed_public_url);
    let extras: Extras = RowRef { table: "entry_text", row: row.entry_id }.json("extras", &row.extras)?;
    Ok(StoryView {
        id: StoryId(row.story_id),
        iri: if collapse { row.story_iri } else { row.entry_iri },
        order_at: RowRef { table: "place", row: row.story_id }.time("order_at", &row.order_at)?,
        updated: revised.map_or(published, |revised| revised.max(published)),
        also,
        lead: ReportView {
            entry: EntryId(row.entry_id),
            title: PlainText::vouch(row.title),
            link: row.link.unwrap_or_else(|| story_page(public_url, row.story_id)),
            source_id: row.source_id,
            published,
            language: row.language,
            title_language: extras.title_language,
            text_language: extras.text_language,
            summary: row.summary.map(SafeHtml::vouch),
            content: row.content.map(SafeHtml::vouch),
            authors: extras.authors,
            contributors: extras.contributors,
            categories: extras.categories,
            enclosures: extras.enclosures,
            rights: extras.rights,
            image: extras.image,
            comments: extras.comments,
            outlet: row.outlet,
            outlet_name: row.outlet_name,
            feed_link: shown_page(&row.feed_url, &feed_url, row.feed_link),
            feed_url,
            feed_updated: entry.time("feed_updated_at", &row.feed_updated_at)?,
        },
    })
}

/// Returns the address of a story's page.
fn story_page(public_url: &Url, story: i64) -> String {
    format!("{public_url}stories/{story}")
}
