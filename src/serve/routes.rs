//! Routes and handlers for the addresses that are not in the edition table.

use super::channels::{channel, filtered, opml};
use super::copies;
use super::edition_table::CachePolicy;
use super::feed_pages;
use super::frames::frame;
use super::links::{FeedLink, format_name};
use super::lists;
use super::notices;
use super::pages::{AboutTemplate, StoryTemplate};
use super::push;
use super::queries::ArchiveAnswer;
use super::reply::{
    ClientRequest, document, exposition, not_allowed, not_found, page, plain, redirect, unavailable, uncached,
};
use super::search;
use super::state::{AppState, Peer};
use crate::model::StoryId;
use crate::model::push::HUB_PATH;
use crate::publish::{self, Format};
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Request, Response, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::routing::{any, get};
use axum::{Extension, Router};
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// Longest time that handling a request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Builds the router.
pub(super) fn router(app: AppState) -> Router {
    Router::new()
        .route("/", get(lists::front))
        .route("/channels/{slug}", get(channel))
        .route("/outlets", get(lists::directory))
        .route("/tags", get(lists::directory))
        .route("/languages", get(lists::directory))
        .route("/days", get(lists::today))
        .route("/outlets/{name}", get(lists::by_name))
        .route("/outlets/{name}/copies", get(copies::copies))
        .route("/tags/{name}", get(lists::by_name))
        .route("/languages/{name}", get(lists::by_name))
        .route("/days/{name}", get(lists::by_name))
        .route("/opml", get(opml))
        .route("/feed.atom", get(filtered))
        .route("/feed.rss", get(filtered))
        .route("/feed.json", get(filtered))
        .route("/search.atom", get(search::feed))
        .route("/search.rss", get(search::feed))
        .route("/search.json", get(search::feed))
        .route("/search", get(search::search))
        .route("/search.new", get(search::new))
        .route("/stories/{id}", get(story))
        .route("/archive/{slug}/{page}", get(archive))
        .route("/status", get(feed_pages::status))
        .route("/feeds/{id}", get(feed_pages::feed))
        .route("/status.atom", get(incidents))
        .route("/about", get(about))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .method_not_allowed_fallback(|| async { not_allowed() })
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        // These receive bodies, for which they have a longer time limit of their own.
        .route(HUB_PATH, any(push::hub))
        .route("/websub/callback/{token}", any(push::callback))
        .fallback(|| async { not_found() })
        .layer(CatchPanicLayer::new())
        .layer(map_response(with_words_and_retry_after))
        .layer(from_fn(without_stray_bytes))
        .layer(from_fn_with_state(app.clone(), notices::for_people))
        .layer(from_fn(name_route))
        .with_state(app)
}

/// Adds the matched route to the response, as the label for the metrics: there are too many addresses to count each.
async fn name_route(request: Request<Body>, next: Next) -> Response<Body> {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// Responds with 404 to a path that is not UTF-8 once it is decoded: nothing here has such a name, and the framework's own response
/// would be a 400 in its words.
async fn without_stray_bytes(request: Request<Body>, next: Next) -> Response<Body> {
    let is_text = percent_encoding::percent_decode_str(request.uri().path()).decode_utf8().is_ok();
    if is_text { next.run(request).await } else { not_found() }
}

/// Gives the response to a request that took too long, which is empty, a text and the usual headers. Adds `Retry-After` to every
/// 503 without one (RFC 9110 10.2.3).
async fn with_words_and_retry_after(mut response: Response<Body>) -> Response<Body> {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        if !response.headers().contains_key(CONTENT_TYPE) {
            tracing::debug!(seconds = PATIENCE.as_secs(), "a request took too long and was ended");
            let text = "Too much is asked at once. Please try again in a minute.\n";
            response = plain(StatusCode::SERVICE_UNAVAILABLE, text.to_owned());
        }
        response.headers_mut().entry(RETRY_AFTER).or_insert(HeaderValue::from_static("60"));
    }
    response
}

/// Returns the links to a channel's feeds.
fn feeds(slug: &str) -> Vec<FeedLink> {
    let link = |format| FeedLink {
        name: format_name(format),
        media_type: format.bare_media_type(),
        path: publish::path(slug, format),
    };
    Format::ALL.map(link).to_vec()
}

async fn story(State(app): State<AppState>, Path(id): Path<String>, request: ClientRequest) -> Response<Body> {
    let Some(queries) = &app.queries else { return not_found() };
    // A story has one address: `007` and `+7` are none of 7.
    let Some(id) = id.parse::<i64>().ok().filter(|number| number.to_string() == id) else { return not_found() };
    let ui_language = request.ui_language();
    let key = app.cache_key(format!("{} /stories/{id}", ui_language.tag()));
    if let Some(held) = app.cache.get(&key, app.clock.now()) {
        return request.take(&held);
    }
    let turn = app.cache.turn().await;
    let story = match queries.story(StoryId(id), app.audience).await {
        Ok(story) => story,
        Err(error) => return unavailable(&error),
    };
    drop(turn);
    let frame = frame(&app, ui_language, &format!("/stories/{id}"));
    match story.and_then(|story| StoryTemplate::new(frame, &story)) {
        Some(story) => page(&app, &request, key, &story).await,
        None => not_found(),
    }
}

