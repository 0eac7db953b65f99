//! Handler of `/outlets/SLUG/copies`: the page that shows which outlets copy each other.

use super::frames::frame;
use super::pages::CopiesTemplate;
use super::reply::{ClientRequest, bad, not_found, page, unavailable};
use super::state::AppState;
use crate::model::Slug;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::Response;

/// Handles `/outlets/SLUG/copies`.
pub(super) async fn copies(
    State(app): State<AppState>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    request: ClientRequest,
) -> Response<Body> {
    let (Some(queries), Ok(slug)) = (&app.queries, Slug::parse(&name)) else { return not_found() };
    if query.is_some_and(|query| !query.is_empty()) {
        return bad("this page accepts only the parameter hl");
    }
    let (ui_language, path) = (request.ui_language(), format!("/outlets/{slug}/copies"));
    let key = app.cache_key(format!("{} {path}", ui_language.tag()));
    if let Some(held) = app.cache.get(&key, app.clock.now()) {
        return request.take(&held);
    }
    let turn = app.cache.turn().await;
    let found = match queries.copies(slug, app.audience).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found(),
        Err(error) => return unavailable(&error),
    };
    drop(turn);
    page(&app, &request, key, &CopiesTemplate::new(frame(&app, ui_language, &path), found)).await
}
