//! Reads subscription lists.

use crate::parse;
use quick_xml::{Reader, events::Event};

/// Maximum nesting of folders; deeper ones count as this deep.
const DEPTH: usize = 32;

/// A feed of a subscription list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedFeed {
    /// Its title in the list.
    pub title: String,
    /// Address of the feed, as written in the list.
    pub feed: String,
    /// Address of its page.
    pub page: Option<String>,
    /// Stated language.
    pub language: Option<String>,
    /// Names of the folders around it, outermost first, then its categories.
    pub tags: Vec<String>,
}

/// Decodes a file by its byte order mark, its declaration, or its bytes.
pub(super) fn text(bytes: &[u8]) -> String {
    parse::document_text(bytes)
}

/// Returns every outline that has an address, and the error if the list is not well formed.
pub(super) fn read(text: &str) -> (Vec<ListedFeed>, Option<String>) {
    let mut reader = Reader::from_str(text);
    let tolerant = reader.config_mut();
    tolerant.check_end_names = false;
    tolerant.allow_unmatched_ends = true;
    tolerant.allow_dangling_amp = true;
    let mut listed = Vec::new();
    // One element per open outline: the name of a folder, or `None` for a feed.
    let mut open: Vec<Option<String>> = Vec::new();
    loop {
        let (element, closes) = match reader.read_event() {
            Ok(Event::Start(element)) => (element, false),
            Ok(Event::Empty(element)) => (element, true),
            Ok(Event::End(end)) if end.name().0.eq_ignore_ascii_case("outline") => {
                open.pop();
                continue;
            }
            Ok(Event::Eof) => return (listed, None),
            Ok(_) => continue,
            Err(error) => return (tolerant_read(text), Some(error.to_string())),
        };
        if !element.name().0.eq_ignore_ascii_case("outline") {
            continue;
        }
        let mut attributes = element.html_attributes();
        let stated = attributes.with_checks(false).filter_map(Result::ok);
        let stated = stated.map(|attribute| (attribute.key.0.to_owned(), value(&attribute.value)));
        let folder = match outline(stated, &open) {
            OpmlElement::Feed(feed) => {
                listed.push(feed);
                None
            }
            OpmlElement::Folder(name) => Some(name).filter(|name| !name.is_empty()),
        };
        if !closes && open.len() < DEPTH {
            open.push(folder);
        }
    }
}

/// The meaning of an outline.
enum OpmlElement {
    Feed(ListedFeed),
    Folder(String),
}

/// Does the same as [`read`] for a list that is not well formed.
fn tolerant_read(text: &str) -> Vec<ListedFeed> {
    let (mut listed, mut open) = (Vec::new(), Vec::new());
    for found in parse::outlines(text) {
        open.truncate(found.depth);
        let stated = found.attributes.into_iter().map(|(name, text)| (name, one_line(&text)));
        let folder = match outline(stated, &open) {
            OpmlElement::Feed(feed) => {
                listed.push(feed);
                None
            }
            OpmlElement::Folder(name) => Some(name).filter(|name| !name.is_empty()),
        };
        if open.len() < DEPTH {
            open.push(folder);
        }
    }
    listed
}

fn outline(stated: impl Iterator<Item = (String, String)>, folders: &[Option<String>]) -> OpmlElement {
    let mut listed = ListedFeed::default();
    let (mut text, mut url, mut kind, mut category) = (String::new(), String::new(), String::new(), String::new());
    for (name, value) in stated {
        match name.to_ascii_lowercase().as_str() {
            "xmlurl" | "feedurl" => listed.feed = value,
            "url" => url = value,
            "htmlurl" => listed.page = Some(value).filter(|v| !v.is_empty()),
            "title" => listed.title = value,
            "text" => text = value,
            "type" => kind = value.to_ascii_lowercase(),
            "language" => listed.language = Some(value).filter(|v| !v.is_empty()),
            "category" => category = value,
            _ => {}
        }
    }
    if listed.title.is_empty() {
        listed.title = text;
    }
    if listed.feed.is_empty() && matches!(kind.as_str(), "rss" | "atom" | "feed") {
        listed.feed = url;
    }
    if listed.feed.is_empty() {
        return OpmlElement::Folder(listed.title);
    }
    listed.tags = folders.iter().flatten().cloned().collect();
    // OPML 2.0: categories are separated by commas; each is a path of names.
    for name in category.split(',').map(|name| name.trim().trim_matches('/').trim()) {
        if !name.is_empty() && !listed.tags.iter().any(|tag| tag == name) {
            listed.tags.push(name.to_owned());
        }
    }
    OpmlElement::Feed(listed)
}

/// Returns the text of an attribute on one line. What looks like an entity but is not one stays unchanged.
pub(super) fn value(raw: &str) -> String {
    one_line(&parse::decoded(raw))
}

fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}
