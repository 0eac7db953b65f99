//! Atom 1.0 (RFC 4287).

use super::body;
use super::clean::{has_end_tag, is_blank, strict};
use super::values::{email, language, media_type, plausible_date, rfc3339, rfc3339_distinct};
use super::xml::Xml;
use super::{ChannelView, DocumentLinks, Format, History};
use crate::model::escape::escaped;
use crate::model::uri::{as_uri, is_http};
use crate::model::{Carrier, Category, Enclosure, Person, ReportView, StoryView};
use jiff::Timestamp;

/// `atom:updated` of a channel without stories (2000-01-01). RFC 4287 4.1.1 requires a date, and the current time would change
/// the bytes.
pub(super) const EMPTY: Timestamp = Timestamp::constant(946_684_800, 0);

/// Renders the document.
pub(super) fn render(view: &ChannelView, place: &DocumentLinks) -> Vec<u8> {
    let mut xml = Xml::new(super::capacity(view));
    let archived = matches!(place.history, History::Archive { .. });
    xml.open(
        "feed",
        &[
            ("xmlns", Some("http://www.w3.org/2005/Atom")),
            ("xmlns:media", Some("http://search.yahoo.com/mrss/")),
            ("xmlns:fh", archived.then_some("http://purl.org/syndication/history/1.0")),
            ("xml:lang", language(view.language.as_deref())),
        ],
    );
    text(&mut xml, "title", &view.title);
    text(&mut xml, "subtitle", body::subtitle(view));
    xml.text("id", &[], place.id.as_str());
    xml.text("updated", &[], &rfc3339(view.updated.and_then(plausible_date).unwrap_or(EMPTY)));
    link(&mut xml, "self", place.this.as_str(), Some(Format::Atom.bare_media_type()));
    if let Some(hub) = &place.hub {
        link(&mut xml, "hub", hub.as_str(), None);
    }
    link(&mut xml, "alternate", place.page.as_str(), Some("text/html"));
    history(&mut xml, &place.history);
    xml.text("icon", &[], &body::icon(view));
    xml.text("generator", &[], "Warraq");
    for story in &view.stories {
        entry(&mut xml, story, view);
    }
    xml.close("feed");
    xml.into_bytes()
}

/// Writes the elements of archived feeds (RFC 5005 4).
fn history(xml: &mut Xml, history: &History) {
    let media_type = Some(Format::Atom.bare_media_type());
    match history {
        History::None => {}
        History::Before(newest) => link(xml, "prev-archive", newest.as_str(), media_type),
        History::Archive { current, previous, next } => {
            xml.empty("fh:archive", &[]);
            link(xml, "current", current.as_str(), media_type);
            if let Some(previous) = previous {
                link(xml, "prev-archive", previous.as_str(), media_type);
            }
            link(xml, "next-archive", next.as_str(), media_type);
        }
    }
}

/// Writes an `atom:entry` (4.1.2).
fn entry(xml: &mut Xml, story: &StoryView, view: &ChannelView) {
    let lead = &story.lead;
    let own = language(lead.language.as_deref()).filter(|&tag| Some(tag) != language(view.language.as_deref()));
    xml.open("entry", &[("xml:lang", own)]);
    xml.text("id", &[], &story.iri);
    let around = own.or_else(|| language(view.language.as_deref()));
    text_in(xml, "title", body::title_language(lead, around), &body::title(view, lead));
    link(xml, "alternate", &as_uri(&lead.link), None);
    if let Some(published) = plausible_date(lead.published) {
        xml.text("published", &[], &rfc3339(published));
    }
    let updated = plausible_date(story.updated).or_else(|| plausible_date(story.order_at)).unwrap_or(EMPTY);
    xml.text("updated", &[], &rfc3339_distinct(updated, lead.entry.0));
    authors(xml, lead);
    for person in &lead.contributors {
        self::person(xml, "contributor", person, body::signature(person));
    }
    for category in &lead.categories {
        self::category(xml, category);
    }
    for carrier in &story.also {
        related(xml, carrier);
    }
    if let Some(page) = body::story_page(story, &view.public_url) {
        // The collection of this report and the others (RFC 6573): "related" are the reports themselves.
        link(xml, "collection", &page, Some("text/html"));
    }
    for file in &lead.enclosures {
        enclosure(xml, file);
    }
    if let Some(comments) = lead.comments.as_deref().map(as_uri).filter(|url| is_http(url)) {
        // RFC 4685 4
        link(xml, "replies", &comments, Some("text/html"));
    }
    if let Some(rights) = lead.rights.as_deref().filter(|r| !is_blank(r)) {
        text(xml, "rights", rights);
    }
    source(xml, lead);
    if let Some(image) = lead.image.as_deref().map(as_uri).filter(|url| is_http(url)) {
        xml.empty("media:thumbnail", &[("url", Some(&image))]);
    }
    if let Some(summary) = body::summary(lead).map(strict) {
        xml.html("summary", &[("type", Some("html"))], &summary);
    }
    xml.html("content", &[("type", Some("html"))], &body::html(story, &view.public_url));
    xml.close("entry");
}

