//! Identifies arrivals by name (levels A and B): the same entry by its key, link or stamp, or the same article of the outlet.
//!
//! If two readings are possible, both entries are kept: an entry lost here is lost for good, and two entries of one outlet never
//! join in one story.

use super::article_number::PathId;
use super::likeness as like;
use super::revise::changed_share;
use super::stamp::Stamp;
use super::{Arrival, KnownEntries, KnownEntry, KnownSighting, iri, rules};
use crate::model::{EntryId, EntryKey, Evidence, OutletId, Rule, StoryId, link};
use crate::normalise::fold::fold;
use std::collections::HashSet;

/// The result of looking an arrival up by its names.
#[derive(Debug)]
pub enum IdentityMatch {
    /// No known entry matches.
    Unknown,
    /// The entry was kept once and has been pruned since.
    Pruned,
    /// The feed listed the entry under this key before.
    SameKey(EntryId),
    /// The outlet has the entry under another key or in another feed.
    SameArticle(EntryId, Evidence),
}

/// Entries already matched by another item of the same document (by index of the poll). The arrival cannot be one of them.
pub type Taken = HashSet<(usize, EntryId)>;

/// Returns another key for an arrival whose guid was used before for something else, with the reason in words if the guid was
/// reused.
pub fn rekeyed(arrival: &Arrival, known: &KnownEntries) -> Option<(EntryKey, Option<String>)> {
    let before = known.entries.get(&sighted(arrival, known, arrival.entry.key.hash())?.entry?)?;
    if let Some(words) = reused(before, arrival) {
        return Some((arrival.reused_key()?, Some(words)));
    }
    if let Some(words) = numbered(before, arrival) {
        return Some((at_page(arrival)?, Some(words)));
    }
    titled(arrival, before).map(|key| (key, None))
}

/// Returns in words why a guid, or a link in its place, counts as reused; `None` if it does not. It does in four cases: another
/// title, other words and a date more than a day later; without guids, the same with other files and any later date; where the
/// feed's guids are not trusted, another title, another date and less than half of the words; the same title with other text and
/// files at least six days later. This takes precedence over the link.
fn reused(before: &KnownEntry, arrival: &Arrival) -> Option<String> {
    let later = arrival.entry.believed?.duration_since(before.believed?);
    let overlap = like::overlap(&before.folded_body, &arrival.entry.folded.body);
    let is_other = overlap.is_some_and(|share| share < rules::OTHER_TEXT);
    let bare = overlap.is_none() && before.folded_body.is_empty() && arrival.entry.folded.body.is_empty();
    let other_title = !like::same_title(before, arrival);
    let is_again = if other_title {
        let titles_differ =
            || like::overlap(&like::title(before), &arrival.entry.folded.title).is_some_and(|s| s < rules::OTHER_TEXT);
        let words = is_other || (bare && (titles_differ() || like::other_files(before, arrival)));
        let is_void = arrival.listing.guids_void && later.as_secs() != 0 && overlap.is_none_or(|share| share < 0.5);
        // A bulletin without a guid that is replaced at its link every hour. With a guid of its own it would be a report that the
        // outlet keeps updating.
        let no_guid = before.source_id.is_none() && arrival.entry.source_id.is_none();
        let is_next = no_guid && is_other && later.as_secs() > 0 && like::other_files(before, arrival);
        (words && later > rules::REUSED_AFTER) || is_next || is_void
    } else {
        let files = like::other_files(before, arrival);
        let no_files = before.files.is_empty() || like::files(&arrival.entry).is_empty();
        ((is_other && (files || no_files)) || (bare && files)) && later >= rules::REUSED_TITLED_AFTER
    };
    let hours = later.as_hours().unsigned_abs();
    let direction = if later.is_negative() { "earlier" } else { "later" };
    let title = if other_title { "another title" } else { "the same title" };
    is_again.then(|| {
        format!(
            "new, though it reuses the id of entry {}: {title}, other words, dated {hours} hours {direction}",
            before.id
        )
    })
}

