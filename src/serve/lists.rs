//! Handlers of the pages of lists, and of their feeds.

mod contents;

use super::browse::{List, ListQuery, ListSubject, with_query};
use super::channel_page::LocalisedText;
use super::feeds::{feed_of_day, feed_within};
use super::filter;
use super::frames::frame;
use super::live;
use super::pages::{DirectoryTemplate, ListTemplate};
use super::reply::{ClientRequest, bad, not_found, not_rendered_yet, page, redirect, unavailable};
use super::state::AppState;
use crate::model::browse::Position;
use crate::model::pages::Filter;
use crate::model::{Channel, Slug};
use crate::publish::Format;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{Response, Uri};
use contents::read;

/// Maximum number of outlets in the margin of a list: those with the most entries.
const CHOICE: u32 = 500;

/// Maximum number of outlets on the page of all outlets: more than anybody configures.
const ALL_OUTLETS: u32 = 10_000;

/// Handles `/`.
pub(super) async fn front(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    request: ClientRequest,
) -> Response<Body> {
    channel(&app, Channel::ALL, query.as_deref(), &request).await
}

/// Responds with a channel's page.
pub(super) async fn channel(
    app: &AppState,
    slug: &str,
    query: Option<&str>,
    request: &ClientRequest,
) -> Response<Body> {
    match Slug::parse(slug) {
        Ok(slug) => list(app, ListSubject::Channel(slug), query, request).await,
        Err(_) => not_found(),
    }
}

/// Handles `/outlets/SLUG`, `/tags/TAG`, `/languages/LANG` and `/days/DATE`; with an extension, their feeds.
pub(super) async fn by_name(
    State(app): State<AppState>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
    request: ClientRequest,
) -> Response<Body> {
    let kind = uri.path().split('/').nth(1).unwrap_or_default();
    if let Some(name) = name.strip_suffix(live::EXTENSION).filter(|_| kind != "days") {
        return match ListSubject::read(kind, name) {
            Some(subject) => live::answer(&app, &subject, query.as_deref().unwrap_or_default(), &request).await,
            None => not_found(),
        };
    }
    let feed = name.rsplit_once('.').and_then(|(name, extension)| Some((name, Format::of_extension(extension)?)));
    if let Some((name, format)) = feed {
        return match ListSubject::read(kind, name) {
            Some(subject) => list_feed(&app, &subject, format, query.as_deref(), &request).await,
            None => not_found(),
        };
    }
    match ListSubject::read(kind, &name) {
        Some(subject) => list(&app, subject, query.as_deref(), &request).await,
        None => not_found(),
    }
}

/// Handles `/outlets`, `/tags` and `/languages`, the pages of all outlets, tags and languages.
pub(super) async fn directory(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    uri: Uri,
    request: ClientRequest,
) -> Response<Body> {
    let path = uri.path();
    if query.is_some_and(|query| !query.is_empty()) {
        return bad(&format!("{path} accepts only the parameter hl"));
    }
    let Some(queries) = &app.queries else { return not_found() };
    let ui_language = request.ui_language();
    let key = app.cache_key(format!("{} {path}", ui_language.tag()));
    if let Some(held) = app.cache.get(&key, app.clock.now()) {
        return request.take(&held);
    }
    let turn = app.cache.turn().await;
    let outlets = match queries.directory(ALL_OUTLETS, app.audience).await {
        Ok(outlets) => outlets,
        Err(error) => return unavailable(&error),
    };
    drop(turn);
    let shown = DirectoryTemplate::new(frame(&app, ui_language, path), path, &outlets);
    page(&app, &request, key, &shown).await
}

/// Handles `/days`: redirects to the page of today.
pub(super) async fn today(State(app): State<AppState>) -> Response<Body> {
    match &app.queries {
        Some(queries) => redirect(&format!("/days/{}", queries.time_zone().to_datetime(app.clock.now()).date())),
        None => not_found(),
    }
}

