//! Compares two states of an entry, to tell an edit from another entry under the same name.

use super::{Arrival, KnownEntry, rules};
use crate::model::{Entry, link};
use crate::normalise::{bare, fold::fold, without_counters};
use std::collections::HashSet;

/// Returns the addresses of the files and pictures of an entry, without queries.
#[must_use]
pub fn files(entry: &Entry) -> Vec<String> {
    let html = entry.content.as_ref().or(entry.summary.as_ref()).map(crate::model::SafeHtml::as_str);
    let is_short = entry.folded.body.split(' ').nth(rules::SHORT).is_none();
    files_of(&entry.extras, html.filter(|_| is_short))
}

/// Returns the addresses of the files in the extras, and of the pictures in a short text.
#[must_use]
pub fn files_of(extras: &crate::model::Extras, short_html: Option<&str>) -> Vec<String> {
    let enclosed = extras.enclosures.iter().map(|file| file.url.as_str()).chain(extras.image.as_deref());
    let pictures =
        short_html.into_iter().flat_map(|html| html.split("src=\"").skip(1).filter_map(|s| s.split('"').next()));
    enclosed.chain(pictures).map(|address| bare(address).to_owned()).collect()
}

/// Returns the folded title without counters.
pub(super) fn title(entry: &KnownEntry) -> String {
    let folded = entry.title.as_ref().map_or_else(String::new, |title| fold(title.as_str()));
    without_counters(&folded).into_owned()
}

/// Returns whether the titles are equal without counters.
pub(super) fn same_title(known: &KnownEntry, arrival: &Arrival) -> bool {
    title(known) == without_counters(&arrival.entry.folded.title)
}

/// Returns whether both state a date and the dates differ.
pub(super) fn other_second(known: &KnownEntry, arrival: &Arrival) -> bool {
    known.believed.zip(arrival.entry.believed).is_some_and(|(was, is)| was.as_second() != is.as_second())
}

/// Returns whether both state the same second, or neither states a date.
pub(super) fn same_second(known: &KnownEntry, arrival: &Arrival) -> bool {
    known.believed.map(jiff::Timestamp::as_second) == arrival.entry.believed.map(jiff::Timestamp::as_second)
}

/// Returns the share of the shorter text's word pairs found in the other, between 0 and 1, or `None` if one has no words.
pub(super) fn overlap(one: &str, other: &str) -> Option<f64> {
    let words = |text| str::split(text, ' ').filter(|word| !word.is_empty()).collect::<Vec<_>>();
    overlap_of(&words(one), &words(other))
}

/// Does the same as [`overlap`] for words of any type.
pub(super) fn overlap_of<T: Copy + Eq + std::hash::Hash>(one: &[T], other: &[T]) -> Option<f64> {
    let (one, other) = (pairs(one), pairs(other));
    let least = u32::try_from(one.len().min(other.len())).ok().filter(|n| *n > 0)?;
    let shared = u32::try_from(one.intersection(&other).count()).unwrap_or(u32::MAX);
    Some(f64::from(shared) / f64::from(least))
}

fn pairs<T: Copy + Eq + std::hash::Hash>(words: &[T]) -> HashSet<(T, T)> {
    match words {
        [one] => HashSet::from([(*one, *one)]),
        _ => words.windows(2).map(|pair| (pair[0], pair[1])).collect(),
    }
}

/// Returns whether both have files but none in common.
pub(super) fn other_files(known: &KnownEntry, arrival: &Arrival) -> bool {
    let files = files(&arrival.entry);
    !known.files.is_empty() && !files.is_empty() && !files.iter().any(|file| known.files.contains(file))
}

/// Returns whether a guid is the outlet's own: neither the link, with or without fragment or query, nor the title.
pub(super) fn is_own_guid(guid: Option<&str>, page: Option<&str>, folded_title: &str) -> bool {
    let Some(guid) = guid.map(str::trim).filter(|guid| !guid.is_empty()) else { return false };
    let stripped = guid.split('#').next().unwrap_or(guid);
    let is_link = page.is_some_and(|page| {
        let page = page.split('#').next().unwrap_or(page);
        match (link::canonical(stripped), link::canonical(page)) {
            (Some(guid), Some(page)) => guid == page || (!guid.contains('?') && guid == bare(&page)),
            _ => stripped == page,
        }
    });
    !is_link && fold(guid) != folded_title
}

/// Returns whether arrival and entry both have a guid of the outlet's own, and the guids differ.
pub(super) fn other_guid(known: &KnownEntry, arrival: &Arrival) -> bool {
    let Entry { source_id, link, folded, .. } = &*arrival.entry;
    !arrival.listing.guids_void
        && known.source_id != *source_id
        && is_own_guid(source_id.as_deref(), link.as_deref(), &folded.title)
        && is_own_guid(known.source_id.as_deref(), known.link.as_deref(), &title(known))
}

/// Returns whether two entries are written in the same script, and in the same language if both state one.
pub(super) fn same_language(scripts: [u8; 2], languages: [Option<&str>; 2]) -> bool {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let [one, other] = languages.map(|tag| tag.map(primary));
    scripts[0] == scripts[1] && (one.is_none() || other.is_none() || one == other)
}

/// Returns the script of most of the first 200 letters, as a number from 0 to 4.
pub(super) fn script(title: &str, body: &str) -> u8 {
    let mut counts = [0_usize; 5];
    for c in title.chars().chain(body.chars()).filter(|c| c.is_alphabetic()).take(200) {
        let script = match u32::from(c) {
            0..0x370 => 0,
            0x370..0x590 => 1,
            0x590..0x600 => 2,
            0x600..0x780 => 3,
            _ => 4,
        };
        counts[script] += 1;
    }
    (0..5_u8).max_by_key(|script| (counts[usize::from(*script)], 5 - script)).unwrap_or_default()
}

/// Returns the host without `www.` and the path of an address that has a path.
pub(super) fn host_and_path(address: &str) -> Option<(String, String)> {
    let url = url::Url::parse(address).ok()?;
    let path = url.path().trim_end_matches('/');
    let host = url.host_str()?.trim_start_matches("www.").to_owned();
    (!path.is_empty()).then(|| (host, path.to_owned()))
}

/// Returns whether two addresses have the same path and, with `and_host`, the same host.
pub(super) fn same_path(one: Option<&str>, other: Option<&str>, and_host: bool) -> bool {
    let parts = one.and_then(host_and_path).zip(other.and_then(host_and_path));
    parts.is_some_and(|((a, path), (b, other))| path == other && (!and_host || a == b))
}
