//! The OPML lists of the configured feeds.

use super::{
    Publisher,
    rendered::NewEdition,
    tables::{OPML, ServedDocument},
};
use crate::{
    daemon::publish_settings::PublishSettings,
    model::{Audience, Channel},
    publish::{self, Edition, opml::Subscription},
    store::{StoreError, SubscribedFeed},
};
use std::collections::HashMap;

impl Publisher {
    /// Renders the OPML lists of configured feeds that have changed, and returns them.
    pub(super) async fn lists(
        &self,
        settings: &PublishSettings,
        before: &HashMap<bool, Vec<u8>>,
        new: &mut Vec<NewEdition>,
    ) -> Result<HashMap<bool, Vec<u8>>, StoreError> {
        let mut lists = HashMap::new();
        for all in settings.shown_channels().filter(|channel| channel.public_slug() == Channel::ALL) {
            let audience = if all.hides_private { Audience::Everyone } else { Audience::KeyHolder };
            let subscribed = self.archive.reader.clone().shown_to(audience).subscriptions().await?;
            let subscribed: Vec<_> = subscribed.into_iter().map(subscription).collect();
            let bytes = publish::opml::render(&all.title, &subscribed);
            if before.get(&all.hides_private) != Some(&bytes) {
                let document = ServedDocument::of(settings, all, OPML.to_owned());
                let edition = Edition::new(bytes.clone(), publish::opml::MEDIA_TYPE);
                new.push(NewEdition { document, edition, fingerprint: settings.list_fingerprint(all) });
                lists.insert(all.hides_private, bytes);
            }
        }
        Ok(lists)
    }
}

fn subscription(feed: SubscribedFeed) -> Subscription {
    let SubscribedFeed { outlet_name, title, url, link, language, tags } = feed;
    Subscription { outlet_name, feed_title: title, feed_url: url, page: link, language, tags }
}