/// Responds with the feed of a list, filtered by a query string as `/feed.atom` is.
pub(super) async fn list_feed(
    app: &AppState,
    subject: &ListSubject,
    format: Format,
    query: Option<&str>,
    request: &ClientRequest,
) -> Response<Body> {
    let asked = match filter::read(query.unwrap_or_default()) {
        Ok(asked) => asked,
        Err(why) => return bad(&why),
    };
    match name_of(app, subject).await {
        Ok(Some(name)) => {
            let path = format!("{}.{}", subject.feed_path(), format.extension());
            if let ListSubject::Day(_) = subject {
                return feed_of_day(app, request, (subject, name.words), asked, &path, format).await;
            }
            let own = subject.filter();
            if let (Some(own), false) = (own.languages.first(), asked.languages.is_subset(&own.languages)) {
                return bad(&format!("lang: this feed already selects the language {own}; leave lang out"));
            }
            if let (Some(own), false) = (own.outlets.first(), asked.outlets.is_subset(&own.outlets)) {
                return bad(&format!("outlet: this feed already selects the outlet {own}; leave outlet out"));
            }
            if let (Some(own), false) = (own.tags.first(), asked.tags.is_subset(&own.tags)) {
                return bad(&format!("tag: this feed already selects the tag {own}; leave tag out"));
            }
            // What the address names already is not repeated in the query.
            let asked = Filter {
                outlets: asked.outlets.difference(&own.outlets).cloned().collect(),
                tags: asked.tags.difference(&own.tags).cloned().collect(),
                languages: asked.languages.difference(&own.languages).cloned().collect(),
                ..asked
            };
            feed_within(app, request, (own, name.words, subject.path()), asked, &path, format).await
        }
        Ok(None) => not_found(),
        Err(response) => response,
    }
}

/// Returns the name of a list, or `None` if there is no such list.
async fn name_of(app: &AppState, subject: &ListSubject) -> Result<Option<LocalisedText>, Response<Body>> {
    let plain = |words: &str| Some(LocalisedText::new(words, None));
    let Some(queries) = &app.queries else {
        let ListSubject::Channel(slug) = subject else { return Ok(None) };
        return Ok(app.channel_pages.get(slug.as_str()).map(|page| page.title.clone()));
    };
    Ok(match subject {
        ListSubject::Channel(slug) => match app.channel_pages.get(slug.as_str()) {
            Some(page) => Some(page.title.clone()),
            None if queries.has_channel(slug.as_str(), app.audience) => return Err(not_rendered_yet()),
            None => None,
        },
        ListSubject::Outlet(slug) => {
            let outlet = queries.outlet(slug.clone(), app.audience).await.map_err(|error| unavailable(&error))?;
            outlet.and_then(|outlet| plain(&outlet.name))
        }
        ListSubject::Tag(tag) => queries
            .has_tag(tag, app.audience)
            .await
            .map_err(|error| unavailable(&error))?
            .then(|| LocalisedText::new(tag, None)),
        ListSubject::Language(language) => queries
            .has_language(language.clone(), app.audience)
            .await
            .map_err(|error| unavailable(&error))?
            .then(|| LocalisedText::new(language.as_str(), None)),
        ListSubject::Day(date) => plain(&date.to_string()),
    })
}

/// Responds with a page of a list.
async fn list(app: &AppState, subject: ListSubject, query: Option<&str>, request: &ClientRequest) -> Response<Body> {
    let asked = match ListQuery::read(query.unwrap_or_default()) {
        Ok(asked) => asked,
        Err(why) => return bad(&why),
    };
    if let Some((subject, rest)) = subject.of_question(&asked) {
        return redirect(&with_query(&subject.path(), &rest.canonical()));
    }
    if let Some(why) = subject.refuses(&asked) {
        return bad(&why);
    }
    if let Some(rest) = subject.without_repetition(&asked) {
        return redirect(&with_query(&subject.path(), &rest.canonical()));
    }
    let ui_language = request.ui_language();
    let address = with_query(&subject.path(), &asked.canonical());
    let key = app.cache_key(format!("{} {address}", ui_language.tag()));
    if let Some(held) = app.cache.get(&key, app.clock.now()) {
        return request.take(&held);
    }
    let turn = app.cache.turn().await;
    let name = match name_of(app, &subject).await {
        Ok(Some(name)) => name,
        Ok(None) => return not_found(),
        Err(response) => return response,
    };
    let found = match read(app, &subject, &asked).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    drop(turn);
    if matches!(asked.position, Position::After(_)) && found.newer.is_none() {
        // Nothing newer: this is the first page, which has an address of its own.
        return redirect(&with_query(&subject.path(), &asked.filters()));
    }
    let mut frame = frame(app, ui_language, &subject.path());
    frame.address = address;
    let live = live::address(app, &subject, &asked, &found.stories);
    let mut shown = ListTemplate::new(frame, List { subject, asked, name, found });
    shown.live = live;
    page(app, request, key, &shown).await
}
