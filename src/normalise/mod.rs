//! Converts a [`ParsedEntry`] to an [`Entry`]: plain titles, safe HTML, credible dates, folded text. Pure: time is an argument.

mod attributes;
mod cut;
mod declarations;
mod embeds;
mod escape;
mod fast_path;
pub mod fold;
mod formerly;
mod formulas;
mod highlight;
mod html;
mod language;
mod lazy;
mod limits;
mod pictures;
mod place;
mod plain;
mod recover;
mod shown;
mod strays;
mod strip;
mod tidy;
mod volatile;

pub use formerly::formerly_shown;
pub use highlight::Highlighter;
pub use html::{html, html_within, within_limits};
pub use limits::TextLimits;
pub use place::TextPlace;
pub use plain::plain;
pub use strip::text;
pub use volatile::{bare, steady_html, steady_title, without_clocks, without_counters};

use crate::model::{
    Category, Enclosure, Entry, Extras, FoldedText, Markup, ParsedEntry, Person, PlainText, RawHash, SafeHtml,
    SourceRef, is_credible, link, uri,
};
use jiff::Timestamp;
use std::borrow::Cow;

/// Maximum length of the excerpt of an entry without a title, in characters.
pub const EXCERPT: usize = 80;

/// Maximum number of bytes of text that are folded; more does not improve the comparison of reports.
pub const FOLDED: usize = 64 * 1024;

/// What is known about an entry apart from its document.
#[derive(Debug, Clone, Copy)]
pub struct NormaliseContext<'a> {
    /// The outlet's language, for entries and feeds that state none.
    pub language: Option<&'a str>,
    /// When the document was read. Dates more than a day later are not credible.
    pub now: Timestamp,
    /// Whether all entries of the document have the same link ([`crate::model::ParsedFeed::link_shared`]).
    pub link_shared: bool,
}

/// Converts a parsed entry to the entry that Warraq keeps.
#[must_use]
pub fn entry(parsed: ParsedEntry, raw: RawHash, context: &NormaliseContext<'_>) -> Entry {
    make(parsed, raw, context, &TextLimits::default())
}

/// Does the same as [`entry`], but returns `None` when the deadline has passed, before or meanwhile.
#[must_use]
pub fn entry_within(
    parsed: ParsedEntry,
    raw: RawHash,
    context: &NormaliseContext<'_>,
    limits: &TextLimits,
) -> Option<Entry> {
    let entry = make(parsed, raw, context, limits);
    (!limits.is_over()).then_some(entry)
}

fn make(parsed: ParsedEntry, raw: RawHash, context: &NormaliseContext<'_>, limits: &TextLimits) -> Entry {
    let place = TextPlace::of(&parsed);
    let title = parsed.title.as_ref().and_then(plain);
    let summary = parsed.summary.as_ref().and_then(|markup| html_within(markup, place, limits));
    let full = parsed.content.as_ref().and_then(|markup| html_within(markup, place, limits));
    let body = body(full.as_ref(), summary.as_ref());
    let languages = language::of_entry(
        [parsed.language.as_deref(), context.language],
        title.as_ref().map(PlainText::as_str),
        &body,
    );
    let excerpt = if title.is_none() { plain::capped(&body, EXCERPT) } else { None };
    let folded = FoldedText {
        title: title.as_ref().map_or_else(String::new, |title| fold::fold(title.as_str())),
        body: fold::fold(fold::without_dateline(&body)),
    };
    let extras = Extras {
        title_language: languages.title,
        text_language: languages.text,
        authors: people(parsed.authors),
        contributors: people(parsed.contributors),
        categories: parsed.categories.into_iter().filter_map(category).collect(),
        enclosures: parsed.enclosures.into_iter().map(enclosure).collect(),
        rights: parsed.rights.as_ref().and_then(plain).map(PlainText::into_string),
        image: parsed.image.map(open_address),
        comments: parsed.comments.map(open_address),
        source: parsed.source.and_then(source),
    };
    let link = parsed.link.map(open_address);
    let (shown, volatile) = shown::shown(title.as_ref(), link.as_deref(), [summary.as_ref(), full.as_ref()], &extras);
    Entry {
        key: parsed.key,
        raw,
        source_id: parsed.id,
        title,
        excerpt,
        link_key: link.as_deref().filter(|_| !context.link_shared).and_then(link::link_key),
        link,
        summary,
        content: full,
        language: languages.entry,
        believed: believed(parsed.published, parsed.updated, context.now),
        published: parsed.published,
        updated: parsed.updated,
        extras,
        folded,
        shown,
        volatile,
        dropped: None,
    }
}

