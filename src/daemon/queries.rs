//! Implements the queries of the pages with the store.

use super::{archiver::ArchiveRenderer, publisher::PublishSettings};
use crate::{
    clock::Clock,
    model::pages::{Filter, StatusPage},
    publish,
    schedule::Why,
    serve::{Queries, query},
    store::{Reader, StoreError},
};
use tokio::sync::watch;

/// Creates the queries over the store. Their settings follow the configuration as it is reloaded.
pub(super) fn queries(archive_renderer: ArchiveRenderer, settings: &watch::Receiver<PublishSettings>) -> Queries {
    let [at_filter, at_url, at_images, at_hosts, at_channels, at_archive] = [(); 6].map(|()| settings.clone());
    let [filtered, story, status, incidents] = [(); 4].map(|()| archive_renderer.reader.clone());
    let clock = archive_renderer.clock.clone();
    Queries {
        public_url: Box::new(move || at_url.borrow().public_url.clone()),
        answers: Box::new(move |name| at_hosts.borrow().hosts.answers(name)),
        has_channel: Box::new(move |slug| at_channels.borrow().channel(slug).is_some()),
        images: Box::new(move || at_images.borrow().images),
        filtered: query(move |filter: Filter| {
            let now = at_filter.borrow().clone();
            let reader = now.reader(&filtered);
            async move { Ok::<_, StoreError>(publish::within(reader.filtered(&filter, &now.public_url).await?, now.budget)) }
        }),
        story: query(move |id| {
            let reader = story.clone();
            async move { reader.story(id).await }
        }),
        status: query(move |()| explained(status.clone(), clock.clone())),
        incidents: query(move |()| {
            let reader = incidents.clone();
            async move { reader.incidents().await }
        }),
        archive: query(move |(slug, number): (String, u32)| {
            let (archive_renderer, now) = (archive_renderer.clone(), at_archive.borrow().clone());
            async move { archive_renderer.page(&now, &slug, number).await }
        }),
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
