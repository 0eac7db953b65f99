//! Parses the bytes of a document into a [`ParsedFeed`]: decoding, repair, feed-rs, and the fields that feed-rs drops.
//!
//! Every document takes the same path: decide the encoding, read a tolerant tree, draft each entry whose bytes are not known yet,
//! let feed-rs read the drafts as canonical Atom, and add the fields that feed-rs does not keep. Whatever a document contains,
//! reading it fails only with a [`Fault`]. This is CPU work throughout: call it on a blocking thread.

mod allowance;
mod attributes;
mod bounded;
mod calendars;
mod charset;
mod codepages;
mod cost;
mod dates;
mod digits;
mod draft;
mod duration;
mod entities;
mod entry;
mod envelope;
mod feed;
mod finish;
mod foreign;
mod guess;
mod html;
mod identity;
mod json;
mod jsonp;
mod language;
mod limits;
mod lines;
mod links;
mod months;
mod names;
mod outlines;
mod people;
mod plain_dates;
mod players;
mod rss_json;
mod sitemap;
mod slashes;
mod text;
mod tokens;
mod tree;
mod typed;
mod weekdays;
mod zones;

pub use cost::cost;
pub use dates::instant;
pub use html::{Announced, announced, page_text};
pub use limits::{LIMITED, WORK};
pub use outlines::{Outline, outlines, text as document_text};
pub use sitemap::{SitemapRef, sitemap_index};

use crate::model::{Deadline, DocumentFormat, EncodingFrom, EntryKey, Fault, ParsedFeed, RawHash};
use allowance::Allowance;
use draft::{EntryDraft, FeedDraft};
use finish::finish;
use identity::{About, AssignedKeys};
use jiff::{Timestamp, tz::TimeZone};
use limits::Limits;
use url::Url;

/// Maximum number of entries read from one document. The rest, usually the oldest, is left out and the document counts as
/// partial. The largest captured feed has 1,000.
pub const ENTRIES: usize = 10_000;

/// What is known about a document apart from its bytes.
#[derive(Debug, Clone)]
pub struct ParseContext {
    /// Address of the document; relative addresses in it are resolved against this one.
    pub base: Option<Url>,
    /// Value of its `Content-Type` header.
    pub content_type: Option<String>,
    /// Zone of the dates that name no zone.
    pub zone: TimeZone,
    /// When it was fetched. Of an entry's dates, one that is credible at that time is preferred.
    pub now: Timestamp,
    /// Whether the feed was found to repeat guids for different entries; an entry's identity is then its guid and link together.
    pub guids_void: bool,
    /// Maximum size of a fetched document, in bytes. The entities that a document declares may expand to this many bytes in
    /// total, and what is kept of its entries may take twice as many.
    pub max_body: usize,
    /// When reading is abandoned with [`Fault::WorkLimit`].
    pub deadline: Deadline,
}

impl Default for ParseContext {
    fn default() -> Self {
        Self {
            base: None,
            content_type: None,
            zone: TimeZone::UTC,
            now: Timestamp::MAX,
            guids_void: false,
            max_body: 10_000_000,
            deadline: Deadline::never(),
        }
    }
}

impl ParseContext {
    /// Returns the `charset` parameter of the Content-Type (RFC 9110 8.3.1).
    fn charset(&self) -> Option<&str> {
        let mut parameters = self.content_type.as_deref()?.split(';').skip(1);
        parameters.find_map(|p| {
            p.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset")).map(|(_, v)| v)
        })
    }

    /// Returns the last label of the host name, which hints at the language.
    fn tld(&self) -> Option<&str> {
        let label = self.base.as_ref()?.domain()?.rsplit('.').next()?;
        label.bytes().all(|b| b.is_ascii_lowercase()).then_some(label)
    }
}

