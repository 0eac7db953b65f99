//! State shared by the handlers.

use super::cache::{CacheKey, PageCache};
use super::channel_page::ChannelPages;
use super::edition_table::Sharing;
use super::health::Health;
use super::keys::AccessControl;
use super::meters::Meters;
use super::newest_places::NewestPlaces;
use super::push_endpoints::PushEndpoints;
use super::queries::Queries;
use crate::clock::Clock;
use crate::model::{Audience, Network};
use std::net::IpAddr;
use std::sync::Arc;

/// State shared by the handlers.
#[derive(Debug, Clone)]
pub(super) struct AppState {
    pub(super) health: Arc<Health>,
    pub(super) channel_pages: Arc<ChannelPages>,
    pub(super) clock: Clock,
    pub(super) cache: Arc<PageCache>,
    /// The newest places of lists, for pages that stay open.
    pub(super) newest: Arc<NewestPlaces>,
    /// Queries for what is not in memory; with `None`, only documents in memory are served.
    pub(super) queries: Option<Arc<dyn Queries>>,
    pub(super) meters: Option<Arc<Meters>>,
    /// Networks whose clients may read `/metrics`.
    pub(super) metrics_allow: Arc<[Network]>,
    /// The audience: readers with or without a key.
    pub(super) audience: Audience,
    pub(super) access: Arc<AccessControl>,
    /// Answers requests to `/websub/`; with `None` there are no such addresses.
    pub(super) push: Option<Arc<dyn PushEndpoints>>,
}

impl AppState {
    /// Returns who may keep copies of the documents that are made for this audience.
    pub(super) fn sharing(&self) -> Sharing {
        match self.audience {
            Audience::KeyHolder => Sharing::Private,
            Audience::Everyone if self.access.is_on() => Sharing::Varies,
            Audience::Everyone => Sharing::Public,
        }
    }

    /// Returns the key under which a document at this address is cached.
    pub(super) fn cache_key(&self, address: String) -> CacheKey {
        let settings = self.queries.as_ref().map_or_else(String::new, |queries| queries.settings());
        CacheKey { address, settings }
    }
}

/// IP address of the client of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);
