//! The HTML pages, rendered on the server in the reader's language, without scripts. Every text from an outlet carries its own
//! `lang` and `dir`, so that Arabic and French texts are shown correctly side by side.

mod copies;
mod directory;
mod feed;
mod feed_words;
mod list;
mod media;
mod search;
mod status;
mod story;

pub(super) use copies::CopiesTemplate;
pub(super) use directory::DirectoryTemplate;
pub(super) use feed::FeedTemplate;
pub(super) use list::ListTemplate;
pub(super) use search::SearchTemplate;
pub(super) use status::StatusTemplate;
pub(super) use story::StoryTemplate;

use super::channel_page::{ChannelPage, LocalisedText, StoryItem};
use super::i18n::UiLanguage;
use super::links::FeedLink;
use super::nouns::Noun;
use askama::Template;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
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

/// The script of a page that offers new stories while it is open.
pub(super) const LIVE: &str = include_str!("../templates/live.js");

/// The parts that all pages have in common.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) ui_language: UiLanguage,
    pub(super) now: Timestamp,
    /// Time zone of days and times.
    pub(super) zone: TimeZone,
    /// Address of the page itself, path and query, for the links to its other languages.
    pub(super) address: String,
    /// Links to the channels.
    pub(super) tabs: Vec<Tab>,
    /// The text in the search field.
    pub(super) asked: String,
    pub(super) images: bool,
    style: &'static str,
    icon: &'static str,
}

/// A link to a channel.
#[derive(Debug, Clone)]
pub(super) struct Tab {
    path: String,
    title: LocalisedText,
    current: bool,
}

/// Channels that are always visible; the others are behind a button.
const TABS: usize = 7;

