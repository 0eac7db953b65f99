//! What the addresses in a text are relative to.

use crate::model::ParsedEntry;

/// What the addresses in a text are relative to.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextPlace<'a> {
    /// The base of relative addresses, which are dropped without one.
    pub base: Option<&'a str>,
    /// Whether the document states the base (`xml:base`).
    pub is_base_stated: bool,
    /// The page of the text's entry. Links to parts of the text lead there.
    pub page: Option<&'a str>,
}

impl<'a> TextPlace<'a> {
    /// Returns the place of an entry's texts.
    #[must_use]
    pub fn of(entry: &'a ParsedEntry) -> Self {
        Self { base: entry.base.as_deref(), is_base_stated: entry.is_base_stated, page: entry.link.as_deref() }
    }

    /// Returns the page to which links of a query alone (`?page=2`) lead: that of the entry, unless the document states another base,
    /// or the text comes from one site and the page is on another, as in link blogs.
    pub(super) fn queried_page(self) -> Option<&'a str> {
        let is_on_site = |page: &&str| self.base.is_none_or(|base| host(base) == host(page));
        self.page.filter(|_| !self.is_base_stated).filter(is_on_site)
    }
}

/// Returns the host of an absolute address, without `www.`.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host)
}
