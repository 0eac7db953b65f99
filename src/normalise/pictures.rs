//! Tells whether a picture of a text is the fallback of another, or has one: lazy pictures come with a `noscript` beside them.

use super::attributes::attribute;
use super::lazy;
use html5ever::tokenizer::Tag;
use std::collections::HashSet;

/// Maximum number of names that are remembered of the pictures of one text.
const NAMES: usize = 10_000;

/// Maximum number of names of one picture.
const OF_ONE: usize = 40;

/// Names of parameters that choose the size and the form of a picture, sorted.
const SIZES: [&str; 20] = [
    "auto", "crop", "dpr", "fit", "fm", "format", "h", "height", "ixlib", "q", "quality", "resize", "s", "size", "ssl",
    "strip", "sz", "w", "width", "zoom",
];

/// The pictures of one text so far.
#[derive(Default)]
pub(super) struct Pictures {
    known: HashSet<String>,
    /// Those written from inside `noscript` whose lazy picture has not come.
    fallbacks: HashSet<String>,
}

impl Pictures {
    /// Returns whether to write the next picture, which has these names. In `noscript` it is written unless it is there; after its
    /// fallback, which some writers put first (Autoptimize), a lazy one is not. Any other may be repeated on purpose.
    pub(super) fn takes(&mut self, names: Vec<String>, is_fallback: bool, is_lazy: bool) -> bool {
        let takes = if is_fallback {
            !names.iter().any(|name| self.known.contains(name))
        } else {
            !(is_lazy && names.iter().any(|name| self.fallbacks.contains(name)))
        };
        for name in names {
            if !is_fallback {
                self.fallbacks.remove(&name);
            }
            if self.known.len() < NAMES {
                if is_fallback && takes {
                    self.fallbacks.insert(name.clone());
                }
                self.known.insert(name);
            }
        }
        takes
    }
}

/// Returns the names of a picture: all addresses that its tag states, whatever their size.
pub(super) fn names(tag: &Tag) -> Vec<String> {
    let values = tag.attrs.iter().filter(|attribute| lazy::may_hold_address(&attribute.name.local));
    let addresses = values.flat_map(|attribute| {
        let is_set = attribute.name.local.contains("set");
        let candidates = if is_set { lazy::candidates(&attribute.value) } else { Vec::new() };
        let single = (!is_set).then_some(&*attribute.value).filter(|value| lazy::is_address(value));
        candidates.into_iter().map(|(_, address)| address).chain(single)
    });
    addresses.filter(|address| !lazy::is_placeholder(address)).take(OF_ONE).map(name).collect()
}

/// Returns the name of the picture at an address: the address without scheme, fragment and the parameters that choose its size.
pub(super) fn name(address: &str) -> String {
    let address = address.trim().split('#').next().unwrap_or_default();
    let address = ["https:", "http:"].iter().find_map(|scheme| address.strip_prefix(scheme)).unwrap_or(address);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut name = path.to_owned();
    for part in query.split('&').map(|part| part.strip_prefix("amp;").unwrap_or(part)) {
        let key = part.split('=').next().unwrap_or(part).to_ascii_lowercase();
        if !part.is_empty() && SIZES.binary_search(&key.as_str()).is_err() {
            name.push('?');
            name.push_str(part);
        }
    }
    name
}

/// Maximum width of a picture that replaces a smaller one, in pixels: what a wide screen shows.
const WIDEST_SCREEN: u32 = 2_048;

/// Returns the address of the same picture in a larger size, if the tag's sets have it and the addresses differ only in the parameters
/// that choose the size: `/_next/image?url=…&w=64` (Next.js), `a.jpg?w=300` (imgix, WordPress's Photon).
pub(super) fn wider(tag: &Tag, src: &str) -> Option<String> {
    let own = width_in(src)?;
    let sets: Vec<String> = lazy::SETS.iter().filter_map(|name| attribute(tag, name)).collect();
    let all = sets.iter().flat_map(|set| lazy::candidates(set));
    let sized = all.filter_map(|(_, address)| Some((width_in(address)?, address)));
    let wider = sized.filter(|(width, address)| *width > own && name(address) == name(src));
    let (shown, larger): (Vec<_>, Vec<_>) = wider.partition(|(width, _)| *width <= WIDEST_SCREEN);
    let best = shown.into_iter().max_by_key(|(width, _)| *width);
    best.or_else(|| larger.into_iter().min_by_key(|(width, _)| *width)).map(|(_, address)| address.to_owned())
}

/// Returns the width that a parameter of an address chooses.
fn width_in(address: &str) -> Option<u32> {
    let (_, query) = address.split('#').next()?.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| matches!(*name, "w" | "width" | "amp;w" | "amp;width"))?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_one_name_in_all_sizes() {
        assert!(SIZES.is_sorted());
        for (one, other, same) in [
            ("https://x.example/p.jpg?w=20#a", "http://x.example/p.jpg", true),
            ("/_next/image?url=%2Fp.jpg&w=64&q=75", "/_next/image?url=%2Fp.jpg&amp;w=1200&q=75", true),
            ("/_next/image?url=%2Fp.jpg&w=64", "/_next/image?url=%2Fq.jpg&w=64", false),
            ("/p.jpg?id=1", "/p.jpg?id=2", false),
        ] {
            assert_eq!(name(one) == name(other), same, "{one} {other}");
        }
    }
}
