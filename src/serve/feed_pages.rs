//! Handlers of the pages about feeds: `/status` and `/feeds/N`.

use super::feed_address::{feed_path, read_feed, read_status, status_path};
use super::frames::frame;
use super::pages::{FeedTemplate, StatusTemplate};
use super::reply::{ClientRequest, bad, not_found, page, redirect, unavailable};
use super::state::AppState;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::Response;

/// Handles `/status`.
pub(super) async fn status(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    request: ClientRequest,
) -> Response<Body> {
    let Some(queries) = &app.queries else { return not_found() };
    let asked = match read_status(query.as_deref().unwrap_or_default()) {
        Ok(asked) => asked,
        Err(why) => return bad(&why),
    };
    let (ui_language, path) = (request.ui_language(), status_path(&asked));
    let key = app.cache_key(format!("{} {path}", ui_language.tag()));
    if let Some(held) = app.cache.get(&key, app.clock.now()) {
        return request.take(&held);
    }
    let turn = app.cache.turn().await;
    let found = match queries.status(asked, app.audience).await {
        Ok(found) => found,
        Err(error) => return unavailable(&error),
    };
    drop(turn);
    if found.query != asked {
        // The selection has fewer pages than the requested one: redirects to its last page.
        return redirect(&status_path(&found.query));
    }
    let mut frame = frame(&app, ui_language, "/status");
    frame.address = path;
    let shown = StatusTemplate::new(frame, found, &app.health.troubles(app.clock.now()));
    page(&app, &request, key, &shown).await
}

/// Handles `/feeds/N`.
pub(super) async fn feed(
    State(app): State<AppState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: ClientRequest,
) -> Response<Body> {
    let Some(queries) = &app.queries else { return not_found() };
    let Some(id) = id.parse::<i64>().ok().filter(|n| n.to_string() == id) else { return not_found() };
    let asked = match read_feed(id, query.as_deref().unwrap_or_default()) {
        Ok(asked) => asked,
        Err(why) => return bad(&why),
    };
    let (ui_language, path) = (request.ui_language(), feed_path(&asked));
    let key = app.cache_key(format!("{} {path}", ui_language.tag()));
    if let Some(held) = app.cache.get(&key, app.clock.now()) {
        return request.take(&held);
    }
    let turn = app.cache.turn().await;
    let found = match queries.feed(asked, app.audience).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found(),
        Err(error) => return unavailable(&error),
    };
    drop(turn);
    let mut frame = frame(&app, ui_language, "/feeds");
    frame.address = path;
    page(&app, &request, key, &FeedTemplate::new(frame, found)).await
}