/// Writes a text construct (3.1). Plain text that looks like markup is written as escaped HTML, so that no reader takes it for
/// undeclared markup.
fn text(xml: &mut Xml, name: &str, plain: &str) {
    text_in(xml, name, None, plain);
}

/// As [`text`], in a language of its own.
fn text_in(xml: &mut Xml, name: &str, own: Option<&str>, plain: &str) {
    if has_end_tag(plain) {
        xml.text(name, &[("type", Some("html")), ("xml:lang", own)], &escaped(plain));
    } else {
        xml.text(name, &[("xml:lang", own)], plain);
    }
}

fn link(xml: &mut Xml, rel: &str, href: &str, media_type: Option<&str>) {
    xml.empty("link", &[("rel", Some(rel)), ("type", media_type), ("href", Some(href))]);
}

/// Writes a `related` link (4.2.7.2) to another outlet's report.
fn related(xml: &mut Xml, carrier: &Carrier) {
    let title = format!("{}: {}", carrier.outlet_name, carrier.title);
    xml.empty(
        "link",
        &[
            ("rel", Some("related")),
            ("hreflang", language(carrier.language.as_deref())),
            ("title", Some(&title).filter(|t| !has_end_tag(t)).map(String::as_str)),
            ("href", Some(&as_uri(&carrier.link))),
        ],
    );
}

fn enclosure(xml: &mut Xml, file: &Enclosure) {
    let url = as_uri(&file.url);
    if is_http(&url) {
        let length = file.length.map(|bytes| bytes.to_string());
        xml.empty(
            "link",
            &[
                ("rel", Some("enclosure")),
                ("type", media_type(file.media_type.as_deref())),
                ("length", length.as_deref()),
                ("title", file.text.as_deref()),
                ("href", Some(&url)),
            ],
        );
    }
}

/// Writes the authors. An entry must have one (4.1.2), so the outlet is the author of an unsigned entry.
fn authors(xml: &mut Xml, lead: &ReportView) {
    let mut signed = false;
    for author in &lead.authors {
        signed |= person(xml, "author", author, body::byline(author, lead));
    }
    if !signed {
        let outlet = Person { name: lead.outlet_name.clone(), email: None, uri: lead.feed_link.clone() };
        person(xml, "author", &outlet, body::signature(&outlet));
    }
}

/// Writes a person construct (3.2) with the given name. Returns `false` and writes nothing if there is none.
fn person(xml: &mut Xml, element: &str, person: &Person, name: Option<String>) -> bool {
    let address = email(person.email.as_deref());
    let Some(name) = name else { return false };
    xml.open(element, &[]);
    xml.text("name", &[], &name);
    if let Some(uri) = person.uri.as_deref().map(as_uri).filter(|uri| is_http(uri)) {
        xml.text("uri", &[], &uri);
    }
    if let Some(address) = address {
        xml.text("email", &[], address);
    }
    xml.close(element);
    true
}

/// Writes a category (4.2.2).
fn category(xml: &mut Xml, category: &Category) {
    if is_blank(&category.term) {
        return;
    }
    let label = category.label.as_deref().filter(|l| !is_blank(l) && !has_end_tag(l));
    let scheme = category.scheme.as_deref().filter(|scheme| is_http(scheme));
    xml.empty("category", &[("term", Some(&category.term)), ("scheme", scheme), ("label", label)]);
}

/// Writes `atom:source` (4.2.11): the feed of the entry, as it was at the poll that brought the entry.
fn source(xml: &mut Xml, lead: &ReportView) {
    let feed = as_uri(&lead.feed_url);
    xml.open("source", &[]);
    xml.text("id", &[], &canonical(&feed));
    text(xml, "title", &lead.outlet_name);
    let updated = plausible_date(lead.feed_updated).or_else(|| plausible_date(lead.published)).unwrap_or(EMPTY);
    xml.text("updated", &[], &rfc3339(updated));
    link(xml, "self", &feed, None);
    if let Some(page) = lead.feed_link.as_deref().map(as_uri).filter(|url| is_http(url)) {
        link(xml, "alternate", &page, Some("text/html"));
    }
    xml.close("source");
}

/// Normalises an address as RFC 4287 4.2.6.1 asks for ids: percent-encoding in capitals, and only where needed.
fn canonical(uri: &str) -> String {
    let mut out = String::with_capacity(uri.len());
    let mut rest = uri;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let byte = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let Some(byte) = byte else {
            out.push('%');
            rest = &rest[at + 1..];
            continue;
        };
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
        rest = &rest[at + 3..];
    }
    out + rest
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).map_or('0', |c| c.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_form() {
        assert_eq!(canonical("https://a.example/%d8%ae%41%7E%2f?x=100%"), "https://a.example/%D8%AEA~%2F?x=100%");
    }
}
