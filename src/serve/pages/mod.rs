//! The HTML pages, rendered on the server in the reader's language, without scripts. Every text from an outlet carries its own
//! `lang` and `dir`, so that Arabic and French texts are shown correctly side by side.

mod status;
mod story;

pub(super) use status::StatusTemplate;
pub(super) use story::StoryTemplate;

use super::channel_page::{ChannelPage, LocalisedText, StoryItem};
use super::i18n::UiLanguage;
use askama::Template;
use jiff::Timestamp;
use std::sync::{Arc, LazyLock};

/// One of the server's own files, served under a path that changes with its content.
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

/// The icon, which shows the letter wāw.
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../templates/icon.svg")));

/// The parts that all pages have in common.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) ui_language: UiLanguage,
    pub(super) now: Timestamp,
    /// Tabs: path, title, and whether it is the current page.
    pub(super) tabs: Vec<(String, LocalisedText, bool)>,
    /// The text in the search field.
    pub(super) asked: String,
    pub(super) images: bool,
    style: &'static str,
    icon: &'static str,
}

/// A link from a page to a feed.
#[derive(Debug, Clone)]
pub(super) struct FeedLink {
    /// `Atom`, `RSS` or `JSON`.
    pub(super) name: &'static str,
    pub(super) media_type: &'static str,
    pub(super) path: String,
}

impl Frame {
    /// Creates a frame whose current tab has the path `here`.
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

    /// Returns the text in the page's language.
    fn say<'a>(&self, ar: &'a str, fr: &'a str, en: &'a str) -> &'a str {
        self.ui_language.pick(ar, fr, en)
    }

    /// Renders a `time` element with a relative time, and the exact time as its title.
    fn ago(&self, at: &Timestamp) -> String {
        self.time(at, &self.ui_language.ago(*at, self.now))
    }

    /// Same as [`Frame::ago`], for a time in the future.
    fn ahead(&self, at: &Timestamp) -> String {
        self.time(at, &self.ui_language.ahead(*at, self.now))
    }

    /// Renders a `time` element with the exact time.
    fn exact(&self, at: &Timestamp) -> String {
        self.time(at, &self.minute(at))
    }

    /// Renders a `time` element. Its texts are our own words, names of months and digits, which need no escaping.
    fn time(&self, at: &Timestamp, words: &str) -> String {
        let machine = at.strftime("%Y-%m-%dT%H:%M:%SZ");
        format!("<time datetime=\"{machine}\" title=\"{}\">{words}</time>", self.minute(at))
    }

    fn minute(&self, at: &Timestamp) -> String {
        let comma = self.say("،", ",", ",");
        format!("{}{comma} {} UTC", self.ui_language.date(*at), at.strftime("%H:%M"))
    }
}

/// The front page, or the page of a channel.
#[derive(Template)]
#[template(path = "front.html", config = "src/serve/askama.toml")]
pub(super) struct FrontTemplate<'a> {
    pub(super) frame: Frame,
    pub(super) title: &'a LocalisedText,
    pub(super) stories: &'a [StoryItem],
    /// Feeds with the content of this page.
    pub(super) feeds: Vec<FeedLink>,
}

/// The search page, with or without results.
#[derive(Template)]
#[template(path = "search.html", config = "src/serve/askama.toml")]
pub(super) struct SearchTemplate<'a> {
    pub(super) frame: Frame,
    pub(super) stories: &'a [StoryItem],
    /// Path of the feed of this search; `None` before a search.
    pub(super) feed: Option<String>,
    /// What is wrong with the search, if anything.
    pub(super) fault: Option<String>,
}

/// The page that says what this site is and how to subscribe.
#[derive(Template)]
#[template(path = "about.html", config = "src/serve/askama.toml")]
pub(super) struct AboutTemplate {
    pub(super) frame: Frame,
    /// Each channel's title and feeds.
    pub(super) channels: Vec<(LocalisedText, Vec<FeedLink>)>,
}
