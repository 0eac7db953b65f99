//! Outlets from the feeds of a subscription list: slugs, titles, addresses.

use super::read::ListedFeed;
use crate::{
    config::{self, edit::NewOutlet},
    model::{FeedUrl, Language, Slug, uri::shown_within},
};
use std::collections::HashSet;

/// Returns outlets that `warraq check` accepts, and why feeds were left out, such as those listed twice or `known` already.
/// `slugs` are the slugs in use.
pub(super) fn outlets(
    listed: &[ListedFeed],
    mut slugs: HashSet<String>,
    known: &HashSet<FeedUrl>,
) -> (Vec<NewOutlet>, Vec<String>) {
    let (mut outlets, mut refused) = (Vec::new(), Vec::new());
    let mut feeds = HashSet::new();
    for one in listed {
        if let Some(page) = one.page.as_deref().filter(|_| one.feed.is_empty()) {
            refused.push(format!(
                "skipped: {} has no xmlUrl; `warraq add {}` looks for its feed",
                one.title,
                shown_within(page)
            ));
            continue;
        }
        let address = address(&one.feed);
        let url = match FeedUrl::parse_polled(&address) {
            Ok(url) => url,
            Err(error) => {
                refused.push(format!("skipped: {}: {error}", shown_within(&address)));
                continue;
            }
        };
        if known.contains(&url) {
            refused.push(format!("skipped: {} is configured already", url.shown()));
        } else if feeds.insert(url.clone()) {
            let slug = slug(&one.title, url.host(), &mut slugs);
            outlets.push(outlet_of(one, &url, slug));
        } else {
            refused.push(format!("skipped: {} is listed twice", url.shown()));
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

/// Converts a `feed:` address to the http address it stands for, and adds the scheme that an address lacks.
fn address(feed: &str) -> String {
    match feed.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("http:{rest}"),
        Some(rest) => rest.to_owned(),
        None if feed.starts_with("//") => format!("https:{feed}"),
        None if feed.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www.")) => format!("https://{feed}"),
        None => feed.to_owned(),
    }
}

/// Returns a slug made of the Latin letters and digits of the title, else of the host name. A number is added if the slug is
/// taken.
pub(in crate::cli) fn slug(title: &str, host: &str, taken: &mut HashSet<String>) -> String {
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
pub(in crate::cli) fn clean(text: &str, max: usize) -> String {
    text.trim().chars().take(max).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
