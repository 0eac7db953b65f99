//! Finds the address of pictures that a script would load later.

use super::attributes::attribute;
use html5ever::tokenizer::Tag;
use html5ever::{Attribute, LocalName, QualName, ns};

/// Attributes that hold the address of a lazy picture; those that mean the picture as displayed come first.
const ADDRESSES: [&str; 20] = [
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-lazy",
    "data-original-src",
    "data-cfsrc",
    "data-actualsrc",
    "data-img-src",
    "data-image-src",
    "data-echo",
    "data-url",
    "data-image",
    "data-hi-res-src",
    "data-large-src",
    "data-full-src",
    "data-orig-file",
    "data-large-file",
    "data-large_image",
    "data-runner-src",
    "data-pin-media",
];

/// Attributes that hold several addresses.
pub(super) const SETS: [&str; 5] = ["srcset", "data-srcset", "data-lazy-srcset", "data-original-set", "data-src-set"];

/// Maximum width chosen among several pictures, in pixels, if there is one within it.
const WIDEST: u32 = 1_600;

/// Attributes of [`ADDRESSES`] that may as well hold the address of a page, for sharing.
const VAGUE: [&str; 2] = ["data-url", "data-image"];

/// Returns the address of the picture that a reader should see, or `None` when there is none.
pub(super) fn address(tag: &Tag) -> Option<String> {
    let src = attribute(tag, "src").map(|src| src.trim().to_owned()).filter(|src| !src.is_empty());
    let is_meant = |name: &&str, value: &str| {
        is_address(value)
            && !is_placeholder(value)
            && !ends_like_other(value)
            && (!VAGUE.contains(name) || ends_like_picture(value))
    };
    let of = |names: &[&str]| {
        let mut stated = names.iter().filter_map(|name| Some((name, attribute(tag, name)?)));
        stated.find(|(name, value)| is_meant(name, value)).map(|(_, value)| value)
    };
    match src {
        // With both attributes, `src` holds a small or blurred preview.
        Some(src) if !is_placeholder(&src) => of(&ADDRESSES[..4]).or_else(|| loaded_later(tag)).or(Some(src)),
        src => of(&ADDRESSES)
            .or_else(|| SETS.iter().find_map(|name| best(&attribute(tag, name)?)))
            .or_else(|| other_address(tag))
            .or_else(|| VAGUE.iter().filter_map(|name| attribute(tag, name)).find(|value| is_address(value)))
            .or(src),
    }
}

/// Returns the address in an attribute whose name says that a script loads it later: `data-actualsrc` (Zhihu),
/// `data-pagespeed-lazy-src`, whose `src` has any name.
fn loaded_later(tag: &Tag) -> Option<String> {
    const SIGNS: [&str; 3] = ["lazy", "actualsrc", "pagespeed"];
    const NOT: [&str; 4] = ["placeholder", "preview", "fallback", "error"];
    let found = tag.attrs.iter().find(|attribute| {
        let (name, value) = (&*attribute.name.local, attribute.value.trim());
        let is_whole =
            ["http:", "https:", "/"].iter().any(|start| value.starts_with(start)) || ends_like_picture(value);
        SIGNS.iter().any(|sign| name.contains(sign))
            && !NOT.iter().any(|word| name.contains(word))
            && is_address(value)
            && is_whole
            && !is_placeholder(value)
            && !ends_like_other(value)
    })?;
    Some(found.value.trim().to_owned())
}

/// Returns the address in an attribute whose name is not in the tables: its value ends like a picture, or its name says that it holds
/// a source.
fn other_address(tag: &Tag) -> Option<String> {
    const NOT: [&str; 9] = ["src", "alt", "title", "class", "style", "id", "longdesc", "usemap", "data-caption"];
    let fits = |name: &str, value: &str| {
        let is_source = ["src", "lazy", "orig"].iter().any(|word| name.contains(word))
            && ["http:", "https:", "/"].iter().any(|start| value.trim_start().starts_with(start));
        is_source || ends_like_picture(value)
    };
    let mut others = tag.attrs.iter().filter(|a| !NOT.contains(&&*a.name.local));
    others.find_map(|attribute| {
        let (name, value) = (&*attribute.name.local, &*attribute.value);
        if is_address(value) && fits(name, value) && !is_placeholder(value) {
            return Some(value.trim().to_owned());
        }
        name.contains("srcset").then(|| best(value)).flatten()
    })
}

