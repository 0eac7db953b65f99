//! Channels as pages show them: titles, outlets and times, without the texts.

use crate::model::{ChannelView, Language, StoryView};
use jiff::Timestamp;
use std::sync::{Arc, PoisonError, RwLock};

/// A channel's page in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct River {
    /// The channel's slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Newest first.
    pub stories: Vec<Line>,
}

/// A story in one line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Story number.
    pub id: i64,
    /// Title.
    pub title: Text,
    /// The article.
    pub link: String,
    /// The outlet's name.
    pub outlet: String,
    /// When it was published.
    pub published: Timestamp,
    /// Names of the other outlets and their articles.
    pub also: Vec<(String, String)>,
}

/// A text with the language and direction it is set in.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The text.
    pub words: String,
    /// Language tag, empty when unknown.
    pub lang: String,
    /// `rtl`, `ltr`, or `auto` where nobody said.
    pub dir: &'static str,
}

impl Text {
    /// A text in a language, if one is known.
    #[must_use]
    pub fn new(text: &str, language: Option<&str>) -> Self {
        let language = language.and_then(|tag| Language::parse(tag).ok());
        let dir = language.as_ref().map_or("auto", |l| if l.is_rtl() { "rtl" } else { "ltr" });
        let lang = language.as_ref().map_or_else(String::new, ToString::to_string);
        Self { words: text.to_owned(), lang, dir }
    }
}

impl River {
    /// The page's half of a channel.
    #[must_use]
    pub fn of(view: &ChannelView) -> Self {
        Self {
            slug: view.slug.clone(),
            title: view.title.clone(),
            stories: view.stories.iter().map(Line::of).collect(),
        }
    }
}

impl Line {
    fn of(story: &StoryView) -> Self {
        let lead = &story.lead;
        Self {
            id: story.id.0,
            title: Text::new(lead.title.as_str(), lead.language.as_deref()),
            link: lead.link.clone(),
            outlet: lead.outlet_name.clone(),
            published: lead.published,
            also: story.also.iter().map(|c| (c.outlet_name.clone(), c.link.clone())).collect(),
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
