//! Converts drafts to feed-rs's model and back: whatever the dialect was, feed-rs reads one canonical Atom document (RFC 4287).
//!
//! Atom can express all that the other dialects say, so there is one path to test. What feed-rs does not keep (language,
//! pictures, comments, `source`, hints) stays in the drafts and is added to its entries afterwards.

use super::dates;
use super::draft::{EntryDraft, FeedDraft};
use super::limits::Limits;
use crate::model::{Category, Enclosure, Fault, Markup, Person};
use feed_rs::model as typed;
use indexmap::IndexSet;
use jiff::{Timestamp, tz::TimeZone};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Reads drafts through feed-rs. Each document gets a fresh parser, because a parser must not be used again after an error, and
/// runs inside `catch_unwind`, because feed-rs is known to panic.
///
/// # Errors
/// When feed-rs refuses the canonical document or panics. Both are bugs, and the document is worth a report.
pub(super) fn read(
    feed: &FeedDraft,
    entries: &[EntryDraft],
    zone: &TimeZone,
    orders: dates::Orders,
) -> Result<typed::Feed, Fault> {
    let canonical = write(feed, entries);
    let zone = zone.clone();
    let parser = feed_rs::parser::Builder::new()
        .sanitize_content(false)
        .timestamp_parser(move |text| {
            let at = dates::instant_in(text, &zone, orders)?;
            chrono::DateTime::from_timestamp(at.as_second(), 0)
        })
        .id_generator(|_, _, _| String::new())
        .build();
    let read = catch_unwind(AssertUnwindSafe(|| parser.parse(canonical.as_bytes())));
    let read = read.map_err(|_| Fault::Parser("panic".to_owned()))?;
    let read = read.map_err(|error| Fault::Parser(error.to_string()))?;
    if read.entries.len() == entries.len() {
        Ok(read)
    } else {
        Err(Fault::Parser(format!("{} of {} entries", read.entries.len(), entries.len())))
    }
}

/// Size from which a text goes past feed-rs, in bytes. feed-rs would hold five copies of it, and adds nothing to a text.
const LONG: usize = 64 * 1024;

/// Bytes of text that feed-rs reads at once. It needs several times that much memory, which is reused for the next batch.
const BATCH: usize = 256 * 1024;

/// Reads drafts through feed-rs in batches and returns them in order. Drafts and entries that were returned take no more memory.
pub(super) struct Batches<'a> {
    drafts: std::vec::IntoIter<EntryDraft>,
    ready: std::vec::IntoIter<(EntryDraft, typed::Entry)>,
    zone: &'a TimeZone,
    orders: dates::Orders,
}

impl<'a> Batches<'a> {
    /// Creates batches of these drafts.
    pub fn new(drafts: Vec<EntryDraft>, zone: &'a TimeZone, orders: dates::Orders) -> Self {
        Self { drafts: drafts.into_iter(), ready: Vec::new().into_iter(), zone, orders }
    }

    /// Returns the next draft and its entry, or `None` after the last.
    ///
    /// # Errors
    /// The errors of [`read`], and when the deadline has passed.
    pub fn next(&mut self, limits: &Limits) -> Result<Option<(EntryDraft, typed::Entry)>, Fault> {
        if let Some(next) = self.ready.next() {
            return Ok(Some(next));
        }
        limits.look()?;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while bytes < BATCH
            && let Some(draft) = self.drafts.next()
        {
            bytes += draft.weight();
            batch.push(draft);
        }
        let typed = read(&FeedDraft::default(), &batch, self.zone, self.orders)?;
        self.ready = batch.into_iter().zip(typed.entries).collect::<Vec<_>>().into_iter();
        Ok(self.ready.next())
    }
}

fn write(feed: &FeedDraft, entries: &[EntryDraft]) -> String {
    let size = entries.iter().map(|e| 1_024 + length(e.summary.as_ref()) + length(e.content.as_ref())).sum::<usize>();
    let mut out = XmlWriter(String::with_capacity(1_024 + size));
    out.0.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\">");
    out.markup("title", feed.title.as_ref());
    out.markup("subtitle", feed.description.as_ref());
    out.markup("rights", feed.rights.as_ref());
    out.text("updated", short(feed.updated.as_deref()));
    out.text("generator", short(feed.generator.as_deref()));
    out.people("author", &feed.authors);
    out.categories(&feed.categories);
    for entry in entries {
        out.entry(entry);
    }
    out.0.push_str("</feed>");
    out.0
}

fn length(markup: Option<&Markup>) -> usize {
    markup.map(|m| m.as_str().len()).filter(|length| *length <= LONG).unwrap_or(0)
}

/// Returns a date or a program's name, unless it is longer than [`LONG`]: no date is.
fn short(text: Option<&str>) -> Option<&str> {
    text.filter(|text| text.len() <= LONG)
}

/// Returns a draft's text if it is one that feed-rs was not given, trimmed as feed-rs trims the others.
pub(super) fn long(text: Option<Markup>) -> Option<Markup> {
    let trim = |text: String| {
        let trimmed = text.trim();
        if trimmed.len() == text.len() { text } else { trimmed.to_owned() }
    };
    text.filter(|text| text.as_str().len() > LONG).map(|text| match text {
        Markup::Text(text) => Markup::Text(trim(text)),
        Markup::Html(html) => Markup::Html(trim(html)),
    })
}

