//! The OPML lists of the configured feeds.

use super::{
    Publisher,
    rendered::{NewEdition, Rendered, RenderedList},
    tables::{OPML, ServedDocument},
};
use crate::{
    daemon::publish_settings::PublishSettings,
    model::{Audience, Channel},
    publish::{Edition, opml, opml::Subscription},
    store::{ChannelChanges, StoreError, SubscribedFeed},
};
use std::collections::HashMap;

impl Publisher {
    /// Renders the OPML lists of configured feeds that may have changed. Returns what is rendered now.
    pub(super) async fn lists(
        &self,
        settings: &PublishSettings,
        changes: &ChannelChanges,
        rendered: &Rendered,
        new: &mut Vec<NewEdition>,
    ) -> Result<HashMap<bool, RenderedList>, StoreError> {
        let mut lists = HashMap::new();
        for all in settings.shown_channels().filter(|channel| channel.public_slug() == Channel::ALL) {
            if rendered.is_list_current(all, changes) {
                continue;
            }
            let audience = if all.hides_private { Audience::Everyone } else { Audience::KeyHolder };
            let subscribed = self.archive.reader.clone().shown_to(audience).subscriptions().await?;
            let before = rendered.lists.get(&all.hides_private).map(|before| before.hash);
            let Some((hash, edition)) = list(all.title.clone(), subscribed, before).await else { continue };
            if let Some(edition) = edition {
                let document = ServedDocument::of(settings, all, OPML.to_owned());
                new.push(NewEdition { document, edition, fingerprint: settings.list_fingerprint(all) });
            }
            lists.insert(all.hides_private, RenderedList { channel: all.clone(), hash });
        }
        Ok(lists)
    }
}

/// Renders a list of feeds. Returns its hash and, if that is another than `before`, its edition. If it fails, logs an error.
async fn list(
    title: String,
    subscribed: Vec<SubscribedFeed>,
    before: Option<blake3::Hash>,
) -> Option<(blake3::Hash, Option<Edition>)> {
    let render = move || {
        let subscribed: Vec<_> = subscribed.into_iter().map(subscription).collect();
        let bytes = opml::render(&title, &subscribed);
        let hash = blake3::hash(&bytes);
        (hash, (before != Some(hash)).then(|| Edition::new(bytes, opml::MEDIA_TYPE)))
    };
    let made = tokio::task::spawn_blocking(render).await;
    if made.is_err() {
        tracing::error!("rendering the list of feeds panicked (a bug in Warraq); serving the previous one");
    }
    made.ok()
}

fn subscription(feed: SubscribedFeed) -> Subscription {
    let SubscribedFeed { outlet_name, title, url, link, language, tags } = feed;
    Subscription { outlet_name, feed_title: title, feed_url: url, page: link, language, tags }
}
