//! Fills the desk: what pages ask, the store answers.

use super::{history::Archivist, press::Imprint};
use crate::{
    clock::Clock,
    model::pages::{Filter, StatusPage},
    publish,
    schedule::Why,
    serve::{Desk, ask},
    store::{Reader, StoreError},
};
use tokio::sync::watch;

/// A desk over this store; own addresses follow the configuration.
pub(super) fn desk(archivist: Archivist, imprint: &watch::Receiver<Imprint>) -> Desk {
    let [at_filter, at_desk, at_images, at_hosts, at_channels, at_archive] = [(); 6].map(|()| imprint.clone());
    let [filtered, story, status, incidents] = [(); 4].map(|()| archivist.reader.clone());
    let clock = archivist.clock.clone();
    Desk {
        public_url: Box::new(move || at_desk.borrow().public_url.clone()),
        answers: Box::new(move |name| at_hosts.borrow().hosts.answers(name)),
        has_channel: Box::new(move |slug| at_channels.borrow().channel(slug).is_some()),
        images: Box::new(move || at_images.borrow().images),
        filtered: ask(move |filter: Filter| {
            let now = at_filter.borrow().clone();
            let reader = now.reader(&filtered);
            async move { Ok::<_, StoreError>(publish::within(reader.filtered(&filter, &now.public_url).await?, now.budget)) }
        }),
        story: ask(move |id| {
            let reader = story.clone();
            async move { reader.story(id).await }
        }),
        status: ask(move |()| explained(status.clone(), clock.clone())),
        incidents: ask(move |()| {
            let reader = incidents.clone();
            async move { reader.incidents().await }
        }),
        archive: ask(move |(slug, number): (String, u32)| {
            let (archivist, now) = (archivist.clone(), at_archive.borrow().clone());
            async move { archivist.page(&now, &slug, number).await }
        }),
    }
}

/// The status page, with every feed's next poll explained in words.
async fn explained(reader: Reader, clock: Clock) -> Result<StatusPage, StoreError> {
    let mut page = reader.status(clock.now()).await?;
    for feed in &mut page.feeds {
        feed.why = Why::from_json(&feed.why).map_or_else(String::new, |why| why.to_string());
    }
    Ok(page)
}
