//! What handlers share.

use super::cache::PageCache;
use super::channel_page::ChannelPages;
use super::health::Health;
use super::meters::Meters;
use super::queries::Queries;
use crate::clock::Clock;
use crate::model::Network;
use std::net::IpAddr;
use std::sync::Arc;

/// What handlers share.
#[derive(Debug, Clone)]
pub(super) struct AppState {
    pub(super) health: Arc<Health>,
    pub(super) channel_pages: Arc<ChannelPages>,
    pub(super) clock: Clock,
    pub(super) cache: Arc<PageCache>,
    /// Who answers what is not in memory; `None` = only what is in memory is served.
    pub(super) queries: Option<Arc<dyn Queries>>,
    pub(super) meters: Option<Arc<Meters>>,
    /// Who may read the meters.
    pub(super) metrics_allow: Arc<[Network]>,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);
