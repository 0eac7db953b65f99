//! Handlers of the addresses under `/websub/`: the hub, and the callbacks for other hubs.

use super::reply::{not_found, plain};
use super::state::AppState;
use crate::model::push::{DeliveryGuard, PushAnswer, PushRequest, PushTarget};
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use std::time::Duration;
use tokio::time::timeout;

/// Maximum size of a subscription request, in bytes: two addresses and a secret, with each byte percent-encoded.
const FORM_MAX: usize = 20_000;

/// Maximum time for receiving a body. Otherwise slow senders could keep the memory for deliveries from others.
const RECEIVING: Duration = Duration::from_mins(1);

/// Handles requests to the hub.
pub(super) async fn hub(State(app): State<AppState>, request: Request<Body>) -> Response<Body> {
    answer(&app, PushTarget::Hub, request, FORM_MAX, None).await
}

/// Handles requests to a callback.
pub(super) async fn callback(
    State(app): State<AppState>,
    Path(token): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    let Some(push) = &app.push else { return not_found() };
    let most = push.body_max();
    if request.method() != Method::POST {
        return answer(&app, PushTarget::Callback(token), request, most, None).await;
    }
    // Only the body of a delivery for which there is room is read. Without Content-Length it may be one of the longest.
    let stated = header(request.headers(), CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok());
    match push.reserve(&token, stated.unwrap_or(most).min(most)) {
        Ok(reserved) => answer(&app, PushTarget::Callback(token), request, most, Some(reserved)).await,
        Err(refusal) => respond(refusal),
    }
}

async fn answer(
    app: &AppState,
    target: PushTarget,
    request: Request<Body>,
    most: usize,
    reserved: Option<DeliveryGuard>,
) -> Response<Body> {
    let Some(push) = &app.push else { return not_found() };
    let (parts, body) = request.into_parts();
    if !matches!(parts.method, Method::GET | Method::POST) {
        return respond(PushAnswer::new(405, "Use GET or POST.\n"));
    }
    let is_post = parts.method == Method::POST;
    let body = match timeout(RECEIVING, read(body, if is_post { most } else { 0 })).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return respond(PushAnswer::new(413, format!("The body is longer than {most} bytes.\n"))),
        Err(_) => return respond(PushAnswer::new(408, "The body did not arrive within a minute.\n")),
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
    respond(push.answer(request, reserved).await)
}

/// Reads a body of at most `most` bytes; none if that is 0.
async fn read(body: Body, most: usize) -> Result<Vec<u8>, axum::Error> {
    if most == 0 { Ok(Vec::new()) } else { to_bytes(body, most).await.map(Into::into) }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Builds the response with the headers that belong to its status.
fn respond(answer: PushAnswer) -> Response<Body> {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = plain(status, answer.text);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match answer.status {
        405 => headers.insert(ALLOW, HeaderValue::from_static("GET, POST")),
        429 | 503 => headers.insert(RETRY_AFTER, HeaderValue::from_static("60")),
        _ => None,
    };
    response
}
