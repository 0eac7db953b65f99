//! Levels A and B by name: the same entry under its key, or the same article of the outlet under its link.

use super::revise::changed_share;
use super::{Arrival, Known, KnownEntry, iri};
use crate::model::{EntryId, Evidence, Key, OutletId, Rule, StoryId, link};
use crate::normalise::fold::fold;

/// What an arrival's names say.
#[derive(Debug)]
pub enum Named {
    /// Nothing is known by them.
    Unknown,
    /// Kept once, pruned since.
    Pruned,
    /// The feed listed it under this key before.
    SameKey(EntryId),
    /// The outlet has it under another key or in another feed.
    SameArticle(EntryId, Evidence),
}

/// The key of an arrival whose guid is but its title, when the feed used that title for another page before ("Cartoon of
/// the day"): such a guid is void, and guid and link identify, as in a document where it occurs twice.
///
/// The page is another one unless at least half of the text is the same.
pub fn rekeyed(arrival: &Arrival, known: &Known) -> Option<Key> {
    let entry = &arrival.entry;
    let guid = fold(entry.source_id.as_deref()?);
    let page = link::canonical(entry.link.as_deref()?)?;
    let sighted = known.by_key.get(&entry.key.hash())?.iter().find(|s| s.feed == arrival.feed)?;
    let before = known.entries.get(&sighted.entry?)?;
    let is_title = !guid.is_empty() && guid == entry.folded.title;
    let same_text = !before.folded_body.is_empty() && changed_share(&before.folded_body, &entry.folded.body) <= 0.5;
    let elsewhere = before.link_key.is_some() && entry.link_key.is_some() && before.link_key != entry.link_key;
    (is_title && elsewhere && !same_text).then(|| Key(format!("{} {page}", entry.key.0)))
}

/// Looks an arrival up by key, then by link, within its outlet.
#[must_use]
pub fn named(arrival: &Arrival, known: &Known) -> Named {
    let sighted = known.by_key.get(&arrival.entry.key.hash()).map_or(&[][..], Vec::as_slice);
    if let Some(here) = sighted.iter().find(|s| s.feed == arrival.feed) {
        return here.entry.map_or(Named::Pruned, Named::SameKey);
    }
    if let Some(entry) = by_link(arrival, known) {
        let place = if entry.feed == arrival.feed { "its feed" } else { "another feed of its outlet" };
        let words = format!("same link as entry {}, which {place} listed under another id", entry.id);
        return Named::SameArticle(entry.id, Evidence::plain(Rule::Link, words));
    }
    let elsewhere = sighted.iter().filter_map(|s| known.entries.get(&s.entry?));
    match elsewhere.filter(|e| e.outlet == arrival.outlet).find(|e| key_speaks_for_outlet(arrival, e)) {
        Some(entry) => {
            let words = format!("same id as entry {} of another feed of its outlet", entry.id);
            Named::SameArticle(entry.id, Evidence::plain(Rule::Key, words))
        }
        None => Named::Unknown,
    }
}

/// The one entry of the arrival's outlet at the arrival's link. A link that several entries of the outlet have, or that
/// occurs twice in the document, is no identity.
fn by_link<'a>(arrival: &Arrival, known: &'a Known) -> Option<&'a KnownEntry> {
    let mut own = at_link(arrival, known).filter(|e| e.outlet == arrival.outlet);
    own.next().filter(|_| own.next().is_none())
}

/// Entries at the arrival's link, oldest first.
fn at_link<'a>(arrival: &Arrival, known: &'a Known) -> impl Iterator<Item = &'a KnownEntry> {
    let link = arrival.entry.link_key.filter(|_| !arrival.link_repeats);
    let ids = link.and_then(|link| known.by_link.get(&link)).map_or(&[][..], Vec::as_slice);
    ids.iter().filter_map(|id| known.entries.get(id))
}

/// A key means one article in all feeds of an outlet when it is an IRI, hence unique by its making; a bare number or word
/// only together with an equal title.
fn key_speaks_for_outlet(arrival: &Arrival, entry: &KnownEntry) -> bool {
    let own = arrival.entry.source_id.as_deref().unwrap_or_default();
    let is_page = link::canonical(own).is_none() || link::link_key(own).is_some();
    (iri::is_absolute(own) && is_page) || (arrival.entry.title.is_some() && arrival.entry.title == entry.title)
}

/// Level C's rule `link`: the story of the oldest entry that another outlet has at this very link (category feeds,
/// planets and partners carry the same page).
#[must_use]
pub fn story_at_link(arrival: &Arrival, known: &Known) -> Option<(StoryId, Evidence)> {
    let entries: Vec<_> = at_link(arrival, known).collect();
    let holds = |outlet: OutletId| entries.iter().filter(|e| e.outlet == outlet).count();
    if holds(arrival.outlet) > 0 {
        return None;
    }
    let first = entries.iter().find(|e| holds(e.outlet) == 1)?;
    let words = format!("same link as entry {} of another outlet", first.id);
    Some((first.story, Evidence::plain(Rule::Link, words)))
}
