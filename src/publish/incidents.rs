//! `/status.atom`: a feed of failing and recovered feeds, for operators. It is the only feed that reports errors; they are never
//! entries of a channel.

use super::values::{rfc3339, rfc3339_distinct};
use super::xml::Xml;
use crate::model::escape::escaped;
use crate::model::pages::Incident;
use url::Url;

/// Renders the document. `incidents` are newest first; ids and links are under `public_url`.
#[must_use]
pub fn render(incidents: &[Incident], public_url: &Url) -> Vec<u8> {
    let this = format!("{public_url}status.atom");
    let page = format!("{public_url}status");
    let mut xml = Xml::new(512 * incidents.len() + 1024);
    xml.open("feed", &[("xmlns", Some("http://www.w3.org/2005/Atom")), ("xml:lang", Some("en"))]);
    xml.text("title", &[], "Warraq: failing and recovered feeds");
    xml.text("id", &[], &this);
    xml.text("updated", &[], &rfc3339(incidents.first().map_or(super::atom::EMPTY, |i| i.at)));
    xml.empty("link", &[("rel", Some("self")), ("type", Some("application/atom+xml")), ("href", Some(&this))]);
    xml.empty("link", &[("rel", Some("alternate")), ("type", Some("text/html")), ("href", Some(&page))]);
    xml.open("author", &[]);
    xml.text("name", &[], "Warraq");
    xml.close("author");
    for incident in incidents {
        entry(&mut xml, incident, &this, &page);
    }
    xml.close("feed");
    xml.into_bytes()
}

fn entry(xml: &mut Xml, incident: &Incident, this: &str, page: &str) {
    let Incident { poll, at, outlet_name, url, error } = incident;
    let verb = if error.is_some() { "broke" } else { "works again" };
    xml.open("entry", &[]);
    xml.text("id", &[], &format!("{this}#poll-{poll}"));
    xml.text("title", &[], &format!("{outlet_name}: a feed {verb}"));
    xml.text("updated", &[], &rfc3339_distinct(*at, *poll));
    xml.empty("link", &[("rel", Some("alternate")), ("type", Some("text/html")), ("href", Some(page))]);
    let address = escaped(url);
    let words = match error {
        Some(error) => format!("<p><code>{address}</code> fails: {}</p>", escaped(error)),
        None => format!("<p><code>{address}</code> is read again.</p>"),
    };
    xml.html("content", &[("type", Some("html"))], &words);
    xml.close("entry");
}
