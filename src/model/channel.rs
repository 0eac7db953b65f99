//! Channels: the merged feeds that Warraq publishes, and the views from which `publish` renders them.

use super::{Category, Enclosure, EntryId, EntryRules, Language, Person, PlainText, SafeHtml, Slug, StoryId};
use jiff::Timestamp;
use url::Url;

/// A merged feed as configured. A story must meet every given criterion; one matching value of a criterion is enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Name in addresses. The channel `all` always exists.
    pub slug: Slug,
    /// Title shown to subscribers.
    pub title: String,
    /// Outlets to include; empty for all.
    pub outlets: Vec<Slug>,
    /// Tags of outlets to include; empty for all.
    pub tags: Vec<String>,
    /// Primary language subtags of entries to include; empty for all.
    pub languages: Vec<Language>,
    /// Most stories in an edition.
    pub limit: u32,
    /// Number of outlets that must report a story before it is published.
    pub min_outlets: u32,
    /// Preferred outlets, best first. If several have reported a story by the time it is published, the best one's report leads.
    pub prefer: Vec<Slug>,
    /// Whether an edition has one entry per story; `false` lists every report.
    pub collapse: bool,
    /// What the channel is about; readers show it under the title.
    pub subtitle: Option<String>,
    /// Whether titles in its feeds begin with the outlet's name.
    pub outlet_in_title: bool,
    /// Who may read it.
    pub readers: Readers,
    /// Whether reports of private outlets are left out.
    pub hides_private: bool,
    /// Which of the entries that meet these criteria are taken.
    pub rules: EntryRules,
}

/// Who may read a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readers {
    /// Everybody, without a key.
    Everyone,
    /// Everybody who has a key.
    KeyHolders,
    /// Those who have a key of this name.
    HoldersOf(String),
}

/// A reader, as far as it matters what may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audience {
    /// Has no key: sees nothing of private outlets.
    #[default]
    Everyone,
    /// Has a key.
    KeyHolder,
}

impl Channel {
    /// Slug of the channel that contains everything.
    pub const ALL: &'static str = "all";

    /// Returns these channels, followed by their variants for readers without a key if `any_private` outlet exists. The variants
    /// have internal slugs, with which they are kept in the database.
    #[must_use]
    pub fn with_variants(channels: &[Self], any_private: bool) -> Vec<Self> {
        let open = channels.iter().filter(|channel| any_private && channel.readers == Readers::Everyone);
        let variants =
            open.map(|channel| Self { slug: channel.slug.variant(), hides_private: true, ..channel.clone() });
        channels.iter().cloned().chain(variants).collect()
    }

    /// Returns the slug in addresses, also of a variant.
    #[must_use]
    pub fn public_slug(&self) -> &str {
        self.slug.without_variant()
    }

    /// Returns whether this is a variant of a configured channel.
    #[must_use]
    pub fn is_variant(&self) -> bool {
        self.public_slug().len() < self.slug.as_str().len()
    }

    /// Returns whether it selects outlets, by slug or tag, and this outlet is among them.
    #[must_use]
    pub fn names(&self, outlet: &str, tags: &[String]) -> bool {
        let selects = !self.outlets.is_empty() || !self.tags.is_empty();
        selects && Self { languages: Vec::new(), ..self.clone() }.takes(outlet, tags, None)
    }

    /// Returns whether an entry of this outlet, with these tags and in this language, belongs in the channel.
    #[must_use]
    pub fn takes(&self, outlet: &str, tags: &[String], language: Option<&str>) -> bool {
        let primary = language.map(|l| l.split(['-', '_']).next().unwrap_or(l));
        (self.outlets.is_empty() || self.outlets.iter().any(|slug| slug.as_str() == outlet))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| tags.contains(tag)))
            && (self.languages.is_empty()
                || self.languages.iter().any(|l| primary.is_some_and(|p| p.eq_ignore_ascii_case(l.primary()))))
    }
}

/// The content of a channel at one moment, from which an edition is rendered. Equal views give equal bytes.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct ChannelView {
    /// The channel's slug.
    pub slug: String,
    /// The channel's title.
    pub title: String,
    /// What the channel is about; `None` for a sentence of Warraq's own.
    pub subtitle: Option<String>,
    /// Whether titles begin with the outlet's name.
    pub outlet_in_title: bool,
    /// `[server] public_url` with a trailing slash, the base of all addresses of this server.
    pub public_url: Url,
    /// Language of the stories, if all have the same one.
    pub language: Option<String>,
    /// When its stories were last published or materially revised; `None` if there are none.
    pub updated: Option<Timestamp>,
    /// The stories, newest first, at most the channel's limit.
    pub stories: Vec<StoryView>,
}

impl ChannelView {
    /// Returns these stories as a channel with this slug and title.
    #[must_use]
    pub fn of(slug: String, title: String, stories: Vec<StoryView>, public_url: Url) -> Self {
        let mut languages = stories.iter().map(|s| s.lead.language.as_deref());
        let language = languages.next().flatten().map(str::to_owned);
        let language = language.filter(|first| languages.all(|other| other == Some(first)));
        let updated = stories.iter().map(|s| s.updated.max(s.order_at)).max();
        Self { slug, title, subtitle: None, outlet_in_title: false, public_url, language, updated, stories }
    }
}

/// A story as one entry of an edition.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct StoryView {
    /// Story number; the story's page is `PUBLIC_URL/stories/N`.
    pub id: StoryId,
    /// The id in all formats. It is the outlet's own id if that is an absolute ASCII IRI which no other story has (RFC 4287
    /// 4.2.6), else `urn:uuid:…`. Never changes.
    pub iri: String,
    /// When the story entered the channel.
    pub order_at: Timestamp,
    /// When the story was first published or last materially revised.
    pub updated: Timestamp,
    /// The report that is shown: the first one inside the channel.
    pub lead: ReportView,
    /// The reports of the other outlets, in the order in which they joined.
    pub also: Vec<Carrier>,
}

/// One outlet's report of a story, as shown.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct ReportView {
    /// Row id of the entry.
    pub entry: EntryId,
    /// The title, else the first characters of the text, else outlet and date. Never empty.
    pub title: PlainText,
    /// Address of the article, else of the story's page. Never empty.
    pub link: String,
    /// The outlet's own id for the entry (guid, `atom:id`).
    pub source_id: Option<String>,
    /// The stated publication date, or when the entry was first seen, whichever is earlier.
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
    /// Attached files.
    pub enclosures: Vec<Enclosure>,
    /// Rights.
    pub rights: Option<String>,
    /// Address of the picture.
    pub image: Option<String>,
    /// Address of the comments page.
    pub comments: Option<String>,
    /// The outlet's slug.
    pub outlet: String,
    /// The outlet's name.
    pub outlet_name: String,
    /// Configured address of the feed that brought the entry.
    pub feed_url: String,
    /// Address of the web page the feed belongs to.
    pub feed_link: Option<String>,
    /// The feed's own date of last change at the poll that brought the entry, else the time of that poll. Never changes.
    pub feed_updated: Timestamp,
}

/// Another outlet that reported the story.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Carrier {
    /// The outlet's name.
    pub outlet_name: String,
    /// Title of its report.
    pub title: PlainText,
    /// Address of its article.
    pub link: String,
    /// Language tag.
    pub language: Option<String>,
}
