//! The status page: what needs attention, the plots, and the table of feeds.

use super::super::channel_page::LocalisedText;
use super::super::feed_address::{feed_path, status_path};
use super::super::health::Trouble;
use super::super::links::Chip;
use super::super::nouns::Noun;
use super::super::plots::{PlotLabels, bars, dots, spark};
use super::Frame;
use crate::model::feed_table::{FEEDS_ON_A_PAGE, FeedOrder, FeedQuery, FeedsShown, PausedHost};
use crate::model::status::{FeedPageQuery, FeedStatus, Period, PollHistory, StatusPage};
use askama::Template;

#[derive(Template)]
#[template(path = "status.html", config = "src/serve/askama.toml")]
pub(in super::super) struct StatusTemplate {
    pub(in super::super) frame: Frame,
    page: StatusPage,
    /// What is wrong with Warraq itself: in the reader's language, and in English.
    troubles: Vec<(String, Option<String>)>,
    plots: Vec<Plot>,
    selections: Vec<Chip>,
}

/// A plot with its name.
pub(super) struct Plot {
    pub(super) name: &'static str,
    /// The parts of the columns: class and name.
    pub(super) key: Vec<(&'static str, &'static str)>,
    pub(super) svg: String,
}

impl StatusTemplate {
    pub(in super::super) fn new(frame: Frame, page: StatusPage, troubles: &[Trouble]) -> Self {
        let troubles = troubles.iter().map(|trouble| trouble_words(&frame, trouble)).collect();
        let mut plots = plots(&frame, &page.history);
        plots.extend(delays(&frame, &page.history));
        let selections = selections(&frame, &page);
        Self { frame, page, troubles, plots, selections }
    }

    fn count(&self, selection: &str) -> usize {
        self.page.counts.get(selection).copied().unwrap_or(0)
    }

    fn is_calm(&self) -> bool {
        let kinds = ["failing", "overdue", "held"];
        self.troubles.is_empty() && kinds.iter().all(|kind| self.count(kind) == 0)
    }

    /// Returns the feeds that are listed, of all that the selection has.
    fn listed(&self) -> String {
        let all = self.count(self.page.query.selection.as_str());
        let first = self.page.query.page * FEEDS_ON_A_PAGE;
        let (first, last) = (first + 1, first + self.page.feeds.len());
        let counted = self.frame.counted(Noun::Feed, all);
        match self.page.pages {
            0 | 1 => counted,
            _ => format!("{first}–{last} / {counted}"),
        }
    }

    /// Returns the address of the table in another selection.
    fn show(word: &str) -> String {
        status_path(&FeedQuery { selection: FeedsShown::parse(word).unwrap_or_default(), ..FeedQuery::default() })
    }

    /// Returns the address of the table in another order.
    fn sorted(&self, word: &str) -> String {
        let order = FeedOrder::parse(word).unwrap_or_default();
        status_path(&FeedQuery { order, page: 0, ..self.page.query })
    }

    fn is_sorted(&self, word: &str) -> bool {
        self.page.query.order.as_str() == word
    }

    /// Returns the pages of the table: number, address, and whether it is the current one. Of many, those nearby, the first and
    /// the last.
    fn page_links(&self) -> Vec<(usize, String, bool)> {
        let (current, last) = (self.page.query.page, self.page.pages - 1);
        let is_near = |page: &usize| *page == 0 || *page == last || page.abs_diff(current) <= 2;
        let link = |page: usize| (page + 1, status_path(&FeedQuery { page, ..self.page.query }), page == current);
        (0..self.page.pages).filter(is_near).map(link).collect()
    }

    fn neighbour(&self, page: Option<usize>) -> Option<String> {
        page.filter(|page| *page < self.page.pages).map(|page| status_path(&FeedQuery { page, ..self.page.query }))
    }

    fn newer(&self) -> Option<String> {
        self.neighbour(self.page.query.page.checked_sub(1))
    }

    fn older(&self) -> Option<String> {
        self.neighbour(self.page.query.page.checked_add(1))
    }

