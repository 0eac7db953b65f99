//! The application behind the server: looks a request up in the edition table and passes the rest to the router.

use super::channel_page::ChannelPages;
use super::edition_table::{CachePolicy, EditionTable, ServedEdition};
use super::health::Health;
use super::host;
use super::meters::Meters;
use super::pages;
use super::payload::Payload;
use super::queries::Queries;
use super::routes;
use super::state::{AppState, Peer};
use crate::clock::Clock;
use crate::model::Network;
use crate::publish::{self, Edition};
use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::{Request, Response};
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use jiff::Timestamp;
use std::future::Future;
use std::sync::Arc;
use tokio::time::Instant;
use tower::ServiceExt as _;

/// Everything the server can serve.
#[derive(Debug)]
pub struct App {
    edition_table: Arc<EditionTable>,
    /// The style sheet and the icon, under paths that change with their content.
    assets: EditionTable,
    state: AppState,
    router: Router,
}

impl App {
    /// Creates an app without queries and meters. The daemon keeps its own handles to the arguments and puts editions into the
    /// edition table as they change.
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

    /// Adds queries, with which the app also serves story pages, search, filtered feeds, archives and the status page.
    #[must_use]
    pub fn with_queries(self, queries: impl Queries + 'static) -> Self {
        let state = AppState { queries: Some(Arc::new(queries)), ..self.state };
        Self { router: routes::router(state.clone()), state, ..self }
    }

    /// Adds meters, which also count responses. Only clients in `metrics_allow` may read `/metrics`.
    #[must_use]
    pub fn with_meters(self, meters: Arc<Meters>, metrics_allow: &[Network]) -> Self {
        let state = AppState { meters: Some(meters), metrics_allow: metrics_allow.into(), ..self.state };
        Self { router: routes::router(state.clone()), state, ..self }
    }

    /// Counts a response to a request that arrived at `asked`. `way` is the label of responses that did not come from a route.
    pub(super) fn count<B>(&self, response: &Response<B>, way: &str, asked: Instant) {
        if let Some(meters) = &self.state.meters {
            let route = response.extensions().get::<MatchedPath>().map_or(way, MatchedPath::as_str);
            meters.answered(response.status().as_u16(), route, Clock::monotonic() - asked);
        }
    }

    /// Runs the meters' periodic maintenance.
    pub(super) fn upkeep(&self) {
        if let Some(meters) = &self.state.meters {
            meters.upkeep();
        }
    }

    /// Returns the error response to a request without a valid host, or for a host this server does not serve; otherwise `None`.
    pub(super) fn refuse<B>(&self, request: &Request<B>) -> Option<Response<Payload>> {
        let queries = self.state.queries.as_ref();
        host::refusal(request, |name| queries.is_none_or(|queries| queries.answers(name))).map(host::answer)
    }

    /// Returns the response if the document is in memory. A request with a query string is never served this way.
    pub(super) fn at_once<B>(&self, request: &Request<B>) -> Option<Response<Payload>> {
        if request.uri().query().is_some_and(|q| !q.is_empty()) {
            return None;
        }
        let (path, method, headers) = (request.uri().path(), request.method(), request.headers());
        self.edition_table.answer(path, method, headers).or_else(|| self.assets.answer(path, method, headers))
    }

    /// Passes the request to the router.
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
