//! What answers: the shelf at once, else the router.

use super::health::Health;
use super::pages::{self, Front};
use super::payload::Payload;
use super::river::Rivers;
use super::shelf::{Held, Policy, Shelf, Shelved, security};
use crate::clock::Clock;
use crate::model::Channel;
use crate::publish::{Edition, Format, path};
use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use jiff::Timestamp;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// Time for a page that has to be made.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that is served.
#[derive(Debug)]
pub struct App {
    shelf: Arc<Shelf>,
    /// Our own files, under addresses that change with them.
    assets: Shelf,
    router: Router,
}

/// What handlers share.
#[derive(Debug, Clone)]
struct House {
    health: Arc<Health>,
    rivers: Arc<Rivers>,
    clock: Clock,
    style: Arc<str>,
}

impl App {
    /// An app over these; the daemon keeps its own handles and puts editions on the shelf as they change.
    #[must_use]
    pub fn new(shelf: Arc<Shelf>, rivers: Arc<Rivers>, health: Arc<Health>, clock: Clock) -> Self {
        let style = pages::style_path();
        let assets = Shelf::default();
        assets.put([Shelved {
            path: style.clone(),
            edition: Edition::new(pages::STYLE.as_bytes().to_vec(), "text/css; charset=utf-8"),
            last_modified: Timestamp::UNIX_EPOCH,
            policy: Policy::Immutable,
        }]);
        let house = House { health, rivers, clock, style: style.into() };
        let router = Router::new()
            .route("/", get(front))
            .route("/channels/{slug}", get(channel))
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .method_not_allowed_fallback(|| async { super::shelf::not_allowed().map(Body::new) })
            .fallback(nothing)
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
            .layer(CatchPanicLayer::new())
            .with_state(house);
        Self { shelf, assets, router }
    }

    /// The answer, when it lies ready.
    pub(super) fn at_once<B>(&self, request: &Request<B>) -> Option<Response<Payload>> {
        if request.uri().query().is_some_and(|q| !q.is_empty()) {
            return None;
        }
        let (path, method, headers) = (request.uri().path(), request.method(), request.headers());
        self.shelf.answer(path, method, headers).or_else(|| self.assets.answer(path, method, headers))
    }

    /// The router's answer.
    pub(super) fn route(&self, request: Request<Incoming>) -> impl Future<Output = Response<Payload>> + Send + use<> {
        self.router.clone().oneshot(request.map(Body::new)).map(|answer| match answer {
            Ok(response) => response.map(Payload::Routed),
            Err(never) => match never {},
        })
    }
}

async fn front(State(house): State<House>, method: Method, headers: HeaderMap) -> Response<Body> {
    river_page(&house, Channel::ALL, &method, &headers)
}

async fn channel(
    State(house): State<House>,
    Path(slug): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if slug == Channel::ALL {
        return nothing().await;
    }
    river_page(&house, &slug, &method, &headers)
}

fn river_page(house: &House, slug: &str, method: &Method, headers: &HeaderMap) -> Response<Body> {
    let Some(river) = house.rivers.get(slug) else { return plain(StatusCode::NOT_FOUND, NOTHING.to_owned()) };
    let page = Front {
        style: &house.style,
        river: &river,
        channels: &house.rivers.all(),
        feeds: Format::ALL.map(|f| (f.bare_media_type(), path(slug, f))),
    };
    page_answer(house, &page, method, headers)
}

fn page_answer(house: &House, page: &impl Template, method: &Method, headers: &HeaderMap) -> Response<Body> {
    match page.render() {
        Ok(html) => {
            let edition = Edition::new(html.into_bytes(), "text/html; charset=utf-8");
            Held::new(&edition, house.clock.now(), Policy::Page).answer(method, headers).map(Body::new)
        }
        Err(error) => {
            tracing::error!(%error, "a page does not render");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "This page cannot be shown; the log says why.\n".to_owned())
        }
    }
}

async fn healthz(State(house): State<House>) -> Response<Body> {
    state(house.health.alive(house.clock.now()))
}

async fn readyz(State(house): State<House>) -> Response<Body> {
    state(house.health.ready())
}

fn state<E: std::fmt::Display>(state: Result<(), E>) -> Response<Body> {
    let mut response = match state {
        Ok(()) => plain(StatusCode::OK, "ok\n".to_owned()),
        Err(why) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const NOTHING: &str = "There is nothing at this address. The front page is /, the feeds are /feed.atom, /feed.rss and \
                       /feed.json, and /opml lists what is read.\n";

async fn nothing() -> Response<Body> {
    plain(StatusCode::NOT_FOUND, NOTHING.to_owned())
}

/// A short answer in plain text.
fn plain(status: StatusCode, text: String) -> Response<Body> {
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.extend(security("default-src 'none'"));
    response
}
