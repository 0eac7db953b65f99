//! Channels as pages show them: titles, outlets, times and the first words, without the texts.

use crate::model::script::Script;
use crate::model::{Carrier, ChannelView, Language, StoryView};
use crate::publish::{is_rtl, plain_text};
use jiff::Timestamp;
use std::sync::{Arc, PoisonError, RwLock};

/// Characters of a text shown under a title.
const EXCERPT: usize = 220;

/// A channel's page in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct River {
    /// The channel's slug.
    pub slug: String,
    /// Its title.
    pub title: Text,
    /// Newest first.
    pub stories: Vec<Line>,
}

/// A story as a page lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Story number.
    pub id: i64,
    /// Title.
    pub title: Text,
    /// The article.
    pub link: String,
    /// The first words of the text; empty where there is none.
    pub excerpt: Text,
    /// The outlet's name.
    pub outlet: Text,
    /// When it was published.
    pub published: Timestamp,
    /// Picture.
    pub image: Option<String>,
    /// The other outlets.
    pub also: Vec<Also>,
}

/// Another outlet's report.
#[derive(Debug, Clone, PartialEq)]
pub struct Also {
    /// The outlet's name.
    pub outlet: Text,
    /// Its article.
    pub link: String,
    /// Its title.
    pub title: String,
}

/// A text with the language and direction it is set in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub words: String,
    /// Language tag, where known.
    pub lang: Option<String>,
    /// `rtl` or `ltr`.
    pub dir: &'static str,
}

impl Text {
    /// A text in a language, if one is known.
    #[must_use]
    pub fn new(words: &str, language: Option<&str>) -> Self {
        let fits = |tag: &&str| Script::of(words).is_none_or(|script| script.fits(tag));
        let lang = language.filter(fits).and_then(|tag| Language::parse(tag).ok()).map(|tag| tag.to_string());
        let dir = if is_rtl(language, words) { "rtl" } else { "ltr" };
        Self { words: words.to_owned(), lang, dir }
    }
}

impl River {
    /// The page's half of a channel.
    #[must_use]
    pub fn of(view: &ChannelView) -> Self {
        Self {
            slug: view.slug.clone(),
            title: Text::new(&view.title, None),
            stories: view.stories.iter().map(Line::of).collect(),
        }
    }
}

impl Line {
    fn of(story: &StoryView) -> Self {
        let lead = &story.lead;
        let text = lead.summary.as_ref().filter(|s| !s.as_str().is_empty()).or(lead.content.as_ref());
        Self {
            id: story.id.0,
            title: Text::new(lead.title.as_str(), lead.language.as_deref()),
            link: lead.link.clone(),
            excerpt: Text::new(
                &text.map(|html| plain_text(html.as_str(), EXCERPT)).unwrap_or_default(),
                lead.language.as_deref(),
            ),
            outlet: Text::new(&lead.outlet_name, None),
            published: lead.published,
            image: lead.image.clone(),
            also: story.also.iter().map(Also::of).collect(),
        }
    }
}

impl Also {
    fn of(carrier: &Carrier) -> Self {
        Self {
            outlet: Text::new(&carrier.outlet_name, None),
            link: carrier.link.clone(),
            title: carrier.title.as_str().to_owned(),
        }
    }
}

/// The rivers of all channels, in the order of the configuration, `all` first.
#[derive(Debug, Default)]
pub struct Rivers(RwLock<Vec<Arc<River>>>);

impl Rivers {
    /// Shows a channel, in its old place if it was shown before.
    pub fn put(&self, view: &ChannelView) {
        let river = Arc::new(River::of(view));
        let mut rivers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match rivers.iter_mut().find(|r| r.slug == river.slug) {
            Some(place) => *place = river,
            None => rivers.push(river),
        }
    }

    /// Takes down every channel whose slug does not pass.
    pub fn retain(&self, mut keep: impl FnMut(&str) -> bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|river| keep(&river.slug));
    }

    /// One channel.
    #[must_use]
    pub fn get(&self, slug: &str) -> Option<Arc<River>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).iter().find(|r| r.slug == slug).cloned()
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<River>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
