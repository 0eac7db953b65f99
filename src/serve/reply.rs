//! Responses that do not come from the edition table.

use super::cache::CacheKey;
use super::edition_table::{CachePolicy, PreparedResponse, security};
use super::i18n::UiLanguage;
use super::payload::Payload;
use super::state::AppState;
use crate::publish::Edition;
use askama::Template;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::response::IntoResponse as _;
use std::convert::Infallible;
use std::fmt::Display;

/// The method and headers of a request.
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
    /// Returns the language of the response.
    pub(super) fn ui_language(&self) -> UiLanguage {
        UiLanguage::of(&self.headers)
    }

    /// Responds to this request with a prepared document.
    pub(super) fn take(&self, held: &PreparedResponse) -> Response<Body> {
        held.answer(&self.method, &self.headers).map(Body::new)
    }
}

/// Renders a page, compresses it and caches it under `key`.
pub(super) async fn page(
    app: &AppState,
    request: &ClientRequest,
    key: CacheKey,
    page: &impl Template,
) -> Response<Body> {
    match page.render() {
        Ok(html) => {
            let images = app.queries.as_ref().is_none_or(|queries| queries.images());
            let live = app.queries.as_ref().is_some_and(|queries| queries.live());
            let policy = match (images, live) {
                (true, true) => CachePolicy::LivePage,
                (true, false) => CachePolicy::Page,
                (false, true) => CachePolicy::PlainLivePage,
                (false, false) => CachePolicy::PlainPage,
            };
            document(app, request, key, "text/html; charset=utf-8", policy, move || html.into_bytes()).await
        }
        Err(error) => unavailable(&error),
    }
}

/// Builds a document and caches it under `key`. `make` and the compression run on a thread for blocking work.
pub(super) async fn document(
    app: &AppState,
    request: &ClientRequest,
    key: CacheKey,
    media_type: &'static str,
    policy: CachePolicy,
    make: impl FnOnce() -> Vec<u8> + Send + 'static,
) -> Response<Body> {
    match tokio::task::spawn_blocking(move || Edition::new(make(), media_type)).await {
        Ok(edition) => request.take(&app.cache.put(key, &edition, (policy, app.sharing()), app.clock.now())),
        Err(error) => unavailable(&error),
    }
}

/// Builds a 404 response that lists the main addresses.
pub(super) fn not_found() -> Response<Body> {
    plain(
        StatusCode::NOT_FOUND,
        "Not found. The front page is /, the feeds are /feed.atom, /feed.rss and /feed.json, and \
         /opml lists the outlets.\n"
            .to_owned(),
    )
}

/// Builds a 400 response that says what is wrong with the request.
pub(super) fn bad(why: &str) -> Response<Body> {
    plain(StatusCode::BAD_REQUEST, format!("{why}\n"))
}

/// Builds a 503 response for an internal error: the error is logged, and the reader is asked to try again.
pub(super) fn unavailable(error: &dyn Display) -> Response<Body> {
    tracing::error!(%error, "cannot render a page");
    plain(
        StatusCode::SERVICE_UNAVAILABLE,
        "This page is temporarily unavailable. Please try again in a minute.\n".to_owned(),
    )
}

/// Builds a 503 response for a feed that is not rendered yet (RFC 9110 10.2.3). After a 404, feed readers might give it up.
pub(super) fn not_rendered_yet() -> Response<Body> {
    let mut response = plain(
        StatusCode::SERVICE_UNAVAILABLE,
        "This feed is not ready yet. Please try again in a few seconds.\n".to_owned(),
    );
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

/// Builds a 307 redirect to another path of this server (RFC 9110 15.4.8).
pub(super) fn redirect(path: &str) -> Response<Body> {
    let mut response = plain(StatusCode::TEMPORARY_REDIRECT, format!("See {path}\n"));
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Builds a short response that must not be cached: 200 with the words, or 503 with the reason.
pub(super) fn uncached(state: Result<String, String>) -> Response<Body> {
    let mut response = match state {
        Ok(words) => plain(StatusCode::OK, format!("{words}\n")),
        Err(why) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Builds a response without content (RFC 9110 15.3.5), which must not be cached.
pub(super) fn no_content() -> Response<Body> {
    let mut response = small(StatusCode::NO_CONTENT, String::new(), "text/plain; charset=utf-8", "default-src 'none'");
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Builds the response with the metrics for Prometheus.
pub(super) fn exposition(text: String) -> Response<Body> {
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    let mut response = small(StatusCode::OK, text, media_type, "default-src 'none'");
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Builds a 405 response for the router.
pub(super) fn not_allowed() -> Response<Body> {
    super::edition_table::not_allowed().map(|payload: Payload| Body::new(payload))
}

/// Builds a short response in plain text.
pub(super) fn plain(status: StatusCode, text: String) -> Response<Body> {
    let mut response = small(status, text.clone(), "text/plain; charset=utf-8", "default-src 'none'");
    response.extensions_mut().insert(ShortText(text));
    response
}

/// The text of a short response, for the page that replaces it.
#[derive(Debug, Clone)]
pub(super) struct ShortText(pub(super) String);

/// Replaces the body of a short response with a page; the status and the other headers stay.
pub(super) fn notice(mut response: Response<Body>, page: &impl Template) -> Response<Body> {
    match page.render() {
        Ok(html) => {
            *response.body_mut() = Body::from(html);
            let headers = response.headers_mut();
            headers.remove(CONTENT_LENGTH);
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            for (name, value) in security(CachePolicy::PlainPage.content_security()) {
                headers.insert(name, value);
            }
            response
        }
        Err(error) => unavailable(&error),
    }
}

/// Renders a page that says what is wrong with the request. It is not cached, because every wrong request would take up a
/// place in the cache.
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
