//! Pages for people: rendered on the server, in the reader's language, without scripts. Every foreign text carries its own
//! `lang` and `dir`, so that Arabic and French stand side by side as each is written.

mod status;
mod story;

pub(super) use status::StatusTemplate;
pub(super) use story::StoryTemplate;

use super::channel_page::{ChannelPage, LocalisedText, StoryItem};
use super::i18n::UiLanguage;
use askama::Template;
use jiff::Timestamp;
use std::sync::{Arc, LazyLock};

/// One of our own files, served under an address that changes with it.
#[derive(Debug)]
pub(super) struct Asset {
    pub(super) path: String,
    pub(super) media_type: &'static str,
    pub(super) bytes: &'static str,
}

impl Asset {
    fn new(name: &str, extension: &str, media_type: &'static str, bytes: &'static str) -> Self {
        let hash = blake3::hash(bytes.as_bytes()).to_hex();
        Self { path: format!("/{name}-{}.{extension}", &hash.as_str()[..16]), media_type, bytes }
    }
}

/// The style sheet.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", "text/css; charset=utf-8", include_str!("../templates/style.css")));

/// The icon: the letter wāw.
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../templates/icon.svg")));

/// What every page has around it.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) ui_language: UiLanguage,
    pub(super) now: Timestamp,
    /// Tabs: path, title, whether it is this page.
    pub(super) tabs: Vec<(String, LocalisedText, bool)>,
    /// What the search field holds.
    pub(super) asked: String,
    pub(super) images: bool,
    style: &'static str,
    icon: &'static str,
}

/// A feed that a page offers.
#[derive(Debug, Clone)]
pub(super) struct FeedLink {
    /// `Atom`, `RSS`, `JSON`.
    pub(super) name: &'static str,
    pub(super) media_type: &'static str,
    pub(super) path: String,
}

impl Frame {
    /// A frame whose tab `here` is the current one.
    pub(super) fn new(
        ui_language: UiLanguage,
        now: Timestamp,
        channel_pages: &[Arc<ChannelPage>],
        here: &str,
        images: bool,
    ) -> Self {
        let tab = |channel_page: &Arc<ChannelPage>| {
            let path = crate::publish::page_path(&channel_page.slug);
            let current = path == here;
            (path, channel_page.title.clone(), current)
        };
        Self {
            ui_language,
            now,
            tabs: channel_pages.iter().map(tab).collect(),
            asked: String::new(),
            images,
            style: &STYLE.path,
            icon: &ICON.path,
        }
    }

    /// Words in the page's language.
    fn say<'a>(&self, ar: &'a str, fr: &'a str, en: &'a str) -> &'a str {
        self.ui_language.pick(ar, fr, en)
    }

    /// A time element: in words, with the exact time behind it.
    fn ago(&self, at: &Timestamp) -> String {
        self.time(at, &self.ui_language.ago(*at, self.now))
    }

    /// As [`Frame::ago`], for what is to come.
    fn ahead(&self, at: &Timestamp) -> String {
        self.time(at, &self.ui_language.ahead(*at, self.now))
    }

    /// A time element that says the exact time.
    fn exact(&self, at: &Timestamp) -> String {
        self.time(at, &self.minute(at))
    }

    /// Words, months and digits: nothing that HTML would need escaped.
    fn time(&self, at: &Timestamp, words: &str) -> String {
        let machine = at.strftime("%Y-%m-%dT%H:%M:%SZ");
        format!("<time datetime=\"{machine}\" title=\"{}\">{words}</time>", self.minute(at))
    }

    fn minute(&self, at: &Timestamp) -> String {
        let comma = self.say("،", ",", ",");
        format!("{}{comma} {} UTC", self.ui_language.date(*at), at.strftime("%H:%M"))
    }
}

/// The front page, or a channel's.
#[derive(Template)]
#[template(path = "front.html", config = "src/serve/askama.toml")]
pub(super) struct FrontTemplate<'a> {
    pub(super) frame: Frame,
    pub(super) title: &'a LocalisedText,
    pub(super) stories: &'a [StoryItem],
    /// The page's feeds.
    pub(super) feeds: Vec<FeedLink>,
}

/// Search, before and after asking.
#[derive(Template)]
#[template(path = "search.html", config = "src/serve/askama.toml")]
pub(super) struct SearchTemplate<'a> {
    pub(super) frame: Frame,
    pub(super) stories: &'a [StoryItem],
    /// Path of the feed of this search; none before asking.
    pub(super) feed: Option<String>,
    /// What is wrong with the question.
    pub(super) fault: Option<String>,
}

/// How to subscribe, and what this is.
#[derive(Template)]
#[template(path = "about.html", config = "src/serve/askama.toml")]
pub(super) struct AboutTemplate {
    pub(super) frame: Frame,
    /// Each channel's title and feeds.
    pub(super) channels: Vec<(LocalisedText, Vec<FeedLink>)>,
}
