//! The part of the configuration that determines what is published, and how.

use crate::{
    config::Config,
    model::Channel,
    publish::{self, Budget},
    serve::Hosts,
    store::Reader,
};
use jiff::tz::TimeZone;
use std::sync::Arc;
use url::Url;

/// What is published, and how. A reload replaces it as a whole.
#[derive(Debug, Clone)]
pub struct PublishSettings {
    /// Base of all addresses of this server.
    pub public_url: Url,
    /// The channels, `all` first.
    pub channels: Arc<Vec<Channel>>,
    /// Whether pages show pictures.
    pub images: bool,
    /// Time zone of the days and times on pages.
    pub time_zone: TimeZone,
    /// Size limits of editions.
    pub budget: Budget,
    /// Host names whose requests are served.
    pub hosts: Hosts,
    /// Feed addresses and what is shown in their place, sorted. They are a part of the fingerprint.
    public_urls: Vec<(String, String)>,
}

impl PublishSettings {
    /// Takes the settings from a configuration.
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
            time_zone: config.server.time_zone.clone(),
            budget: Budget { entry_max: config.publish.entry_max, edition_max: config.publish.edition_max },
            public_urls,
        }
    }

    /// Returns the configured channel with this slug.
    pub(super) fn channel(&self, slug: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.slug.as_str() == slug)
    }

    /// Returns the fingerprint of the rendering rules and these settings; with a channel, also of the channel's definition.
    pub(super) fn fingerprint(&self, channel: Option<&Channel>) -> String {
        let settings = format!("{} {:?} {:?}", self.public_url, self.budget, self.public_urls);
        publish::fingerprint(
            [settings, channel.map_or_else(String::new, |channel| format!("{channel:?}"))].iter().map(String::as_str),
        )
    }

    /// Returns the fingerprint for archive pages, which do not change if only the channel's definition changes.
    pub(super) fn page_fingerprint(&self) -> String {
        self.fingerprint(None)
    }

    /// Returns a reader that reads no more of a text than is published.
    pub(super) fn reader(&self, reader: &Reader) -> Reader {
        // One more character shows that the text is longer.
        let characters = u32::try_from(self.budget.entry_max).unwrap_or(u32::MAX).saturating_add(1);
        reader.clone().with_text_max(characters)
    }
}
