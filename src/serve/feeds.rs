//! Feeds that are rendered on request: of the stories of a list, of a day or of channel `all`, filtered or not.

use super::browse::{ListQuery, ListSubject, with_query};
use super::cache::CacheKey;
use super::edition_table::CachePolicy;
use super::filter::canonical;
use super::reply::{ClientRequest, bad, document, not_found, unavailable};
use super::state::AppState;
use crate::model::browse::Browse;
use crate::model::pages::Filter;
use crate::model::{Channel, ChannelView};
use crate::publish::{self, DocumentLinks, Format, History};
use axum::body::Body;
use axum::http::Response;

/// Responds with a feed of the stories of a list that pass `asked`. The list is given as a filter, with its name and the path of its
/// page.
pub(super) async fn feed_within(
    app: &AppState,
    request: &ClientRequest,
    (list, name, page): (Filter, String, String),
    asked: Filter,
    path: &str,
    format: Format,
) -> Response<Body> {
    let Some(queries) = &app.queries else { return not_found() };
    let query = canonical(&asked);
    let key = app.cache_key(with_query(path, &query));
    if let Some(held) = app.cache.get(&key, app.clock.now()) {
        return request.take(&held);
    }
    let title = describe(&asked, &name);
    let filter = asked.within(list);
    let search = if filter.words.is_some() { app.cache.search_turn().await } else { None };
    let turn = if search.is_none() { app.cache.turn().await } else { None };
    let view = match queries.filtered(filter, app.audience).await {
        Ok(view) => ChannelView { title, ..view },
        Err(error) => return unavailable(&error),
    };
    drop((search, turn));
    let page = if page == "/search" { with_query(&page, &query) } else { page };
    rendered(app, request, key, (view, &page), format).await
}

/// Responds with a feed of the latest stories of a day that pass `asked`.
pub(super) async fn feed_of_day(
    app: &AppState,
    request: &ClientRequest,
    (day, name): (&ListSubject, String),
    asked: Filter,
    path: &str,
    format: Format,
) -> Response<Body> {
    let Some(queries) = &app.queries else { return not_found() };
    if asked.words.is_some() {
        return bad("q: a day's feed has no search; use /search.atom?q=… with after: and before:");
    }
    let query = canonical(&asked);
    let key = app.cache_key(with_query(path, &query));
    if let Some(held) = app.cache.get(&key, app.clock.now()) {
        return request.take(&held);
    }
    let all = app.channel_pages.get(Channel::ALL).map_or_else(String::new, |all| format!("{}: ", all.title.words));
    let (title, count) = (describe(&asked, &format!("{all}{name}")), asked.limit);
    let (outlets, tags, languages, min_outlets) = (asked.outlets, asked.tags, asked.languages, asked.min_outlets);
    let asked = ListQuery { outlets, tags, languages, min_outlets, ..ListQuery::default() };
    let Some(wanted) = day.browse(&asked, &queries.time_zone()) else { return not_found() };
    let turn = app.cache.turn().await;
    let stories = match queries.browse(Browse { count, whole_texts: true, ..wanted }, app.audience).await {
        Ok(found) => found.map(|page| page.stories).unwrap_or_default(),
        Err(error) => return unavailable(&error),
    };
    drop(turn);
    let view = ChannelView::of(String::new(), title, stories, queries.public_url());
    rendered(app, request, key, (view, &day.path()), format).await
}

/// Renders a feed, keeps it under `key`, and answers with it. `page` is the path of the page with the same content.
async fn rendered(
    app: &AppState,
    request: &ClientRequest,
    key: CacheKey,
    (view, page): (ChannelView, &str),
    format: Format,
) -> Response<Body> {
    match place(&view.public_url, &key.address, page.trim_start_matches('/')) {
        Ok(place) => {
            let make = move || publish::render(&view, &place, format);
            document(app, request, key, format.media_type(), CachePolicy::Feed, make).await
        }
        Err(error) => unavailable(&error),
    }
}

/// Returns the addresses of a filtered feed, which has no archive pages.
fn place(base: &url::Url, path: &str, page: &str) -> Result<DocumentLinks, url::ParseError> {
    let this = base.join(&path[1..])?;
    Ok(DocumentLinks { id: this.clone(), this, page: base.join(page)?, history: History::None, hub: None })
}

/// Returns the title of a filtered feed: the channel's title and all filter values.
fn describe(filter: &Filter, all: &str) -> String {
    let mut parts: Vec<String> = filter.words.iter().map(|words| format!("“{words}”")).collect();
    parts.extend(filter.outlets.iter().map(ToString::to_string));
    parts.extend(filter.tags.iter().cloned());
    parts.extend(filter.languages.iter().map(ToString::to_string));
    if filter.min_outlets > 1 {
        parts.push(format!("≥ {}", filter.min_outlets));
    }
    if parts.is_empty() { all.to_owned() } else { format!("{all}: {}", parts.join(", ")) }
}
