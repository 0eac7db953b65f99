//! What answers: the edition table at once, else the router.

use super::cache::PageCache;
use super::channel_page::ChannelPages;
use super::edition_table::{CachePolicy, EditionTable, ServedEdition};
use super::health::Health;
use super::host;
use super::meters::Meters;
use super::pages;
use super::payload::Payload;
use super::queries::Queries;
use super::routes;
use crate::clock::Clock;
use crate::model::Network;
use crate::publish::{self, Edition};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use jiff::Timestamp;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use tower::ServiceExt as _;

/// Everything that is served.
#[derive(Debug)]
pub struct App {
    edition_table: Arc<EditionTable>,
    /// Our own files, under addresses that change with them.
    assets: EditionTable,
    state: AppState,
    router: Router,
}

/// What handlers share.
#[derive(Debug, Clone)]
pub(super) struct AppState {
    pub(super) health: Arc<Health>,
    pub(super) channel_pages: Arc<ChannelPages>,
    pub(super) clock: Clock,
    pub(super) cache: Arc<PageCache>,
    /// Who answers what is not in memory; `None` = only what is in memory is served.
    pub(super) queries: Option<Arc<Queries>>,
    pub(super) meters: Option<Arc<Meters>>,
    /// Who may read the meters.
    pub(super) metrics_allow: Arc<[Network]>,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

impl App {
    /// An app over these; the daemon keeps its own handles and puts editions in the edition table as they change.
    #[must_use]
    pub fn new(
        edition_table: Arc<EditionTable>,
        channel_pages: Arc<ChannelPages>,
        health: Arc<Health>,
        clock: Clock,
    ) -> Self {
        let assets = EditionTable::default();
        assets.put([&pages::STYLE, &pages::ICON].map(|asset| ServedEdition {
            path: asset.path.clone(),
            edition: Edition::new(asset.bytes.as_bytes().to_vec(), asset.media_type),
            last_modified: Timestamp::UNIX_EPOCH,
            policy: CachePolicy::Immutable,
        }));
        // Feeds name the icon by an address that stays.
        assets.put([ServedEdition {
            path: publish::ICON_PATH.to_owned(),
            edition: Edition::new(pages::ICON.bytes.as_bytes().to_vec(), pages::ICON.media_type),
            last_modified: Timestamp::UNIX_EPOCH,
            policy: CachePolicy::Feed,
        }]);
        let state = AppState {
            health,
            channel_pages,
            clock,
            cache: Arc::default(),
            queries: None,
            meters: None,
            metrics_allow: Arc::default(),
        };
        Self { edition_table, assets, router: routes::router(state.clone()), state }
    }

    /// With queries: story pages, search, filters, archives and status are answered too.
    #[must_use]
    pub fn with_queries(self, queries: Queries) -> Self {
        let state = AppState { queries: Some(Arc::new(queries)), ..self.state };
        Self { router: routes::router(state.clone()), state, ..self }
    }

    /// With meters that count answers too; `/metrics` is for these networks only.
    #[must_use]
    pub fn with_meters(self, meters: Arc<Meters>, metrics_allow: &[Network]) -> Self {
        let state = AppState { meters: Some(meters), metrics_allow: metrics_allow.into(), ..self.state };
        Self { router: routes::router(state.clone()), state, ..self }
    }

    /// An answer with this status goes out.
    pub(super) fn count<B>(&self, response: &Response<B>) {
        if let Some(meters) = &self.state.meters {
            meters.answered(response.status().as_u16());
        }
    }

    /// What has to be done now and then.
    pub(super) fn upkeep(&self) {
        if let Some(meters) = &self.state.meters {
            meters.upkeep();
        }
    }

    /// The answer to a request that does not say whom it asks, or asks somebody else.
    pub(super) fn refuse<B>(&self, request: &Request<B>) -> Option<Response<Payload>> {
        let queries = self.state.queries.as_ref();
        host::refusal(request, |name| queries.is_none_or(|queries| (queries.answers)(name))).map(host::answer)
    }

    /// The answer, when it lies ready.
    pub(super) fn at_once<B>(&self, request: &Request<B>) -> Option<Response<Payload>> {
        if request.uri().query().is_some_and(|q| !q.is_empty()) {
            return None;
        }
        let (path, method, headers) = (request.uri().path(), request.method(), request.headers());
        self.edition_table.answer(path, method, headers).or_else(|| self.assets.answer(path, method, headers))
    }

    /// The router's answer.
    pub(super) fn route(
        &self,
        mut request: Request<Incoming>,
        peer: Peer,
    ) -> impl Future<Output = Response<Payload>> + Send + use<> {
        request.extensions_mut().insert(peer);
        self.router.clone().oneshot(request.map(Body::new)).map(|answer| match answer {
            Ok(response) => response.map(Payload::Routed),
            Err(never) => match never {},
        })
    }
}
