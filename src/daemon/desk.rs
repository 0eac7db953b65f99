//! Fills the desk: what pages ask, the store answers.

use super::press::Imprint;
use crate::{
    clock::Clock,
    model::pages::{Filter, StatusPage},
    publish,
    schedule::Why,
    serve::{Archived, Desk, ask},
    store::{Reader, Shelved, StoreError},
};
use tokio::sync::watch;

/// A desk over this store; own addresses follow the configuration.
pub(super) fn desk(reader: &Reader, clock: &Clock, imprint: &watch::Receiver<Imprint>) -> Desk {
    let [at_filter, at_desk, at_images] = [(); 3].map(|()| imprint.clone());
    let [filtered, story, status, incidents, archive] = [(); 5].map(|()| reader.clone());
    let clock = clock.clone();
    Desk {
        public_url: Box::new(move || at_desk.borrow().public_url.clone()),
        images: Box::new(move || at_images.borrow().images),
        filtered: ask(move |filter: Filter| {
            let (reader, public_url) = (filtered.clone(), at_filter.borrow().public_url.clone());
            async move { reader.filtered(&filter, &public_url).await }
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
        archive: ask(move |(slug, number)| archived(archive.clone(), slug, number)),
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

/// A page of a channel's history.
async fn archived(reader: Reader, slug: String, number: u32) -> Result<Archived, StoreError> {
    Ok(match reader.archived(&slug, number).await? {
        Shelved::Page { packed, made } => {
            publish::archive::unpack(&packed).map_or(Archived::Gone, |atom| Archived::Page { atom, made })
        }
        Shelved::NotYet => Archived::NotYet,
        Shelved::Gone => Archived::Gone,
        Shelved::Unknown => Archived::Unknown,
    })
}
