//! The counter of new stories for a page that stays open: the page's script asks for it once a minute and offers the new stories.

use super::browse::{ListQuery, ListSubject};
use super::nouns::Noun;
use super::reply::{ClientRequest, bad, no_content, not_found, state};
use super::state::AppState;
use crate::model::browse::{PlaceKey, Position};
use axum::body::Body;
use axum::http::Response;
use url::form_urlencoded::parse;

/// Extension of the address that returns a channel's number of new stories.
pub(super) const EXTENSION: &str = ".new";

/// Returns the address at which a list page asks for new stories. Only the newest page of a channel, without filters, has one.
pub(super) fn address(app: &AppState, subject: &ListSubject, asked: &ListQuery) -> Option<String> {
    let ListSubject::Channel(slug) = subject else { return None };
    let is_live = app.queries.as_ref().is_some_and(|queries| queries.live());
    if !is_live || asked.position != Position::Newest || !asked.is_unfiltered() {
        return None;
    }
    let page = app.channel_pages.get(slug.as_str())?;
    let after = page.stories.iter().map(|story| &story.place).max().map(|place| format!("?after={place}"));
    Some(format!("/channels/{slug}{EXTENSION}{}", after.unwrap_or_default()))
}

/// Handles `/channels/SLUG.new?after=PLACE`: returns the number of stories before this place, in words of the reader's language;
/// 204 if there are none. Needs no database access.
pub(super) fn answer(app: &AppState, slug: &str, query: &str, request: &ClientRequest) -> Response<Body> {
    let Some(page) = app.channel_pages.get(slug) else { return not_found() };
    let mut after = PlaceKey::lowest();
    for (key, value) in parse(query.as_bytes()) {
        match (&*key, PlaceKey::parse(&value)) {
            ("after", Some(place)) => after = place,
            _ => return bad("allowed parameter: after, a place in the channel"),
        }
    }
    let count = page.stories.iter().filter(|story| story.place > after).count();
    if count == 0 {
        return no_content();
    }
    let language = request.ui_language();
    let counted = language.counted(Noun::NewStory, u64::try_from(count).unwrap_or(u64::MAX));
    // All stories of the channel in memory are new, so there may be more in the database.
    let words = if count == page.stories.len() && after != PlaceKey::lowest() {
        format!("{} {counted}", language.pick("أكثر من", "Plus de", "More than"))
    } else {
        counted
    };
    state(Ok(words))
}
