//! `warraq inspect`: how Warraq reads one document, as text and as JSON.

mod words;

pub(super) use words::format_words;
pub use words::repair_words;

use crate::model::{Category, Enclosure, Fault, FeedUrl, Markup, ParsedEntry, ParsedFeed, Person, PlainText, SafeHtml};
use crate::normalise::{self, TextLimits, TextPlace};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;
use words::encoding_words;

/// Formats the feed as JSON.
#[must_use]
pub fn inspect_json(feed: &ParsedFeed) -> Value {
    let limits = TextLimits::default();
    let entries = feed.listed.iter().filter_map(|listed| listed.entry.as_deref());
    let entries: Vec<_> = entries.map(|entry| entry_json(entry, &limits)).collect();
    let mut repairs = feed.repairs.clone();
    limits.add_cuts(&mut repairs);
    json!({
        "format": feed.format,
        "encoding": feed.encoding.to_ascii_lowercase(),
        "encoding_from": feed.encoding_from,
        "repairs": repairs,
        "partial": feed.partial,
        "title": plain(feed.title.as_ref()),
        "description": plain(feed.description.as_ref()),
        "link": feed.link,
        "self": feed.self_link,
        "hub": feed.hub,
        "language": feed.language,
        "rights": plain(feed.rights.as_ref()),
        "authors": people(&feed.authors),
        "categories": categories(&feed.categories),
        "image": feed.image,
        "generator": feed.generator.clone().and_then(|text| plain(Some(&Markup::Html(text)))),
        "published": feed.published,
        "updated": feed.updated,
        "hints": feed.hints,
        "entries": entries,
    })
}

/// Formats the reason why nothing was read as JSON. `moved_to` is where redirects led.
#[must_use]
pub fn fault_json(fault: &Fault, moved_to: Option<&FeedUrl>) -> Value {
    json!({"error": fault.after_redirect(moved_to), "hint": hint(fault)})
}

/// Returns what to do about a document that is not a feed.
#[must_use]
pub fn hint(fault: &Fault) -> &'static str {
    match fault {
        Fault::Empty => "there is nothing in it to read; if a server sent it, try again later",
        Fault::Html => "`warraq discover URL` lists the feeds that a page announces",
        Fault::WorkLimit(_) => "please report this document; no document should take this long",
        Fault::Parser(_) | Fault::Storing(_) => "please report this document as a bug",
        Fault::NotAFeed(_) => "Warraq reads RSS, Atom, CDF, JSON Feed and news sitemaps",
        Fault::Address(_) | Fault::Robots(_) => "choose another address, or change what the message names",
        Fault::Status(401) => "the feed needs credentials: `auth` in its [[outlet]] of the configuration",
        Fault::Status(403) | Fault::Held { status: 403 } => {
            "the server refuses this program or address; try again later, or ask its operator to admit Warraq"
        }
        Fault::Held { .. } => "try again later; the server asked for a pause",
        Fault::Status(400..=499) => "check the spelling of the address",
        Fault::TooLarge { .. } => "polls read longer documents if [fetch] max_body is raised",
        Fault::Dns(_) => "check the spelling of the host name, and this machine's name server",
        Fault::Connect(_) | Fault::Tls(_) => "check scheme (http or https), host and port",
        Fault::Redirects(_) | Fault::BadRedirect(_) => "open the address in a browser, and give the feed's own address",
        Fault::Status(_) | Fault::Timeout(_) | Fault::Broken(_) | Fault::Local(_) => "try again later",
    }
}

fn entry_json(entry: &ParsedEntry, limits: &TextLimits) -> Value {
    let html = |markup: Option<&Markup>| {
        let safe = |m| normalise::html_within(m, TextPlace::of(entry), limits);
        markup.and_then(safe).map(SafeHtml::into_string)
    };
    let source = entry.source.clone().and_then(normalise::source);
    json!({
        "id": entry.id,
        "key": entry.key,
        "link": entry.link,
        "title": plain(entry.title.as_ref()),
        "summary": html(entry.summary.as_ref()),
        "content": html(entry.content.as_ref()),
        "authors": people(&entry.authors),
        "contributors": people(&entry.contributors),
        "categories": categories(&entry.categories),
        "rights": plain(entry.rights.as_ref()),
        "image": entry.image,
        "published": entry.published,
        "updated": entry.updated,
        "enclosures": entry.enclosures,
        "language": entry.language,
        "comments": entry.comments,
        "source": source.map(|source| json!({"title": source.title, "link": source.link})),
    })
}

