//! Implements the queries of the pages with the store.

use super::{archiver::ArchiveRenderer, publish_settings::PublishSettings};
use crate::{
    clock::Clock,
    model::{
        ChannelView, StoryId,
        pages::{Filter, Incident, StatusPage, StoryPage},
    },
    publish,
    schedule::Why,
    serve::{ArchiveAnswer, Queries, QueryFuture, answer},
    store::{Reader, StoreError},
};
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

    fn answers(&self, host: &str) -> bool {
        self.settings.borrow().hosts.answers(host)
    }

    fn settings(&self) -> String {
        self.settings.borrow().page_fingerprint()
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
