//! The part of the configuration that determines what is published, and how.

use crate::{
    config::Config,
    model::{Audience, Channel, PublishedText, Readers, status::OutletSettings},
    publish::{self, Budget},
    push::HubSettings,
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
    /// The channels, `all` first, and their variants for readers without a key.
    pub channels: Arc<Vec<Channel>>,
    /// Whether readers need keys.
    pub has_keys: bool,
    /// Configured outlets that only readers with a key see, sorted. They are a part of the variants' fingerprints.
    private: Vec<String>,
    /// Whether pages show pictures.
    pub images: bool,
    /// Whether open pages ask for new stories.
    pub live: bool,
    /// Time zone of the days and times on pages.
    pub time_zone: TimeZone,
    /// Size limits of editions.
    pub budget: Budget,
    /// Host names whose requests are served.
    pub hosts: Hosts,
    /// The hub that editions name.
    pub hub: HubSettings,
    /// Feed addresses and what is shown in their place, sorted. They are a part of the fingerprint.
    public_urls: Vec<(String, String)>,
    /// Outlets of which the page's text is published, sorted. They are a part of the fingerprint.
    page_texts: Vec<String>,
    /// What pages about feeds need to know of outlets.
    pub outlets: Arc<OutletSettings>,
}

impl PublishSettings {
    /// Takes the settings from a configuration.
    #[must_use]
    pub fn of(config: &Config, public_url: Url, any_private: bool) -> Self {
        let shown =
            config.public_urls().iter().map(|(url, shown)| (url.as_str().to_owned(), shown.as_str().to_owned()));
        let mut public_urls: Vec<_> = shown.collect();
        public_urls.sort_unstable();
        let private = config.outlets.iter().filter(|outlet| outlet.private);
        let mut private: Vec<_> = private.map(|outlet| outlet.slug.to_string()).collect();
        private.sort_unstable();
        let page_texts =
            config.outlets.iter().filter(|outlet| outlet.published_text == PublishedText::Page && outlet.full_text);
        let mut page_texts: Vec<_> = page_texts.map(|outlet| outlet.slug.to_string()).collect();
        page_texts.sort_unstable();
        let disabled = config.outlets.iter().filter(|outlet| !outlet.enabled);
        let zones = config.outlets.iter().map(|outlet| (outlet.slug.to_string(), outlet.time_zone.clone()));
        let outlets = OutletSettings {
            disabled: disabled.map(|outlet| outlet.slug.to_string()).collect(),
            zones: zones.collect(),
        };
        Self {
            outlets: Arc::new(outlets),
            hosts: Hosts::new(&config.server.hosts, &public_url),
            hub: HubSettings { base: public_url.clone(), hub: config.websub.hub.clone() },
            public_url,
            channels: Arc::new(Channel::with_variants(&config.channels, any_private)),
            has_keys: config.server.keys.is_some(),
            private,
            images: config.server.images,
            live: config.server.live,
            time_zone: config.server.time_zone.clone(),
            budget: Budget { entry_max: config.publish.entry_max, edition_max: config.publish.edition_max },
            public_urls,
            page_texts,
        }
    }

    /// Returns the channel with this slug, as this audience sees it. `None`: there is none, or none that the audience may read.
    pub(super) fn channel_for(&self, slug: &str, audience: Audience) -> Option<&Channel> {
        self.channels
            .iter()
            .find(|channel| channel.public_slug() == slug && self.audiences(channel).contains(&audience))
    }

    /// Returns who reads the editions of this channel, or of this variant.
    pub(super) fn audiences(&self, channel: &Channel) -> &'static [Audience] {
        let is_open = channel.readers == Readers::Everyone;
        let has_variant = !channel.is_variant()
            && self.channels.iter().any(|o| o.is_variant() && o.public_slug() == channel.slug.as_str());
        match (self.has_keys, is_open && !has_variant, channel.is_variant()) {
            (_, _, true) | (false, true, false) => &[Audience::Everyone],
            (true, true, false) => &[Audience::Everyone, Audience::KeyHolder],
            (true, false, false) => &[Audience::KeyHolder],
            (false, false, false) => &[],
        }
    }

    /// Returns the hub that a channel's editions name. What needs a key names none.
    pub(super) fn hub_of(&self, channel: &Channel) -> Option<Url> {
        self.hub.address().filter(|_| self.audiences(channel).contains(&Audience::Everyone))
    }

    /// Returns the channels and variants that somebody reads.
    pub(super) fn shown_channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(|channel| !self.audiences(channel).is_empty())
    }

    /// Returns the fingerprint of everything that all editions depend on, also of who may read them.
    pub(super) fn render_fingerprint(&self) -> String {
        let (all, hub) = (self.fingerprint(None), self.hub.address());
        format!("{all} {} {} {:?} {hub:?}", self.has_keys, self.channels.len(), self.private)
    }

    /// Returns the fingerprint of the list of feeds for the readers of this channel, `all` or its variant.
    pub(super) fn list_fingerprint(&self, all: &Channel) -> String {
        self.page_fingerprint(all)
    }

    /// Returns the fingerprint of the rendering rules and these settings; with a channel, also of the channel's definition.
    pub(super) fn fingerprint(&self, channel: Option<&Channel>) -> String {
        let pages = if self.page_texts.is_empty() { String::new() } else { format!(" {:?}", self.page_texts) };
        let settings = format!("{} {:?} {:?}{pages}", self.public_url, self.budget, self.public_urls);
        let described = channel.map_or_else(String::new, |channel| {
            let without = if channel.hides_private { &*self.private } else { &[] };
            let hub = self.hub_of(channel).map(String::from);
            format!("{channel:?} {without:?} {hub:?}")
        });
        publish::fingerprint([settings, described].iter().map(String::as_str))
    }

    /// Returns the fingerprint for archive pages, which do not change if only the channel's definition changes.
    pub(super) fn page_fingerprint(&self, channel: &Channel) -> String {
        let without = channel.hides_private.then(|| self.private.join(","));
        let all = self.fingerprint(None);
        without.map_or_else(|| all.clone(), |private| publish::fingerprint([&*all, &private]))
    }

    /// Returns a reader that reads no more of a text than is published.
    pub(super) fn reader(&self, reader: &Reader) -> Reader {
        // One more character shows that the text is longer.
        let characters = u32::try_from(self.budget.entry_max).unwrap_or(u32::MAX).saturating_add(1);
        reader.clone().with_text_max(characters)
    }
}