    fn path(feed: &FeedStatus) -> String {
        feed_path(&FeedPageQuery { id: feed.id, before: None })
    }

    fn has_failures(&self) -> bool {
        self.count("failing") > 0
    }

    fn is_by_day(&self) -> bool {
        matches!(self.page.history, PollHistory::Days(_))
    }

    fn is_utc(&self) -> bool {
        self.frame.zone.iana_name() == Some("UTC")
    }

    fn spark(&self, feed: &FeedStatus) -> String {
        let name =
            self.frame.say("مقالات كل يوم منذ أسبوعين", "articles par jour, deux semaines", "articles a day, two weeks");
        spark(name, &feed.days)
    }

    fn number(&self, count: &(impl Copy + Into<u64>)) -> String {
        self.frame.ui_language.number((*count).into())
    }

    fn articles(&self, feed: &FeedStatus) -> String {
        self.frame.ui_language.number(feed.entries.into())
    }

    fn feeds_of(&self, host: &PausedHost) -> String {
        self.frame.counted(Noun::Feed, host.feeds)
    }

    fn late(&self, feed: &FeedStatus) -> String {
        self.frame.ui_language.span(u64::try_from(feed.overdue_by).unwrap_or(0))
    }
}

/// Returns what is wrong with Warraq itself, and the details in English.
fn trouble_words(frame: &Frame, trouble: &Trouble) -> (String, Option<String>) {
    match trouble {
        Trouble::Unwritable(reason) => (
            frame
                .say(
                    "تعذرت الكتابة في قاعدة البيانات. توقفت الزيارات، وتُعرض آخر الأخبار.",
                    "La base de données ne peut plus être écrite. Les visites sont suspendues ; les derniers articles restent lisibles.",
                    "The database cannot be written. Polling is paused; the last articles can still be read.",
                )
                .to_owned(),
            Some(reason.clone()),
        ),
        Trouble::Damaged(error) => (
            frame
                .say(
                    "قاعدة البيانات معطوبة: يُعرض ما أمكنت قراءته منها.",
                    "La base de données est endommagée : ce qui peut être lu reste affiché.",
                    "The database is damaged: what can be read is shown.",
                )
                .to_owned(),
            Some(error.clone()),
        ),
        Trouble::Stuck => (
            frame
                .say(
                    "توقف الجدول: لا تُزار أي خلاصة.",
                    "Le planificateur est bloqué : aucun flux n’est visité.",
                    "The scheduler is stuck: no feed is polled.",
                )
                .to_owned(),
            None,
        ),
        Trouble::BlockedLog(bytes) => {
            let words = frame.say(
                "برنامج آخر يمنع تقصير سجل قاعدة البيانات، وقد بلغ",
                "Un autre programme empêche de raccourcir le journal de la base de données, qui atteint",
                "Another program prevents the write-ahead log from shrinking; its size is",
            );
            (format!("{words} {}.", frame.ui_language.size(*bytes)), None)
        }
    }
}

/// Returns the links to the selections of the table; those without feeds are left out.
fn selections(frame: &Frame, page: &StatusPage) -> Vec<Chip> {
    let chip = |selection: FeedsShown| {
        let count = page.counts.get(selection.as_str()).copied().unwrap_or(0);
        let is_current = selection == page.query.selection;
        let is_offered = count > 0 || is_current || selection == FeedsShown::All;
        is_offered.then(|| Chip {
            href: status_path(&FeedQuery { selection, page: 0, ..page.query }),
            text: LocalisedText::new(frame.selection_words(selection), None),
            count: Some(frame.ui_language.number(u64::try_from(count).unwrap_or(0))),
            is_current,
        })
    };
    FeedsShown::ALL.into_iter().filter_map(chip).collect()
}

