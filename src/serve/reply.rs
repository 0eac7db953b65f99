//! Answers that do not come from the edition table.

use super::edition_table::{CachePolicy, PreparedResponse, security};
use super::i18n::UiLanguage;
use super::payload::Payload;
use super::state::AppState;
use crate::publish::Edition;
use askama::Template;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::response::IntoResponse as _;
use std::convert::Infallible;
use std::fmt::Display;

/// Who asks, and how.
pub(super) struct ClientRequest {
    method: Method,
    headers: HeaderMap,
}

impl<S: Sync> FromRequestParts<S> for ClientRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self { method: parts.method.clone(), headers: parts.headers.clone() })
    }
}

impl ClientRequest {
    /// The language to answer in.
    pub(super) fn ui_language(&self) -> UiLanguage {
        UiLanguage::of(&self.headers)
    }

    /// A document's answer to this request.
    pub(super) fn take(&self, held: &PreparedResponse) -> Response<Body> {
        held.answer(&self.method, &self.headers).map(Body::new)
    }
}

/// A page: rendered, packed and kept for a moment under `key`.
pub(super) async fn page(app: &AppState, request: &ClientRequest, key: String, page: &impl Template) -> Response<Body> {
    match page.render() {
        Ok(html) => {
            let images = app.queries.as_ref().is_none_or(|queries| queries.images());
            let policy = if images { CachePolicy::Page } else { CachePolicy::PlainPage };
            document(app, request, key, "text/html; charset=utf-8", policy, move || html.into_bytes()).await
        }
        Err(error) => unavailable(&error),
    }
}

/// A document made now: `make` and the packing run on a thread for such work.
pub(super) async fn document(
    app: &AppState,
    request: &ClientRequest,
    key: String,
    media_type: &'static str,
    policy: CachePolicy,
    make: impl FnOnce() -> Vec<u8> + Send + 'static,
) -> Response<Body> {
    match tokio::task::spawn_blocking(move || Edition::new(make(), media_type)).await {
        Ok(edition) => request.take(&app.cache.put(key, &edition, policy, app.clock.now())),
        Err(error) => unavailable(&error),
    }
}

/// 404 with the way back.
pub(super) fn not_found() -> Response<Body> {
    plain(
        StatusCode::NOT_FOUND,
        "Not found. The front page is /, the feeds are /feed.atom, /feed.rss and /feed.json, and \
         /opml lists the outlets.\n"
            .to_owned(),
    )
}

/// A question that cannot be answered as it was put.
pub(super) fn bad(why: &str) -> Response<Body> {
    plain(StatusCode::BAD_REQUEST, format!("{why}\n"))
}

/// Our trouble: the log has it, the reader is asked to come back.
pub(super) fn unavailable(error: &dyn Display) -> Response<Body> {
    tracing::error!(%error, "cannot render a page");
    plain(
        StatusCode::SERVICE_UNAVAILABLE,
        "This page is temporarily unavailable. Please try again in a minute.\n".to_owned(),
    )
}

/// 503 for a feed that will be there in a moment (RFC 9110 10.2.3): a 404 would make readers give it up.
pub(super) fn not_rendered_yet() -> Response<Body> {
    let mut response = plain(
        StatusCode::SERVICE_UNAVAILABLE,
        "This feed is not ready yet. Please try again in a few seconds.\n".to_owned(),
    );
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

/// 307 to another address of ours (RFC 9110 15.4.8).
pub(super) fn redirect(path: &str) -> Response<Body> {
    let mut response = plain(StatusCode::TEMPORARY_REDIRECT, format!("See {path}\n"));
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// A fact about the daemon, never kept by anyone.
pub(super) fn state(state: Result<String, String>) -> Response<Body> {
    let mut response = match state {
        Ok(words) => plain(StatusCode::OK, format!("{words}\n")),
        Err(why) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What Prometheus reads.
pub(super) fn exposition(text: String) -> Response<Body> {
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    let mut response = small(StatusCode::OK, text, media_type, "default-src 'none'");
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// 405 for the router.
pub(super) fn not_allowed() -> Response<Body> {
    super::edition_table::not_allowed().map(|payload: Payload| Body::new(payload))
}

/// A short answer in plain text.
pub(super) fn plain(status: StatusCode, text: String) -> Response<Body> {
    small(status, text, "text/plain; charset=utf-8", "default-src 'none'")
}

/// A page that says what is wrong with a question; it is not kept, or every wrong question would take a place.
pub(super) fn wrong(page: &impl Template) -> Response<Body> {
    match page.render() {
        Ok(html) => {
            small(StatusCode::BAD_REQUEST, html, "text/html; charset=utf-8", CachePolicy::PlainPage.content_security())
        }
        Err(error) => unavailable(&error),
    }
}

fn small(status: StatusCode, text: String, media_type: &'static str, content_security: &'static str) -> Response<Body> {
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.extend(security(content_security));
    response
}