/// Returns in words why a guid counts as the number of a place in the document, which names another article each time: it looks like
/// one, the link is another, the title has other words, and the text has nothing in common with the one before. Dates play no part.
fn numbered(before: &KnownEntry, arrival: &Arrival) -> Option<String> {
    let differ = |one: &str, other: &str| like::overlap(one, other).is_some_and(|share| share < rules::OTHER_TEXT);
    let (body, folded) = (&before.folded_body, &arrival.entry.folded);
    let is_other = arrival.entry.source_id.as_deref().is_some_and(may_be_place)
        && is_elsewhere(before, arrival)
        && differ(&like::title(before), &folded.title)
        && (differ(body, &folded.body) || (body.is_empty() && folded.body.is_empty()));
    is_other.then(|| {
        format!("new, though it reuses the id of entry {}: another address, another title, other words", before.id)
    })
}

/// Returns the entry that had an arrival's guid before, if the guid now names another article because it numbers a place.
pub fn displaced(arrival: &Arrival, known: &KnownEntries) -> Option<EntryId> {
    let before = known.entries.get(&sighted(arrival, known, arrival.entry.key.hash())?.entry?)?;
    numbered(before, arrival).map(|_| before.id)
}

/// Returns whether a guid may number the places of a document: `1`, `#2`, `item-3`.
fn may_be_place(guid: &str) -> bool {
    let name = guid.trim().trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = guid.trim().len() - name.len();
    (1..=3).contains(&digits)
        && name.len() <= 8
        && !name.contains(|c: char| c.is_ascii_digit() || matches!(c, ':' | '/'))
}

/// Returns whether both have a link, and the links differ.
fn is_elsewhere(before: &KnownEntry, arrival: &Arrival) -> bool {
    before.link_key.zip(arrival.entry.link_key).is_some_and(|(was, is)| was != is)
}

/// Returns the key of an arrival that its guid and its link identify together.
fn at_page(arrival: &Arrival) -> Option<EntryKey> {
    let page = link::canonical(arrival.entry.link.as_deref()?)?;
    Some(EntryKey(format!("{} {page}", arrival.entry.key.0)))
}

/// Returns the key of an arrival whose guid is only its title, if the feed used that title for another page before ("Cartoon of
/// the day"). Such a guid is not trusted: guid and link together identify the entry, as in a document where a guid occurs twice.
///
/// If at least half of the text is the same, it is the same page.
fn titled(arrival: &Arrival, before: &KnownEntry) -> Option<EntryKey> {
    let entry = &arrival.entry;
    let guid = fold(entry.source_id.as_deref()?);
    let is_title = !guid.is_empty() && guid == entry.folded.title;
    let same_text = !before.folded_body.is_empty() && changed_share(&before.folded_body, &entry.folded.body) <= 0.5;
    (is_title && is_elsewhere(before, arrival) && !same_text).then(|| at_page(arrival)).flatten()
}

fn sighted(arrival: &Arrival, known: &KnownEntries, key: i64) -> Option<KnownSighting> {
    known.by_key.get(&key)?.iter().find(|s| s.feed == arrival.feed).copied()
}

