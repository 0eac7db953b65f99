//! Handlers of the addresses under `/websub/`: the hub, and the callbacks for other hubs.

use super::reply::{not_found, plain};
use super::state::AppState;
use crate::model::push::{PushAnswer, PushRequest, PushTarget};
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

/// Maximum size of a subscription request, in bytes: two addresses and a secret, with each byte percent-encoded.
const FORM_MAX: usize = 20_000;

/// Handles requests to the hub.
pub(super) async fn hub(State(app): State<AppState>, request: Request<Body>) -> Response<Body> {
    answer(&app, PushTarget::Hub, request, FORM_MAX).await
}

/// Handles requests to a callback.
pub(super) async fn callback(
    State(app): State<AppState>,
    Path(token): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    let Some(push) = &app.push else { return not_found() };
    // The body of a delivery without a subscription is not read.
    let most = if push.has_callback(&token) { push.body_max() } else { 0 };
    answer(&app, PushTarget::Callback(token), request, most).await
}

async fn answer(app: &AppState, target: PushTarget, request: Request<Body>, most: usize) -> Response<Body> {
    let Some(push) = &app.push else { return not_found() };
    let (parts, body) = request.into_parts();
    if !matches!(parts.method, Method::GET | Method::POST) {
        return allowing(PushAnswer::new(405, "Use GET or POST.\n"));
    }
    let is_post = parts.method == Method::POST;
    let body = match (is_post, most) {
        (false, _) | (true, 0) => Vec::new(),
        (true, most) => match to_bytes(body, most).await {
            Ok(bytes) => bytes.to_vec(),
            Err(_) => return allowing(PushAnswer::new(413, format!("The body is longer than {most} bytes.\n"))),
        },
    };
    let text = |name: &str| header(&parts.headers, name);
    let request = PushRequest {
        target,
        is_post,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        content_type: text(CONTENT_TYPE.as_str()),
        signature: text("x-hub-signature"),
        body,
    };
    allowing(push.answer(request).await)
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn allowing(answer: PushAnswer) -> Response<Body> {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = plain(status, answer.text);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match answer.status {
        405 => headers.insert(ALLOW, HeaderValue::from_static("GET, POST")),
        429 => headers.insert(RETRY_AFTER, HeaderValue::from_static("60")),
        _ => None,
    };
    response
}
