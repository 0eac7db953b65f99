//! Implements the queries of the pages with the store.

use super::{archiver::ArchiveRenderer, publish_settings::PublishSettings};
use crate::{
    clock::Clock,
    model::{
        Audience, ChannelView, StoryId,
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
    fn reader(&self, audience: Audience) -> Reader {
        self.archive_renderer.reader.clone().shown_to(audience)
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
        self.settings.borrow().render_fingerprint()
    }

    fn has_channel(&self, slug: &str, audience: Audience) -> bool {
        self.settings.borrow().channel_for(slug, audience).is_some()
    }

    fn filtered(&self, filter: Filter, audience: Audience) -> QueryFuture<ChannelView> {
        let now = self.settings.borrow().clone();
        let reader = now.reader(&self.archive_renderer.reader).shown_to(audience);
        answer(async move {
            Ok::<_, StoreError>(publish::within(reader.filtered(&filter, &now.public_url).await?, now.budget))
        })
    }

    fn story(&self, id: StoryId, audience: Audience) -> QueryFuture<Option<StoryPage>> {
        let reader = self.reader(audience);
        answer(async move { reader.story(id).await })
    }

    fn status(&self, audience: Audience) -> QueryFuture<StatusPage> {
        answer(explained(self.reader(audience), self.archive_renderer.clock.clone()))
    }

    fn incidents(&self, audience: Audience) -> QueryFuture<Vec<Incident>> {
        let reader = self.reader(audience);
        answer(async move { reader.incidents().await })
    }

    fn archive(&self, slug: &str, number: u32, audience: Audience) -> QueryFuture<ArchiveAnswer> {
        let (archive_renderer, now) = (self.archive_renderer.clone(), self.settings.borrow().clone());
        let channel = now.channel_for(slug, audience).cloned();
        answer(async move {
            match channel {
                Some(channel) => archive_renderer.page(&now, &channel, number).await,
                None => Ok(ArchiveAnswer::Unknown),
            }
        })
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
