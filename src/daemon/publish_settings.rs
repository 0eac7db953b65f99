//! What of the configuration decides what is published, and how.

use crate::{
    config::Config,
    model::Channel,
    publish::{self, Budget},
    serve::Hosts,
    store::Reader,
};
use std::sync::Arc;
use url::Url;

/// What is published: replaced as a whole by a reload.
#[derive(Debug, Clone)]
pub struct PublishSettings {
    /// Base of every own address.
    pub public_url: Url,
    /// `all` first.
    pub channels: Arc<Vec<Channel>>,
    /// Whether pages show pictures.
    pub images: bool,
    /// How large editions may be.
    pub budget: Budget,
    /// Host names that are answered.
    pub hosts: Hosts,
    /// What is shown in place of feeds' addresses, in order: a part of the fingerprint.
    public_urls: Vec<(String, String)>,
}

impl PublishSettings {
    /// What this configuration publishes at this address.
    #[must_use]
    pub fn of(config: &Config, public_url: Url) -> Self {
        let shown =
            config.public_urls().iter().map(|(url, shown)| (url.as_str().to_owned(), shown.as_str().to_owned()));
        let mut public_urls: Vec<_> = shown.collect();
        public_urls.sort_unstable();
        Self {
            hosts: Hosts::new(&config.server.hosts, &public_url),
            public_url,
            channels: Arc::new(config.channels.clone()),
            images: config.server.images,
            budget: Budget { entry_max: config.publish.entry_max, edition_max: config.publish.edition_max },
            public_urls,
        }
    }

    /// The configured channel of this slug.
    pub(super) fn channel(&self, slug: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.slug.as_str() == slug)
    }

    /// What marks a document as rendered by this program and these settings; a channel's by what the channel is, too.
    pub(super) fn fingerprint(&self, channel: Option<&Channel>) -> String {
        let settings = format!("{} {:?} {:?}", self.public_url, self.budget, self.public_urls);
        publish::fingerprint(
            [settings, channel.map_or_else(String::new, |channel| format!("{channel:?}"))].iter().map(String::as_str),
        )
    }

    /// What marks an archive page: it stays as it is when only its channel's definition changes.
    pub(super) fn page_fingerprint(&self) -> String {
        self.fingerprint(None)
    }

    /// A reader that takes no more of a text than is published.
    pub(super) fn reader(&self, reader: &Reader) -> Reader {
        // One character more shows that there is more.
        let characters = u32::try_from(self.budget.entry_max).unwrap_or(u32::MAX).saturating_add(1);
        reader.clone().with_text_max(characters)
    }
}