async fn archive(
    State(app): State<AppState>,
    Path((slug, file)): Path<(String, String)>,
    request: ClientRequest,
) -> Response<Body> {
    let Some(queries) = &app.queries else { return not_found() };
    let number = file.strip_suffix(".atom").and_then(|number| number.parse::<u32>().ok());
    let Some(number) = number.filter(|number| format!("{number}.atom") == file) else { return not_found() };
    let key = app.cache_key(publish::archive::path(&slug, number));
    if let Some(held) = app.cache.get(&key, app.clock.now()) {
        return request.take(&held);
    }
    let turn = app.cache.turn().await;
    let answer = queries.archive(&slug, number, app.audience).await;
    drop(turn);
    match answer {
        Ok(ArchiveAnswer::Page { atom, made }) => {
            let media_type = Format::Atom.media_type();
            match tokio::task::spawn_blocking(move || publish::Edition::new(atom, media_type)).await {
                Ok(edition) => request.take(&app.cache.put_dated(
                    key,
                    &edition,
                    (CachePolicy::Archive, app.sharing()),
                    app.clock.now(),
                    made,
                )),
                Err(error) => unavailable(&error),
            }
        }
        Ok(ArchiveAnswer::NotYet) => redirect(&publish::path(&slug, Format::Atom)),
        Ok(ArchiveAnswer::Gone) => plain(
            StatusCode::GONE,
            "This page is older than the retention limit and was deleted ([retention] keep).\n".to_owned(),
        ),
        Ok(ArchiveAnswer::Unknown) => not_found(),
        Err(error) => unavailable(&error),
    }
}

async fn incidents(State(app): State<AppState>, request: ClientRequest) -> Response<Body> {
    let Some(queries) = &app.queries else { return not_found() };
    let key = app.cache_key("/status.atom".to_owned());
    if let Some(held) = app.cache.get(&key, app.clock.now()) {
        return request.take(&held);
    }
    let turn = app.cache.turn().await;
    let incidents = match queries.incidents(app.audience).await {
        Ok(incidents) => incidents,
        Err(error) => return unavailable(&error),
    };
    drop(turn);
    let base = queries.public_url();
    let make = move || publish::incidents::render(&incidents, &base);
    document(&app, &request, key, Format::Atom.media_type(), CachePolicy::Feed, make).await
}

async fn about(State(app): State<AppState>, request: ClientRequest) -> Response<Body> {
    let ui_language = request.ui_language();
    let channels = app.channel_pages.all().iter().map(|r| (r.title.clone(), feeds(&r.slug))).collect();
    let shown = AboutTemplate { frame: frame(&app, ui_language, "/about"), channels };
    page(&app, &request, app.cache_key(format!("{} /about", ui_language.tag())), &shown).await
}

async fn healthz(State(app): State<AppState>) -> Response<Body> {
    uncached(app.health.alive(app.clock.now()).map(|()| "ok".to_owned()))
}

async fn readyz(State(app): State<AppState>) -> Response<Body> {
    uncached(app.health.ready())
}

/// Serves `/metrics` to the networks the configuration allows; everyone else gets a 404.
async fn metrics(State(app): State<AppState>, peer: Option<Extension<Peer>>) -> Response<Body> {
    let allowed = peer.is_some_and(|Extension(Peer(ip))| app.metrics_allow.iter().any(|network| network.contains(ip)));
    match &app.meters {
        Some(meters) if allowed => exposition(meters.render()),
        _ => not_found(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        model::{
            Audience,
            push::{DeliveryGuard, PushAnswer, PushRequest},
        },
        serve::{push_endpoints::PushEndpoints, reply::ShortText},
    };
    use bytes::Bytes;
    use std::{convert::Infallible, future::ready, pin::Pin, sync::Arc};
    use tokio::time::Instant;
    use tower::ServiceExt as _;

    /// Receives every delivery.
    struct Receiver;

    impl PushEndpoints for Receiver {
        fn answer(&self, _: PushRequest, _: Option<DeliveryGuard>) -> Pin<Box<dyn Future<Output = PushAnswer> + Send>> {
            Box::pin(ready(PushAnswer::new(202, "Received.\n")))
        }

        fn reserve(&self, _: &str, bytes: usize) -> Result<DeliveryGuard, PushAnswer> {
            Ok(Box::new(bytes))
        }

        fn body_max(&self) -> usize {
            1_000
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_a_minute() {
        let state = AppState {
            health: Arc::default(),
            channel_pages: Arc::default(),
            clock: Clock::System,
            cache: Arc::default(),
            newest: Arc::default(),
            queries: None,
            meters: None,
            metrics_allow: Arc::default(),
            audience: Audience::Everyone,
            access: Arc::default(),
            push: Some(Arc::new(Receiver)),
        };
        for path in [HUB_PATH, "/websub/callback/token"] {
            // It never comes.
            let body = Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>());
            let (asked, request) = (Instant::now(), Request::post(path).body(body).unwrap());
            let response = router(state.clone()).oneshot(request).await.unwrap();
            assert_eq!((response.status().as_u16(), asked.elapsed().as_secs()), (408, 60), "{path}");
        }
    }

    #[tokio::test]
    async fn a_request_that_took_too_long_is_answered_with_words() {
        let ended = Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).body(Body::empty()).unwrap();
        let response = with_words_and_retry_after(ended).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        for name in ["retry-after", "content-type", "content-security-policy", "x-content-type-options"] {
            assert!(response.headers().contains_key(name), "{name}: {:?}", response.headers());
        }
        assert!(response.extensions().get::<ShortText>().is_some(), "people get a page in its place");
    }
}