fn plain(markup: Option<&Markup>) -> Option<String> {
    markup.and_then(normalise::plain).map(PlainText::into_string)
}

fn people(people: &[Person]) -> Vec<Person> {
    people.iter().cloned().filter_map(normalise::person).collect()
}

fn categories(categories: &[Category]) -> Vec<Category> {
    categories.iter().cloned().filter_map(normalise::category).collect()
}

/// Formats the feed as text: its format, what was repaired, and what was understood.
#[must_use]
pub fn inspect_text(feed: &ParsedFeed) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "{name:<12} {value}");
        }
    };
    line("format", format_words(feed.format));
    line("encoding", &format!("{}, {}", feed.encoding, encoding_words(feed.encoding_from)));
    for repair in &feed.repairs {
        line("repaired", repair_words(repair));
    }
    line("title", &plain(feed.title.as_ref()).unwrap_or_else(|| "(none)".to_owned()));
    line("description", &plain(feed.description.as_ref()).unwrap_or_default());
    line("website", feed.link.as_deref().unwrap_or_default());
    line("feed address", feed.self_link.as_deref().unwrap_or_default());
    line("hub", feed.hub.as_deref().unwrap_or_default());
    line("language", feed.language.as_deref().unwrap_or_default());
    line("generator", feed.generator.as_deref().unwrap_or_default());
    line("updated", &date(feed.updated));
    line("asks for", &hints(feed));
    line("entries", &count(feed));
    for entry in feed.listed.iter().filter_map(|listed| listed.entry.as_deref()) {
        entry_text(entry, &mut out);
    }
    out
}

fn entry_text(entry: &ParsedEntry, out: &mut String) {
    let title = plain(entry.title.as_ref()).unwrap_or_else(|| "(no title)".to_owned());
    let _ = writeln!(out, "\n  {title}");
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "    {name:<10} {value}");
        }
    };
    line("link", entry.link.as_deref().unwrap_or("(none)"));
    line("published", &date(entry.published));
    line("updated", &date(entry.updated));
    if entry.published.is_none() && entry.updated.is_none() {
        line("published", "(no readable date)");
    }
    line("id", &entry.key.0);
    line("by", &entry.authors.iter().map(author_words).collect::<Vec<_>>().join(", "));
    line("filed under", &entry.categories.iter().map(|c| c.term.as_str()).collect::<Vec<_>>().join(", "));
    line("image", entry.image.as_deref().unwrap_or_default());
    for file in &entry.enclosures {
        line("file", &file_words(file));
    }
    for (name, text) in [("summary", &entry.summary), ("content", &entry.content)] {
        line(name, &text.as_ref().map_or_else(String::new, text_words));
    }
}

fn author_words(person: &Person) -> String {
    if person.name.is_empty() { person.email.clone().unwrap_or_default() } else { person.name.clone() }
}

fn file_words(file: &Enclosure) -> String {
    let length = file.length.map(|length| format!(", {length} bytes")).unwrap_or_default();
    format!("{} ({}{length})", file.url, file.media_type.as_deref().unwrap_or("unknown type"))
}

/// Formats the length of a text and its beginning.
fn text_words(markup: &Markup) -> String {
    let text = normalise::text(markup.as_str());
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut start: String = words.chars().take(100).collect();
    if start.len() < words.len() {
        start.push('…');
    }
    format!("{} characters: {start}", words.chars().count())
}

fn count(feed: &ParsedFeed) -> String {
    let count = feed.listed.len();
    let cut = if !feed.partial {
        ""
    } else if feed.repairs.contains(&"cut-off") {
        ", and the document is truncated"
    } else {
        ", and the document has more than is read"
    };
    format!("{count}{cut}")
}

fn date(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

fn hints(feed: &ParsedFeed) -> String {
    let mut words = Vec::new();
    let minutes = |seconds: u64| format!("{} min", seconds / 60);
    words.extend(feed.hints.ttl_s.map(|ttl| format!("{} between polls", minutes(ttl))));
    words.extend(feed.hints.update_period_s.map(|period| format!("it changes every {}", minutes(period))));
    if !feed.hints.skip_hours.is_empty() {
        let hours = feed.hints.skip_hours.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        words.push(format!("no polls in the hours {hours} (UTC)"));
    }
    if !feed.hints.skip_days.is_empty() {
        words.push(format!("no polls on {}", feed.hints.skip_days.join(", ")));
    }
    words.join("; ")
}
