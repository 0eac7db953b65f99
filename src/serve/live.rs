//! The counter of new stories for a page that stays open: the page's script asks for it once a minute and offers the new stories.
//! A channel is answered from memory. Other lists and searches are read at most once in half a minute, however many pages ask.

use super::browse::{COUNT, ListQuery, ListSubject, with_query};
use super::channel_page::StoryItem;
use super::filter::canonical;
use super::newest_places::Places;
use super::nouns::Noun;
use super::queries::Queries;
use super::reply::{ClientRequest, bad, no_content, not_found, unavailable, uncached};
use super::state::AppState;
use crate::model::Channel;
use crate::model::browse::{PlaceKey, Position};
use crate::model::pages::Filter;
use crate::model::search::SearchPlace;
use axum::body::Body;
use axum::http::Response;

/// Extension of the address that returns a list's number of new stories.
pub(super) const EXTENSION: &str = ".new";

/// Stories on a page of a list.
const PAGE: usize = COUNT as usize;

/// Returns the address at which a list page with these stories asks for new ones. Only the newest page of a list has one; a day
/// has none, because it ends.
pub(super) fn address(
    app: &AppState,
    subject: &ListSubject,
    asked: &ListQuery,
    stories: &[StoryItem],
) -> Option<String> {
    let is_live = app.queries.as_ref().is_some_and(|queries| queries.live());
    if !is_live || asked.position != Position::Newest || matches!(subject, ListSubject::Day(_)) {
        return None;
    }
    let places = |stories: &[StoryItem]| stories.iter().map(|story| story.place.clone()).max();
    let ListSubject::Channel(slug) = subject else {
        return Some(counter_address(&subject.path(), &asked.filters(), places(stories)));
    };
    // Of a channel, the stories that lead the page are not among the others.
    let newest =
        if asked.is_unfiltered() { places(&app.channel_pages.get(slug.as_str())?.stories) } else { places(stories) };
    Some(counter_address(&format!("/channels/{slug}"), &asked.filters(), newest))
}

/// Returns the address that returns the number of stories after this place.
pub(super) fn counter_address(path: &str, filters: &str, newest: Option<PlaceKey>) -> String {
    let after = newest.map(|place| format!("after={place}"));
    let query: Vec<&str> =
        [filters, after.as_deref().unwrap_or_default()].into_iter().filter(|q| !q.is_empty()).collect();
    with_query(&format!("{path}{EXTENSION}"), &query.join("&"))
}

/// Handles the address of [`address`]: returns the number of stories after the place, in words of the reader's language; 204 if
/// there are none.
pub(super) async fn answer(
    app: &AppState,
    subject: &ListSubject,
    query: &str,
    request: &ClientRequest,
) -> Response<Body> {
    let asked = match ListQuery::read(query) {
        Ok(asked) => asked,
        Err(why) => return bad(&why),
    };
    if let Some(why) = subject.refuses(&asked) {
        return bad(&why);
    }
    let after = match &asked.position {
        Position::Newest => PlaceKey::lowest(),
        Position::After(place) => place.clone(),
        Position::Before(_) => return bad("allowed parameters: after, and the list's filters"),
    };
    if let ListSubject::Channel(slug) = subject
        && asked.is_unfiltered()
    {
        return match app.channel_pages.get(slug.as_str()) {
            // More stories than these may be new only if all of these are.
            Some(page) => count(page.stories.iter().map(|story| &story.place), &after, page.stories.len(), request),
            None => not_found(),
        };
    }
    let Some(queries) = &app.queries else { return not_found() };
    let key = app.cache_key(counter_address(&subject.path(), &asked.filters(), None));
    let places = match app.newest.get(&key, app.clock.now()) {
        Some(places) => places,
        None => match read(app, queries.as_ref(), subject, &asked).await {
            Ok(places) => {
                app.newest.put(key, &places, app.clock.now());
                places
            }
            Err(response) => return response,
        },
    };
    count(places.iter(), &after, PAGE, request)
}

async fn read(
    app: &AppState,
    queries: &dyn Queries,
    subject: &ListSubject,
    asked: &ListQuery,
) -> Result<Places, Response<Body>> {
    let newest = ListQuery { position: Position::Newest, ..asked.clone() };
    let Some(wanted) = subject.browse(&newest, &queries.time_zone()) else { return Err(not_found()) };
    if let ListSubject::Channel(slug) = subject
        && slug.as_str() != Channel::ALL
        && app.channel_pages.get(slug.as_str()).is_none()
    {
        return Err(not_found());
    }
    let turn = app.cache.turn().await;
    let found = queries.browse(wanted, app.audience).await;
    drop(turn);
    match found {
        Ok(Some(page)) => Ok(page.stories.iter().map(PlaceKey::of).collect()),
        Ok(None) => Err(not_found()),
        Err(error) => Err(unavailable(&error)),
    }
}

/// Handles `/search.new?q=…&after=PLACE`, for a page of results.
pub(super) async fn search(
    app: &AppState,
    filter: Filter,
    after: &PlaceKey,
    request: &ClientRequest,
) -> Response<Body> {
    let Some(queries) = &app.queries else { return not_found() };
    let key = app.cache_key(counter_address("/search", &canonical(&filter), None));
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    if let Some(places) = app.newest.get(&key, app.clock.now()) {
        return count(places.iter(), after, limit, request);
    }
    let turn = app.cache.search_turn().await;
    let found = queries.search(filter, SearchPlace::default(), app.audience).await;
    drop(turn);
    match found {
        Ok(page) => {
            let places: Places = page.stories.iter().map(|found| PlaceKey::of(&found.story)).collect();
            app.newest.put(key, &places, app.clock.now());
            count(places.iter(), after, limit, request)
        }
        Err(error) => unavailable(&error),
    }
}

/// Returns how many of the newest places of a list come after this one. With `most` of them there may be more.
fn count<'a>(
    places: impl ExactSizeIterator<Item = &'a PlaceKey>,
    after: &PlaceKey,
    most: usize,
    request: &ClientRequest,
) -> Response<Body> {
    let all = places.len();
    let count = places.filter(|place| *place > after).count();
    if count == 0 {
        return no_content();
    }
    let language = request.ui_language();
    let counted = language.counted(Noun::NewStory, u64::try_from(count).unwrap_or(u64::MAX));
    // All stories of a full page are new, so there may be more.
    let words = if count == all && all >= most && *after != PlaceKey::lowest() {
        format!("{} {counted}", language.pick("أكثر من", "Plus de", "More than"))
    } else {
        counted
    };
    uncached(Ok(words))
}
