//! Channels as pages show them: titles, outlets, times and excerpts, without the full texts.

use crate::model::browse::PlaceKey;
use crate::model::script::Script;
use crate::model::{Carrier, ChannelView, Language, Person, StoryView};
use crate::publish::{is_rtl, plain_text};
use jiff::Timestamp;
use std::sync::{Arc, PoisonError, RwLock};
use url::form_urlencoded::Serializer;

/// Longest excerpt under a title, in characters.
const EXCERPT: usize = 220;

/// The content of a channel's page.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelPage {
    /// The channel's slug.
    pub slug: String,
    /// The title.
    pub title: LocalisedText,
    /// The stories, newest first.
    pub stories: Vec<StoryItem>,
    /// Whether other pages link to it.
    pub is_listed: bool,
}

/// A story in the list of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryItem {
    /// Story number.
    pub id: i64,
    /// Title.
    pub title: LocalisedText,
    /// Address of the article.
    pub link: String,
    /// The beginning of the text; empty if there is no text.
    pub excerpt: LocalisedText,
    /// The outlet's name.
    pub outlet: LocalisedText,
    /// When it was published.
    pub published: Timestamp,
    /// Address of the picture, if any.
    pub image: Option<String>,
    /// The reports of other outlets.
    pub also: Vec<OtherReport>,
    /// The outlet's slug.
    pub outlet_slug: String,
    /// When it came into the list.
    pub order_at: Timestamp,
    /// Its place in the list.
    pub place: PlaceKey,
    /// Names of its authors, joined.
    pub author: String,
}

/// Another outlet's report.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherReport {
    /// The outlet's name.
    pub outlet: LocalisedText,
    /// Address of its article.
    pub link: String,
    /// The title.
    pub title: LocalisedText,
}

/// A text with its language and direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalisedText {
    /// The text.
    pub words: String,
    /// Language tag; `None` if the language is unknown.
    pub lang: Option<String>,
    /// `rtl` or `ltr`.
    pub dir: &'static str,
}

impl LocalisedText {
    /// Creates a text in a language, if one is known. A language that does not fit the text's script is dropped.
    #[must_use]
    pub fn new(words: &str, language: Option<&str>) -> Self {
        let fits = |tag: &&str| Script::of(words).is_none_or(|script| script.fits(tag));
        let lang = language.filter(fits).and_then(|tag| Language::parse(tag).ok()).map(|tag| tag.to_string());
        let dir = if is_rtl(language, words) { "rtl" } else { "ltr" };
        Self { words: words.to_owned(), lang, dir }
    }
}

impl ChannelPage {
    /// Builds the page of a channel.
    #[must_use]
    pub fn of(view: &ChannelView) -> Self {
        Self {
            slug: view.slug.clone(),
            title: LocalisedText::new(&view.title, None),
            stories: view.stories.iter().map(StoryItem::of).collect(),
            is_listed: true,
        }
    }
}

impl StoryItem {
    /// Builds the item of a story.
    pub(super) fn of(story: &StoryView) -> Self {
        let lead = &story.lead;
        let text = lead.summary.as_ref().filter(|s| !s.as_str().is_empty()).or(lead.content.as_ref());
        Self {
            id: story.id.0,
            title: LocalisedText::new(lead.title.as_str(), lead.title_language.as_deref().or(lead.language.as_deref())),
            link: lead.link.clone(),
            excerpt: LocalisedText::new(
                &text.map(|html| plain_text(html.as_str(), EXCERPT)).unwrap_or_default(),
                lead.text_language.as_deref().or(lead.language.as_deref()),
            ),
            outlet: LocalisedText::new(&lead.outlet_name, None),
            published: lead.published,
            image: lead.image.clone(),
            also: story.also.iter().map(OtherReport::of).collect(),
            outlet_slug: lead.outlet.clone(),
            order_at: story.order_at,
            place: PlaceKey::of(story),
            author: authors(&lead.authors, &lead.outlet_name),
        }
    }

    /// Returns the path of the author's articles at the outlet.
    pub(super) fn author_path(&self) -> String {
        let author = Serializer::new(String::new()).append_pair("author", &self.author).finish();
        format!("/outlets/{}?{author}", self.outlet_slug)
    }
}

/// Returns the authors' names, joined as the store joins them, without the outlet's own name.
fn authors(authors: &[Person], outlet: &str) -> String {
    let names: Vec<&str> =
        authors.iter().map(|a| a.name.as_str()).filter(|name| !name.is_empty() && *name != outlet).collect();
    names.join(", ")
}

impl OtherReport {
    fn of(carrier: &Carrier) -> Self {
        Self {
            outlet: LocalisedText::new(&carrier.outlet_name, None),
            link: carrier.link.clone(),
            title: LocalisedText::new(carrier.title.as_str(), carrier.language.as_deref()),
        }
    }
}

/// The channel pages of all channels, in the order of the configuration, `all` first.
#[derive(Debug, Default)]
pub struct ChannelPages(RwLock<Vec<Arc<ChannelPage>>>);

impl ChannelPages {
    /// Adds a channel, or replaces it in its old position.
    pub fn put(&self, view: &ChannelView) {
        self.put_page(ChannelPage::of(view));
    }

    /// Same as [`ChannelPages::put`], for a channel to which other pages do not link.
    pub fn put_unlisted(&self, view: &ChannelView) {
        self.put_page(ChannelPage { is_listed: false, ..ChannelPage::of(view) });
    }

    fn put_page(&self, channel_page: ChannelPage) {
        let channel_page = Arc::new(channel_page);
        let mut channel_pages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match channel_pages.iter_mut().find(|r| r.slug == channel_page.slug) {
            Some(place) => *place = channel_page,
            None => channel_pages.push(channel_page),
        }
    }

    /// Keeps only the channels whose slug satisfies `keep`.
    pub fn retain(&self, mut keep: impl FnMut(&str) -> bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|channel_page| keep(&channel_page.slug));
    }

    /// Returns the channel with this slug.
    #[must_use]
    pub fn get(&self, slug: &str) -> Option<Arc<ChannelPage>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).iter().find(|r| r.slug == slug).cloned()
    }

    /// Returns all channels to which pages link.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<ChannelPage>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).iter().filter(|page| page.is_listed).cloned().collect()
    }
}
