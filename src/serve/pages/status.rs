//! The status page: the state of every feed, with plots.

use super::super::i18n::{TimeUnit, UiLanguage};
use super::super::plots::{bars, dots, spark};
use super::Frame;
use crate::model::pages::{FeedStatus, StatusPage};
use askama::Template;

#[derive(Template)]
#[template(path = "status.html", config = "src/serve/askama.toml")]
pub(in super::super) struct StatusTemplate {
    pub(in super::super) frame: Frame,
    page: StatusPage,
    /// Plots of entries per day, poll outcomes per day, and delay.
    plots: [Plot; 3],
    /// The first and the last day of the plots, each as a date and in words.
    ends: Vec<(String, String)>,
}

/// A plot with its name and highest value.
struct Plot {
    name: &'static str,
    /// The highest value, in words.
    peak: String,
    svg: String,
}

impl StatusTemplate {
    pub(in super::super) fn new(frame: Frame, page: StatusPage) -> Self {
        let plots = plots(&frame, &page);
        let ends = [page.days.first(), page.days.last()];
        let ends = ends.into_iter().flatten().map(|day| (day.date.clone(), in_words(&frame, &day.date))).collect();
        Self { frame, page, plots, ends }
    }

    fn in_state(&self, state: &str) -> usize {
        self.page.feeds.iter().filter(|f| f.state == state).count()
    }

    fn spark(&self, feed: &FeedStatus) -> String {
        let sum: u64 = feed.entries.iter().map(|&n| u64::from(n)).sum();
        let name = format!("{}: {sum}", self.frame.say("تقارير", "articles", "entries"));
        spark(&name, &feed.entries)
    }

    fn state(&self, feed: &FeedStatus) -> &'static str {
        match feed.state.as_str() {
            "active" => self.frame.say("يعمل", "actif", "active"),
            "failing" => self.frame.say("متعثر", "en échec", "failing"),
            "held" => self.frame.say("مؤجَّل", "en attente", "held"),
            "gone" => self.frame.say("زال", "disparu", "gone"),
            _ => self.frame.say("جديد", "nouveau", "new"),
        }
    }

    /// Returns the outcome of the last poll, in the page's language.
    fn outcome(&self, outcome: &str) -> &'static str {
        match outcome {
            "fresh" => self.frame.say("محتوى جديد", "contenu nouveau", "new content"),
            "not_modified" | "same_bytes" => self.frame.say("بلا تغيير", "inchangé", "unchanged"),
            "moved" => self.frame.say("انتقل إلى عنوان آخر", "adresse changée", "moved to another address"),
            "gone" => self.frame.say("زال", "disparu", "gone"),
            _ => self.frame.say("فشل", "échec", "failed"),
        }
    }

    /// Returns what determined the time of the next poll, in the page's language; empty if unknown.
    fn reason(&self, feed: &FeedStatus) -> &'static str {
        match feed.decided.as_str() {
            "first" => self.frame.say("لم يُقرأ بعد", "pas encore lue", "not polled yet"),
            "schedule" => self.frame.say("حسب الجدول المحدد", "selon l’horaire fixé", "as scheduled"),
            "rate" => self.frame.say("حسب وتيرة النشر", "selon le rythme de publication", "by its publishing rate"),
            "min_interval" => self.frame.say("أقصر مدة مسموح بها", "délai minimal", "shortest interval"),
            "max_interval" => self.frame.say("أطول مدة مسموح بها", "délai maximal", "longest interval"),
            "hint" => self.frame.say("كما يطلب الخادم", "à la demande du serveur", "as the server asks"),
            "backoff" => self.frame.say("انتظار بعد فشل", "attente après un échec", "waiting after a failure"),
            "hold" => {
                self.frame.say("طلب الخادم الانتظار", "le serveur a demandé d’attendre", "the server asked to wait")
            }
            "gone" => self.frame.say(
                "قال الخادم إن المصدر زال",
                "source disparue selon le serveur",
                "the server says it is gone",
            ),
            "overdue" => self.frame.say("تأخر موعدها", "en retard", "overdue"),
            "hub" => self.frame.say("موزّع يرسل الجديد", "un hub envoie les nouveautés", "a hub delivers its changes"),
            _ => "",
        }
    }
}

fn plots(frame: &Frame, page: &StatusPage) -> [Plot; 3] {
    let labels: Vec<String> = page.days.iter().map(|d| d.date.clone()).collect();
    let stacked = |name, classes: &[&str], columns: Vec<Vec<u32>>| {
        let sums = columns.iter().map(|c| c.iter().map(|&n| u64::from(n)).sum::<u64>());
        let peak = sums.max().unwrap_or(0).to_string();
        Plot { name, peak, svg: bars(name, &labels, classes, &columns) }
    };
    let entries = page.days.iter().map(|d| vec![d.entries]).collect();
    let outcomes = page.days.iter().map(|d| vec![d.fresh, d.unchanged, d.failed]).collect();
    let delays: Vec<_> = page.days.iter().map(|d| d.delay).collect();
    let late = frame.say(
        "الزمن بين النشر والوصول (الوسيط)",
        "Délai entre publication et arrivée (médiane)",
        "Delay from publication to arrival (median)",
    );
    [
        stacked(
            frame.say("تقارير جديدة كل يوم", "Nouveaux articles par jour", "New entries per day"),
            &["bar"],
            entries,
        ),
        stacked(
            frame.say("زيارات كل يوم", "Visites par jour", "Polls per day"),
            &["fresh", "unchanged", "failed"],
            outcomes,
        ),
        Plot {
            name: late,
            peak: span(frame.ui_language, delays.iter().flatten().copied().max().unwrap_or(0)),
            svg: dots(late, &labels, &delays, |seconds| span(frame.ui_language, seconds)),
        },
    ]
}

/// Formats a date such as `2026-11-02` in the page's language.
fn in_words(frame: &Frame, date: &str) -> String {
    date.parse().map_or_else(|_| date.to_owned(), |day| frame.ui_language.date(day))
}

/// Formats a delay in the page's language, in minutes or hours.
fn span(ui_language: UiLanguage, seconds: u32) -> String {
    let minutes = i64::from(seconds.div_ceil(60));
    if minutes < 120 {
        ui_language.count(TimeUnit::Minute, minutes)
    } else {
        ui_language.count(TimeUnit::Hour, minutes / 60)
    }
}
