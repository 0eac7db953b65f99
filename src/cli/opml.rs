//! `warraq import-opml` and `warraq export-opml`: subscription lists of other feed readers.
//!
//! Real exports lack `head`, `version`, `type` or `text`, spell `xmlUrl` in several ways, and contain bare ampersands, HTML
//! entities and unclosed elements. Every outline with an address is imported.

use super::{CliError, out::written};
use crate::{
    config::{
        self, Config,
        edit::{self, NewOutlet},
    },
    model::{FeedUrl, Language, Slug},
    parse,
    publish::opml::{Subscription, render},
};
use anyhow::{Context as _, anyhow};
use quick_xml::{Reader, events::Event};
use std::{
    collections::HashSet,
    fs::File,
    io::{Read as _, Write as _},
    path::Path,
};

/// Maximum size of a file, in bytes: enough for a hundred thousand feeds.
const FILE_MAX: u64 = 50_000_000;
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

/// Prints `[[outlet]]` tables for the feeds of a file. Feeds that cannot be polled are reported on standard error.
pub(super) fn import(file: &Path) -> Result<(), CliError> {
    let outlets = new_outlets(file, HashSet::new(), &HashSet::new())?;
    let tables = edit::add("", &outlets)? + "\n";
    written(std::io::stdout().lock().write_all(tables.as_bytes()))
}

/// Returns the feeds of a file as outlets. Feeds that cannot be polled or are `known` already are reported on standard error.
pub(super) fn new_outlets(
    file: &Path,
    slugs: HashSet<String>,
    known: &HashSet<FeedUrl>,
) -> Result<Vec<NewOutlet>, CliError> {
    let mut bytes = Vec::new();
    let open = || format!("{} cannot be read", file.display());
    File::open(file).with_context(open)?.take(FILE_MAX + 1).read_to_end(&mut bytes).with_context(open)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(anyhow!("{} is larger than {FILE_MAX} bytes", file.display()).into());
    }
    let (listed, fault) = read(&text(&bytes));
    if let Some(fault) = fault {
        eprintln!("warning: {} is not well formed: {fault}; it is read as far as it can be", file.display());
    }
    if listed.is_empty() {
        let error = anyhow!("{} contains no feeds", file.display());
        return Err(CliError::with_hint(error, "an OPML file contains <outline> elements with an xmlUrl attribute"));
    }
    let (outlets, refused) = outlets(&listed, slugs, known);
    for why in refused {
        eprintln!("warning: {why}");
    }
    Ok(outlets)
}

/// Prints the configured feeds as OPML.
pub(super) fn export(config: &Config) -> Result<(), CliError> {
    let feeds: Vec<_> = config.outlets.iter().flat_map(Subscription::of).collect();
    written(std::io::stdout().lock().write_all(&render("Warraq", &feeds)))
}

