//! The addresses that are not on the shelf.

use super::app::{House, Peer};
use super::desk::{Archived, Desk};
use super::filter::{canonical, read};
use super::pages::{About, FeedLink, Frame, Front, Search, Status, Story};
use super::reply::{
    Asker, bad, broken, document, elsewhere, exposition, not_allowed, nothing, page, plain, soon, state, wrong,
};
use super::river::River;
use super::shelf::Policy;
use super::words::Tongue;
use crate::model::pages::Filter;
use crate::model::{Channel, ChannelView, StoryId};
use crate::publish::{self, Format, History, Place};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Response, StatusCode, Uri};
use axum::middleware::map_response;
use axum::routing::get;
use axum::{Extension, Router};
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// Time for a page that has to be made.
const PATIENCE: Duration = Duration::from_secs(10);

/// Every address with its handler.
pub(super) fn router(house: House) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/channels/{slug}", get(channel))
        .route("/opml", get(opml))
        .route("/feed.atom", get(filtered))
        .route("/feed.rss", get(filtered))
        .route("/feed.json", get(filtered))
        .route("/search.atom", get(search_feed))
        .route("/search", get(search))
        .route("/stories/{id}", get(story))
        .route("/archive/{slug}/{page}", get(archive))
        .route("/status", get(status))
        .route("/status.atom", get(incidents))
        .route("/about", get(about))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .method_not_allowed_fallback(|| async { not_allowed() })
        .fallback(|| async { nothing() })
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(CatchPanicLayer::new())
        .layer(map_response(come_back))
        .with_state(house)
}

/// Every 503 says when to come back (RFC 9110 10.2.3).
async fn come_back(mut response: Response<Body>) -> Response<Body> {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().entry(RETRY_AFTER).or_insert(HeaderValue::from_static("60"));
    }
    response
}

/// A page's frame for this reader; `here` is the tab that is open.
fn frame(house: &House, tongue: Tongue, here: &str) -> Frame {
    let images = house.desk.as_ref().is_none_or(|desk| (desk.images)());
    Frame::new(tongue, house.clock.now(), &house.rivers.all(), here, images)
}

/// A channel's feeds.
fn feeds(slug: &str) -> Vec<FeedLink> {
    let link = |format| FeedLink {
        name: match format {
            Format::Atom => "Atom",
            Format::Rss => "RSS",
            Format::Json => "JSON",
        },
        media_type: format.bare_media_type(),
        path: publish::path(slug, format),
    };
    Format::ALL.map(link).to_vec()
}

async fn front(State(house): State<House>, asker: Asker) -> Response<Body> {
    river(&house, Channel::ALL, &asker).await
}

/// Whether a channel is configured, rendered or not.
fn has_channel(house: &House, slug: &str) -> bool {
    house.desk.as_ref().is_some_and(|desk| (desk.has_channel)(slug))
}

/// A document of the shelf that was asked for with a question, which it does not take, or that is not there yet.
fn not_on_the_shelf(path: &str, query: Option<&str>) -> Response<Body> {
    if query.is_some_and(|query| !query.is_empty()) { elsewhere(path) } else { soon() }
}

async fn opml(State(house): State<House>, RawQuery(query): RawQuery) -> Response<Body> {
    if house.desk.is_some() { not_on_the_shelf("/opml", query.as_deref()) } else { nothing() }
}

async fn channel(
    State(house): State<House>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    asker: Asker,
) -> Response<Body> {
    if let Some((name, extension)) = slug.rsplit_once('.')
        && let Some(format) = Format::of_extension(extension)
        && has_channel(&house, name)
    {
        return not_on_the_shelf(&publish::path(name, format), query.as_deref());
    }
    if slug == Channel::ALL { elsewhere("/") } else { river(&house, &slug, &asker).await }
}

async fn river(house: &House, slug: &str, asker: &Asker) -> Response<Body> {
    let Some(river) = house.rivers.get(slug) else {
        return if has_channel(house, slug) { soon() } else { nothing() };
    };
    let (tongue, here) = (asker.tongue(), publish::page_path(slug));
    let key = format!("{} {here}", tongue.tag());
    if let Some(held) = house.cache.get(&key, house.clock.now()) {
        return asker.take(&held);
    }
    let front =
        Front { frame: frame(house, tongue, &here), title: &river.title, stories: &river.stories, feeds: feeds(slug) };
    page(house, asker, key, &front).await
}

