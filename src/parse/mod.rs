//! Bytes to [`ParsedFeed`]: charset, repair, feed-rs, and what feed-rs drops.
//!
//! One way for every document: decide the encoding, read a tolerant tree, draft each entry whose bytes are not known yet,
//! let feed-rs read the drafts as canonical Atom, and put beside its entries what it does not keep. Nothing a document holds
//! may fail in another way than as a [`Fault`]. CPU work throughout: call it on a blocking thread.

mod address;
mod charset;
mod codepages;
mod dates;
mod draft;
mod entities;
mod entry;
mod feed;
mod html;
mod identity;
mod json;
mod links;
mod months;
mod names;
mod people;
mod text;
mod tokens;
mod tree;
mod typed;

pub use dates::instant;
pub use html::{Announced, announced};

use crate::model::{Fault, Format, Key, Listed, ParsedEntry, ParsedFeed, RawHash, link};
use draft::{EntryDraft, FeedDraft};
use identity::{About, Keys};
use jiff::tz::TimeZone;
use std::collections::HashMap;
use url::Url;

/// Entries that are read of one document; the rest is left, oldest as they mostly are.
pub const ENTRIES: usize = 20_000;

/// What is known about a document beside its bytes.
#[derive(Debug, Clone)]
pub struct Context {
    /// Its address; relative addresses in it are relative to this.
    pub base: Option<Url>,
    /// Value of its `Content-Type` header.
    pub content_type: Option<String>,
    /// For dates that name no zone.
    pub zone: TimeZone,
    /// Its feed's guids were seen to be void: identity is guid and link.
    pub guids_void: bool,
}

impl Default for Context {
    fn default() -> Self {
        Self { base: None, content_type: None, zone: TimeZone::UTC, guids_void: false }
    }
}

impl Context {
    /// The `charset` parameter of the Content-Type (RFC 9110 8.3.1).
    fn charset(&self) -> Option<&str> {
        let mut parameters = self.content_type.as_deref()?.split(';').skip(1);
        parameters.find_map(|p| {
            p.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset")).map(|(_, v)| v)
        })
    }

    /// The host's last label, which says something about the language.
    fn tld(&self) -> Option<&str> {
        let label = self.base.as_ref()?.domain()?.rsplit('.').next()?;
        label.bytes().all(|b| b.is_ascii_lowercase()).then_some(label)
    }
}