/// Returns the stated publication date, else the stated date of change, if it is credible: since 1990 and at most a day ahead.
#[must_use]
pub fn believed(published: Option<Timestamp>, updated: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let credible = |at: &Timestamp| is_credible(*at, now);
    published.filter(credible).or_else(|| updated.filter(credible))
}

/// Folds a text without mark-up for comparing and searching, up to [`FOLDED`] bytes.
#[must_use]
pub fn folded(html: &SafeHtml) -> String {
    fold::fold(fold::without_dateline(&body(Some(html), None)))
}

/// Returns a text without mark-up as a reader sees it, up to [`FOLDED`] bytes.
#[must_use]
pub fn text_of(html: &SafeHtml) -> String {
    body(Some(html), None)
}

/// Returns the longer of two texts (mark-up included) without its mark-up, up to [`FOLDED`] bytes.
fn body(content: Option<&SafeHtml>, summary: Option<&SafeHtml>) -> String {
    let length = |html: Option<&SafeHtml>| html.map_or(0, |html| html.as_str().len());
    let longer = if length(summary) > length(content) { summary } else { content };
    let Some(html) = longer.map(SafeHtml::as_str) else { return String::new() };
    let mut text = strip::of_safe(&html[..html.floor_char_boundary(FOLDED * 2)]);
    text.truncate(text.floor_char_boundary(FOLDED));
    text
}

/// Removes `user:password@` from an address: credentials must not be published.
fn open_address(address: String) -> String {
    match uri::without_userinfo(&address) {
        Cow::Owned(open) => open,
        Cow::Borrowed(_) => address,
    }
}

/// Returns a file as it is published. A length that is longer than any file is none: PostgreSQL and many readers take only a signed
/// number of 64 bits.
fn enclosure(file: Enclosure) -> Enclosure {
    let length = file.length.filter(|length| i64::try_from(*length).is_ok());
    Enclosure { url: open_address(file.url), length, text: file.text.and_then(plain_string), ..file }
}

fn people(people: Vec<Person>) -> Vec<Person> {
    people.into_iter().filter_map(person).collect()
}

/// Returns a person with a plain name, or `None` when nothing is left.
#[must_use]
pub fn person(person: Person) -> Option<Person> {
    let name = plain_string(person.name).unwrap_or_default();
    let email = person.email.and_then(plain_string);
    (!name.is_empty() || email.is_some() || person.uri.is_some()).then(|| Person {
        name,
        email,
        uri: person.uri.map(open_address),
    })
}

/// Returns a category with plain texts, or `None` when its term is empty.
#[must_use]
pub fn category(category: Category) -> Option<Category> {
    Some(Category {
        term: plain_string(category.term)?,
        scheme: category.scheme.and_then(plain_string),
        label: category.label.and_then(plain_string),
    })
}

/// Returns a reference to another feed with a plain title, or `None` when nothing is left.
#[must_use]
pub fn source(source: SourceRef) -> Option<SourceRef> {
    let title = source.title.and_then(plain_string);
    (title.is_some() || source.link.is_some()).then(|| SourceRef { title, link: source.link.map(open_address) })
}

fn plain_string(text: String) -> Option<String> {
    plain(&Markup::Html(text)).map(PlainText::into_string)
}

#[cfg(test)]
mod tests;
