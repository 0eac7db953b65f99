//! The page of a list of stories: leads, stories by day, and links to narrower lists.

use super::super::browse::{self, Leads, List, ListSubject};
use super::super::channel_page::{LocalisedText, StoryItem};
use super::super::i18n::UiLanguage;
use super::super::links::{Chip, FeedLink};
use super::super::nouns::Noun;
use super::Frame;
use crate::model::Channel;
use askama::Template;
use jiff::civil::Date;

/// Number of tags and outlets that are always visible; the others are behind a button.
const VISIBLE: usize = 12;

/// The stories of one day.
struct DaySection {
    /// The heading: path of the day's page and its date in words; `None` on the page of a day.
    heading: Option<(String, String)>,
    stories: Vec<StoryItem>,
    /// Level of the stories' headings.
    level: u8,
}

/// A group of links in the margin.
struct Directory {
    title: &'static str,
    /// The page that lists all of them.
    path: &'static str,
    visible: Vec<Chip>,
    hidden: Vec<Chip>,
}

/// A list of stories.
#[derive(Template)]
#[template(path = "list.html", config = "src/serve/askama.toml")]
pub(in super::super) struct ListTemplate {
    pub(in super::super) frame: Frame,
    /// The kind of list, in words; empty for channels.
    kicker: &'static str,
    title: LocalisedText,
    /// Facts below the title.
    facts: Vec<String>,
    /// Tags of the outlet, if the list is that of an outlet.
    tags: Vec<Chip>,
    /// Path of the page that shows who copied whom, for an outlet.
    copies: Option<String>,
    /// The author whose articles are listed, and the address of the list without this filter.
    author: Option<(String, String)>,
    feeds: Vec<FeedLink>,
    leads: Option<Leads>,
    days: Vec<DaySection>,
    filters: Vec<Vec<Chip>>,
    directories: Vec<Directory>,
    newer: Option<String>,
    older: Option<String>,
    is_filtered: bool,
    /// Where an open page asks for new stories; `None` = it does not ask.
    pub(in super::super) live: Option<String>,
}

impl ListTemplate {
    pub(in super::super) fn new(frame: Frame, list: List) -> Self {
        let (is_day, is_first) = (matches!(list.subject, ListSubject::Day(_)), list.newer().is_none());
        let mut filters = vec![list.company(
            frame.say("كل الأخبار", "Tous les sujets", "All stories"),
            frame.say("ما نشرته مصادر عدة", "Repris par plusieurs sources", "Several outlets only"),
        )];
        filters.extend(languages(&frame, &list));
        let mut page = Self {
            kicker: kicker(&frame, &list.subject),
            title: title(&frame, &list),
            facts: facts(&frame, &list),
            copies: matches!(list.subject, ListSubject::Outlet(_)).then(|| format!("{}/copies", list.subject.path())),
            tags: list.found.outlet.iter().flat_map(|outlet| &outlet.tags).map(|tag| tag_chip(tag, None)).collect(),
            author: list.asked.author.clone().map(|author| (author, list.without_author())),
            feeds: list.feeds(),
            directories: directories(&frame, &list),
            newer: list.newer(),
            older: list.older(),
            is_filtered: !list.asked.is_unfiltered(),
            live: None,
            filters,
            leads: None,
            days: Vec::new(),
            frame,
        };
        if let ListSubject::Day(date) = list.subject {
            page.filters.push(page.neighbours(date));
        }
        page.leads = list.found.leads.filter(|_| is_first);
        page.days = page.by_day(list.found.stories, !is_day);
        page
    }

    /// Groups the stories by day, in the page's time zone.
    fn by_day(&self, stories: Vec<StoryItem>, with_headings: bool) -> Vec<DaySection> {
        let mut days: Vec<(Date, DaySection)> = Vec::new();
        for story in stories {
            let day = self.frame.day(story.order_at);
            match days.last_mut() {
                Some((last, section)) if *last == day => section.stories.push(story),
                _ => {
                    let heading = with_headings.then(|| (format!("/days/{day}"), self.day_words(day)));
                    days.push((
                        day,
                        DaySection { heading, stories: vec![story], level: if with_headings { 3 } else { 2 } },
                    ));
                }
            }
        }
        days.into_iter().map(|(_, section)| section).collect()
    }

    fn day_words(&self, day: Date) -> String {
        let (today, frame) = (self.frame.day(self.frame.now), &self.frame);
        let words = frame.ui_language.full_date(day);
        if day == today {
            format!("{}{} {words}", frame.say("اليوم", "Aujourd’hui", "Today"), frame.say("،", ",", ","))
        } else {
            words
        }
    }

    /// Returns the links to the days before and after a day.
    fn neighbours(&self, date: Date) -> Vec<Chip> {
        let today = self.frame.day(self.frame.now);
        let days = [date.yesterday().ok(), date.tomorrow().ok().filter(|day| *day <= today)];
        let chip = |day: Date| Chip {
            href: format!("/days/{day}"),
            text: LocalisedText::new(&self.frame.ui_language.date(day), None),
            count: None,
            is_current: false,
        };
        days.into_iter().flatten().map(chip).collect()
    }

    /// Returns whether the title contains the program's name already, as that of the channel `all` does.
    fn names_warraq(&self) -> bool {
        self.title.words.contains("Warraq")
    }

    fn is_empty(&self) -> bool {
        self.leads.is_none() && self.days.is_empty()
    }

