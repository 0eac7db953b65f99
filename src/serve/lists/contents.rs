//! What a page of a list shows: from memory where it is there, else from the store.

use super::CHOICE;
use crate::model::Channel;
use crate::model::browse::{Browse, BrowsePage, PlaceKey, Position};
use crate::serve::browse::{COUNT, ListContents, ListQuery, ListSubject, RECENT, choose};
use crate::serve::channel_page::StoryItem;
use crate::serve::queries::QueryError;
use crate::serve::reply::{not_found, unavailable};
use crate::serve::state::AppState;
use axum::body::Body;
use axum::http::Response;

pub(super) async fn read(
    app: &AppState,
    subject: &ListSubject,
    asked: &ListQuery,
) -> Result<ListContents, Response<Body>> {
    let is_first = asked.position == Position::Newest;
    let held = match subject {
        ListSubject::Channel(slug) if is_first && asked.is_unfiltered() => app.channel_pages.get(slug.as_str()),
        _ => None,
    };
    let mut found =
        ListContents { stories: Vec::new(), leads: None, outlets: Vec::new(), outlet: None, newer: None, older: None };
    match (&held, &app.queries) {
        // The newest stories of a channel are in memory.
        (Some(page), _) => {
            let count = usize::try_from(COUNT).unwrap_or(usize::MAX);
            found.stories = page.stories.iter().take(count).cloned().collect();
            found.older = older_than(app, subject, page.stories.len() > count, found.stories.last()).await;
        }
        (None, Some(queries)) => {
            let Some(wanted) = subject.browse(asked, &queries.time_zone()) else { return Err(not_found()) };
            match queries.browse(wanted, app.audience).await {
                Ok(Some(BrowsePage { stories, newer, older })) => {
                    (found.newer, found.older) = (newer, older);
                    found.stories = stories.iter().map(StoryItem::of).collect();
                }
                Ok(None) => return Err(not_found()),
                Err(error) => return Err(unavailable(&error)),
            }
        }
        (None, None) => return Err(not_found()),
    }
    if let (Some(queries), true) = (&app.queries, is_first) {
        let now = app.clock.now();
        if held.is_some()
            && let ListSubject::Channel(slug) = subject
        {
            let since = now.checked_sub(RECENT).unwrap_or(now);
            let shared = extra(queries.leading(slug.as_str(), since, app.audience).await);
            let shared = shared.iter().map(StoryItem::of).collect();
            found.leads = choose(shared, &mut found.stories, now);
        }
        match subject {
            ListSubject::Channel(slug) if slug.as_str() == Channel::ALL => {
                found.outlets = extra(queries.directory(CHOICE, app.audience).await);
            }
            ListSubject::Language(_) => found.outlets = extra(queries.directory(CHOICE, app.audience).await),
            ListSubject::Tag(tag) => {
                found.outlets = extra(queries.directory(CHOICE, app.audience).await);
                found.outlets.retain(|outlet| outlet.tags.contains(tag));
            }
            ListSubject::Outlet(slug) => found.outlet = extra(queries.outlet(slug.clone(), app.audience).await),
            ListSubject::Channel(_) | ListSubject::Day(_) => {}
        }
    }
    Ok(found)
}

/// Returns the place before which the older stories of a channel lie; `None` if there are none. `is_known`: whether there are
/// some, without asking the database.
async fn older_than(
    app: &AppState,
    subject: &ListSubject,
    is_known: bool,
    last: Option<&StoryItem>,
) -> Option<PlaceKey> {
    let place = last?.place.clone();
    let queries = app.queries.as_ref()?;
    if is_known {
        return Some(place);
    }
    let asked = ListQuery { position: Position::Before(place.clone()), ..ListQuery::default() };
    let wanted = Browse { count: 1, ..subject.browse(&asked, &queries.time_zone())? };
    let older = extra(queries.browse(wanted, app.audience).await);
    older.is_some_and(|page| !page.stories.is_empty()).then_some(place)
}

/// Reads an optional part of a page; empty if reading fails.
fn extra<T: Default>(read: Result<T, QueryError>) -> T {
    read.unwrap_or_else(|error| {
        tracing::warn!(%error, "cannot read a part of a page; the page is shown without it");
        T::default()
    })
}
