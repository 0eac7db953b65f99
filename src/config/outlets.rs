//! `[[outlet]]`: publishers and their feeds.

use super::{
    TAG_MAX, TITLE_MAX,
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

/// What a feed may hold where it is a table.
const FEED_KEYS: [&str; 2] = ["url", "public_url"];

/// What is shown in place of feeds' addresses.
pub(super) type PublicUrls = HashMap<FeedUrl, FeedUrl>;

/// What is read of `[[outlet]]`, piece by piece.
#[derive(Default)]
pub(super) struct Outlets {
    /// In the order of the file.
    pub(super) read: Vec<Outlet>,
    /// Schedules of the outlets that state one.
    pub(super) schedules: HashMap<Slug, Schedule>,
    unique: Unique,
    sections: usize,
    /// What the first section is called.
    first: Option<String>,
}

impl Outlets {
    /// Reads the outlets of one piece of the file.
    pub(super) fn add(&mut self, book: &ConfigSource<'_>, root: &DeTable<'_>) {
        let sections = Section::all(book, root, ("outlet", self.sections), &KEYS);
        self.sections += sections.len();
        for section in &sections {
            self.first.get_or_insert_with(|| section.name().to_owned());
            let outlet = outlet(section, &mut self.unique);
            if let (Some(outlet), Some(schedule)) = (&outlet, section.text("schedule", values::schedule)) {
                self.schedules.insert(outlet.slug.clone(), schedule);
            }
            self.read.extend(outlet);
        }
    }

    /// Ends the reading. A former address that is configured still has no successor.
    pub(super) fn end(&mut self, book: &ConfigSource<'_>) -> PublicUrls {
        self.read.shrink_to_fit();
        let unique = std::mem::take(&mut self.unique);
        for (url, place) in &unique.former {
            if let (Some(ConfigLocation::Line(line)), Some(first)) = (unique.feeds.get(url), &self.first) {
                let words = format!(
                    "\"{}\" is a feed's address now, by line {line}; allowed: addresses that no outlet has any more",
                    url.shown()
                );
                book.fault(place.clone(), format!("{first}.was"), words);
            }
        }
        unique.public_urls
    }
}

/// `was`: addresses that the outlet's feeds had before.
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

/// Names and addresses already taken, and where.
#[derive(Default)]
struct Unique {
    slugs: HashMap<Slug, ConfigLocation>,
    feeds: HashMap<FeedUrl, ConfigLocation>,
    public_urls: PublicUrls,
    former: HashMap<FeedUrl, ConfigLocation>,
}

/// The outlet, with a stand-in for faulty values; `None` without a usable slug.
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
        if first_of(&mut unique.feeds, &url, &url.shown(), section, "feeds", place) {
            unique.public_urls.extend(public_url.map(|public_url| (url.clone(), public_url)));
            feeds.push(url);
        }
    }
    feeds
}

/// A feed that is written as a table.
fn feed(section: &Section<'_, '_>) -> Option<(FeedUrl, Option<FeedUrl>)> {
    let public_url = section.text("public_url", feed_url);
    Some((section.required("url", feed_url)?, public_url))
}

/// A feed's address. A faulty one is never repeated: it may hold a password.
fn feed_url(text: &str) -> Result<FeedUrl, String> {
    FeedUrl::parse(text).map_err(|why| why.to_string())
}

/// Whether nothing before had this slug or address; a repetition is noted, as `shown`.
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