    /// Returns the message of a page without stories.
    fn nothing(&self) -> &'static str {
        if self.older.is_some() {
            return self.frame.say(
                "لا أخبار في هذه الفترة. جرّب الأقدم.",
                "Aucun sujet dans cette période. Essayez les plus anciens.",
                "No stories in this period. Try older ones.",
            );
        }
        if self.is_filtered || self.newer.is_some() || !self.kicker.is_empty() {
            return self.frame.say("لا أخبار هنا.", "Aucun sujet ici.", "There are no stories here.");
        }
        self.frame.say(
            "لا أخبار بعد. تُقرأ المصادر الآن، وستظهر الأخبار هنا.",
            "Rien encore. Les sources sont en cours de lecture ; les articles paraîtront ici.",
            "Nothing yet. The feeds are being read; stories will appear here.",
        )
    }
}

/// Returns the kind of list, in words.
fn kicker(frame: &Frame, subject: &ListSubject) -> &'static str {
    match subject {
        ListSubject::Channel(_) => "",
        ListSubject::Outlet(_) => frame.say("مصدر", "Source", "Outlet"),
        ListSubject::Tag(_) => frame.say("وسم", "Étiquette", "Tag"),
        ListSubject::Language(_) => frame.say("لغة", "Langue", "Language"),
        ListSubject::Day(_) => frame.say("يوم", "Journée", "Day"),
    }
}

fn title(frame: &Frame, list: &List) -> LocalisedText {
    match &list.subject {
        ListSubject::Language(language) => LocalisedText::new(&language_name(language.as_str()), None),
        ListSubject::Day(date) => {
            LocalisedText::new(&frame.ui_language.full_date(*date), Some(frame.ui_language.tag()))
        }
        _ => list.name.clone(),
    }
}

fn facts(frame: &Frame, list: &List) -> Vec<String> {
    let mut facts = Vec::new();
    match &list.subject {
        ListSubject::Channel(slug) if slug.as_str() == Channel::ALL && !list.found.outlets.is_empty() => {
            let entries = list.found.outlets.iter().map(|outlet| outlet.entries).sum();
            let language = frame.ui_language;
            facts.push(frame.counted(Noun::Outlet, list.found.outlets.len()));
            facts.push(format!(
                "{} {}",
                language.counted(Noun::Article, entries),
                frame.say("في سبعة أيام", "en sept jours", "in seven days")
            ));
        }
        ListSubject::Tag(_) if !list.found.outlets.is_empty() => {
            facts.push(frame.counted(Noun::Outlet, list.found.outlets.len()));
        }
        ListSubject::Outlet(_) => {
            let language = list.found.outlet.as_ref().and_then(|outlet| outlet.language.as_deref());
            facts.extend(language.map(language_name));
            if list.found.outlet.as_ref().is_some_and(|outlet| !outlet.is_read) {
                let words = frame.say("لم يعد يُقرأ", "N’est plus suivie", "No longer polled");
                facts.push(words.to_owned());
            }
        }
        _ => {}
    }
    facts
}

/// Returns the links that choose a language; `None` if there is only one language.
fn languages(frame: &Frame, list: &List) -> Option<Vec<Chip>> {
    let tags = list.languages();
    let chosen = |tag: &str| match &list.subject {
        ListSubject::Language(language) => language.as_str() == tag,
        _ => list.asked.languages.iter().any(|language| language.as_str() == tag),
    };
    let any = tags.iter().any(|tag| chosen(tag));
    if tags.len() < 2 && !any {
        return None;
    }
    let all = Chip {
        href: list.in_every_language(),
        text: LocalisedText::new(frame.say("كل اللغات", "Toutes les langues", "All languages"), None),
        count: None,
        is_current: !any,
    };
    let one = |tag: &String| Chip {
        href: list.in_language(tag),
        text: LocalisedText::new(&language_name(tag), Some(tag)),
        count: None,
        is_current: chosen(tag),
    };
    Some([all].into_iter().chain(tags.iter().map(one)).collect())
}

fn directories(frame: &Frame, list: &List) -> Vec<Directory> {
    let tags =
        list.tags().into_iter().map(|(tag, count)| tag_chip(&tag, Some(frame.ui_language.number(count)))).collect();
    let outlet = |outlet: &crate::model::browse::OutletSummary| Chip {
        href: format!("/outlets/{}", outlet.slug),
        text: LocalisedText::new(&outlet.name, None),
        count: Some(frame.ui_language.number(outlet.entries)),
        is_current: false,
    };
    let outlets = list.found.outlets.iter().map(outlet).collect();
    let groups: [(&'static str, &'static str, Vec<Chip>); 2] = [
        (frame.say("الوسوم", "Étiquettes", "Tags"), "/tags", tags),
        (frame.say("المصادر", "Sources", "Outlets"), "/outlets", outlets),
    ];
    let split = |(title, path, mut visible): (&'static str, &'static str, Vec<Chip>)| {
        let hidden = visible.split_off(visible.len().min(VISIBLE));
        Directory { title, path, visible, hidden }
    };
    groups.into_iter().filter(|(.., chips)| !chips.is_empty()).map(split).collect()
}

pub(super) fn tag_chip(tag: &str, count: Option<String>) -> Chip {
    Chip { href: browse::tag_path(tag), text: LocalisedText::new(tag, None), count, is_current: false }
}

/// Returns a language's own name, or its tag if the name is not known.
pub(super) fn language_name(tag: &str) -> String {
    let primary = tag.split('-').next().unwrap_or(tag);
    let own = UiLanguage::parse(primary).map(UiLanguage::name);
    let name = match primary {
        "es" => "Español",
        "de" => "Deutsch",
        "it" => "Italiano",
        "pt" => "Português",
        "nl" => "Nederlands",
        "tr" => "Türkçe",
        "fa" => "فارسی",
        "he" => "עברית",
        "ru" => "Русский",
        "zgh" | "ber" | "tzm" => "ⵜⴰⵎⴰⵣⵉⵖⵜ",
        _ => own.unwrap_or(primary),
    };
    name.to_owned()
}