/// Looks an arrival up by key, then by link, by stamp and by the id in its path, within its outlet. `reused` says that its guid
/// belongs to another entry, and so may its link.
#[must_use]
pub fn named(arrival: &Arrival, known: &KnownEntries, taken: &Taken, reused: bool) -> IdentityMatch {
    if let Some(here) = sighted(arrival, known, arrival.entry.key.hash()) {
        return here.entry.map_or(IdentityMatch::Pruned, IdentityMatch::SameKey);
    }
    let is_free = |entry: &&KnownEntry| !taken.contains(&(arrival.poll, entry.id));
    if let Some(entry) = by_former_key(arrival, known).filter(|e| is_free(e)) {
        let words =
            format!("same id, title and text as entry {}, stored before the feed's ids proved unreliable", entry.id);
        return IdentityMatch::SameArticle(entry.id, Evidence::plain(Rule::Key, words));
    }
    if let Some(entry) = reused.then(|| again(arrival, known)).flatten().filter(|e| is_free(e)) {
        let words = format!("same title and text as entry {}, which also has this reused id", entry.id);
        return IdentityMatch::SameArticle(entry.id, Evidence::plain(Rule::Key, words));
    }
    if let Some(entry) = by_link(arrival, known).filter(|e| is_free(e) && !(reused && like::other_second(e, arrival))) {
        let place = if entry.feed == arrival.feed { "its feed" } else { "another feed of its outlet" };
        let words = format!("same link as entry {}, which {place} listed under another id", entry.id);
        return IdentityMatch::SameArticle(entry.id, Evidence::plain(Rule::Link, words));
    }
    let dated = dated(arrival, known, taken);
    if let Some((entry, evidence)) = by_stamp(arrival, &dated).or_else(|| by_path_id(arrival, &dated)) {
        return IdentityMatch::SameArticle(entry, evidence);
    }
    let elsewhere = known.by_key.get(&arrival.entry.key.hash()).into_iter().flatten();
    let elsewhere = elsewhere.filter_map(|s| known.entries.get(&s.entry?)).filter(is_free);
    match elsewhere.filter(|e| e.outlet == arrival.outlet).find(|e| key_speaks_for_outlet(arrival, e)) {
        Some(entry) => {
            let words = format!("same id as entry {} of another feed of its outlet", entry.id);
            IdentityMatch::SameArticle(entry.id, Evidence::plain(Rule::Key, words))
        }
        None => IdentityMatch::Unknown,
    }
}

/// Returns the entry that the feed listed under the guid alone, if its guids are no longer trusted and nothing else changed.
fn by_former_key<'a>(arrival: &Arrival, known: &'a KnownEntries) -> Option<&'a KnownEntry> {
    let entry = known.entries.get(&sighted(arrival, known, arrival.former_key()?.hash())?.entry?)?;
    let is_same = like::same_title(entry, arrival)
        && like::same_second(entry, arrival)
        && entry.folded_body == arrival.entry.folded.body
        && !like::other_files(entry, arrival);
    is_same.then_some(entry)
}

/// Returns the entry with the reused guid at the arrival's link, if its outlet has stated another date for it since.
fn again<'a>(arrival: &Arrival, known: &'a KnownEntries) -> Option<&'a KnownEntry> {
    at_link(arrival, known).filter(|e| e.feed == arrival.feed && like::same_title(e, arrival)).find(|e| {
        let overlap = like::overlap(&e.folded_body, &arrival.entry.folded.body);
        overlap.is_none_or(|share| share >= 0.5) && !like::other_files(e, arrival)
    })
}

/// Returns the only entry of the arrival's outlet at the arrival's link. A link that several entries of the outlet have, or that
/// occurs twice in the document, identifies nothing; nor does a link whose entry contradicts the arrival.
fn by_link<'a>(arrival: &Arrival, known: &'a KnownEntries) -> Option<&'a KnownEntry> {
    let mut own = at_link(arrival, known).filter(|e| e.outlet == arrival.outlet);
    own.next().filter(|_| own.next().is_none()).filter(|entry| !is_next_at_link(entry, arrival))
}

