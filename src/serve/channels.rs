//! Handlers of channels' addresses, and of filtered feeds.

use super::browse::ListSubject;
use super::feeds::feed_within;
use super::filter::{canonical, names_no_filter, read};
use super::lists;
use super::live;
use super::reply::{ClientRequest, bad, not_found, not_rendered_yet, redirect};
use super::state::AppState;
use crate::model::pages::Filter;
use crate::model::{Channel, Slug};
use crate::publish::{self, Format};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{Response, Uri};

/// Returns whether a channel is configured, even if it is not rendered yet.
fn has_channel(app: &AppState, slug: &str) -> bool {
    app.queries.as_ref().is_some_and(|queries| queries.has_channel(slug, app.audience))
}

/// Responds for a document of the edition table that was not served from it. A request with a query string, which such a
/// document does not take, is redirected to the plain path; otherwise the document is not rendered yet.
fn not_in_memory(path: &str, query: Option<&str>) -> Response<Body> {
    if query.is_some_and(|query| !query.is_empty()) { redirect(path) } else { not_rendered_yet() }
}

pub(super) async fn opml(State(app): State<AppState>, RawQuery(query): RawQuery) -> Response<Body> {
    if app.queries.is_some() { not_in_memory("/opml", query.as_deref()) } else { not_found() }
}

pub(super) async fn channel(
    State(app): State<AppState>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
    request: ClientRequest,
) -> Response<Body> {
    if let Some((name, extension)) = slug.rsplit_once('.')
        && let Some(format) = Format::of_extension(extension)
        && has_channel(&app, name)
    {
        let path = publish::path(name, format);
        let query = query.as_deref().unwrap_or_default();
        return match (read(query), Slug::parse(name)) {
            // An address that is escaped without need; the plain one is answered from memory.
            _ if query.is_empty() && uri.path() != path => redirect(&path),
            _ if query.is_empty() => not_rendered_yet(),
            (Ok(filter), _) if canonical(&filter).is_empty() => redirect(&path),
            (Ok(_), _) if name == Channel::ALL => redirect(&format!("{path}?{query}")),
            (Ok(_), Ok(slug)) => {
                lists::list_feed(&app, &ListSubject::Channel(slug), format, Some(query), &request).await
            }
            // What other sites append, such as utm_source, means nothing here.
            (Err(_), _) if names_no_filter(query) => redirect(&path),
            (Err(why), _) => bad(&why),
            (_, Err(_)) => not_found(),
        };
    }
    if let Some(name) = slug.strip_suffix(live::EXTENSION) {
        return match Slug::parse(name) {
            Ok(slug) => {
                let subject = ListSubject::Channel(slug);
                live::answer(&app, &subject, query.as_deref().unwrap_or_default(), &request).await
            }
            Err(_) => not_found(),
        };
    }
    match (slug == Channel::ALL, query.as_deref()) {
        (true, Some(query)) => redirect(&format!("/?{query}")),
        (true, None) => redirect("/"),
        (false, query) => lists::channel(&app, &slug, query, &request).await,
    }
}

/// Handles `/feed.atom?…`, `/feed.rss?…` and `/feed.json?…`. Without a query string, the edition table has already served the
/// request if it could.
pub(super) async fn filtered(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    uri: Uri,
    request: ClientRequest,
) -> Response<Body> {
    let query = query.unwrap_or_default();
    if query.is_empty() {
        return not_rendered_yet();
    }
    let filter = match read(&query) {
        Ok(filter) => filter,
        Err(why) => return bad(&why),
    };
    let extension = uri.path().rsplit_once('.').map_or("", |(_, e)| e);
    let Some(format) = Format::of_extension(extension) else { return not_found() };
    if canonical(&filter).is_empty() {
        // The query string is empty or filters nothing: this is the channel itself.
        return redirect(&publish::path(Channel::ALL, format));
    }
    feed(&app, &request, filter, uri.path(), format).await
}

/// Responds with a feed of the stories that pass a filter.
async fn feed(app: &AppState, request: &ClientRequest, filter: Filter, path: &str, format: Format) -> Response<Body> {
    let name = app.channel_pages.get(Channel::ALL).map_or_else(String::new, |r| r.title.words.clone());
    feed_within(app, request, (Filter::default(), name, "/".to_owned()), filter, path, format).await
}