/// Names of the repairs a document needed, each once, in order of first use.
#[derive(Debug, Default)]
struct Repairs(Vec<&'static str>);

impl Repairs {
    fn note(&mut self, name: &'static str) {
        if !self.0.contains(&name) {
            self.0.push(name);
        }
    }
}

/// Reads a document. Entries whose bytes are `known` are listed and not read.
///
/// # Errors
/// [`Fault::Empty`], [`Fault::Html`], [`Fault::NotAFeed`], and [`Fault::Parser`] when feed-rs fails on what it should read.
pub fn read(bytes: &[u8], context: &Context, known: &dyn Fn(RawHash) -> bool) -> Result<ParsedFeed, Fault> {
    let mut repairs = Repairs::default();
    let decoded = charset::decode(bytes, context.charset(), context.tld(), &mut repairs);
    let text = decoded.text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if text.trim_end().is_empty() {
        return Err(Fault::Empty);
    }
    let raw = if text.starts_with(['{', '[']) {
        json::read(text, context, known, &mut repairs)?
    } else {
        read_xml(text, context, known, &mut repairs)?
    };
    let mut parsed = finish(raw, &context.zone)?;
    parsed.encoding = decoded.encoding;
    parsed.encoding_from = decoded.from;
    parsed.repairs = repairs.0;
    Ok(parsed)
}

/// A document, drafted.
struct Raw {
    format: Format,
    partial: bool,
    guids_void: bool,
    feed: FeedDraft,
    /// Every entry, copies left out: its bytes, its page, its key, and whether it is `entries`' next.
    listed: Vec<(RawHash, Option<String>, Key, bool)>,
    /// The entries that are to be read.
    entries: Vec<EntryDraft>,
}

fn read_xml(
    text: &str,
    context: &Context,
    known: &dyn Fn(RawHash) -> bool,
    repairs: &mut Repairs,
) -> Result<Raw, Fault> {
    let mut tree = tree::Tree::read(text, context.base.as_ref(), repairs);
    let Some(root) = feed::find(&tree) else { return Err(html::no_feed(&tree)) };
    tree.is_atom = matches!(root.format, Format::Atom10 | Format::Atom03);
    if tree.node(root.id).span.0 > 0 && !text[..tree.node(root.id).span.0].trim_start().starts_with("<?xml") {
        note_what_precedes(&text[..tree.node(root.id).span.0], repairs);
    }
    let mut raw = Raw {
        format: root.format,
        partial: tree.cut || !tree.node(root.id).closed,
        guids_void: false,
        feed: feed::read(&tree, root, &context.zone),
        listed: Vec::new(),
        entries: Vec::new(),
    };
    let mut keys = Keys::new(context.guids_void);
    let mut items = tree.descend(root.id, |tag| tag != names::Tag::Item);
    items.retain(|(tag, _)| *tag == names::Tag::Item);
    if tree.node(root.id).tag == names::Tag::Item {
        items.insert(0, (names::Tag::Item, root.id));
    }
    items.retain(|(_, id)| tree.node(*id).closed);
    if items.len() > ENTRIES {
        repairs.note("too-many-entries");
        items.truncate(ENTRIES);
    }
    let items: Vec<_> = items.into_iter().map(|(_, id)| (id, links::Links::read(&tree, id))).collect();
    for (_, links) in &items {
        keys.announce(links.id.as_deref(), links.page.as_deref());
    }
    let about = |id| About::of(&entry::read(&tree, id, links::Links::default(), &context.zone));
    for (id, links) in &items {
        if keys.is_repeated(links.id.as_deref()) {
            keys.compare(links.id.as_deref(), links.page.as_deref(), &about(*id));
        }
    }
    for (id, links) in items {
        let (start, end) = tree.node(id).span;
        let hash = RawHash::of(&text.as_bytes()[start..end]);
        let Some(key) = keys.next(links.id.as_deref(), links.page.as_deref(), || about(id)) else { continue };
        let is_known = known(hash);
        raw.listed.push((hash, links.page.clone(), key, is_known));
        if !is_known {
            raw.entries.push(entry::read(&tree, id, links, &context.zone));
        }
    }
    let references = &tree.references;
    let met = [
        (&references.bare, "bare-ampersand"),
        (&references.undefined, "undefined-entities"),
        (&references.encoded_twice, "encoded-twice"),
    ];
    for (_, name) in met.into_iter().filter(|(met, _)| met.get()) {
        repairs.note(name);
    }
    raw.guids_void = keys.void_now;
    if raw.guids_void {
        repairs.note("repeated-guids");
    }
    if raw.partial {
        repairs.note("cut-off");
    }
    Ok(raw)
}

/// What stands before a root, beside declarations and blanks.
fn note_what_precedes(before: &str, repairs: &mut Repairs) {
    let outside = before.split("<!").next().unwrap_or_default().trim();
    if !outside.is_empty() {
        repairs.note("junk-before");
    }
}

/// Lets feed-rs read the drafts, and puts beside its entries what it does not keep.
fn finish(raw: Raw, zone: &TimeZone) -> Result<ParsedFeed, Fault> {
    let typed = typed::read(&raw.feed, &raw.entries, zone)?;
    // Compared as identity compares them: a page's paragraphs, each under its own fragment, share the page.
    let pages: Vec<Option<String>> =
        raw.listed.iter().map(|(_, page, ..)| page.as_deref().and_then(link::canonical)).collect();
    let mut uses: HashMap<&str, usize> = HashMap::new();
    pages.iter().flatten().for_each(|page| *uses.entry(page).or_default() += 1);
    let link_shared = raw.listed.len() > 1 && uses.values().any(|n| *n == raw.listed.len());
    let repeats: Vec<bool> =
        pages.iter().map(|page| page.as_deref().is_some_and(|page| uses.get(page).is_some_and(|n| *n > 1))).collect();
    let authors = typed::people(typed.authors);
    let mut read = raw.entries.into_iter().zip(typed.entries);
    let mut listed = Vec::with_capacity(raw.listed.len());
    for ((raw_hash, _, key, is_known), link_repeats) in raw.listed.into_iter().zip(repeats) {
        let key_hash = key.hash();
        let next = if is_known { None } else { read.next() };
        let entry =
            next.map(|(draft, entry)| Box::new(merge(key, draft, entry, &authors, raw.feed.language.as_deref())));
        listed.push(Listed { raw: raw_hash, key: key_hash, link_repeats, entry });
    }
    Ok(ParsedFeed {
        format: raw.format,
        encoding: "UTF-8",
        encoding_from: crate::model::EncodingFrom::Utf8,
        repairs: Vec::new(),
        partial: raw.partial,
        title: typed.title.and_then(typed::markup),
        description: typed.description.and_then(typed::markup),
        link: raw.feed.link,
        self_link: raw.feed.self_link,
        hub: raw.feed.hub,
        older: raw.feed.older,
        language: raw.feed.language,
        rights: typed.rights.and_then(typed::markup),
        authors,
        categories: typed::categories(typed.categories),
        image: raw.feed.image,
        generator: typed.generator.map(|g| g.content),
        published: raw.feed.published.and_then(|text| dates::instant(&text, zone)),
        updated: typed::instant(typed.updated),
        hints: raw.feed.hints,
        guids_void: raw.guids_void,
        link_shared,
        listed,
    })
}

fn merge(
    key: Key,
    draft: EntryDraft,
    entry: feed_rs::model::Entry,
    feed_authors: &[crate::model::Person],
    feed_language: Option<&str>,
) -> ParsedEntry {
    let mut authors = typed::people(entry.authors);
    if authors.is_empty() {
        authors = feed_authors.to_vec();
    }
    ParsedEntry {
        id: draft.id,
        key,
        title: entry.title.and_then(typed::markup),
        link: draft.link,
        base: draft.base,
        summary: entry.summary.and_then(typed::markup),
        content: entry.content.and_then(typed::content),
        authors,
        contributors: typed::people(entry.contributors),
        categories: typed::categories(entry.categories),
        rights: entry.rights.and_then(typed::markup),
        image: draft.image,
        published: typed::instant(entry.published),
        updated: typed::instant(entry.updated),
        enclosures: typed::enclosures(entry.links),
        language: draft.language.or_else(|| feed_language.map(str::to_owned)),
        comments: draft.comments,
        source: draft.source,
    }
}