/// `/feed.atom?…` and its sisters; without a question the shelf has answered already, if it could.
async fn filtered(State(house): State<House>, RawQuery(query): RawQuery, uri: Uri, asker: Asker) -> Response<Body> {
    let query = query.unwrap_or_default();
    if query.is_empty() {
        return soon();
    }
    let filter = match read(&query) {
        Ok(filter) => filter,
        Err(why) => return bad(&why),
    };
    let extension = uri.path().rsplit_once('.').map_or("", |(_, e)| e);
    let Some(format) = Format::of_extension(extension) else { return nothing() };
    if canonical(&filter).is_empty() {
        // A stray question mark, or one that asks for nothing: the channel itself.
        return elsewhere(&publish::path(Channel::ALL, format));
    }
    feed(&house, &asker, filter, uri.path(), format).await
}

async fn search_feed(State(house): State<House>, RawQuery(query): RawQuery, asker: Asker) -> Response<Body> {
    match read(query.as_deref().unwrap_or_default()) {
        Ok(Filter { words: None, .. }) => bad("say what to look for: /search.atom?q=…"),
        Ok(filter) => feed(&house, &asker, filter, "/search.atom", Format::Atom).await,
        Err(why) => bad(&why),
    }
}

/// A feed of what passes a filter.
async fn feed(house: &House, asker: &Asker, filter: Filter, path: &str, format: Format) -> Response<Body> {
    let Some(desk) = &house.desk else { return nothing() };
    let query = canonical(&filter);
    let key = format!("{path}?{query}");
    if let Some(held) = house.cache.get(&key, house.clock.now()) {
        return asker.take(&held);
    }
    let title = describe(&filter, &house.rivers.get(Channel::ALL).map_or_else(String::new, |r| r.title.words.clone()));
    let turn = house.cache.turn().await;
    let view = match (desk.filtered)(filter).await {
        Ok(view) => ChannelView { title, ..view },
        Err(trouble) => return broken(&trouble),
    };
    drop(turn);
    let page = if path == "/search.atom" { format!("search?{query}") } else { String::new() };
    let place = place(&view.public_url, &key, &page);
    match place {
        Ok(place) => {
            let make = move || publish::render(&view, &place, format);
            document(house, asker, key, format.media_type(), Policy::Feed, make).await
        }
        Err(error) => broken(&error),
    }
}

/// Where a filtered feed stands; it has no history.
fn place(base: &url::Url, path: &str, page: &str) -> Result<Place, url::ParseError> {
    let this = base.join(&path[1..])?;
    Ok(Place { id: this.clone(), this, page: base.join(page)?, history: History::None })
}

/// What a filtered feed is called: the channel and everything that was asked for.
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

async fn search(State(house): State<House>, RawQuery(query): RawQuery, asker: Asker) -> Response<Body> {
    let Some(desk) = &house.desk else { return nothing() };
    let tongue = asker.tongue();
    let question = read(query.as_deref().unwrap_or_default());
    let key = format!("{} /search?{}", tongue.tag(), question.as_ref().map(canonical).unwrap_or_default());
    if let Some(held) = house.cache.get(&key, house.clock.now()).filter(|_| question.is_ok()) {
        return asker.take(&held);
    }
    let mut shown = Search { frame: frame(&house, tongue, "/search"), stories: &[], feed: None, fault: None };
    let found;
    match question {
        Err(why) => {
            shown.fault = Some(why);
            return wrong(&shown);
        }
        Ok(filter @ Filter { words: Some(_), .. }) => {
            shown.feed = Some(format!("/search.atom?{}", canonical(&filter)));
            shown.frame.asked = filter.words.clone().unwrap_or_default();
            let turn = house.cache.turn().await;
            found = match (desk.filtered)(filter).await {
                Ok(view) => River::of(&view).stories,
                Err(trouble) => return broken(&trouble),
            };
            drop(turn);
            shown.stories = &found;
        }
        Ok(_) => {}
    }
    page(&house, &asker, key, &shown).await
}

