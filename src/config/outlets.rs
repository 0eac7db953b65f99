//! Sections `[[outlet]]`: publishers and their feeds.

use super::{
    TAG_MAX, TITLE_MAX,
    fault::ConfigLocation,
    raw::{ConfigSource, Located, Section, listed},
    requests::{self, RequestSettings, SecretFiles},
    rules, values,
};
use crate::{
    model::{FeedUrl, Outlet, PublishedText, Slug},
    schedule::Schedule,
};
use jiff::tz::TimeZone;
use std::collections::HashMap;
use toml::de::DeTable;

const KEYS: [&str; 22] = [
    "slug",
    "name",
    "language",
    "time_zone",
    "tags",
    "schedule",
    "feeds",
    "was",
    "enabled",
    "public",
    "full_text",
    "publish_text",
    "proxy",
    "proxy_dns",
    "user_agent",
    "timeout",
    "max_body",
    "ca_file",
    "headers",
    "auth",
    "keep",
    "drop",
];

/// Keys of a feed that is written as a table.
const FEED_KEYS: [&str; 2] = ["url", "public_url"];

/// Addresses shown in place of those of feeds.
pub(super) type PublicUrls = HashMap<FeedUrl, FeedUrl>;

/// What the `[[outlet]]` sections of all files say, read piece by piece.
#[derive(Default)]
pub(super) struct Outlets {
    /// Every outlet, in the order of the files.
    pub(super) read: Vec<Outlet>,
    /// Schedules by outlet, for outlets that have one.
    pub(super) schedules: HashMap<Slug, Schedule>,
    /// `public` by outlet, for outlets that set it.
    pub(super) public: HashMap<Slug, bool>,
    /// `publish_text` by outlet, for outlets that set it.
    pub(super) published_texts: HashMap<Slug, PublishedText>,
    /// Request settings by outlet, for outlets that have any.
    pub(super) requests: HashMap<Slug, RequestSettings>,
    unique: Unique,
    /// What the first section is called.
    first: Option<String>,
}

impl Outlets {
    /// Reads the outlets of one piece of a file, in which `before` came before it. Returns how many there are up to here.
    pub(super) fn add(
        &mut self,
        source: &ConfigSource<'_>,
        root: &DeTable<'_>,
        before: usize,
        files: SecretFiles<'_>,
    ) -> usize {
        let sections = Section::all(source, root, ("outlet", before), &KEYS);
        for section in &sections {
            self.first.get_or_insert_with(|| section.name().to_owned());
            // Everything is read before an outlet without a valid slug is passed over: all its faults are reported at once.
            let outlet = outlet(section, &mut self.unique);
            let schedule = section.text("schedule", values::schedule);
            let is_public = section.flag("public");
            let published_text = section.text("publish_text", values::published_text);
            let has_requests = requests::KEYS.iter().any(|key| section.has(key));
            let requests = has_requests.then(|| RequestSettings::read(section, files));
            let Some(outlet) = outlet else { continue };
            let keyed = || outlet.slug.clone();
            self.schedules.extend(schedule.map(|schedule| (keyed(), schedule)));
            self.public.extend(is_public.map(|is_public| (keyed(), is_public)));
            self.published_texts.extend(published_text.map(|text| (keyed(), text)));
            self.requests.extend(requests.map(|requests| (keyed(), requests)));
            self.read.push(outlet);
        }
        before + sections.len()
    }

    /// Ends the reading; answers what is shown in place of feeds' addresses. A former address that is still configured has no
    /// successor, which is noted in `source`.
    pub(super) fn end(&mut self, source: &ConfigSource<'_>) -> PublicUrls {
        self.read.shrink_to_fit();
        let unique = std::mem::take(&mut self.unique);
        for (url, place) in &unique.former {
            if let (Some(used), Some(first)) = (unique.feeds.get(url), &self.first) {
                let words = format!(
                    "\"{}\" is still the address of a feed ({}); allowed: former addresses that no outlet uses",
                    url.shown(),
                    used.words()
                );
                source.fault(place.clone(), format!("{first}.was"), words);
            }
        }
        unique.public_urls
    }
}

