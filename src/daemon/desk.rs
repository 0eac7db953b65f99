//! Fills the desk: what pages ask, the store answers.

use super::press::Imprint;
use crate::{
    clock::Clock,
    model::pages::{Filter, StatusPage},
    schedule::Why,
    serve::{Desk, ask},
    store::{Reader, StoreError},
};
use tokio::sync::watch;

/// A desk over this store.
pub(super) fn desk(reader: &Reader, clock: &Clock, imprint: &watch::Receiver<Imprint>) -> Desk {
    let with = || reader.clone();
    let public_url = {
        let imprint = imprint.clone();
        move || imprint.borrow().public_url.clone()
    };
    Desk {
        public_url: Box::new(public_url.clone()),
        images: true,
        filtered: {
            let (reader, public_url) = (with(), public_url.clone());
            ask(move |filter: Filter| {
                let (reader, public_url) = (reader.clone(), public_url());
                async move { reader.filtered(&filter, &public_url).await }
            })
        },
        story: {
            let reader = with();
            ask(move |id| {
                let reader = reader.clone();
                async move { reader.story(id).await }
            })
        },
        status: {
            let (reader, clock) = (with(), clock.clone());
            ask(move |()| status(reader.clone(), clock.clone()))
        },
        incidents: {
            let reader = with();
            ask(move |()| {
                let reader = reader.clone();
                async move { reader.incidents().await }
            })
        },
        archive: { ask(|_| async { Ok::<_, StoreError>(crate::serve::Archived::Unknown) }) },
    }
}

/// The status page, with every feed's next poll explained in words.
async fn status(reader: Reader, clock: Clock) -> Result<StatusPage, StoreError> {
    let mut page = reader.status(clock.now()).await?;
    for feed in &mut page.feeds {
        feed.why = Why::from_json(&feed.why).map_or_else(String::new, |why| why.to_string());
    }
    Ok(page)
}