/// Returns the plots of new entries and of outcomes.
pub(super) fn plots(frame: &Frame, history: &PollHistory) -> Vec<Plot> {
    let (columns, ends) = column_labels(frame, history);
    let by_hour = matches!(history, PollHistory::Hours(_));
    let name = |hours: (&'static str, &'static str, &'static str), days: (&'static str, &'static str, &'static str)| {
        let (ar, fr, en) = if by_hour { hours } else { days };
        frame.say(ar, fr, en)
    };
    let entries = name(
        ("مقالات جديدة كل ساعة", "Nouveaux articles par heure", "New articles per hour"),
        ("مقالات جديدة كل يوم", "Nouveaux articles par jour", "New articles per day"),
    );
    let polls = name(
        ("الزيارات كل ساعة", "Visites par heure", "Polls per hour"),
        ("الزيارات كل يوم", "Visites par jour", "Polls per day"),
    );
    let parts = [
        ("fresh", frame.say("جديد", "nouveau", "new")),
        ("unchanged", frame.say("بلا تغيير", "inchangé", "unchanged")),
        ("failed", frame.say("فشل", "échec", "failed")),
    ];
    let say = |n: u32| frame.ui_language.number(u64::from(n));
    let of = |count: fn(&Period) -> Vec<u32>| history.periods().iter().map(count).collect::<Vec<_>>();
    let labels = |name| plot_labels(frame, name, &columns, &ends);
    vec![
        Plot {
            name: entries,
            key: Vec::new(),
            svg: bars(&labels(entries), (&["bar"], &[]), &of(|p| vec![p.entries]), say),
        },
        Plot {
            name: polls,
            key: parts.to_vec(),
            svg: bars(
                &labels(polls),
                (&parts.map(|(class, _)| class), &parts.map(|(_, name)| name)),
                &of(|p| vec![p.fresh, p.unchanged, p.failed]),
                say,
            ),
        },
    ]
}

/// Returns the plot of delays; `None` if no entry states its time.
fn delays(frame: &Frame, history: &PollHistory) -> Option<Plot> {
    let (columns, ends) = column_labels(frame, history);
    let delays: Vec<Option<u32>> = history.periods().iter().map(|p| p.delay).collect();
    let name = frame.say(
        "الزمن بين النشر والوصول (الوسيط)",
        "Délai entre publication et arrivée (médiane)",
        "Delay from publication to arrival (median)",
    );
    // Whole minutes, so that the axis has round ones.
    let minutes: Vec<Option<u32>> = delays.iter().map(|delay| delay.map(|seconds| seconds.div_ceil(60))).collect();
    let say = |minutes: u32| frame.ui_language.span(u64::from(minutes) * 60);
    let is_known = delays.iter().any(Option::is_some);
    is_known.then(|| Plot {
        name,
        key: Vec::new(),
        svg: dots(&plot_labels(frame, name, &columns, &ends), &minutes, say),
    })
}

fn plot_labels<'a>(frame: &Frame, name: &'a str, columns: &'a [String], ends: &'a [String]) -> PlotLabels<'a> {
    PlotLabels { name, columns, ends, comma: frame.say("، ", ", ", ", "), colon: frame.colon() }
}

/// Returns what each column is, in full; and the first, middle and last one in short.
fn column_labels(frame: &Frame, history: &PollHistory) -> (Vec<String>, Vec<String>) {
    let periods = history.periods();
    let full = |period: &Period| match history {
        PollHistory::Hours(_) => frame.minute(&period.begins),
        PollHistory::Days(_) => frame.ui_language.date(utc_date(period)),
    };
    let short = |period: &Period| match history {
        PollHistory::Hours(_) => frame.clock(&period.begins),
        // Numbers and months of Arabic dates keep their order within a plot, whose direction is from left to right.
        PollHistory::Days(_) => format!("\u{2068}{}\u{2069}", frame.ui_language.short_date(utc_date(period))),
    };
    let ends = [periods.first(), periods.get(periods.len() / 2), periods.last()];
    (periods.iter().map(full).collect(), ends.into_iter().flatten().map(short).collect())
}

fn utc_date(period: &Period) -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(period.begins).date()
}
