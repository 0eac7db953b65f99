//! New stories for a page that stays open: its script asks once a minute how many came, and offers them.

use super::browse::{ListQuery, ListSubject};
use super::nouns::Noun;
use super::reply::{ClientRequest, bad, no_content, not_found, state};
use super::state::AppState;
use crate::model::browse::{PlaceKey, Position};
use axum::body::Body;
use axum::http::Response;
use url::form_urlencoded::parse;

/// Extension of the address under which a channel says how many stories are new.
pub(super) const EXTENSION: &str = ".new";

/// Returns where the page of a list asks for new stories: only the newest page of a channel without filters does.
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

/// `/channels/SLUG.new?after=PLACE`: how many stories stand before this place, in the reader's language; 204 if there are none.
/// Answered from memory.
pub(super) fn answer(app: &AppState, slug: &str, query: &str, request: &ClientRequest) -> Response<Body> {
    let Some(page) = app.channel_pages.get(slug) else { return not_found() };
    let mut after = PlaceKey::lowest();
    for (key, value) in parse(query.as_bytes()) {
        match (&*key, PlaceKey::parse(&value)) {
            ("after", Some(place)) => after = place,
            _ => return bad("allowed here: after=, a place in the channel"),
        }
    }
    let count = page.stories.iter().filter(|story| story.place > after).count();
    if count == 0 {
        return no_content();
    }
    let language = request.ui_language();
    let counted = language.counted(Noun::NewStory, u64::try_from(count).unwrap_or(u64::MAX));
    // All that the channel keeps in memory is new: there may be more.
    let words = if count == page.stories.len() && after != PlaceKey::lowest() {
        format!("{} {counted}", language.pick("أكثر من", "Plus de", "More than"))
    } else {
        counted
    };
    state(Ok(words))
}