/// Reads `was`: former addresses of the outlet's feeds.
fn former(section: &Section<'_, '_>, unique: &mut Unique) -> Vec<FeedUrl> {
    let given = section.list("was", values::feed_url);
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
    let (feeds, alternatives) = feeds(section, unique);
    let was = former(section, unique);
    let enabled = section.flag("enabled").unwrap_or(true);
    let rules = rules::read(section);
    let full_text = section.flag("full_text").unwrap_or(false);
    Some(Outlet {
        slug: slug?,
        name: name.unwrap_or_default(),
        language,
        time_zone,
        tags,
        feeds,
        alternatives,
        was,
        enabled,
        private: false,
        rules,
        full_text,
        published_text: PublishedText::Feed,
    })
}

/// Reads the outlet's feeds, and the alternative addresses of those that have some.
fn feeds(section: &Section<'_, '_>, unique: &mut Unique) -> (Vec<FeedUrl>, Vec<(FeedUrl, Vec<FeedUrl>)>) {
    let given = section.mixed("feeds", &FEED_KEYS, |text| Ok((values::polled_url(text)?, None)), feed);
    if given.is_none() && !section.has("feeds") {
        section.fault("feeds", "is missing; it is required: the addresses of feeds, or of pages that announce one");
    }
    let (mut feeds, mut alternatives) = (Vec::new(), Vec::new());
    for group in given.unwrap_or_default() {
        let mut urls = Vec::new();
        for Located { value: (url, public_url), place } in group {
            if first_of(&mut unique.feeds, &url, &url.shown(), section, "feeds", place) {
                unique.public_urls.extend(public_url.map(|public_url| (url.clone(), public_url)));
                urls.push(url);
            }
        }
        let mut urls = urls.into_iter();
        let Some(url) = urls.next() else { continue };
        let others: Vec<FeedUrl> = urls.collect();
        if !others.is_empty() {
            alternatives.push((url.clone(), others));
        }
        feeds.push(url);
    }
    (feeds, alternatives)
}

/// Reads a feed that is written as a table: its address, and the one shown in its place.
fn feed(section: &Section<'_, '_>) -> Option<(FeedUrl, Option<FeedUrl>)> {
    let public_url = section.text("public_url", values::feed_url);
    Some((section.required("url", values::polled_url)?, public_url))
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
    if let Some(first) = taken.get(value) {
        let first = first.words();
        section.fault_at(
            place,
            key,
            format!("\"{shown}\" is already used in {first}; allowed: each may occur once in all outlets"),
        );
        return false;
    }
    taken.insert(value.clone(), place);
    true
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigFaults};
    use crate::model::PublishedText;
    use std::path::Path;

    const OUTLET: &str = "[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"http://a.example/feed\"]\n";

    fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::parse(text, Path::new("c.toml"), &variables)
    }

    #[test]
    fn an_outlet_says_whether_its_pages_are_fetched_and_which_text_is_published() {
        let texts = |publish: &str, outlet: &str| {
            let config = parse(&format!("{publish}{OUTLET}{outlet}"), &[]).unwrap();
            (config.outlets[0].full_text, config.outlets[0].published_text)
        };
        assert_eq!(texts("", ""), (false, PublishedText::Feed));
        assert_eq!(texts("", "full_text = true\npublish_text = \"page\""), (true, PublishedText::Page));
        assert_eq!(texts("[publish]\ntext = \"page\"\n", "full_text = true"), (true, PublishedText::Page));
        assert_eq!(texts("[publish]\ntext = \"page\"\n", "publish_text = \"feed\""), (false, PublishedText::Feed));
        let told = parse(&format!("{OUTLET}publish_text = \"both\"\nfull_text = 1\n"), &[]).unwrap_err().to_string();
        assert_eq!(
            told.lines().map(|line| line.replace("error: c.toml:", "")).collect::<Vec<_>>(),
            [
                "5: outlet.a.publish_text: \"both\" is not a valid choice; allowed: \"feed\" or \"page\"",
                "6: outlet.a.full_text: is a number; allowed: true or false"
            ]
        );
        let config = parse(OUTLET, &[("WARRAQ_PUBLISH_TEXT", "page")]).unwrap();
        assert_eq!(config.outlets[0].published_text, PublishedText::Page);
    }
}
