//! Handlers of searches: the page of results, and the feed of a search.

use super::browse::with_query;
use super::feeds::feed_within;
use super::filter::{canonical, read};
use super::frames::frame;
use super::live;
use super::pages::SearchTemplate;
use super::reply::{ClientRequest, bad, not_found, page, redirect, unavailable, wrong};
use super::state::AppState;
use crate::model::Channel;
use crate::model::browse::PlaceKey;
use crate::model::pages::Filter;
use crate::model::search::{SearchPlace, SearchQuery};
use crate::publish::Format;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{Response, Uri};
use url::form_urlencoded::{Serializer, parse};

/// Maximum number of stories on a page.
const COUNT: u32 = 30;
/// Name of the query parameter with the place where a page begins.
const PLACE: &str = "before";

/// Handles `/search.atom?q=…`, `/search.rss?q=…` and `/search.json?q=…`.
pub(super) async fn feed(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    uri: Uri,
    request: ClientRequest,
) -> Response<Body> {
    let extension = uri.path().rsplit_once('.').map_or("", |(_, extension)| extension);
    let Some(format) = Format::of_extension(extension) else { return not_found() };
    match read(query.as_deref().unwrap_or_default()) {
        Ok(Filter { words: None, .. }) => bad(&format!("search words are missing: {}?q=…", uri.path())),
        Ok(filter) => {
            let name = app.channel_pages.get(Channel::ALL).map_or_else(String::new, |all| all.title.words.clone());
            let list = (Filter::default(), name, "/search".to_owned());
            feed_within(&app, &request, list, filter, uri.path(), format).await
        }
        Err(why) => bad(&why),
    }
}

/// Handles `/search?q=…`.
pub(super) async fn search(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    request: ClientRequest,
) -> Response<Body> {
    let Some(queries) = &app.queries else { return not_found() };
    let ui_language = request.ui_language();
    let mut shown = SearchTemplate::new(frame(&app, ui_language, "/search"));
    let (filter, place) = match asked(query.as_deref().unwrap_or_default()) {
        Ok(asked) => asked,
        Err(why) => {
            shown.fault = Some(why);
            return wrong(&shown);
        }
    };
    let filters = canonical(&filter);
    if place != SearchPlace::default() && filter.words.is_none() {
        return redirect(&with_query("/search", &filters));
    }
    let address = address(&filters, &place);
    let key = app.cache_key(format!("{} {address}", ui_language.tag()));
    if let Some(held) = app.cache.get(&key, app.clock.now()) {
        return request.take(&held);
    }
    shown.frame.address = address;
    if let Some(words) = filter.words.clone() {
        shown.feeds = Format::ALL
            .map(|format| super::links::FeedLink {
                name: super::links::format_name(format),
                media_type: format.bare_media_type(),
                path: format!("/search.{}?{filters}", format.extension()),
            })
            .to_vec();
        shown.notes = SearchQuery::parse(&words).notes;
        shown.frame.asked = words;
        let place_is_newest = place == SearchPlace::default();
        shown.newest = (!place_is_newest).then(|| with_query("/search", &filters));
        let turn = app.cache.search_turn().await;
        let filter = Filter { limit: filter.limit.min(COUNT), ..filter };
        let found = match queries.search(filter, place, app.audience).await {
            Ok(found) => found,
            Err(error) => return unavailable(&error),
        };
        drop(turn);
        let is_live = queries.live() && place_is_newest;
        let newest = found.stories.iter().map(|found| PlaceKey::of(&found.story)).max();
        shown.live = is_live.then(|| live::counter_address("/search", &filters, newest));
        shown.older = found.older.as_ref().map(|older| self::address(&filters, older));
        shown.take(found);
    }
    page(&app, &request, key, &shown).await
}

/// Handles `/search.new?q=…&after=PLACE`: how many results are newer than this place.
pub(super) async fn new(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    request: ClientRequest,
) -> Response<Body> {
    match newer_than(query.as_deref().unwrap_or_default()) {
        Ok((filter, after)) => live::search(&app, filter, &after, &request).await,
        Err(why) => bad(&why),
    }
}

/// Parses the query string of `/search.new`. Returns the search and the place.
fn newer_than(query: &str) -> Result<(Filter, PlaceKey), String> {
    let (mut after, mut filters) = (PlaceKey::lowest(), Serializer::new(String::new()));
    for (key, value) in parse(query.as_bytes()) {
        if key == "after" {
            after = PlaceKey::parse(&value).ok_or("after: not a place in these results")?;
        } else {
            filters.append_pair(&key, &value);
        }
    }
    let filter = read(&filters.finish())?;
    if filter.words.is_none() {
        return Err("search words are missing: /search.new?q=…".to_owned());
    }
    Ok((Filter { limit: filter.limit.min(COUNT), ..filter }, after))
}

/// Parses a query string. Returns the filter and the place where the page begins.
fn asked(query: &str) -> Result<(Filter, SearchPlace), String> {
    let mut place = SearchPlace::default();
    let mut filters = Serializer::new(String::new());
    for (key, value) in parse(query.as_bytes()) {
        if key == PLACE {
            place = SearchPlace::parse(&value)
                .ok_or_else(|| format!("{PLACE}: not a valid place in these results; use the links on the page"))?;
        } else {
            filters.append_pair(&key, &value);
        }
    }
    Ok((read(&filters.finish())?, place))
}

/// Returns the address of a page of results.
fn address(filters: &str, place: &SearchPlace) -> String {
    let place = place.to_string();
    let place = if place.is_empty() { place } else { format!("{PLACE}={place}") };
    let query = [filters, &place].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
    with_query("/search", &query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_results_has_one_address() {
        let key = "2026-11-25T10:00:00Z_2026-11-25T09:57:00Z_12_34";
        for (typed, canonical) in [
            ("", "/search".to_owned()),
            ("q=a++b&before=", "/search?q=a+b".to_owned()),
            (&*format!("before=7_{key}&q=a"), format!("/search?q=a&before=7_{key}")),
            ("q=x&before=77&tag=y", "/search?tag=y&q=x&before=77".to_owned()),
        ] {
            match asked(typed) {
                Ok((filter, place)) => assert_eq!(address(&super::canonical(&filter), &place), canonical),
                Err(why) => assert!(typed.ends_with("before=") && why.contains("before"), "{typed}: {why}"),
            }
        }
        assert!(asked("q=a&page=2").unwrap_err().contains("page"));
    }
}
