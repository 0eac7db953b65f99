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
const SETS: [&str; 5] = ["srcset", "data-srcset", "data-lazy-srcset", "data-original-set", "data-src-set"];

/// Maximum width chosen among several pictures, in pixels, if there is one within it.
const WIDEST: u32 = 1_600;

/// Returns the address of the picture that a reader should see, or `None` when there is none.
pub(super) fn address(tag: &Tag) -> Option<String> {
    let src = attribute(tag, "src").map(|src| src.trim().to_owned()).filter(|src| !src.is_empty());
    let of = |names: &[&str]| names.iter().filter_map(|name| attribute(tag, name)).find(|value| is_address(value));
    match src {
        // With both attributes, `src` holds a small or blurred preview.
        Some(src) if !is_placeholder(&src) => of(&ADDRESSES[..4]).or(Some(src)),
        src => of(&ADDRESSES)
            .or_else(|| SETS.iter().find_map(|name| best(&attribute(tag, name)?)))
            .or_else(|| other_address(tag))
            .or(src),
    }
}

/// Returns the address in an attribute whose name is not in the tables: its value ends like a picture, or its name says that it holds
/// a source.
fn other_address(tag: &Tag) -> Option<String> {
    const NOT: [&str; 9] = ["src", "alt", "title", "class", "style", "id", "longdesc", "usemap", "data-caption"];
    const KINDS: [&str; 7] = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".svg"];
    let fits = |name: &str, value: &str| {
        let path = value.split(['?', '#']).next().unwrap_or_default().trim_end().to_ascii_lowercase();
        let is_source = ["src", "lazy", "orig"].iter().any(|word| name.contains(word))
            && ["http:", "https:", "/"].iter().any(|start| value.trim_start().starts_with(start));
        is_source || KINDS.iter().any(|kind| path.ends_with(kind))
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

fn is_address(value: &str) -> bool {
    let value = value.trim();
    let plain = !value.is_empty() && !value.contains(char::is_whitespace) && !value.starts_with(['{', '[', '#']);
    plain && !value.starts_with("data:") && (value.contains('/') || value.contains('.'))
}

/// Returns whether an address is that of a placeholder, which a script would replace by the real picture.
pub(super) fn is_placeholder(src: &str) -> bool {
    const WORDS: [&str; 14] = [
        "placeholder",
        "blank",
        "spacer",
        "lazy",
        "loading",
        "loader",
        "transparent",
        "1x1",
        "pixel",
        "empty",
        "clear",
        "grey",
        "gray",
        "dummy",
    ];
    let scheme = |scheme: &str| src.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
    if ["data:", "about:", "javascript:"].into_iter().any(scheme) || src.starts_with('#') {
        return true;
    }
    let path = src.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    WORDS
        .iter()
        .any(|word| name.starts_with(word) || name.contains(&format!("-{word}")) || name.contains(&format!("_{word}")))
}

/// Returns the widest address of a set within [`WIDEST`], else the narrowest (HTML 4.8.4.2.1).
fn best(set: &str) -> Option<String> {
    let mut found: Vec<(u32, &str)> = Vec::new();
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
    let fitting = found.iter().filter(|(width, _)| *width <= WIDEST).max_by_key(|(width, _)| *width);
    fitting.or_else(|| found.iter().min_by_key(|(width, _)| *width)).map(|(_, url)| (*url).to_owned())
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