impl Frame {
    /// Creates a frame whose current tab has the path `here`.
    pub(super) fn new(
        ui_language: UiLanguage,
        now: Timestamp,
        channel_pages: &[Arc<ChannelPage>],
        here: &str,
        images: bool,
        zone: TimeZone,
    ) -> Self {
        let tab = |channel_page: &Arc<ChannelPage>| {
            let path = crate::publish::page_path(&channel_page.slug);
            Tab { current: path == here, path, title: channel_page.title.clone() }
        };
        Self {
            ui_language,
            now,
            zone,
            address: here.to_owned(),
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
        self.time(at, &self.ui_language.ago(*at, self.now, &self.zone))
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

    /// Formats date and time in the page's time zone, with the time in UTC behind it if that differs.
    fn minute(&self, at: &Timestamp) -> String {
        let (comma, local) = (self.say("،", ",", ","), self.zone.to_datetime(*at));
        let (here, utc) = (local.strftime("%H:%M").to_string(), at.strftime("%H:%M").to_string());
        let date = self.ui_language.date(local.date());
        if here == utc { format!("{date}{comma} {utc} UTC") } else { format!("{date}{comma} {here} ({utc} UTC)") }
    }

    /// Renders a `time` element with the day, if it is not today, and the time of day.
    fn day_and_clock(&self, at: &Timestamp) -> String {
        let (day, clock) = (self.day(*at), self.clock(at));
        if day == self.day(self.now) {
            return self.time(at, &clock);
        }
        self.time(at, &format!("{}{} {clock}", self.ui_language.short_date(day), self.say("،", ",", ",")))
    }

    /// Returns the colon of the language, which French sets off by a space.
    fn colon(&self) -> &'static str {
        self.ui_language.pick(":", "\u{a0}:", ":")
    }

    /// Returns an address without its scheme, as it is shown where there is little room.
    fn short_address(url: &str) -> &str {
        url.trim_start_matches("https://").trim_start_matches("http://")
    }

    /// Makes a sentence of a few words.
    fn sentence(words: &str) -> String {
        let mut chars = words.chars();
        let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        if first.is_empty() { String::new() } else { format!("{first}{}.", chars.as_str()) }
    }

    /// Formats the time of day in the page's time zone.
    fn clock(&self, at: &Timestamp) -> String {
        self.zone.to_datetime(*at).strftime("%H:%M").to_string()
    }

    /// Renders an hour of the day in UTC as an hour in the page's time zone, with UTC as its title.
    fn utc_hour(&self, hour: u8) -> String {
        let today =
            jiff::tz::TimeZone::UTC.to_datetime(self.now).date().at(i8::try_from(hour % 24).unwrap_or(0), 0, 0, 0);
        let here = jiff::tz::TimeZone::UTC.to_timestamp(today).map(|at| self.clock(&at)).unwrap_or_default();
        format!("<span title=\"{hour}:00 UTC\">{here}</span>")
    }

    /// Returns the day of an instant in the page's time zone.
    fn day(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// Returns the path of the page of the day of an instant.
    fn day_path(&self, at: &Timestamp) -> String {
        format!("/days/{}", self.day(*at))
    }

    /// Formats a count with its noun.
    fn counted(&self, noun: Noun, count: usize) -> String {
        self.ui_language.counted(noun, u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Formats the number of outlets that carry a story.
    fn carried_by(&self, story: &StoryItem) -> String {
        self.counted(Noun::Outlet, story.also.len() + 1)
    }

    /// Returns the links to this page in each language: tag, name, address, and whether it is the current one.
    fn languages(&self) -> Vec<(&'static str, &'static str, String, bool)> {
        let joint = if self.address.contains('?') { '&' } else { '?' };
        let link = |language: UiLanguage| {
            let address = format!("{}{joint}{}={}", self.address, UiLanguage::KEY, language.tag());
            (language.tag(), language.name(), address, language == self.ui_language)
        };
        UiLanguage::ALL.map(link).to_vec()
    }

    /// Returns the channels that are always visible: the first ones, and the current one.
    fn visible_tabs(&self) -> impl Iterator<Item = &Tab> {
        let tabs = self.tabs.iter().enumerate();
        tabs.filter(|(at, tab)| *at < TABS || tab.current).map(|(_, tab)| tab)
    }

    /// Returns the other channels.
    fn hidden_tabs(&self) -> Vec<&Tab> {
        self.tabs.iter().skip(TABS).filter(|tab| !tab.current).collect()
    }
}

/// A page that says what went wrong.
#[derive(Template)]
#[template(path = "notice.html", config = "src/serve/askama.toml")]
pub(super) struct NoticeTemplate {
    pub(super) frame: Frame,
    pub(super) status: u16,
    /// What is wrong, in English; empty if the heading says it all.
    pub(super) detail: String,
}

impl NoticeTemplate {
    fn heading(&self) -> &'static str {
        let frame = &self.frame;
        match self.status {
            400 => frame.say("عنوان غير صالح", "Adresse non valable", "This address is not valid"),
            404 => frame.say("لا صفحة هنا", "Aucune page ici", "There is no page here"),
            410 => frame.say("حُذفت هذه الصفحة", "Cette page a été supprimée", "This page was deleted"),
            _ => frame.say("الصفحة غير متاحة الآن", "Page momentanément indisponible", "This page is not available now"),
        }
    }

    fn explanation(&self) -> &'static str {
        let frame = &self.frame;
        match self.status {
            400 => frame.say(
                "في هذا العنوان خطأ. التفاصيل بالإنجليزية:",
                "Cette adresse contient une erreur. Détails, en anglais :",
                "This address has an error:",
            ),
            404 => frame.say(
                "ربما في العنوان خطأ، أو حُذف الخبر لقدمه.",
                "L’adresse contient peut-être une erreur, ou le sujet, trop ancien, a été supprimé.",
                "The address may have a mistake, or the story was too old and has been deleted.",
            ),
            410 => frame.say(
                "تُحذف الصفحات القديمة بعد مدة.",
                "Les pages anciennes sont supprimées après un certain temps.",
                "Old pages are deleted after some time.",
            ),
            _ => frame.say("حاول مرة أخرى بعد دقيقة.", "Réessayez dans une minute.", "Please try again in a minute."),
        }
    }
}

/// The page that says what this site is and how to subscribe.
#[derive(Template)]
#[template(path = "about.html", config = "src/serve/askama.toml")]
pub(super) struct AboutTemplate {
    pub(super) frame: Frame,
    /// Each channel's title and feeds.
    pub(super) channels: Vec<(LocalisedText, Vec<FeedLink>)>,
}
