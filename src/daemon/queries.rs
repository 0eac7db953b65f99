//! Implements the queries of the pages with the store.

use super::{archiver::ArchiveRenderer, publish_settings::PublishSettings};
use crate::{
    clock::Clock,
    model::{
        ChannelView, Slug, StoryId, StoryView,
        browse::{Browse, BrowsePage, OutletSummary, Scope},
        pages::{Filter, Incident, StatusPage, StoryPage},
    },
    publish,
    schedule::Why,
    serve::{ArchiveAnswer, Queries, QueryFuture, answer},
    store::{Reader, StoreError},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::sync::watch;
use url::Url;

/// Creates the queries over the store. Their settings follow the configuration as it is reloaded.
pub(super) struct StoreQueries {
    pub archive_renderer: ArchiveRenderer,
    pub settings: watch::Receiver<PublishSettings>,
}

impl StoreQueries {
    fn reader(&self) -> Reader {
        self.archive_renderer.reader.clone()
    }
}

impl Queries for StoreQueries {
    fn public_url(&self) -> Url {
        self.settings.borrow().public_url.clone()
    }

    fn images(&self) -> bool {
        self.settings.borrow().images
    }

    fn time_zone(&self) -> TimeZone {
        self.settings.borrow().time_zone.clone()
    }

    fn answers(&self, host: &str) -> bool {
        self.settings.borrow().hosts.answers(host)
    }

    fn settings(&self) -> String {
        let now = self.settings.borrow();
        format!("{} {:?} {}", now.page_fingerprint(), now.time_zone.iana_name(), now.images)
    }

    fn has_channel(&self, slug: &str) -> bool {
        self.settings.borrow().channel(slug).is_some()
    }

    fn filtered(&self, filter: Filter) -> QueryFuture<ChannelView> {
        let now = self.settings.borrow().clone();
        let reader = now.reader(&self.archive_renderer.reader);
        answer(async move {
            Ok::<_, StoreError>(publish::within(reader.filtered(&filter, &now.public_url).await?, now.budget))
        })
    }

    fn browse(&self, wanted: Browse) -> QueryFuture<Option<BrowsePage>> {
        let (reader, now) = (self.reader(), self.settings.borrow().clone());
        answer(async move {
            let collapse = match &wanted.scope {
                Scope::Channel(slug) => now.channel(slug).is_none_or(|channel| channel.collapse),
                _ => true,
            };
            reader.browse(&wanted, collapse, &now.public_url).await
        })
    }

    fn leading(&self, channel: &str, since: Timestamp) -> QueryFuture<Vec<StoryView>> {
        let (reader, now, channel) = (self.reader(), self.settings.borrow().clone(), channel.to_owned());
        answer(async move { reader.leading(&channel, since, &now.public_url).await })
    }

    fn directory(&self) -> QueryFuture<Vec<OutletSummary>> {
        let (reader, now) = (self.reader(), self.archive_renderer.clock.now());
        let since = now.checked_sub(SignedDuration::from_hours(24 * 6)).unwrap_or(now).strftime("%Y-%m-%d").to_string();
        answer(async move { reader.directory(&since).await })
    }

    fn outlet(&self, slug: Slug) -> QueryFuture<Option<OutletSummary>> {
        let reader = self.reader();
        answer(async move { reader.outlet(&slug).await })
    }

    fn has_tag(&self, tag: &str) -> QueryFuture<bool> {
        let (reader, tag) = (self.reader(), tag.to_owned());
        answer(async move { reader.has_tag(&tag).await })
    }

    fn story(&self, id: StoryId) -> QueryFuture<Option<StoryPage>> {
        let reader = self.reader();
        answer(async move { reader.story(id).await })
    }

    fn status(&self) -> QueryFuture<StatusPage> {
        answer(explained(self.reader(), self.archive_renderer.clock.clone()))
    }

    fn incidents(&self) -> QueryFuture<Vec<Incident>> {
        let reader = self.reader();
        answer(async move { reader.incidents().await })
    }

    fn archive(&self, slug: &str, number: u32) -> QueryFuture<ArchiveAnswer> {
        let (archive_renderer, now) = (self.archive_renderer.clone(), self.settings.borrow().clone());
        let slug = slug.to_owned();
        answer(async move { archive_renderer.page(&now, &slug, number).await })
    }
}

/// Reads the status page, and adds to every feed an explanation of its next poll.
async fn explained(reader: Reader, clock: Clock) -> Result<StatusPage, StoreError> {
    let mut page = reader.status(clock.now()).await?;
    for feed in &mut page.feeds {
        let why = Why::from_json(&feed.why);
        feed.decided = why.as_ref().map_or_else(String::new, |why| why.decided.as_str().to_owned());
        feed.why = why.map_or_else(String::new, |why| why.to_string());
    }
    Ok(page)
}