/// Returns whether an address is that of a page or a file of another kind, as galleries state it (`data-src="page.html"`).
fn ends_like_other(address: &str) -> bool {
    const KINDS: [&str; 16] = [
        ".html", ".htm", ".xhtml", ".shtml", ".js", ".css", ".json", ".xml", ".txt", ".pdf", ".mp4", ".webm", ".mov",
        ".m3u8", ".mp3", ".zip",
    ];
    let path = address.split(['?', '#']).next().unwrap_or_default().trim_end().to_ascii_lowercase();
    KINDS.iter().any(|kind| path.ends_with(kind))
}

/// Returns whether an attribute may hold an address of the picture, or several.
pub(super) fn may_hold_address(name: &str) -> bool {
    ["src", "lazy", "original"].iter().any(|word| name.contains(word)) || ADDRESSES.contains(&name)
}

/// Returns whether a tag is a picture of one pixel by its style, which counts visits.
pub(super) fn is_pixel(tag: &Tag) -> bool {
    let style = attribute(tag, "style").unwrap_or_default().to_ascii_lowercase();
    let is_tiny = |side: &str| {
        style.split(';').filter_map(|part| part.split_once(':')).any(|(name, value)| {
            let value = value.split('!').next().unwrap_or(value).trim();
            name.trim() == side && matches!(value.trim_end_matches("px"), "0" | "1")
        })
    };
    is_tiny("width") && is_tiny("height")
}

/// Removes a size of one pixel: it is that of a placeholder, or states proportions (AMP).
pub(super) fn remove_pixel_size(tag: &mut Tag) {
    let is_size = |attribute: &Attribute| matches!(&*attribute.name.local, "width" | "height");
    let is_tiny = |attribute: &&Attribute| matches!(attribute.value.trim(), "0" | "1");
    if tag.attrs.iter().filter(|attribute| is_size(attribute)).filter(is_tiny).count() == 2 {
        tag.attrs.retain(|attribute| !is_size(attribute));
    }
}

pub(super) fn ends_like_picture(address: &str) -> bool {
    const KINDS: [&str; 7] = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".svg"];
    let path = address.split(['?', '#']).next().unwrap_or_default().trim_end().to_ascii_lowercase();
    KINDS.iter().any(|kind| path.ends_with(kind))
}

/// Returns the address of a sound or video that a script would load later. One that has its address has nothing to find.
pub(super) fn file(tag: &Tag) -> Option<String> {
    if attribute(tag, "src").is_some_and(|src| !is_placeholder(src.trim()) && !src.trim().is_empty()) {
        return None;
    }
    let named = tag.attrs.iter().filter(|a| a.name.local.ends_with("src") && a.name.local.len() > 3);
    named.map(|attribute| attribute.value.to_string()).find(|value| is_address(value))
}

/// Sets the address as `src`.
pub(super) fn set(tag: &mut Tag, address: &str) {
    if let Some(src) = tag.attrs.iter_mut().find(|attribute| &*attribute.name.local == "src") {
        src.value = address.into();
        return;
    }
    let name = QualName::new(None, ns!(), LocalName::from("src"));
    tag.attrs.insert(0, Attribute { name, value: address.into() });
}

pub(super) fn is_address(value: &str) -> bool {
    let value = value.trim();
    let plain = !value.is_empty() && !value.contains(char::is_whitespace) && !value.starts_with(['{', '[', '#']);
    plain && !value.starts_with("data:") && (value.contains('/') || value.contains('.'))
}

/// Words in the name of a placeholder, the longest first of those that begin alike. One of the first list must be in the name.
const PLACEHOLDERS: [&str; 19] = [
    "placeholder",
    "lazyload",
    "lazyimg",
    "lazy",
    "loading",
    "loader",
    "blank",
    "spacer",
    "transparent",
    "trans",
    "pixel",
    "empty",
    "clear",
    "grey",
    "gray",
    "dummy",
    "none",
    "dot",
    "1x1",
];
const BESIDE: [&str; 14] =
    ["image", "img", "picture", "pic", "photo", "default", "load", "white", "black", "bg", "gif", "px", "no", "x"];

/// Returns whether an address is that of a placeholder, which a script would replace by the real picture: its name has nothing but
/// words for one, numbers and a hash.
pub(super) fn is_placeholder(src: &str) -> bool {
    let scheme = |scheme: &str| src.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
    if ["data:", "about:", "javascript:"].into_iter().any(scheme) || src.starts_with('#') {
        return true;
    }
    let path = src.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    // Longer names have other words.
    if name.len() > 80 {
        return false;
    }
    let name = name.to_ascii_lowercase();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let mut says_so = false;
    let parts = stem.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.into_iter().all(|part| is_hash(part) || is_of_words(part, &mut says_so)) && says_so
}

