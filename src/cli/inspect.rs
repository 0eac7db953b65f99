//! `warraq inspect`: how Warraq reads one document, as text and as JSON.

use crate::model::{
    Category, DocumentFormat, Enclosure, EncodingFrom, Fault, FeedUrl, LargerThanMaxBody, Markup, ParsedEntry,
    ParsedFeed, Person, PlainText, SafeHtml,
};
use crate::normalise::{self, TextLimits};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;

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
        Fault::Parser(_) => "please report this document as a bug",
        Fault::NotAFeed(_) => "Warraq reads RSS, Atom, CDF, JSON Feed and news sitemaps",
        Fault::Address(_) | Fault::Robots(_) => "choose another address, or change what the message names",
        Fault::Status(401) => "the feed needs credentials: `auth` in its [[outlet]] of the configuration",
        Fault::Status(403) | Fault::Held { status: 403 } => {
            "the server refuses this program or address; try again later, or set [fetch] user_agent or proxy"
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
        let safe = |m| normalise::html_within(m, entry.base.as_deref(), entry.link.as_deref(), limits);
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
    line("about", &plain(feed.description.as_ref()).unwrap_or_default());
    line("page", feed.link.as_deref().unwrap_or_default());
    line("itself", feed.self_link.as_deref().unwrap_or_default());
    line("hub", feed.hub.as_deref().unwrap_or_default());
    line("language", feed.language.as_deref().unwrap_or_default());
    line("written by", feed.generator.as_deref().unwrap_or_default());
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
    line("key", &entry.key.0);
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

/// Returns the name of a format for display.
pub(super) fn format_words(format: DocumentFormat) -> &'static str {
    match format {
        DocumentFormat::Rss20 => "RSS 2.0",
        DocumentFormat::Rss09 => "RSS 0.9x",
        DocumentFormat::Rss10 => "RSS 1.0",
        DocumentFormat::Atom10 => "Atom 1.0",
        DocumentFormat::Atom03 => "Atom 0.3",
        DocumentFormat::Json => "JSON Feed",
        DocumentFormat::Cdf => "CDF",
        DocumentFormat::NewsSitemap => "news sitemap",
    }
}

fn encoding_words(from: EncodingFrom) -> &'static str {
    match from {
        EncodingFrom::Bom => "by its byte order mark",
        EncodingFrom::Utf8 => "because the bytes are valid",
        EncodingFrom::Http => "by the Content-Type",
        EncodingFrom::Declaration => "by the XML declaration",
        EncodingFrom::Guess => "guessed from the bytes",
    }
}

/// Returns the meaning of a repair's name.
#[must_use]
pub fn repair_words(name: &str) -> &str {
    match name {
        "bad-bytes" => "bytes that are invalid in its encoding",
        "bad-item" => "an item with broken JSON was skipped",
        "bare-ampersand" => "& that should be written &amp;",
        "bare-less-than" => "< that should be written &lt;",
        "broken-json" => "invalid JSON",
        "control-characters" => "characters that XML forbids were removed",
        "cut-off" => "the document is truncated; unclosed items were skipped",
        "encoded-twice" => "texts that were encoded twice",
        "guessed-encoding" => "the document does not state its encoding",
        "junk-before" => "there is other text before the feed",
        "mismatched-tags" => "end tags without a start tag",
        "repeated-guids" => "different entries with the same guid",
        "entity-expansion" => {
            "entities that expand beyond the size limit of a document; entries from there on were left out"
        }
        "entries-too-large" => {
            "entries that take more than twice the size limit of a document; those from there on were left out"
        }
        "long-lists" => {
            "lists of more than 500 authors, categories or files, or too many texts or dates in one entry; the rest was left out"
        }
        "long-addresses" => "relative addresses that grow beyond 1 MiB in one text; the rest was dropped",
        "misnested-formatting" => {
            "formatting that is left open or crosses other elements too often; from there on it was dropped"
        }
        "too-many-attributes" => {
            "a tag with more than 100 attributes, or a text with more than 100,000; the rest was left out"
        }
        "too-many-marks" => {
            "a text with more than 50,000 & or 400,000 of <, >, \" or no-break spaces, which was cut there"
        }
        "too-many-tags" => "a text with more than 30,000 tags; the rest lost its mark-up",
        "long-texts" => "texts of more than 5 MiB, which were cut",
        "too-many-namespaces" => "more than 256 namespace prefixes at once; the others were ignored",
        "too-many-values" => "JSON objects of more than 5,000 values; the rest was left out",
        "too-deep" => "elements nested deeper than 200 (256 in a text, 16 of formatting)",
        "too-many-entities" => "more than 10,000 declared entities; the rest was ignored",
        "too-many-elements" => "more than 500,000 elements and texts; the rest was left out",
        LargerThanMaxBody::REPAIR => "longer than max_body; the rest was not read",
        "too-many-entries" => "more than 10,000 entries; the rest was left out",
        "two-encodings" => "some of its texts are in another encoding than the rest",
        "unclosed-cdata" => "a CDATA section without an end",
        "unclosed-tags" => "elements without an end tag",
        "undeclared-prefixes" => "prefixes that are not declared",
        "undefined-entities" => "names such as &nbsp; that are not declared",
        "unknown-namespace" => "an unknown namespace",
        "wrong-encoding-label" => "the document names the wrong encoding",
        other => other,
    }
}