/// Name of a person who has none, between writer and reader: a character that is none (Unicode 23.7), so no outlet writes it.
const NAMELESS: &str = "\u{FDD0}";

/// Writer of canonical Atom. Texts go into CDATA sections, the fastest form to write and to read.
struct XmlWriter(String);

impl XmlWriter {
    fn entry(&mut self, entry: &EntryDraft) {
        self.0.push_str("<entry>");
        self.markup("title", entry.title.as_ref());
        self.markup("summary", entry.summary.as_ref());
        self.markup("content", entry.content.as_ref());
        self.markup("rights", entry.rights.as_ref());
        self.text("published", short(entry.published.as_deref()));
        self.text("updated", short(entry.updated.as_deref()));
        self.people("author", &entry.authors);
        self.people("contributor", &entry.contributors);
        self.categories(&entry.categories);
        for file in &entry.enclosures {
            self.0.push_str("<link rel=\"enclosure\"");
            self.attr("href", Some(&file.url));
            self.attr("type", file.media_type.as_deref());
            self.attr("length", file.length.map(|length| length.to_string()).as_deref());
            self.attr("title", file.text.as_deref());
            self.0.push_str("/>");
        }
        self.0.push_str("</entry>");
    }

    fn markup(&mut self, name: &str, markup: Option<&Markup>) {
        let Some(markup) = markup.filter(|m| (1..=LONG).contains(&m.as_str().len())) else { return };
        let kind = if matches!(markup, Markup::Html(_)) { " type=\"html\">" } else { " type=\"text\">" };
        self.0.push('<');
        self.0.push_str(name);
        self.0.push_str(kind);
        self.cdata(markup.as_str());
        self.end(name);
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
        self.cdata(text);
        self.end(name);
    }

    fn people(&mut self, role: &str, people: &[Person]) {
        for person in people {
            self.0.push('<');
            self.0.push_str(role);
            self.0.push('>');
            self.text("name", Some(&person.name));
            self.text("email", person.email.as_deref());
            self.text("uri", person.uri.as_deref());
            // feed-rs drops a person who has only an address.
            if person.name.is_empty() && person.email.is_none() {
                self.text("name", Some(NAMELESS));
            }
            self.end(role);
        }
    }

    fn categories(&mut self, categories: &IndexSet<Category>) {
        for category in categories {
            self.0.push_str("<category");
            self.attr("term", Some(&category.term));
            self.attr("scheme", category.scheme.as_deref());
            self.attr("label", category.label.as_deref());
            self.0.push_str("/>");
        }
    }

    fn attr(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push_str("=\"");
        self.0.push_str(&quick_xml::escape::escape(value));
        self.0.push('"');
    }

    fn end(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    fn cdata(&mut self, text: &str) {
        self.0.push_str("<![CDATA[");
        let mut rest = text;
        while let Some(end) = memchr::memmem::find(rest.as_bytes(), b"]]>") {
            self.0.push_str(&rest[..end + 2]);
            self.0.push_str("]]><![CDATA[");
            rest = &rest[end + 2..];
        }
        self.0.push_str(rest);
        self.0.push_str("]]>");
    }
}

/// Converts a text from feed-rs's model.
pub(super) fn markup(text: typed::Text) -> Option<Markup> {
    of_type(text.content_type.as_str(), text.content)
}

/// Converts content from feed-rs's model.
pub(super) fn content(content: typed::Content) -> Option<Markup> {
    of_type(content.content_type.as_str(), content.body?)
}

fn of_type(media_type: &str, text: String) -> Option<Markup> {
    let made = if media_type == "text/plain" { Markup::Text } else { Markup::Html };
    (!text.is_empty()).then(|| made(text))
}

/// Converts persons from feed-rs's model.
pub(super) fn people(people: Vec<typed::Person>) -> Vec<Person> {
    let person = |p: typed::Person| {
        let name = p.name.filter(|name| name != NAMELESS).unwrap_or_default();
        Person { name, email: p.email, uri: p.uri }
    };
    people.into_iter().map(person).collect()
}

/// Converts categories from feed-rs's model.
pub(super) fn categories(categories: Vec<typed::Category>) -> Vec<Category> {
    categories.into_iter().map(|c| Category { term: c.term, scheme: c.scheme, label: c.label }).collect()
}

/// Converts links to enclosures. The canonical document contains no other links. A link has no duration, so that of `drafts` is
/// taken.
pub(super) fn enclosures(links: Vec<typed::Link>, drafts: &[Enclosure]) -> Vec<Enclosure> {
    let duration = |url: &str| drafts.iter().find(|file| file.url == url).and_then(|file| file.duration);
    let file = |l: typed::Link| Enclosure {
        duration: duration(&l.href),
        url: l.href,
        media_type: l.media_type,
        length: l.length,
        text: l.title,
    };
    links.into_iter().map(file).collect()
}

/// Converts an instant from feed-rs's model.
pub(super) fn instant(at: Option<chrono::DateTime<chrono::Utc>>) -> Option<Timestamp> {
    Timestamp::from_second(at?.timestamp()).ok()
}
