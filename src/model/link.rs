//! Canonical form of an article's address, for comparing only; the published link stays as it was.

use super::LinkKey;
use url::Url;

/// Canonical text of an http(s) address, or `None` for anything else.
#[must_use]
pub fn canonical(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    url.set_fragment(None);
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// Key of an address.
#[must_use]
pub fn link_key(address: &str) -> Option<LinkKey> {
    canonical(address).map(|text| LinkKey::of(&text))
}