/// Returns whether part of a name is the hash that a build tool adds.
fn is_hash(part: &str) -> bool {
    part.len() >= 6 && part.bytes().all(|b| b.is_ascii_hexdigit()) && part.bytes().any(|b| b.is_ascii_digit())
}

/// Returns whether part of a name consists of digits and words of the lists; notes one of the first list.
fn is_of_words(part: &str, says_so: &mut bool) -> bool {
    let mut rest = part;
    while !rest.is_empty() {
        let word = PLACEHOLDERS.iter().find_map(|word| rest.strip_prefix(word));
        *says_so |= word.is_some();
        let other = || BESIDE.iter().find_map(|word| rest.strip_prefix(word));
        let Some(after) = word.or_else(other).or_else(|| rest.strip_prefix(|c: char| c.is_ascii_digit())) else {
            return false;
        };
        rest = after;
    }
    true
}

/// Returns the widest address of a set within [`WIDEST`], else the narrowest (HTML 4.8.4.2.1).
fn best(set: &str) -> Option<String> {
    let found = candidates(set);
    let fitting = found.iter().filter(|(width, _)| *width <= WIDEST).max_by_key(|(width, _)| *width);
    fitting.or_else(|| found.iter().min_by_key(|(width, _)| *width)).map(|(_, url)| (*url).to_owned())
}

/// Returns the addresses of a set with their widths.
pub(super) fn candidates(set: &str) -> Vec<(u32, &str)> {
    let mut found = Vec::new();
    let blank = |c: char| c.is_ascii_whitespace();
    let mut rest = set;
    loop {
        // An address ends with white space, because it may contain commas; a width ends with a comma, too.
        rest = rest.trim_start_matches(|c| blank(c) || c == ',');
        let (word, after) = rest.split_at(rest.find(blank).unwrap_or(rest.len()));
        if word.is_empty() {
            break;
        }
        let (url, mut width) = (word.trim_end_matches(','), 1);
        rest = after;
        while word.len() == url.len() {
            let next = rest.trim_start_matches(blank);
            let (size, after) = next.split_at(next.find(|c| blank(c) || c == ',').unwrap_or(next.len()));
            let Some(stated) = width_of(size) else { break };
            (width, rest) = (stated, after);
        }
        if is_address(url) {
            found.push((width, url));
        }
    }
    found
}

/// Returns the width that a descriptor states: `600w`, or `2x` as a hundred for each pixel's density.
fn width_of(descriptor: &str) -> Option<u32> {
    let number: f64 = descriptor.strip_suffix(['w', 'x', 'h'])?.parse().ok()?;
    let scale = if descriptor.ends_with('x') { 100.0 } else { 1.0 };
    format!("{:.0}", number * scale).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_has_no_other_words() {
        for name in [
            "placeholder.png",
            "img/lazy-placeholder.png?v=2",
            "img-placeholder.5f3a9c1b.svg",
            "blank_1200x600.gif",
            "1x1.gif",
            "none.gif",
            "whitedot.jpg",
            "TransparentPixel.gif",
            "grey.gif",
            "spacer",
        ] {
            assert!(is_placeholder(&format!("https://x.example/{name}")), "{name}");
        }
        for name in
            ["pixel-9-review.jpg", "clear-skies.jpg", "empty-streets.jpg", "gray-wolf.jpg", "1200x600.jpg", "a", ""]
        {
            assert!(!is_placeholder(&format!("https://x.example/{name}")), "{name}");
        }
    }

    #[test]
    fn the_best_of_a_set_is_wide_and_not_too_wide() {
        for (set, want) in [
            ("https://x.example/a.webp 1x", "https://x.example/a.webp"),
            ("a-300.jpg 300w, a-1200.jpg 1200w, a-4000.jpg 4000w", "a-1200.jpg"),
            (
                "https://x.example/w_300,h_200/a.jpg 1x, https://x.example/w_600,h_400/a.jpg 2x",
                "https://x.example/w_600,h_400/a.jpg",
            ),
            ("a.jpg, b.jpg 2x", "b.jpg"),
            ("a.jpg 300w,https://x.example/b.jpg 600w", "https://x.example/b.jpg"),
            ("a.jpg 300w ,b.jpg 600w 400h,c.jpg", "b.jpg"),
            (",a.jpg 1.5x,,b.jpg  ", "a.jpg"),
        ] {
            assert_eq!(best(set).as_deref(), Some(want), "{set}");
        }
        assert_eq!(best("data:image/gif;base64,AA== 1w"), None);
    }
}