async fn story(State(house): State<House>, Path(id): Path<String>, asker: Asker) -> Response<Body> {
    let Some(desk) = &house.desk else { return nothing() };
    let Ok(id) = id.parse::<i64>() else { return nothing() };
    let tongue = asker.tongue();
    let key = format!("{} /stories/{id}", tongue.tag());
    if let Some(held) = house.cache.get(&key, house.clock.now()) {
        return asker.take(&held);
    }
    let turn = house.cache.turn().await;
    let story = match (desk.story)(StoryId(id)).await {
        Ok(story) => story,
        Err(trouble) => return broken(&trouble),
    };
    drop(turn);
    match story.and_then(|story| Story::new(frame(&house, tongue, ""), story)) {
        Some(story) => page(&house, &asker, key, &story).await,
        None => nothing(),
    }
}

async fn archive(
    State(house): State<House>,
    Path((slug, file)): Path<(String, String)>,
    asker: Asker,
) -> Response<Body> {
    let Some(desk) = &house.desk else { return nothing() };
    let Some(number) = file.strip_suffix(".atom").and_then(|n| n.parse::<u32>().ok()) else { return nothing() };
    let key = publish::archive::path(&slug, number);
    if let Some(held) = house.cache.get(&key, house.clock.now()) {
        return asker.take(&held);
    }
    match archived(desk, &slug, number).await {
        Ok(Archived::Page { atom, made }) => {
            let media_type = Format::Atom.media_type();
            match tokio::task::spawn_blocking(move || publish::Edition::new(atom, media_type)).await {
                Ok(edition) => {
                    asker.take(&house.cache.put_dated(key, &edition, Policy::Archive, house.clock.now(), made))
                }
                Err(error) => broken(&error),
            }
        }
        Ok(Archived::NotYet) => elsewhere(&publish::path(&slug, Format::Atom)),
        Ok(Archived::Gone) => {
            plain(StatusCode::GONE, "These stories are older than what is kept here ([retention] keep).\n".to_owned())
        }
        Ok(Archived::Unknown) => nothing(),
        Err(trouble) => broken(&trouble),
    }
}

async fn archived(desk: &Desk, slug: &str, number: u32) -> Result<Archived, super::desk::Trouble> {
    (desk.archive)((slug.to_owned(), number)).await
}

async fn status(State(house): State<House>, asker: Asker) -> Response<Body> {
    let Some(desk) = &house.desk else { return nothing() };
    let tongue = asker.tongue();
    let key = format!("{} /status", tongue.tag());
    if let Some(held) = house.cache.get(&key, house.clock.now()) {
        return asker.take(&held);
    }
    let turn = house.cache.turn().await;
    let shown = match (desk.status)(()).await {
        Ok(shown) => Status::new(frame(&house, tongue, "/status"), shown),
        Err(trouble) => return broken(&trouble),
    };
    drop(turn);
    page(&house, &asker, key, &shown).await
}

async fn incidents(State(house): State<House>, asker: Asker) -> Response<Body> {
    let Some(desk) = &house.desk else { return nothing() };
    let key = "/status.atom".to_owned();
    if let Some(held) = house.cache.get(&key, house.clock.now()) {
        return asker.take(&held);
    }
    let incidents = match (desk.incidents)(()).await {
        Ok(incidents) => incidents,
        Err(trouble) => return broken(&trouble),
    };
    let base = (desk.public_url)();
    let make = move || publish::incidents::render(&incidents, &base);
    document(&house, &asker, key, Format::Atom.media_type(), Policy::Feed, make).await
}

async fn about(State(house): State<House>, asker: Asker) -> Response<Body> {
    let tongue = asker.tongue();
    let channels = house.rivers.all().iter().map(|r| (r.title.clone(), feeds(&r.slug))).collect();
    let shown = About { frame: frame(&house, tongue, "/about"), channels };
    page(&house, &asker, format!("{} /about", tongue.tag()), &shown).await
}

async fn healthz(State(house): State<House>) -> Response<Body> {
    state(house.health.alive(house.clock.now()).map(|()| "ok".to_owned()))
}

async fn readyz(State(house): State<House>) -> Response<Body> {
    state(house.health.ready())
}

/// For those whom the configuration allows; nobody else learns that it exists.
async fn metrics(State(house): State<House>, peer: Option<Extension<Peer>>) -> Response<Body> {
    let allowed =
        peer.is_some_and(|Extension(Peer(ip))| house.metrics_allow.iter().any(|network| network.contains(ip)));
    match &house.meters {
        Some(meters) if allowed => exposition(meters.render()),
        _ => nothing(),
    }
}