/// Decodes a file as UTF-8, as UTF-16 if it has a byte order mark, else as Latin-1.
fn text(bytes: &[u8]) -> String {
    let units = |order: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|c| order([c[0], c[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
            Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
        },
    }
}

/// Returns every outline that has an address, and the error if the list is not well formed.
fn read(text: &str) -> (Vec<ListedFeed>, Option<String>) {
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
fn value(raw: &str) -> String {
    one_line(&parse::decoded(raw))
}

fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Returns outlets that `warraq check` accepts, and why feeds were left out, such as those listed twice or `known` already.
/// `slugs` are the slugs in use.
fn outlets(
    listed: &[ListedFeed],
    mut slugs: HashSet<String>,
    known: &HashSet<FeedUrl>,
) -> (Vec<NewOutlet>, Vec<String>) {
    let (mut outlets, mut refused) = (Vec::new(), Vec::new());
    let mut feeds = HashSet::new();
    for one in listed {
        let address = address(&one.feed);
        let url = match FeedUrl::parse(&address) {
            Ok(url) => url,
            Err(error) => {
                refused.push(format!("skipped: {address}: {error}"));
                continue;
            }
        };
        if known.contains(&url) {
            refused.push(format!("skipped: {url} is configured already"));
        } else if feeds.insert(url.clone()) {
            let slug = slug(&one.title, url.host(), &mut slugs);
            outlets.push(outlet_of(one, &url, slug));
        } else {
            refused.push(format!("skipped: {url} is listed twice"));
        }
    }
    (outlets, refused)
}

fn outlet_of(one: &ListedFeed, url: &FeedUrl, slug: String) -> NewOutlet {
    let name = Some(&one.title).filter(|title| !title.is_empty()).map_or(url.host(), String::as_str);
    let mut tags: Vec<String> = Vec::new();
    for tag in one.tags.iter().map(|tag| clean(tag, config::TAG_MAX)) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let language = one.language.as_deref().and_then(|tag| Language::parse(tag).ok());
    NewOutlet {
        slug,
        name: clean(name, config::TITLE_MAX),
        language: language.map(|language| language.to_string()),
        tags,
        feeds: vec![url.to_string()],
    }
}

/// Converts a `feed:` address to the http address it stands for.
fn address(feed: &str) -> String {
    match feed.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("http:{rest}"),
        Some(rest) => rest.to_owned(),
        None => feed.to_owned(),
    }
}

/// Returns a slug made of the Latin letters and digits of the title, else of the host name. A number is added if the slug is
/// taken.
pub(super) fn slug(title: &str, host: &str, taken: &mut HashSet<String>) -> String {
    let of_title = folded(title);
    let bare = host.strip_prefix("www.").unwrap_or(host);
    // An Arabic title yields at most a stray number; the host name says more.
    let enough = of_title.bytes().filter(u8::is_ascii_lowercase).count() >= 3;
    let of_host = folded(bare.rsplit_once('.').map_or(bare, |(name, _)| name));
    let stem = if enough { of_title } else { of_host };
    let stem = if Slug::parse(&stem).is_ok() { stem } else { "outlet".to_owned() };
    let mut slug = stem.clone();
    let mut number = 2;
    while !taken.insert(slug.clone()) {
        slug = format!("{stem}-{number}");
        number += 1;
    }
    slug
}

/// Returns letters without accents and digits, in runs joined by `-`, short enough to append a number.
fn folded(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        let plain = match c {
            'a'..='z' | '0'..='9' => c,
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
            'ç' => 'c',
            'è' | 'é' | 'ê' | 'ë' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ñ' => 'n',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            '\'' | '’' => continue,
            _ => '-',
        };
        if plain != '-' || !(out.is_empty() || out.ends_with('-')) {
            out.push(plain);
        }
        if out.len() >= Slug::MAX - 8 {
            break;
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// Returns a text on one line, of at most `max` characters.
pub(super) fn clean(text: &str, max: usize) -> String {
    text.trim().chars().take(max).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn parse(tables: &str) -> Config {
        Config::parse(tables, Path::new("w.toml"), &BTreeMap::new()).unwrap()
    }

    #[test]
    fn real_exports_are_read_whatever_they_lack() {
        let list = "\u{feff}<?xml version=\"1.0\"?>\n<opml><body>\
            <outline text='Presse &amp; radio'>\
              <outline title=\"العلم\" XMLURL='https://www.alalam.ma/rss?a=1&b=2' htmlUrl='https://www.alalam.ma/' language='ar-MA'/>\
              <outline text=\"L&rsquo;&Eacute;conomiste &OElig; &scaron; &x;\" type=rss xmlUrl=feed://leco.example/feed></outline>\
              <outline type='link' url='https://page.example/'/>\
            </outline>\
            <outline text='Le \"Monde\" \\ 2' xmlUrl='https://lemonde.example/rss' category='/Boston/Weather,news'/>\
            <outline type='rss' text='' url='https://only.example/rss.xml'>\
            <OUTLINE TEXT='Twice' XMLURL='https://lemonde.example/rss'/>\
            <outline text='Bad' xmlUrl='ftp://x.example/'/>\
            </body></opml>";
        let (listed, fault) = read(&text(list.as_bytes()));
        assert_eq!(fault, None);
        let titles: Vec<_> = listed.iter().map(|l| l.title.as_str()).collect();
        assert_eq!(titles, ["العلم", "L’Économiste Œ š &x;", "Le \"Monde\" \\ 2", "", "Twice", "Bad"]);
        assert_eq!(listed[0].feed, "https://www.alalam.ma/rss?a=1&b=2");
        assert_eq!(listed[0].tags, ["Presse & radio"]);
        assert_eq!(listed[2].tags, ["Boston/Weather", "news"]);
        let (outlets, refused) = outlets(&listed, HashSet::new(), &HashSet::new());
        assert_eq!(refused.len(), 2, "{refused:?}");
        let config = parse(&edit::add("", &outlets).unwrap());
        let slugs: Vec<_> = config.outlets.iter().map(|o| o.slug.as_str()).collect();
        assert_eq!(slugs, ["alalam", "leconomiste-x", "le-monde-2", "only"]);
        assert_eq!(config.outlets[0].language.as_ref().unwrap().as_str(), "ar-ma");
        assert_eq!(config.outlets[2].name, "Le \"Monde\" \\ 2");
        assert_eq!(config.outlets[1].feeds[0].as_str(), "http://leco.example/feed");
    }

    #[test]
    fn a_cut_list_gives_what_stands_before_the_cut() {
        let (listed, fault) = read("<opml><outline xmlUrl='https://a.example/'/><outline xmlUrl='https://b");
        assert_eq!(listed.len(), 1);
        assert!(fault.is_some());
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("<outline xmlUrl='https://a/'/>".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(read(&text(&utf16)).0.len(), 1);
        assert_eq!(read(&text(b"<outline text='\xe9t\xe9' xmlUrl='https://a/'/>")).0[0].title, "été");
    }

    #[test]
    fn what_is_exported_can_be_imported() {
        let toml = "[[outlet]]\nslug = \"a\"\nname = \"Ä & <b>\"\ntags = [\"x\"]\nfeeds = [\"https://a.example/1\", \"https://a.example/2\"]\n";
        let config = parse(toml);
        let feeds: Vec<_> = config.outlets.iter().flat_map(Subscription::of).collect();
        let opml = String::from_utf8(render("t", &feeds)).unwrap();
        let (listed, fault) = read(&opml);
        assert_eq!(fault, None);
        assert_eq!(listed.len(), 2);
        assert_eq!((listed[0].title.as_str(), listed[1].feed.as_str()), ("Ä & <b>", "https://a.example/2"));
        assert_eq!(listed[0].tags, ["x"]);
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn any_titles_give_a_configuration_that_is_accepted(titles in prop::collection::vec("\\PC{0,40}|[\"\\\\\\x00-\\x{1f}a]{0,9}", 1..6)) {
            let listed: Vec<_> = titles
                .iter()
                .enumerate()
                .map(|(n, title)| ListedFeed {
                    title: value(title),
                    feed: format!("https://h{n}.example/{title}"),
                    tags: vec![value(title)].into_iter().filter(|t| !t.is_empty()).collect(),
                    ..ListedFeed::default()
                })
                .collect();
            let (outlets, refused) = outlets(&listed, HashSet::new(), &HashSet::new());
            prop_assert_eq!(parse(&edit::add("", &outlets).unwrap()).outlets.len() + refused.len(), listed.len());
        }

        #[test]
        fn reading_never_panics(text in "(<outline|>|/>|</outline>|\"|'|=|&|xmlUrl|;| |\\PC){0,40}") {
            let _ = read(&text);
        }
    }
}
