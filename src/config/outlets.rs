//! Sections `[[outlet]]`: publishers and their feeds.

use super::{
    FEEDS_MAX, TAG_MAX, TITLE_MAX,
    fault::ConfigLocation,
    raw::{ConfigSource, Located, Section, listed},
    values,
};
use crate::{
    model::{FeedUrl, Outlet, Slug},
    schedule::Schedule,
};
use jiff::tz::TimeZone;
use std::collections::HashMap;
use toml::de::DeTable;

const KEYS: [&str; 8] = ["slug", "name", "language", "time_zone", "tags", "schedule", "feeds", "was"];

/// Keys of a feed that is written as a table.
const FEED_KEYS: [&str; 2] = ["url", "public_url"];

/// Addresses shown in place of those of feeds.
type PublicUrls = HashMap<FeedUrl, FeedUrl>;

/// Reads all outlets, the schedules of those that have their own, and the addresses shown in place of those of feeds.
pub(super) fn read(book: &ConfigSource<'_>, root: &DeTable<'_>) -> (Vec<Outlet>, HashMap<Slug, Schedule>, PublicUrls) {
    let sections = Section::all(book, root, "outlet", &KEYS);
    if let Some(first) = sections.get(FEEDS_MAX) {
        book.fault(first.place().clone(), "outlet", format!("is one too many; allowed: {FEEDS_MAX} outlets"));
    }
    let mut unique = Unique::default();
    let mut schedules = HashMap::new();
    let mut outlets = Vec::with_capacity(sections.len().min(FEEDS_MAX));
    for section in sections.iter().take(FEEDS_MAX) {
        let outlet = outlet(section, &mut unique);
        if let (Some(outlet), Some(schedule)) = (&outlet, section.text("schedule", values::schedule)) {
            schedules.insert(outlet.slug.clone(), schedule);
        }
        outlets.extend(outlet);
    }
    still_used(&sections, &unique);
    (outlets, schedules, unique.public_urls)
}

/// Reports former addresses (`was`) that are still configured as the address of a feed.
fn still_used(sections: &[Section<'_, '_>], unique: &Unique) {
    let Some(section) = sections.first() else { return };
    for (url, place) in &unique.former {
        if let Some(ConfigLocation::Line(line)) = unique.feeds.get(url) {
            let words = format!(
                "\"{}\" is a feed's address now, by line {line}; allowed: addresses that no outlet has any more",
                url.shown()
            );
            section.fault_at(place.clone(), "was", words);
        }
    }
}

/// Reads `was`: former addresses of the outlet's feeds.
fn former(section: &Section<'_, '_>, unique: &mut Unique) -> Vec<FeedUrl> {
    let given = section.list("was", |text| FeedUrl::parse(text).map_err(|why| why.to_string()));
    let mut was = Vec::new();
    for Located { value, place } in given.unwrap_or_default() {
        if first_of(&mut unique.former, &value, &value.shown(), section, "was", place) {
            was.push(value);
        }
    }
    was
}

/// Slugs and addresses that are already in use, and their locations.
#[derive(Default)]
struct Unique {
    slugs: HashMap<Slug, ConfigLocation>,
    feeds: HashMap<FeedUrl, ConfigLocation>,
    public_urls: PublicUrls,
    former: HashMap<FeedUrl, ConfigLocation>,
}

/// Reads an outlet, with placeholders for faulty values; `None` without a valid slug.
fn outlet(section: &Section<'_, '_>, unique: &mut Unique) -> Option<Outlet> {
    let slug = section.required("slug", values::slug);
    let slug =
        slug.filter(|slug| first_of(&mut unique.slugs, slug, slug.as_str(), section, "slug", section.place_of("slug")));
    let name = section.required("name", |text| values::label(text, TITLE_MAX));
    let language = section.text("language", values::language);
    let time_zone = section.text("time_zone", values::time_zone).unwrap_or(TimeZone::UTC);
    let tags = listed(section, "tags", |text| values::label(text, TAG_MAX));
    let feeds = feeds(section, unique);
    let was = former(section, unique);
    Some(Outlet { slug: slug?, name: name.unwrap_or_default(), language, time_zone, tags, feeds, was })
}

fn feeds(section: &Section<'_, '_>, unique: &mut Unique) -> Vec<FeedUrl> {
    let given = section.mixed("feeds", &FEED_KEYS, |text| Ok((feed_url(text)?, None)), feed);
    if given.is_none() && !section.has("feeds") {
        section.fault("feeds", "is missing; it is required: the addresses of feeds, or of pages that announce one");
    }
    let mut feeds = Vec::new();
    for Located { value: (url, public_url), place } in given.unwrap_or_default() {
        if unique.feeds.len() == FEEDS_MAX {
            section.fault_at(place, "feeds", format!("is one too many; allowed: {FEEDS_MAX} feeds over all outlets"));
            break;
        }
        if first_of(&mut unique.feeds, &url, &url.shown(), section, "feeds", place) {
            unique.public_urls.extend(public_url.map(|public_url| (url.clone(), public_url)));
            feeds.push(url);
        }
    }
    feeds
}

/// Reads a feed that is written as a table: its address, and the one shown in its place.
fn feed(section: &Section<'_, '_>) -> Option<(FeedUrl, Option<FeedUrl>)> {
    let public_url = section.text("public_url", feed_url);
    Some((section.required("url", feed_url)?, public_url))
}

/// Parses the address of a feed. The error never repeats a faulty address, because it may contain a password.
fn feed_url(text: &str) -> Result<FeedUrl, String> {
    FeedUrl::parse(text).map_err(|why| why.to_string())
}

/// Returns whether this slug or address is used for the first time. A repetition is reported, with the value as `shown`.
fn first_of<T: std::hash::Hash + Eq + Clone>(
    taken: &mut HashMap<T, ConfigLocation>,
    value: &T,
    shown: &str,
    section: &Section<'_, '_>,
    key: &str,
    place: ConfigLocation,
) -> bool {
    if let Some(ConfigLocation::Line(line)) = taken.get(value) {
        section.fault_at(
            place,
            key,
            format!("\"{shown}\" is already used in line {line}; allowed: each once over all outlets"),
        );
        return false;
    }
    taken.insert(value.clone(), place);
    true
}