/// Returns whether an arrival is the next entry at a link that stays the same (an hourly bulletin, a product's page): it has a
/// different guid of the outlet's own and either
/// - another stated second, and other files, or another title and text, or another title half a day later (a forecast whose text is
///   the same but for its figures), or a text that has nothing in common; or
/// - no date, as the entry before, but another title, and other files or a text that has nothing in common.
fn is_next_at_link(entry: &KnownEntry, arrival: &Arrival) -> bool {
    if entry.feed != arrival.feed || !like::other_guid(entry, arrival) {
        return false;
    }
    let body = &arrival.entry.folded.body;
    let files = like::other_files(entry, arrival);
    let other_title = !like::same_title(entry, arrival);
    let nothing_common = || like::overlap(&entry.folded_body, body).is_some_and(|share| share < rules::OTHER_TEXT);
    let Some((before, now)) = entry.believed.zip(arrival.entry.believed) else {
        let no_date = entry.believed.is_none() && arrival.entry.believed.is_none();
        return no_date && other_title && (files || nothing_common());
    };
    let no_text = entry.folded_body.is_empty() && body.is_empty();
    let other_text = || no_text || changed_share(&entry.folded_body, body) > rules::MATERIAL_SHARE;
    let is_later = now.duration_since(before) >= rules::NEXT_AT_LINK;
    like::other_second(entry, arrival) && (files || other_title && (is_later || other_text()) || nothing_common())
}

/// Returns the entries at the arrival's link, oldest first.
fn at_link<'a>(arrival: &Arrival, known: &'a KnownEntries) -> impl Iterator<Item = &'a KnownEntry> {
    let link = arrival.entry.link_key.filter(|_| !arrival.link_repeats);
    let ids = link.and_then(|link| known.by_link.get(&link)).map_or(&[][..], Vec::as_slice);
    ids.iter().filter_map(|id| known.entries.get(id))
}

/// Returns the recalled candidates of the arrival's outlet (see [`KnownEntries::dated`]), oldest first, without those that
/// another item of the document matches.
fn dated<'a>(arrival: &Arrival, known: &'a KnownEntries, taken: &Taken) -> Vec<&'a KnownEntry> {
    let of_outlet = known.dated.get(&arrival.outlet).into_iter().flatten();
    of_outlet.filter(|id| !taken.contains(&(arrival.poll, **id))).filter_map(|id| known.entries.get(id)).collect()
}

/// Matches by stamp: same feed (or one that it replaced), same stated second, same title. A midnight, or a stamp that several
/// items share, counts only together with equal text or an equal path. In another feed of the outlet, host and path must be the
/// same.
fn by_stamp(arrival: &Arrival, dated: &[&KnownEntry]) -> Option<(EntryId, Evidence)> {
    let stamp = Stamp::of(&arrival.entry)?;
    let at = arrival.entry.believed?;
    let is_here = |e: &KnownEntry| e.feed == arrival.feed || e.feed_removed;
    let link = arrival.entry.link.as_deref();
    let stamped =
        |e: &&KnownEntry| like::same_second(e, arrival) && Stamp::new(e.believed, &like::title(e)) == Some(stamp);
    let mut same: Vec<_> = dated.iter().copied().filter(stamped).collect();
    same.retain(|e| is_here(e) || like::same_path(e.link.as_deref(), link, true));
    let is_shared = arrival.listing.stamp_repeats(stamp) || arrival.listing.is_midnight(at) || same.len() > 1;
    let same_text = |e: &KnownEntry| !e.folded_body.is_empty() && e.folded_body == arrival.entry.folded.body;
    let path = |e: &KnownEntry| !arrival.link_repeats && like::same_path(e.link.as_deref(), link, false);
    same.retain(|e| !is_shared || ((same_text(e) || path(e)) && !like::other_files(e, arrival)));
    // Prefers the one at the same path, else takes the only one.
    let found = same.iter().find(|e| path(e)).or_else(|| same.first().filter(|_| same.len() == 1));
    let Some(found) = found else { return by_second_and_text(arrival, dated) };
    let place = if is_here(found) { "" } else { " and path in another feed of its outlet" };
    let words = format!("same stated second and title{place} as entry {}", found.id);
    Some((found.id, Evidence::plain(Rule::Stamp, words)))
}

