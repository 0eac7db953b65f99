//! State shared by the handlers.

use super::cache::PageCache;
use super::channel_page::ChannelPages;
use super::health::Health;
use super::meters::Meters;
use super::queries::Queries;
use crate::clock::Clock;
use crate::model::Network;
use std::net::IpAddr;
use std::sync::Arc;

/// State shared by the handlers.
#[derive(Debug, Clone)]
pub(super) struct AppState {
    pub(super) health: Arc<Health>,
    pub(super) channel_pages: Arc<ChannelPages>,
    pub(super) clock: Clock,
    pub(super) cache: Arc<PageCache>,
    /// Queries for what is not in memory; with `None`, only documents in memory are served.
    pub(super) queries: Option<Arc<dyn Queries>>,
    pub(super) meters: Option<Arc<Meters>>,
    /// Networks whose clients may read `/metrics`.
    pub(super) metrics_allow: Arc<[Network]>,
}

/// IP address of the client of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);
