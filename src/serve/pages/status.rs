//! How every feed fares, with plots.

use super::super::plots::{bars, dots, spark};
use super::super::words::{Tongue, Unit};
use super::Frame;
use crate::model::pages::{FeedStatus, StatusPage};
use askama::Template;

/// The page.
#[derive(Template)]
#[template(path = "status.html", config = "src/serve/askama.toml")]
pub(in super::super) struct Status {
    pub(in super::super) frame: Frame,
    page: StatusPage,
    /// Plots as SVG: entries a day, outcomes a day, delay.
    plots: [String; 3],
}

impl Status {
    /// The page.
    pub(in super::super) fn new(frame: Frame, page: StatusPage) -> Self {
        let plots = plots(&frame, &page);
        Self { frame, page, plots }
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
}

fn plots(frame: &Frame, page: &StatusPage) -> [String; 3] {
    let labels: Vec<String> = page.days.iter().map(|d| d.date.clone()).collect();
    let entries: Vec<_> = page.days.iter().map(|d| vec![d.entries]).collect();
    let outcomes: Vec<_> = page.days.iter().map(|d| vec![d.fresh, d.unchanged, d.failed]).collect();
    let delays: Vec<_> = page.days.iter().map(|d| d.delay).collect();
    [
        bars(
            frame.say("تقارير جديدة كل يوم", "Nouveaux articles par jour", "New entries a day"),
            &labels,
            &["bar"],
            &entries,
        ),
        bars(
            frame.say("نتائج الزيارات كل يوم", "Résultats des visites par jour", "Outcomes of polls a day"),
            &labels,
            &["fresh", "unchanged", "failed"],
            &outcomes,
        ),
        dots(
            frame.say(
                "الزمن بين النشر والوصول",
                "Délai entre publication et arrivée",
                "Delay from publication to arrival",
            ),
            &labels,
            &delays,
            |seconds| span(frame.tongue, seconds),
        ),
    ]
}

/// A delay in words, to the minute.
fn span(tongue: Tongue, seconds: u32) -> String {
    let minutes = i64::from(seconds.div_ceil(60));
    if minutes < 120 { tongue.count(Unit::Minute, minutes) } else { tongue.count(Unit::Hour, minutes / 60) }
}
