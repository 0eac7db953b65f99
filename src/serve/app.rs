//! The application behind the server: looks a request up in the edition table and passes the rest to the router.

use super::channel_page::ChannelPages;
use super::edition_table::{CachePolicy, EditionTable, ServedEdition, Sharing};
use super::health::Health;
use super::host;
use super::keys::{AccessControl, NotAdmitted};
use super::meters::Meters;
use super::pages;
use super::payload::Payload;
use super::push_endpoints::PushEndpoints;
use super::queries::Queries;
use super::routes;
use super::state::{AppState, Peer};
use crate::clock::Clock;
use crate::model::{Audience, Network};
use crate::publish::{self, Edition};
use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, Request, Response};
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
    /// Documents for readers without a key.
    edition_table: Arc<EditionTable>,
    /// Documents for readers with a key; empty without keys.
    key_holders_table: Arc<EditionTable>,
    /// The style sheet and the icon, under paths that change with their content.
    assets: EditionTable,
    state: AppState,
    router: Router,
    /// The same for readers with a key: their pages are kept apart.
    key_holders_router: Router,
    key_holders_state: AppState,
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
            sharing: Sharing::Public,
            links: None,
        }));
        // Feeds name the icon by an address that stays.
        assets.put([ServedEdition {
            path: publish::ICON_PATH.to_owned(),
            edition: Edition::new(pages::ICON.bytes.as_bytes().to_vec(), pages::ICON.media_type),
            last_modified: Timestamp::UNIX_EPOCH,
            policy: CachePolicy::Feed,
            sharing: Sharing::Public,
            links: None,
        }]);
        let access = Arc::<AccessControl>::default();
        let state = AppState {
            health,
            channel_pages,
            clock,
            cache: Arc::default(),
            newest: Arc::default(),
            queries: None,
            meters: None,
            metrics_allow: Arc::default(),
            audience: Audience::Everyone,
            access,
            push: None,
        };
        let key_holders_state = AppState {
            audience: Audience::KeyHolder,
            cache: Arc::default(),
            newest: Arc::default(),
            channel_pages: Arc::default(),
            ..state.clone()
        };
        Self {
            edition_table,
            key_holders_table: Arc::default(),
            assets,
            router: routes::router(state.clone()),
            key_holders_router: routes::router(key_holders_state.clone()),
            state,
            key_holders_state,
        }
    }

    /// Adds queries, with which the app also serves story pages, search, filtered feeds, archives and the status page.
    #[must_use]
    pub fn with_queries(self, queries: impl Queries + 'static) -> Self {
        let queries: Arc<dyn Queries> = Arc::new(queries);
        self.with(|state| AppState { queries: Some(queries.clone()), ..state })
    }

    /// Adds meters, which also count responses. Only clients in `metrics_allow` may read `/metrics`.
    #[must_use]
    pub fn with_meters(self, meters: Arc<Meters>, metrics_allow: &[Network]) -> Self {
        let meters = Some(meters);
        self.with(|state| AppState { meters: meters.clone(), metrics_allow: metrics_allow.into(), ..state })
    }

    /// Adds what answers requests to `/websub/`.
    #[must_use]
    pub fn with_push<P: PushEndpoints + 'static>(self, push: &Arc<P>) -> Self {
        let push: Arc<dyn PushEndpoints> = Arc::<P>::clone(push);
        self.with(|state| AppState { push: Some(push.clone()), ..state })
    }

    /// Adds keys for readers, and what those see who have one.
    #[must_use]
    pub fn with_keys(self, access: &Arc<AccessControl>, table: Arc<EditionTable>, pages: &Arc<ChannelPages>) -> Self {
        let app = self.with(|state| {
            let channel_pages = match state.audience {
                Audience::KeyHolder => pages.clone(),
                Audience::Everyone => state.channel_pages.clone(),
            };
            AppState { access: access.clone(), channel_pages, ..state }
        });
        for state in [&app.state, &app.key_holders_state] {
            access.clears(state.cache.clone());
        }
        Self { key_holders_table: table, ..app }
    }

    fn with(self, change: impl Fn(AppState) -> AppState) -> Self {
        let (state, key_holders_state) = (change(self.state), change(self.key_holders_state));
        Self {
            router: routes::router(state.clone()),
            key_holders_router: routes::router(key_holders_state.clone()),
            state,
            key_holders_state,
            ..self
        }
    }

    /// Counts a response to a request that arrived at `asked`. `way` is the label of responses that did not come from a route.
    pub(super) fn count<B>(&self, response: &Response<B>, way: &str, asked: Instant) {
        if let Some(meters) = &self.state.meters {
            let route = response.extensions().get::<MatchedPath>().map_or(way, MatchedPath::as_str);
            meters.answered(response.status().as_u16(), route, Clock::monotonic() - asked);
        }
    }

    /// Runs the meters' periodic maintenance. `connections` is the number of open ones, of at most `most`.
    pub(super) fn upkeep(&self, connections: usize, most: usize) {
        if let Some(meters) = &self.state.meters {
            meters.connections(connections, most);
            meters.upkeep();
        }
    }

    /// Returns the error response to a request without a valid host, or for a host this server does not serve; otherwise `None`.
    pub(super) fn refuse<B>(&self, request: &Request<B>) -> Option<Response<Payload>> {
        let queries = self.state.queries.as_ref();
        host::refusal(request, |name| queries.is_none_or(|queries| queries.answers(name))).map(host::answer)
    }

    /// Returns whether readers need keys. Without them, requests cost no more than this load.
    pub(super) fn asks_for_keys(&self) -> bool {
        self.state.access.is_on()
    }

    /// Admits a request with the key that it needs, or answers it.
    pub(super) fn admit<B>(&self, request: Request<B>) -> Result<(Request<B>, Audience), NotAdmitted> {
        let access = &self.state.access;
        if self.assets.holds(request.uri().path()) {
            return Ok((request, Audience::Everyone));
        }
        access.admit(request)
    }

    /// Returns the response if the document is in memory. A request with a query string is never served this way.
    pub(super) fn serve_from_memory<B>(&self, request: &Request<B>, audience: Audience) -> Option<Response<Payload>> {
        if request.uri().query().is_some_and(|q| !q.is_empty()) {
            return None;
        }
        let (path, method, headers) = (request.uri().path(), request.method(), request.headers());
        let table = match audience {
            Audience::Everyone => &self.edition_table,
            Audience::KeyHolder => &self.key_holders_table,
        };
        table.answer(path, method, headers).or_else(|| self.assets.answer(path, method, headers))
    }

    /// Passes the request to the router.
    pub(super) fn route(
        &self,
        mut request: Request<Incoming>,
        peer: Peer,
        audience: Audience,
    ) -> impl Future<Output = Response<Payload>> + Send + use<> {
        request.extensions_mut().insert(peer);
        let router = match audience {
            Audience::Everyone => &self.router,
            Audience::KeyHolder => &self.key_holders_router,
        };
        router.clone().oneshot(request.map(Body::new)).map(move |answer| match answer {
            Ok(mut response) => {
                if audience == Audience::KeyHolder {
                    // Errors and redirects too: they reveal which pages exist.
                    let own = HeaderValue::from_static("private, no-store");
                    response.headers_mut().entry(CACHE_CONTROL).or_insert(own);
                }
                response.map(Payload::Routed)
            }
            Err(never) => match never {},
        })
    }
}
