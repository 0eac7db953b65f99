//! The tables of editions and pages, one of each for each audience.

use crate::{
    daemon::publish_settings::PublishSettings,
    model::{Audience, Channel},
    publish::Edition,
    push::link_header,
    serve::{CachePolicy, ChannelPages, EditionTable, ServedEdition, Sharing},
};
use jiff::Timestamp;
use std::sync::Arc;

/// Beginning of the names under which variants for readers without a key are kept; no path begins like this.
const VARIANT: &str = "everyone:";

/// Path of the list of configured feeds.
pub(super) const OPML: &str = "/opml";

/// What each audience is shown.
#[derive(Clone, Default)]
pub(in crate::daemon) struct Tables {
    everyone: Shown,
    key_holders: Shown,
}

/// What an audience is shown.
#[derive(Clone, Default)]
pub(in crate::daemon) struct Shown {
    pub editions: Arc<EditionTable>,
    pub pages: Arc<ChannelPages>,
}

impl Tables {
    /// Returns what an audience is shown.
    pub(in crate::daemon) fn of(&self, audience: Audience) -> &Shown {
        match audience {
            Audience::Everyone => &self.everyone,
            Audience::KeyHolder => &self.key_holders,
        }
    }

    /// Puts documents into the tables of their audiences.
    pub(super) fn put(&self, settings: &PublishSettings, documents: &[(ServedDocument, Edition, Timestamp)]) {
        for audience in [Audience::Everyone, Audience::KeyHolder] {
            let sharing = match audience {
                Audience::KeyHolder => Sharing::Private,
                Audience::Everyone if settings.has_keys => Sharing::Varies,
                Audience::Everyone => Sharing::Public,
            };
            let shown = documents.iter().filter(|(document, ..)| document.audiences.contains(&audience));
            self.of(audience).editions.put(shown.map(|(document, edition, last_modified)| ServedEdition {
                path: document.path.clone(),
                edition: edition.clone(),
                last_modified: *last_modified,
                policy: CachePolicy::Feed,
                sharing,
                links: document.links.clone(),
            }));
        }
    }
}

/// A document's address, and who reads it there.
#[derive(Debug, Clone)]
pub(super) struct ServedDocument {
    pub(super) path: String,
    pub(super) audiences: &'static [Audience],
    pub(super) is_variant: bool,
    /// Value of the header `Link`; `None` without a hub.
    pub(super) links: Option<String>,
}

impl ServedDocument {
    pub(super) fn of(settings: &PublishSettings, channel: &Channel, path: String) -> Self {
        let (audiences, is_variant) = (settings.audiences(channel), channel.is_variant());
        let hub = settings.hub_of(channel).filter(|_| path != OPML);
        let this = settings.public_url.join(&path[1..]).ok();
        let links = hub.zip(this).map(|(hub, this)| link_header(&hub, &this));
        Self { path, audiences, is_variant, links }
    }

    /// Returns whether a hub delivers it.
    pub(super) fn is_topic(&self) -> bool {
        self.links.is_some()
    }

    /// Returns the name under which the database keeps it.
    pub(super) fn kept_as(&self) -> String {
        if self.is_variant { format!("{VARIANT}{}", self.path) } else { self.path.clone() }
    }
}
