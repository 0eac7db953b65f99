//! Sections `[[channel]]`: merged feeds. The channel `all` always exists and contains everything.

use super::{
    ALL_TITLE, CHANNEL_LIMIT, CHANNEL_LIMIT_MAX, CHANNELS_MAX, MIN_OUTLETS_MAX, TAG_MAX, TITLE_MAX,
    fault::{ConfigLocation, did_you_mean},
    keys,
    raw::{Section, Source, listed},
    requests::SecretFiles,
    rules, values, webhooks,
};
use crate::model::{Channel, EntryRules, Outlet, ReaderKey, Readers, Slug, push::Webhook};
use std::collections::{BTreeSet, HashMap};

const KEYS: [&str; 16] = [
    "slug",
    "title",
    "subtitle",
    "outlets",
    "tags",
    "languages",
    "limit",
    "min_outlets",
    "prefer",
    "collapse",
    "outlet_in_title",
    "token",
    "public",
    "webhook",
    "keep",
    "drop",
];
/// Keys that may be set for the channel `all`.
const ALL_KEYS: [&str; 7] = ["slug", "title", "subtitle", "limit", "outlet_in_title", "public", "webhook"];
/// Longest subtitle, in characters.
const SUBTITLE_MAX: usize = 400;

/// Reads all channels, `all` first. `in_title` is `[publish] outlet_in_title`, the default of channels.
pub(super) fn read(
    sources: &[Source<'_, '_>],
    outlets: &[Outlet],
    in_title: bool,
    (reader_keys, files): (Option<&[ReaderKey]>, SecretFiles<'_>),
) -> (Vec<Channel>, Vec<Webhook>) {
    let sections: Vec<_> =
        sources.iter().flat_map(|(source, root)| Section::all(source, root, ("channel", 0), &KEYS)).collect();
    if let Some(first) = sections.get(CHANNELS_MAX) {
        first.fault_here(format!("there are more than {CHANNELS_MAX} channels"));
    }
    let known = KnownNames {
        outlets: outlets.iter().map(|outlet| outlet.slug.as_str()).collect(),
        tags: outlets.iter().flat_map(|outlet| outlet.tags.iter().map(String::as_str)).collect(),
        reader_keys,
    };
    let mut taken = HashMap::new();
    let sections = sections.iter().take(CHANNELS_MAX);
    let (mut channels, mut hooks) = (Vec::new(), Vec::new());
    for section in sections {
        let Some(channel) = channel(section, &mut taken, &known, in_title) else { continue };
        hooks.extend(webhooks::read(section, &channel.slug, &channel.title, files));
        channels.push(channel);
    }
    if !channels.iter().any(is_all) {
        let readers = if reader_keys.is_some() { Readers::KeyHolders } else { Readers::Everyone };
        let all =
            |slug| Channel { readers, outlet_in_title: in_title, ..blank(slug, ALL_TITLE.to_owned(), CHANNEL_LIMIT) };
        channels.extend(Slug::parse(Channel::ALL).ok().map(all));
    }
    channels.sort_by_key(|channel| !is_all(channel));
    (channels, hooks)
}

fn is_all(channel: &Channel) -> bool {
    channel.slug.as_str() == Channel::ALL
}

/// Creates a channel without criteria.
fn blank(slug: Slug, title: String, limit: u32) -> Channel {
    Channel {
        slug,
        title,
        outlets: Vec::new(),
        tags: Vec::new(),
        languages: Vec::new(),
        limit,
        min_outlets: 1,
        prefer: Vec::new(),
        collapse: true,
        readers: Readers::Everyone,
        hides_private: false,
        subtitle: None,
        outlet_in_title: false,
        rules: EntryRules::default(),
    }
}

/// Names that channels may use as criteria.
struct KnownNames<'a> {
    outlets: BTreeSet<&'a str>,
    tags: BTreeSet<&'a str>,
    reader_keys: Option<&'a [ReaderKey]>,
}

/// Reads a channel, with placeholders for faulty values; `None` without a valid slug.
fn channel(
    section: &Section<'_, '_>,
    taken: &mut HashMap<Slug, ConfigLocation>,
    known: &KnownNames<'_>,
    in_title: bool,
) -> Option<Channel> {
    let slug = section.required("slug", values::slug);
    if let Some(slug) = &slug
        && let Some(first) = taken.insert(slug.clone(), section.place_of("slug"))
    {
        section.fault("slug", format!("\"{slug}\" is already used in {}; allowed: each once", first.words()));
    }
    let limit = section.number("limit", 1..=CHANNEL_LIMIT_MAX).unwrap_or(CHANNEL_LIMIT);
    let label = |text: &str| values::label(text, TITLE_MAX);
    let subtitle = section.text("subtitle", |text| values::label(text, SUBTITLE_MAX));
    let outlet_in_title = section.flag("outlet_in_title").unwrap_or(in_title);
    if slug.as_ref().is_some_and(|slug| slug.as_str() == Channel::ALL) {
        for key in KEYS.into_iter().filter(|key| !ALL_KEYS.contains(key) && section.has(key)) {
            let allowed = "title, subtitle, limit, outlet_in_title, public, webhook";
            section.fault(key, format!("channel \"all\" always contains everything; allowed keys: {allowed}"));
        }
        let title = section.text("title", label).unwrap_or_else(|| ALL_TITLE.to_owned());
        let readers = keys::readers(section, known.reader_keys);
        return Some(Channel { subtitle, outlet_in_title, readers, ..blank(slug?, title, limit) });
    }
    let title = section.required("title", label);
    let (outlets, prefer) = (known.outlets(section, "outlets"), known.outlets(section, "prefer"));
    let tags = known.tags(section);
    let languages = listed(section, "languages", values::primary_language);
    let min_outlets = section.number("min_outlets", 1..=MIN_OUTLETS_MAX).unwrap_or(1);
    let collapse = section.flag("collapse").unwrap_or(true);
    let readers = keys::readers(section, known.reader_keys);
    let rules = rules::read(section);
    let blank = blank(slug?, title.unwrap_or_default(), limit);
    Some(Channel {
        outlets,
        tags,
        languages,
        min_outlets,
        prefer,
        collapse,
        subtitle,
        outlet_in_title,
        readers,
        rules,
        ..blank
    })
}

impl KnownNames<'_> {
    /// Reads a list of outlets.
    fn outlets(&self, section: &Section<'_, '_>, key: &str) -> Vec<Slug> {
        listed(section, key, |text| {
            let slug = values::slug(text)?;
            if self.outlets.contains(slug.as_str()) {
                return Ok(slug);
            }
            let near = did_you_mean(text, self.outlets.iter().copied());
            Err(format!("\"{slug}\" is not an outlet{near}; allowed: slugs of [[outlet]] sections"))
        })
    }

    /// Reads the list of tags.
    fn tags(&self, section: &Section<'_, '_>) -> Vec<String> {
        listed(section, "tags", |text| {
            let tag = values::label(text, TAG_MAX)?;
            if self.tags.contains(tag.as_str()) {
                return Ok(tag);
            }
            let near = did_you_mean(&tag, self.tags.iter().copied());
            Err(format!("no outlet has the tag {tag:?}{near}; allowed: tags of [[outlet]] sections"))
        })
    }
}
