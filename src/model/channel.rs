//! A merged feed that Warraq publishes, and what `publish` needs to render it.

use super::{Category, Enclosure, EntryId, Language, Person, PlainText, SafeHtml, Slug, StoryId};
use jiff::Timestamp;
use url::Url;

/// A merged feed as configured; every given criterion must be met, and any value of a criterion meets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Its name in addresses; `all` always exists.
    pub slug: Slug,
    /// What subscribers see.
    pub title: String,
    /// Outlets it takes; empty = any.
    pub outlets: Vec<Slug>,
    /// Tags of outlets it takes; empty = any.
    pub tags: Vec<String>,
    /// Primary language subtags of entries it takes; empty = any.
    pub languages: Vec<Language>,
    /// Stories an edition lists.
    pub limit: u32,
    /// Outlets that must carry a story before it is published.
    pub min_outlets: u32,
    /// Outlets whose report leads when several are in at publication, best first.
    pub prefer: Vec<Slug>,
    /// One entry a story; `false` lists every report.
    pub collapse: bool,
    /// What it is about, for readers that show it under the title.
    pub subtitle: Option<String>,
    /// Whether its feeds name the outlet before each title.
    pub outlet_in_title: bool,
}

impl Channel {
    /// Name of the channel that takes everything.
    pub const ALL: &'static str = "all";

    /// Whether an entry of this outlet, with these tags and in this language, belongs in it.
    #[must_use]
    pub fn takes(&self, outlet: &str, tags: &[String], language: Option<&str>) -> bool {
        let primary = language.map(|l| l.split(['-', '_']).next().unwrap_or(l));
        (self.outlets.is_empty() || self.outlets.iter().any(|slug| slug.as_str() == outlet))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| tags.contains(tag)))
            && (self.languages.is_empty()
                || self.languages.iter().any(|l| primary.is_some_and(|p| p.eq_ignore_ascii_case(l.primary()))))
    }
}

/// A channel at a moment: all that an edition is made of. Equal views give equal bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelView {
    /// The channel's slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// What it is about; `None` = a sentence of ours.
    pub subtitle: Option<String>,
    /// Whether the outlet stands before each title.
    pub outlet_in_title: bool,
    /// `[server] public_url`, with a trailing slash: the base of every own address.
    pub public_url: Url,
    /// Language of all stories, when they agree.
    pub language: Option<String>,
    /// When the newest of its stories was published or materially revised; `None` while it is empty.
    pub updated: Option<Timestamp>,
    /// Newest first, at most the channel's limit.
    pub stories: Vec<StoryView>,
}

/// A story as one entry of an edition.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryView {
    /// Its number; its page is `PUBLIC_URL/stories/N`.
    pub id: StoryId,
    /// Its id in all formats: the outlet's own when that is an absolute ASCII IRI and nobody else holds it (RFC 4287 4.2.6),
    /// else `urn:uuid:…`. Never changes.
    pub iri: String,
    /// When it came into the channel.
    pub order_at: Timestamp,
    /// When it was first published or last materially revised.
    pub updated: Timestamp,
    /// What is shown: the first report inside the channel.
    pub lead: ReportView,
    /// The other outlets, in order of joining.
    pub also: Vec<Carrier>,
}

/// One outlet's report of a story, as shown.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportView {
    /// The entry.
    pub entry: EntryId,
    /// Never empty: the title, else the first characters of the text, else outlet and date.
    pub title: PlainText,
    /// Never empty: the article, else the story's page.
    pub link: String,
    /// What the outlet called it (guid, atom:id).
    pub source_id: Option<String>,
    /// The stated date, or when it was first seen, whichever is earlier.
    pub published: Timestamp,
    /// Language tag.
    pub language: Option<String>,
    /// Language of the title, where it is not the entry's.
    pub title_language: Option<String>,
    /// Language of the text, where it is not the entry's.
    pub text_language: Option<String>,
    /// Summary.
    pub summary: Option<SafeHtml>,
    /// Full text.
    pub content: Option<SafeHtml>,
    /// Authors.
    pub authors: Vec<Person>,
    /// Contributors.
    pub contributors: Vec<Person>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Files.
    pub enclosures: Vec<Enclosure>,
    /// Rights.
    pub rights: Option<String>,
    /// Picture.
    pub image: Option<String>,
    /// Comments page.
    pub comments: Option<String>,
    /// The outlet's slug.
    pub outlet: String,
    /// The outlet's name.
    pub outlet_name: String,
    /// Configured address of the feed that brought it.
    pub feed_url: String,
    /// The feed's page.
    pub feed_link: Option<String>,
    /// What the feed said of its own last change at the poll that brought the entry, else that poll's time; never moved.
    pub feed_updated: Timestamp,
}

/// Another outlet that carried the story.
#[derive(Debug, Clone, PartialEq)]
pub struct Carrier {
    /// The outlet's name.
    pub outlet_name: String,
    /// The outlet's title for it.
    pub title: PlainText,
    /// Its article.
    pub link: String,
    /// Language tag.
    pub language: Option<String>,
}
