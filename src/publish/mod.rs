//! Stories to editions: a [`ChannelView`] becomes the bytes of a feed. Pure; equal views give equal bytes, because no
//! document holds a "now".
//!
//! Contract: whatever texts the view holds, the documents are valid: RFC 4287, RSS 2.0 with the Advisory Board's
//! profile, JSON Feed 1.1, OPML 2.0. What a strict reader would refuse (an unknown language, a broken media type) is left
//! out; title, link and id are always there and the same in all formats.

pub mod archive;
mod atom;
mod body;
mod budget;
mod clean;
mod edition;
pub mod incidents;
mod json;
pub mod opml;
mod rss;
mod values;
mod xml;

#[cfg(test)]
mod tests;

pub use budget::{Budget, within};
pub use edition::{Coding, Edition, Representation};

use crate::model::{Channel, ChannelView};
use url::Url;

/// Number of the rules by which documents are rendered. It moves whenever the same stories would give other bytes: what was
/// kept under another number is rendered anew, not served.
pub const RULES: u32 = 3;

/// Path of the icon that feeds name.
pub const ICON_PATH: &str = "/icon.svg";

/// What marks a document as rendered by these rules and settings.
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
    /// All of them, in the order in which pages offer them.
    pub const ALL: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    /// The end of its addresses.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
        }
    }

    /// The format of an address's end.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.extension() == extension)
    }

    /// What `Content-Type` says. RFC 4287 7 and RFC 8259 8.1 (JSON needs no charset).
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Json => "application/feed+json",
        }
    }

    /// The media type alone, for `type` attributes.
    #[must_use]
    pub fn bare_media_type(self) -> &'static str {
        self.media_type().split(';').next().unwrap_or_default()
    }
}

/// Where a document stands and what it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentLinks {
    /// The channel's permanent id: its Atom address, in every format and on every page of its history.
    pub id: Url,
    /// The document's own address.
    pub this: Url,
    /// The page for people.
    pub page: Url,
    /// Where it stands in the channel's history.
    pub history: History,
}

impl DocumentLinks {
    /// Of a configured channel, whose newest archive page has this number.
    ///
    /// # Errors
    /// When `public_url` cannot be a base, which configuration refuses.
    pub fn of_channel(
        view: &ChannelView,
        format: Format,
        newest_archive: Option<u32>,
    ) -> Result<Self, url::ParseError> {
        let base = &view.public_url;
        let newest = newest_archive.map(|number| base.join(&archive::path(&view.slug, number)[1..])).transpose()?;
        Ok(Self {
            id: base.join(&path(&view.slug, Format::Atom)[1..])?,
            this: base.join(&path(&view.slug, format)[1..])?,
            page: base.join(&page_path(&view.slug)[1..])?,
            history: newest.map_or(History::None, History::Before),
        })
    }
}

/// The documents around this one (RFC 5005).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum History {
    /// None: nothing is archived yet, or this is a search.
    None,
    /// The subscribed document: the newest archive page precedes it.
    Before(Url),
    /// An archive page.
    Archive {
        /// The subscribed document.
        current: Url,
        /// The page before this one.
        previous: Option<Url>,
        /// The page after this one; its address is known before the page is, and leads to `current` until then.
        next: Url,
    },
}

/// Path of a channel's feed: `/feed.atom` for `all`, else `/channels/SLUG.atom`.
#[must_use]
pub fn path(slug: &str, format: Format) -> String {
    let extension = format.extension();
    if slug == Channel::ALL { format!("/feed.{extension}") } else { format!("/channels/{slug}.{extension}") }
}

/// Path of a channel's page.
#[must_use]
pub fn page_path(slug: &str) -> String {
    if slug == Channel::ALL { "/".to_owned() } else { format!("/channels/{slug}") }
}

/// The edition of a configured channel without a history, compressed.
///
/// # Errors
/// When `public_url` cannot be a base, which configuration refuses.
pub fn edition(view: &ChannelView, format: Format) -> Result<Edition, url::ParseError> {
    edition_after(view, format, None)
}

/// The edition of a configured channel that follows its archive page of this number, compressed.
///
/// # Errors
/// When `public_url` cannot be a base, which configuration refuses.
pub fn edition_after(
    view: &ChannelView,
    format: Format,
    newest_archive: Option<u32>,
) -> Result<Edition, url::ParseError> {
    let place = DocumentLinks::of_channel(view, format, newest_archive)?;
    Ok(Edition::new(render(view, &place, format), format.media_type()))
}

/// The bytes of a feed.
#[must_use]
pub fn render(view: &ChannelView, place: &DocumentLinks, format: Format) -> Vec<u8> {
    match format {
        Format::Atom => atom::render(view, place),
        Format::Rss => rss::render(view, place),
        Format::Json => json::render(view, place),
    }
}

/// Text of safe HTML, plain, at most `limit` characters, cut at a word.
#[must_use]
pub fn plain_text(html: &str, limit: usize) -> String {
    clean::decode(&clean::strip_tags(html, limit))
}

/// Whether a text runs from right to left: as most of its letters do, else as its language does.
#[must_use]
pub fn is_rtl(language: Option<&str>, text: &str) -> bool {
    body::is_rtl(language, text)
}

/// Bytes to set aside for a document, so that writing it does not copy it over and over.
fn capacity(view: &ChannelView) -> usize {
    let text = |html: &Option<crate::model::SafeHtml>| html.as_ref().map_or(0, |h| h.as_str().len());
    view.stories.iter().map(|s| 2048 + text(&s.lead.content) + text(&s.lead.summary)).sum::<usize>() + 1024
}
