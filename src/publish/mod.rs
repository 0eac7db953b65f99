//! Renders a [`ChannelView`] as the bytes of a feed. Equal views give equal bytes, because no document contains the current
//! time.
//!
//! Whatever texts the view contains, the documents are valid according to RFC 4287, RSS 2.0 with the Advisory Board's profile,
//! JSON Feed 1.1 and OPML 2.0. Values that a strict reader would reject (an unknown language, an invalid media type) are left
//! out. Title, link and id are always present and the same in all formats.

pub mod archive;
mod atom;
mod body;
mod budget;
mod clean;
mod content;
mod edition;
pub mod incidents;
mod json;
pub mod opml;
mod packing;
mod rss;
mod values;
mod xml;

#[cfg(test)]
mod tests;

pub use budget::{Budget, within};
pub use content::{Content, Pieces};
pub use edition::{Coding, Edition, Representation};

use crate::model::{Channel, ChannelView};
use url::Url;

/// Version of the rendering rules. It is raised whenever the same stories would give different bytes. Stored documents of
/// another version are rendered again instead of being served.
pub const RULES: u32 = 4;

/// Path of the icon that feeds name.
pub const ICON_PATH: &str = "/icon.svg";

/// Returns a fingerprint of the rendering rules and the given settings, which is stored with each document.
#[must_use]
pub fn fingerprint<'a>(settings: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&RULES.to_le_bytes());
    for setting in settings {
        hasher.update(&(setting.len() as u64).to_le_bytes()).update(setting.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// The feed formats, each at its own address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// All formats, in the order in which pages list them.
    pub const ALL: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    /// Returns the file extension of its addresses.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
        }
    }

    /// Returns the format with this file extension.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.extension() == extension)
    }

    /// Returns the value of `Content-Type` (RFC 4287 7; JSON needs no charset, RFC 8259 8.1).
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Json => "application/feed+json",
        }
    }

    /// Returns the media type without parameters, for `type` attributes.
    #[must_use]
    pub fn bare_media_type(self) -> &'static str {
        self.media_type().split(';').next().unwrap_or_default()
    }
}

/// The address of a document and the addresses it links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentLinks {
    /// The channel's permanent id: its Atom address, in every format and on every archive page.
    pub id: Url,
    /// The document's own address.
    pub this: Url,
    /// The HTML page with the same content.
    pub page: Url,
    /// The documents before and after this one.
    pub history: History,
    /// The hub that delivers changes (WebSub 4); `None` if there is none.
    pub hub: Option<Url>,
}

impl DocumentLinks {
    /// Returns the links of a configured channel. `newest_archive` is the number of its newest archive page, if it has one,
    /// `hub` the address of its hub.
    ///
    /// # Errors
    /// Fails if `public_url` cannot be a base URL, which the configuration rejects.
    pub fn of_channel(
        view: &ChannelView,
        format: Format,
        newest_archive: Option<u32>,
        hub: Option<&Url>,
    ) -> Result<Self, url::ParseError> {
        let base = &view.public_url;
        let newest = newest_archive.map(|number| base.join(&archive::path(&view.slug, number)[1..])).transpose()?;
        Ok(Self {
            id: base.join(&path(&view.slug, Format::Atom)[1..])?,
            this: base.join(&path(&view.slug, format)[1..])?,
            page: base.join(&page_path(&view.slug)[1..])?,
            history: newest.map_or(History::None, History::Before),
            hub: hub.cloned(),
        })
    }
}

/// The documents before and after a document (RFC 5005).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum History {
    /// There are none: nothing is archived yet, or this is a filtered feed.
    None,
    /// This is the subscribed feed, and this archive page, the newest one, precedes it.
    Before(Url),
    /// This is an archive page.
    Archive {
        /// The subscribed feed.
        current: Url,
        /// The page before this one; `None` for the first page.
        previous: Option<Url>,
        /// The page after this one. Its address is known before the page exists, and leads to `current` until then.
        next: Url,
    },
}

/// Returns the path of a channel's feed: `/feed.atom` for `all`, else `/channels/SLUG.atom`.
#[must_use]
pub fn path(slug: &str, format: Format) -> String {
    let extension = format.extension();
    if slug == Channel::ALL { format!("/feed.{extension}") } else { format!("/channels/{slug}.{extension}") }
}

/// Returns the path of a channel's page.
#[must_use]
pub fn page_path(slug: &str) -> String {
    if slug == Channel::ALL { "/".to_owned() } else { format!("/channels/{slug}") }
}

/// Renders and compresses the edition of a configured channel that has no archive pages and no hub.
///
/// # Errors
/// Fails if `public_url` cannot be a base URL, which the configuration rejects.
pub fn edition(view: &ChannelView, format: Format) -> Result<Edition, url::ParseError> {
    edition_after(view, format, None, None)
}

/// Renders and compresses the edition of a configured channel. `newest_archive` is the number of its newest archive page, if
/// it has one, and `hub` the address of its hub.
///
/// # Errors
/// Fails if `public_url` cannot be a base URL, which the configuration rejects.
pub fn edition_after(
    view: &ChannelView,
    format: Format,
    newest_archive: Option<u32>,
    hub: Option<&Url>,
) -> Result<Edition, url::ParseError> {
    let place = DocumentLinks::of_channel(view, format, newest_archive, hub)?;
    Ok(Edition::new(render(view, &place, format), format.media_type()))
}

/// Renders a feed.
#[must_use]
pub fn render(view: &ChannelView, place: &DocumentLinks, format: Format) -> Vec<u8> {
    match format {
        Format::Atom => atom::render(view, place),
        Format::Rss => rss::render(view, place),
        Format::Json => json::render(view, place),
    }
}

/// Returns the text of safe HTML as plain text, at most `limit` characters, cut between words.
#[must_use]
pub fn plain_text(html: &str, limit: usize) -> String {
    clean::decode(&clean::strip_tags(html, limit))
}

/// Returns whether a text runs from right to left, judged by most of its letters; without letters, by its language.
#[must_use]
pub fn is_rtl(language: Option<&str>, text: &str) -> bool {
    body::is_rtl(language, text)
}

/// Estimates the size of a document in bytes, so that writing it does not reallocate often.
fn capacity(view: &ChannelView) -> usize {
    let text = |html: &Option<crate::model::SafeHtml>| html.as_ref().map_or(0, |h| h.as_str().len());
    view.stories.iter().map(|s| 2048 + text(&s.lead.content) + text(&s.lead.summary)).sum::<usize>() + 1024
}