/// Matches an entry whose headline was corrected, and with it the address and guid: same feed, same stated second, same text,
/// most of the title, no other file and no different guid of the outlet's own.
fn by_second_and_text(arrival: &Arrival, dated: &[&KnownEntry]) -> Option<(EntryId, Evidence)> {
    let folded = &arrival.entry.folded;
    let at = arrival.entry.believed.filter(|at| !arrival.listing.is_midnight(*at) && !folded.body.is_empty())?;
    let is_same = |e: &&KnownEntry| {
        (e.feed == arrival.feed || e.feed_removed)
            && e.believed.is_some_and(|its| its.as_second() == at.as_second())
            && e.folded_body == folded.body
            && like::overlap(&like::title(e), &folded.title).is_some_and(|share| share >= 0.5)
            && !like::other_files(e, arrival)
            && !like::other_guid(e, arrival)
    };
    let found: Vec<_> = dated.iter().copied().filter(is_same).collect();
    let [found] = found[..] else { return None };
    let words = format!("same stated second and text, and most of the title, as entry {}", found.id);
    Some((found.id, Evidence::plain(Rule::Stamp, words)))
}

/// Matches by the id in the path, at any age: the only entry with the same host, id and stated second, in the same language.
fn by_path_id(arrival: &Arrival, dated: &[&KnownEntry]) -> Option<(EntryId, Evidence)> {
    let id = PathId::of(arrival.entry.link.as_deref()?)?;
    let has_id = |e: &&KnownEntry| e.link.as_deref().is_some_and(|link| id.is_of(link));
    let found: Vec<_> = dated.iter().copied().filter(has_id).collect();
    let [found] = found[..] else { return None };
    let folded = &arrival.entry.folded;
    let scripts = [like::script(&like::title(found), &found.folded_body), like::script(&folded.title, &folded.body)];
    let alike = id.is_last
        || like::overlap(&like::title(found), &folded.title).is_some_and(|s| s >= rules::SECTION_LIKENESS)
        || like::overlap(&found.folded_body, &folded.body).is_some_and(|s| s >= rules::SECTION_LIKENESS);
    let languages = [found.language.as_deref(), arrival.entry.language.as_deref()];
    let is_one = like::same_second(found, arrival)
        && alike
        && !arrival.listing.id_repeats(&id)
        && like::same_language(scripts, languages);
    let words = format!("same id in the address and same stated second as entry {}", found.id);
    is_one.then(|| (found.id, Evidence::plain(Rule::Number, words)))
}

/// Returns whether a key means the same article in all feeds of an outlet: an IRI does, because it is unique by design. A bare
/// number or word does only together with an equal title.
fn key_speaks_for_outlet(arrival: &Arrival, entry: &KnownEntry) -> bool {
    let own = arrival.entry.source_id.as_deref().unwrap_or_default();
    let is_page = link::canonical(own).is_none() || link::link_key(own).is_some();
    (iri::is_absolute(own) && is_page) || (arrival.entry.title.is_some() && arrival.entry.title == entry.title)
}

/// What the link of an arrival says about its story.
pub enum StoryAtLink {
    /// Another outlet has an entry at this link, and its story takes the arrival.
    Joins(StoryId, Evidence),
    /// The story of this entry at the link has no room.
    Crowded(EntryId),
    /// No other outlet has an entry at this link.
    None,
}

/// Level C, rule `link`: finds the story of the oldest entry that another outlet has at exactly this link (category feeds, planets
/// and partners list the same page), if the story has room.
pub fn story_at_link(arrival: &Arrival, known: &KnownEntries, has_room: impl Fn(StoryId) -> bool) -> StoryAtLink {
    let entries: Vec<_> = at_link(arrival, known).collect();
    let holds = |outlet: OutletId| entries.iter().filter(|e| e.outlet == outlet).count();
    if holds(arrival.outlet) > 0 {
        return StoryAtLink::None;
    }
    let mut single = entries.iter().filter(|e| holds(e.outlet) == 1);
    let Some(first) = single.clone().next() else { return StoryAtLink::None };
    let Some(found) = single.find(|e| has_room(e.story)) else { return StoryAtLink::Crowded(first.id) };
    let words = format!("same link as entry {} of another outlet", found.id);
    StoryAtLink::Joins(found.story, Evidence::plain(Rule::Link, words))
}
