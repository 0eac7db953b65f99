//! Lists of stories as pages: the front page, channels, outlets, tags, languages, days.

mod address;
mod leads;

pub(super) use address::{ListQuery, ListSubject};
pub(super) use leads::Leads;

use super::channel_page::{LocalisedText, StoryItem};
use super::filter;
use super::pages::{Chip, FeedLink, ListTemplate};
use super::queries::QueryError;
use super::reply::{ClientRequest, bad, not_found, not_rendered_yet, page, redirect, unavailable};
use super::routes;
use super::state::AppState;
use crate::model::browse::{Browse, BrowsePage, OutletSummary, PlaceKey, Position};
use crate::model::pages::Filter;
use crate::model::{Channel, Language, Slug};
use crate::publish::Format;
use address::{COUNT, with_query};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{Response, Uri};
use std::collections::{BTreeMap, BTreeSet};

/// `/`.
pub(super) async fn front(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    request: ClientRequest,
) -> Response<Body> {
    channel(&app, Channel::ALL, query.as_deref(), &request).await
}

/// A channel's page.
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

/// `/outlets/SLUG`, `/tags/TAG`, `/languages/LANG`, `/days/DATE`; with an extension, the feed of it.
pub(super) async fn by_name(
    State(app): State<AppState>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
    request: ClientRequest,
) -> Response<Body> {
    let kind = uri.path().split('/').nth(1).unwrap_or_default();
    let feed = name.rsplit_once('.').and_then(|(name, extension)| Some((name, Format::of_extension(extension)?)));
    if let Some((name, format)) = feed.filter(|_| kind != "days") {
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

/// The feed of a list, filtered by a query as `/feed.atom` is.
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
            routes::feed_within(app, request, (own, name.words, subject.path()), asked, &path, format).await
        }
        Ok(None) => not_found(),
        Err(response) => response,
    }
}

/// What a list is called; `None` when there is no such thing.
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
        ListSubject::Language(language) => plain(language.as_str()),
        ListSubject::Day(date) => plain(&date.to_string()),
    })
}

/// A page of a list.
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
    let name = match name_of(app, &subject).await {
        Ok(Some(name)) => name,
        Ok(None) => return not_found(),
        Err(response) => return response,
    };
    let found = match read(app, &subject, &asked).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    if matches!(asked.position, Position::After(_)) && found.newer.is_none() {
        // Nothing newer: this is the first page, which has an address of its own.
        return redirect(&with_query(&subject.path(), &asked.filters()));
    }
    let mut frame = routes::frame(app, ui_language, &subject.path());
    frame.address = address;
    let shown = ListTemplate::new(frame, List { subject, asked, name, found });
    page(app, request, key, &shown).await
}

/// What a page of a list holds.
pub(super) struct Found {
    pub(super) stories: Vec<StoryItem>,
    pub(super) leads: Option<Leads>,
    pub(super) outlets: Vec<OutletSummary>,
    /// The outlet that the list is of.
    pub(super) outlet: Option<OutletSummary>,
    newer: Option<PlaceKey>,
    older: Option<PlaceKey>,
}

/// A list and what was found of it.
pub(super) struct List {
    pub(super) subject: ListSubject,
    pub(super) asked: ListQuery,
    pub(super) name: LocalisedText,
    pub(super) found: Found,
}

