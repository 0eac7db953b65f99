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
    (listed(text), fault(text))
}

/// Returns why a text is not XML, as far as that matters for a list.
fn fault(text: &str) -> Option<String> {
    let mut reader = Reader::from_str(text);
    let tolerant = reader.config_mut();
    tolerant.check_end_names = false;
    tolerant.allow_unmatched_ends = true;
    tolerant.allow_dangling_amp = true;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return None,
            Ok(_) => {}
            Err(error) => return Some(error.to_string()),
        }
    }
}

/// The meaning of an outline.
enum OpmlElement {
    Feed(ListedFeed),
    Folder(String),
}

fn listed(text: &str) -> Vec<ListedFeed> {
    let (mut listed, mut open) = (Vec::new(), Vec::new());
    let mut outlines = parse::outlines(text).into_iter().peekable();
    while let Some(found) = outlines.next() {
        open.truncate(found.depth);
        let is_folder = outlines.peek().is_some_and(|next| next.depth > found.depth);
        let stated = found.attributes.into_iter().map(|(name, text)| (name, one_line(&text)));
        let folder = match outline(stated, &open, is_folder) {
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

/// Returns the meaning of an outline. `is_folder` says whether it contains others.
fn outline(stated: impl Iterator<Item = (String, String)>, folders: &[Option<String>], is_folder: bool) -> OpmlElement {
    let mut listed = ListedFeed::default();
    let (mut text, mut url, mut kind, mut category) = (String::new(), String::new(), String::new(), String::new());
    for (name, value) in stated {
        match name.to_ascii_lowercase().as_str() {
            "xmlurl" | "feedurl" => listed.feed = address(&value),
            "url" => url = address(&value),
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
    } else if !url.is_empty() && !is_folder && !matches!(kind.as_str(), "link" | "include") {
        // OPML 2.0 has `url` for pages and for other lists, which say so by their type.
        listed.page = listed.page.or(Some(url));
    }
    let has_page = listed.page.is_some() && (kind == "rss" || !is_folder && kind.is_empty());
    if listed.feed.is_empty() && !has_page {
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

/// Returns an address without what miswriting leaves around it or in it: typographic quotes, ampersands that were escaped twice.
fn address(value: &str) -> String {
    value.trim_matches(|c: char| c.is_whitespace() || "“”„«»\"'".contains(c)).replace("&amp;", "&")
}

/// Returns the text of an attribute on one line.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}