/// Names of the repairs that a document needed, each once, in order of first use.
#[derive(Debug, Default)]
struct Repairs(Vec<&'static str>);

impl Repairs {
    fn note(&mut self, name: &'static str) {
        if !self.0.contains(&name) {
            self.0.push(name);
        }
    }
}

/// Reads a document. Entries whose bytes are `known` are listed but not read.
///
/// # Errors
/// [`Fault::Empty`], [`Fault::Html`], [`Fault::NotAFeed`], [`Fault::WorkLimit`] when the deadline has passed, and
/// [`Fault::Parser`] when feed-rs fails on a draft.
pub fn read(bytes: &[u8], context: &ParseContext, known: &dyn Fn(RawHash) -> bool) -> Result<ParsedFeed, Fault> {
    draft(bytes, context, known)?.finish(context)
}

/// A document whose entries are drafts. Its bytes are no longer needed.
#[derive(Debug)]
pub struct DraftedFeed {
    raw: RawDocument,
    encoding: &'static str,
    encoding_from: EncodingFrom,
    repairs: Repairs,
}

impl DraftedFeed {
    /// Returns whether the document repeats guids for different entries ([`ParsedFeed::guids_void`]).
    #[must_use]
    pub fn guids_void(&self) -> bool {
        self.raw.guids_void
    }

    /// Lets feed-rs read the drafts. `context` is that of [`draft`].
    ///
    /// # Errors
    /// [`Fault::WorkLimit`] when the deadline has passed, and [`Fault::Parser`] when feed-rs fails on a draft.
    pub fn finish(self, context: &ParseContext) -> Result<ParsedFeed, Fault> {
        let mut parsed = finish(self.raw, context)?;
        parsed.encoding = self.encoding;
        parsed.encoding_from = self.encoding_from;
        parsed.repairs = self.repairs.0;
        Ok(parsed)
    }
}

/// Does the first part of [`read`], for which the document's bytes are needed.
///
/// # Errors
/// Those of [`read`].
pub fn draft(bytes: &[u8], context: &ParseContext, known: &dyn Fn(RawHash) -> bool) -> Result<DraftedFeed, Fault> {
    let mut repairs = Repairs::default();
    let decoded = charset::decode(bytes, context.charset(), context.tld(), &mut repairs);
    let text = decoded.text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if text.trim_end().is_empty() {
        return Err(Fault::Empty);
    }
    let text = jsonp::payload(text);
    let quoted = envelope::quoted(text, &mut repairs);
    let text = quoted.as_deref().unwrap_or(text);
    let raw = if let Some(xml) = rss_json::as_xml(text) {
        read_xml(&xml, context, known, &mut repairs).map_err(XmlFault::into_fault)?
    } else if text.starts_with(['{', '[']) {
        json::read(text, context, known, &mut repairs)?
    } else {
        read_xml(text, context, known, &mut repairs).or_else(|fault| match fault {
            XmlFault::Fault(fault) => Err(fault),
            // Once: what is inside is no envelope again.
            XmlFault::Escaped(inside) => {
                repairs.note(envelope::REPAIR);
                read_xml(&inside, context, known, &mut repairs).map_err(XmlFault::into_fault)
            }
        })?
    };
    Ok(DraftedFeed { raw, encoding: decoded.encoding, encoding_from: decoded.from, repairs })
}

/// What a document says, with its entries as drafts.
#[derive(Debug)]
struct RawDocument {
    format: DocumentFormat,
    partial: bool,
    guids_void: bool,
    feed: FeedDraft,
    /// The orders of day and month in its dates.
    orders: dates::Orders,
    /// Every entry except copies: the hash of its bytes, its page, its key, and whether its bytes are known. An entry that is not
    /// known is the next one in `entries`.
    listed: Vec<(RawHash, Option<String>, EntryKey, bool)>,
    /// The entries that are to be read.
    entries: Vec<EntryDraft>,
}

/// Why a document could not be read as XML.
enum XmlFault {
    Fault(Fault),
    /// It is an envelope around this document.
    Escaped(String),
}

impl XmlFault {
    fn into_fault(self) -> Fault {
        match self {
            Self::Fault(fault) => fault,
            Self::Escaped(_) => Fault::NotAFeed("a document in an envelope in an envelope".to_owned()),
        }
    }
}

impl<F: Into<Fault>> From<F> for XmlFault {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

fn read_xml(
    text: &str,
    context: &ParseContext,
    known: &dyn Fn(RawHash) -> bool,
    repairs: &mut Repairs,
) -> Result<RawDocument, XmlFault> {
    let limits = Limits::of(context);
    let mut tree = foreign::read_tree(text, context.base.as_ref(), &limits, repairs)?;
    let Some(root) = feed::find(&tree) else {
        let escaped = envelope::escaped(&tree).map(XmlFault::Escaped);
        return Err(escaped.unwrap_or_else(|| html::no_feed(&tree).into()));
    };
    tree.is_atom = matches!(root.format, DocumentFormat::Atom10 | DocumentFormat::Atom03);
    if !tree.is_atom && root.format != DocumentFormat::Cdf {
        base_on_site(&mut tree, root.channel, context.base.as_ref());
    }
    if tree.node(root.id).span.0 > 0 && !text[..tree.node(root.id).span.0].trim_start().starts_with("<?xml") {
        note_what_precedes(&text[..tree.node(root.id).span.0], repairs);
    }
    let mut feed = if root.format == DocumentFormat::NewsSitemap {
        sitemap::feed(&tree, root.id)?
    } else {
        feed::read(&tree, root, context)
    };
    feed.bound().note(repairs);
    let mut raw = RawDocument {
        format: root.format,
        partial: tree.cut || tree.limited || !tree.node(root.id).closed,
        guids_void: false,
        feed,
        orders: dates::Orders::default(),
        listed: Vec::new(),
        entries: Vec::new(),
    };
    if raw.partial && !tree.limited {
        repairs.note("cut-off");
    }
    let allowance = read_items(&tree, root.id, text, context, known, &mut raw, repairs)?;
    raw.partial |= allowance.note(repairs);
    if tree.references.exhausted.get() {
        repairs.note("entity-expansion");
        raw.partial = true;
    }
    if has_ambiguous_dates(&raw) {
        raw.orders = feed::orders(&tree, root, &limits);
        limits.look()?;
    }
    note_references(&tree.references, repairs);
    if raw.guids_void {
        repairs.note("repeated-guids");
    }
    Ok(raw)
}

/// Reads the entries of a tree into `raw`, up to the limits. Entries whose bytes are known are listed, not read.
fn read_items(
    tree: &tree::Tree<'_>,
    root: tree::NodeId,
    text: &str,
    context: &ParseContext,
    known: &dyn Fn(RawHash) -> bool,
    raw: &mut RawDocument,
    repairs: &mut Repairs,
) -> Result<Allowance, Fault> {
    let limits = Limits::of(context);
    let mut keys = AssignedKeys::new(context.guids_void);
    let mut allowance = Allowance::new(&raw.feed, &limits);
    let items = items(tree, root, &mut allowance, &mut keys, &limits, repairs)?;
    let about = |id| About::taken_from(read_item(tree, root, id, links::Links::default(), context));
    for (id, links) in &items {
        limits.look()?;
        if keys.is_repeated(links.id.as_deref()) {
            keys.compare(links.id.as_deref(), links.page.as_deref(), &about(*id));
        }
    }
    for (id, links) in items {
        limits.look()?;
        let (start, end) = tree.node(id).span;
        let hash = RawHash::of(&text.as_bytes()[start..end]);
        let Some(key) = keys.next(links.id.as_deref(), links.page.as_deref(), || about(id)) else {
            repairs.note("repeated-entries");
            continue;
        };
        let page = links.page.clone();
        if known(hash) {
            raw.listed.push((hash, page, key, true));
            continue;
        }
        let mut draft = read_item(tree, root, id, links, context);
        let cuts = draft.bound();
        if tree.references.exhausted.get() || !allowance.take_draft(&draft) {
            break;
        }
        cuts.note(repairs);
        raw.listed.push((hash, page, key, false));
        raw.entries.push(draft);
    }
    raw.guids_void = keys.void_now;
    // The last entry, or the feed's own elements, may have been broken off.
    limits.look()?;
    Ok(allowance)
}

/// Reads one entry of a feed or a sitemap.
fn read_item(
    tree: &tree::Tree<'_>,
    root: tree::NodeId,
    id: tree::NodeId,
    links: links::Links,
    context: &ParseContext,
) -> EntryDraft {
    if tree.node(root).tag == names::Tag::UrlSet {
        sitemap::entry(tree, id, links)
    } else {
        entry::read(tree, id, links, context)
    }
}

/// Returns the entries of a document with their addresses, up to the limits, and announces their ids and pages to `keys`.
fn items(
    tree: &tree::Tree<'_>,
    root: tree::NodeId,
    allowance: &mut Allowance,
    keys: &mut AssignedKeys,
    limits: &Limits,
    repairs: &mut Repairs,
) -> Result<Vec<(tree::NodeId, links::Links)>, Fault> {
    let is_sitemap = tree.node(root).tag == names::Tag::UrlSet;
    let is_entry = |id| tree.node(id).closed && (!is_sitemap || sitemap::is_news(tree, id));
    let foreign = foreign::Foreign::of(tree, root);
    let below = tree.descend_by(root, |id, node| node.tag != names::Tag::Item && !foreign.has(id, node));
    let found = std::iter::once((tree.node(root).tag, root)).chain(below);
    let (mut items, mut taken) = (Vec::new(), 0);
    for (_, id) in found.filter(|(tag, id)| *tag == names::Tag::Item && is_entry(*id)) {
        limits.look()?;
        let links = links::Links::read(tree, id);
        taken += links.weight();
        if !allowance.counts_one(taken) {
            break;
        }
        keys.announce(links.id.as_deref(), links.page.as_deref());
        items.push((id, links));
    }
    foreign.note(root, !items.is_empty(), repairs);
    Ok(items)
}

/// Resolves relative addresses against the site if another host serves the feed.
fn base_on_site(tree: &mut tree::Tree<'_>, channel: tree::NodeId, document: Option<&Url>) {
    let site = links::Links::read(tree, channel).page.and_then(|page| Url::parse(&page).ok());
    if let Some(site) = other_site(site, document) {
        tree.set_base(site);
    }
}

/// Returns the site of a feed if another host serves the feed. Neither RSS nor JSON Feed says what relative addresses are relative
/// to.
fn other_site(site: Option<Url>, document: Option<&Url>) -> Option<Url> {
    site.filter(|site| document.is_none_or(|document| document.host() != site.host()))
}

fn note_references(references: &entities::References<'_>, repairs: &mut Repairs) {
    let met = [
        (&references.bare, "bare-ampersand"),
        (&references.undefined, "undefined-entities"),
        (&references.encoded_twice, "encoded-twice"),
    ];
    for (_, name) in met.into_iter().filter(|(met, _)| met.get()) {
        repairs.note(name);
    }
}

fn has_ambiguous_dates(raw: &RawDocument) -> bool {
    let of_feed = [&raw.feed.published, &raw.feed.updated];
    let of_entries = raw.entries.iter().flat_map(|entry| [&entry.published, &entry.updated]);
    of_feed.into_iter().chain(of_entries).flatten().any(|text| dates::is_ambiguous(text))
}

/// Notes text before the root element that is neither a declaration nor white space.
fn note_what_precedes(before: &str, repairs: &mut Repairs) {
    let outside = before.split("<!").next().unwrap_or_default().trim();
    if !outside.is_empty() {
        repairs.note("junk-before");
    }
}