async fn read(app: &AppState, subject: &ListSubject, asked: &ListQuery) -> Result<Found, Response<Body>> {
    let is_first = asked.position == Position::Newest;
    let held = match subject {
        ListSubject::Channel(slug) if is_first && asked.is_unfiltered() => app.channel_pages.get(slug.as_str()),
        _ => None,
    };
    let mut found =
        Found { stories: Vec::new(), leads: None, outlets: Vec::new(), outlet: None, newer: None, older: None };
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
            let since = now.checked_sub(leads::RECENT).unwrap_or(now);
            let shared = extra(queries.leading(slug.as_str(), since, app.audience).await);
            let shared = shared.iter().map(StoryItem::of).collect();
            found.leads = leads::choose(shared, &mut found.stories, now);
        }
        match subject {
            ListSubject::Channel(slug) if slug.as_str() == Channel::ALL => {
                found.outlets = extra(queries.directory(app.audience).await);
            }
            ListSubject::Language(_) => found.outlets = extra(queries.directory(app.audience).await),
            ListSubject::Tag(tag) => {
                found.outlets = extra(queries.directory(app.audience).await);
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

/// Returns what a page can do without: nothing, if it cannot be read.
fn extra<T: Default>(read: Result<T, QueryError>) -> T {
    read.unwrap_or_else(|error| {
        tracing::warn!(%error, "cannot read a part of a page; the page is shown without it");
        T::default()
    })
}

impl List {
    /// The address of the list without a filter by author.
    pub(super) fn without_author(&self) -> String {
        let asked = ListQuery { author: None, position: Position::Newest, ..self.asked.clone() };
        with_query(&self.subject.path(), &asked.filters())
    }

    /// The address of this list in all languages.
    pub(super) fn in_every_language(&self) -> String {
        let asked = ListQuery { languages: BTreeSet::new(), position: Position::Newest, ..self.asked.clone() };
        let path = match &self.subject {
            ListSubject::Language(_) => "/".to_owned(),
            subject => subject.path(),
        };
        with_query(&path, &asked.filters())
    }

    /// The address of the next newer page.
    pub(super) fn newer(&self) -> Option<String> {
        let at = |key: &PlaceKey| ListQuery { position: Position::After(key.clone()), ..self.asked.clone() };
        self.found.newer.as_ref().map(|key| with_query(&self.subject.path(), &at(key).canonical()))
    }

    /// The address of the next older page.
    pub(super) fn older(&self) -> Option<String> {
        let at = |key: &PlaceKey| ListQuery { position: Position::Before(key.clone()), ..self.asked.clone() };
        self.found.older.as_ref().map(|key| with_query(&self.subject.path(), &at(key).canonical()))
    }

    /// The feeds of the list. Authors and days have none of their own: theirs are those of the outlet and of everything.
    pub(super) fn feeds(&self) -> Vec<FeedLink> {
        let filters = ListQuery { author: None, position: Position::Newest, ..self.asked.clone() }.filters();
        let link = |format: Format| FeedLink {
            name: routes::format_name(format),
            media_type: format.bare_media_type(),
            path: with_query(&format!("{}.{}", self.subject.feed_path(), format.extension()), &filters),
        };
        Format::ALL.map(link).to_vec()
    }

    /// Everything, or only what several outlets carry.
    pub(super) fn company(&self, everything: &str, several: &str) -> Vec<Chip> {
        let chip = |min_outlets: u32, words: &str| {
            let asked = ListQuery { min_outlets, position: Position::Newest, ..self.asked.clone() };
            Chip {
                href: with_query(&self.subject.path(), &asked.filters()),
                text: LocalisedText::new(words, None),
                count: None,
                is_current: (self.asked.min_outlets > 1) == (min_outlets > 1),
            }
        };
        vec![chip(1, everything), chip(2, several)]
    }

    /// The languages of what is listed and of the outlets: primary subtags.
    pub(super) fn languages(&self) -> BTreeSet<String> {
        let of_stories = self.found.stories.iter().filter_map(|story| story.title.lang.as_deref());
        let of_outlets = self.found.outlets.iter().filter_map(|outlet| outlet.language.as_deref());
        of_stories.chain(of_outlets).filter_map(|tag| tag.split('-').next()).map(str::to_owned).collect()
    }

    /// The address of this list in one language only.
    pub(super) fn in_language(&self, language: &str) -> String {
        let subject = match (&self.subject, Slug::parse(Channel::ALL)) {
            (ListSubject::Language(_), Ok(all)) => &ListSubject::Channel(all),
            (subject, _) => subject,
        };
        let languages = Language::parse(language).into_iter().collect();
        let asked = ListQuery { languages, position: Position::Newest, ..self.asked.clone() };
        match subject.of_question(&asked) {
            Some((narrower, rest)) => with_query(&narrower.path(), &rest.filters()),
            None => with_query(&subject.path(), &asked.filters()),
        }
    }

    /// The tags of the outlets, with the entries of late of each, those with most first.
    pub(super) fn tags(&self) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for outlet in &self.found.outlets {
            for tag in &outlet.tags {
                *counts.entry(tag).or_default() += outlet.entries;
            }
        }
        let mut tags: Vec<(String, u64)> = counts.into_iter().map(|(tag, count)| (tag.to_owned(), count)).collect();
        tags.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        tags
    }
}

/// The page of a tag.
pub(super) fn tag_path(tag: &str) -> String {
    ListSubject::Tag(tag.to_owned()).path()
}

/// What one author wrote for an outlet.
pub(super) fn author_path(outlet: &str, author: &str) -> String {
    let asked = ListQuery { author: Some(author.to_owned()), ..ListQuery::default() };
    with_query(&format!("/outlets/{outlet}"), &asked.filters())
}
