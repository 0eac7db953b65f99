//! Archive pages of a channel (RFC 5005 4): the stories of the next one, and those that are stored.

use crate::store::documents::{ArchiveLookup, ArchivePage, ShownReport};
use crate::store::driver::ErrorContext;
use crate::store::reading::statements::StorySql as _;
use crate::{
    model::{Channel, ChannelView},
    store::{
        error::StoreError,
        reading::{Reader, ask},
        row::RowRef,
    },
};
use url::Url;

impl Reader {
    /// Returns an archive page of a configured channel, as rendered by the rules and settings of this fingerprint.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn archived(&self, channel: &str, number: u32, fingerprint: &str) -> Result<ArchiveLookup, StoreError> {
        let page: Option<(i64, Option<Vec<u8>>, String, bool)> =
            ask!(self.pool, Db: fetch_optional(query_as(Db::ARCHIVED), channel, i64::from(number), fingerprint))
                .while_doing("reading an archive page")?;
        match page {
            Some((_, Some(_), _, false)) => Ok(ArchiveLookup::Stale),
            Some((row, Some(packed), made_at, true)) => {
                let made = RowRef { table: "archive", row }.time("made_at", &made_at)?;
                Ok(ArchiveLookup::Page { packed, made })
            }
            Some((_, None, ..)) => Ok(ArchiveLookup::Gone),
            None => Ok(if self.next_page(channel).await? == Some(number) {
                ArchiveLookup::NotYet
            } else {
                ArchiveLookup::Unknown
            }),
        }
    }

    /// Returns the number of the newest stored archive page of a channel.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn newest_page(&self, channel: &str) -> Result<Option<u32>, StoreError> {
        let newest: Option<i64> = ask!(self.pool, Db: fetch_one(query_scalar(Db::NEWEST_PAGE), channel))
            .while_doing("reading the newest archive page")?;
        Ok(newest.and_then(|number| u32::try_from(number).ok()))
    }

    /// Returns the number of a configured channel's next archive page.
    async fn next_page(&self, channel: &str) -> Result<Option<u32>, StoreError> {
        let next: Option<i64> = ask!(self.pool, Db: fetch_optional(query_scalar(Db::NEXT_PAGE), channel))
            .while_doing("reading the newest archive page")?;
        Ok(next.and_then(|number| u32::try_from(number).ok()))
    }

    /// Counts a channel's stories that are on no archive page yet, up to `most`. Without the index hint, SQLite would prefer the
    /// primary key and read all positions of the channel.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn unpaged(&self, channel: &Channel, most: u32) -> Result<u64, StoreError> {
        let count: i64 =
            ask!(self.pool, Db: fetch_one(query_scalar(Db::UNPAGED), channel.slug.as_str(), i64::from(most)))
                .while_doing("counting stories without an archive page")?;
        Ok(count.unsigned_abs())
    }

    /// Returns a channel's oldest stories that are on no archive page yet.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn archive_page(
        &self,
        channel: &Channel,
        stories: u32,
        public_url: &Url,
    ) -> Result<Option<ArchivePage>, StoreError> {
        let snapshot = &self.snapshot().await?;
        let slug = channel.slug.as_str();
        let Some(number) = snapshot.next_page(slug).await? else { return Ok(None) };
        let mut places: Vec<ShownReport> =
            ask!(snapshot.pool, Db: fetch_all(query_as(Db::NEXT_PAGE_STORIES), slug, i64::from(stories)))
                .while_doing("reading stories without an archive page")?;
        places.reverse();
        Ok(Some(snapshot.archive_page_of(channel, number, places, false, public_url).await?))
    }

    /// Returns the stories of an existing page, as far as they are still stored.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn archive_page_again(
        &self,
        channel: &Channel,
        number: u32,
        public_url: &Url,
    ) -> Result<ArchivePage, StoreError> {
        let snapshot = &self.snapshot().await?;
        let places: Vec<ShownReport> =
            ask!(snapshot.pool, Db: fetch_all(query_as(Db::STORIES_OF_PAGE), channel.slug.as_str(), i64::from(number)))
                .while_doing("reading the stories of an archive page")?;
        snapshot.archive_page_of(channel, number, places, true, public_url).await
    }

    async fn archive_page_of(
        &self,
        channel: &Channel,
        number: u32,
        places: Vec<ShownReport>,
        is_again: bool,
        public_url: &Url,
    ) -> Result<ArchivePage, StoreError> {
        let reader = Self { hides_private: channel.hides_private, ..self.clone() };
        let stories = reader.stories(&places, channel.collapse, public_url).await?;
        let (slug, title) = (channel.public_slug().to_owned(), channel.title.clone());
        let view = ChannelView::of(slug, title, stories, public_url.clone());
        let view = ChannelView { subtitle: channel.subtitle.clone(), outlet_in_title: channel.outlet_in_title, ..view };
        Ok(ArchivePage { channel: channel.slug.to_string(), number, view, is_again, places })
    }
}
