//! The page of a feed: its state, when it publishes, what it asks of pollers, why its next poll is when it is, and its history.

use super::super::feed_address::feed_path;
use super::super::plots::heat;
use super::Frame;
use super::status::{Plot, plots};
use crate::model::status::{FeedPage, FeedPageQuery, PastPollRow, WeekRhythm};
use askama::Template;
use jiff::Timestamp;

#[derive(Template)]
#[template(path = "feed.html", config = "src/serve/askama.toml")]
pub(in super::super) struct FeedTemplate {
    pub(in super::super) frame: Frame,
    page: FeedPage,
    plots: Vec<Plot>,
    /// What the feed asks of pollers, as HTML.
    hints: Vec<(&'static str, String)>,
    /// Why the next poll is when it is, as HTML.
    reasons: Vec<(&'static str, String)>,
    week: Option<WeekPlot>,
}

/// The heat map of a week.
struct WeekPlot {
    svg: String,
    /// The hour with most articles, in words.
    busiest: String,
}

impl FeedTemplate {
    pub(in super::super) fn new(frame: Frame, page: FeedPage) -> Self {
        let plots = plots(&frame, &page.history);
        let (hints, reasons) = (hints(&frame, &page), frame.reason_facts(&page.status.reason));
        let week = page.week.as_ref().map(|week| WeekPlot::new(&frame, week));
        Self { frame, page, plots, hints, reasons, week }
    }

    fn newest(&self) -> Option<String> {
        self.page.before.map(|_| feed_path(&FeedPageQuery { id: self.page.status.id, before: None }))
    }

    fn older(&self) -> Option<String> {
        self.page.older.map(|at| feed_path(&FeedPageQuery { id: self.page.status.id, before: Some(at) }))
    }

    fn why(&self, poll: &PastPollRow) -> Option<String> {
        poll.fault.as_ref().and_then(|fault| self.frame.fault_words(fault))
    }

    fn late(&self) -> String {
        self.frame.ui_language.span(u64::try_from(self.page.status.overdue_by).unwrap_or(0))
    }

    fn size(&self, poll: &PastPollRow) -> String {
        self.frame.ui_language.size(poll.bytes)
    }

    fn number(&self, count: &(impl Copy + Into<u64>)) -> String {
        self.frame.ui_language.number((*count).into())
    }
}

/// Returns what the feed and its server ask of pollers.
fn hints(frame: &Frame, page: &FeedPage) -> Vec<(&'static str, String)> {
    let (language, hints) = (frame.ui_language, &page.hints);
    let span = |seconds: u64, name: &str| format!("{} (<bdi>{name}</bdi>)", language.span(seconds));
    let mut found = Vec::new();
    let wait = frame.say("ألا تُزار قبل مضي", "Attendre au moins", "Wait at least");
    found.extend(hints.ttl_s.map(|seconds| (wait, span(seconds, "ttl"))));
    found.extend(hints.update_period_s.map(|seconds| (wait, span(seconds, "sy:updatePeriod"))));
    found.extend((page.max_age > 0).then(|| (wait, span(page.max_age, "max-age"))));
    if !hints.skip_hours.is_empty() {
        let hours: Vec<String> = hints.skip_hours.iter().map(|hour| frame.utc_hour(*hour)).collect();
        let hours = hours.join(frame.say("، ", ", ", ", "));
        found.push((
            frame.say("ألا تُزار في الساعات", "Éviter les heures", "Do not poll in these hours"),
            format!("{hours} (<bdi>skipHours</bdi>)"),
        ));
    }
    if !hints.skip_days.is_empty() {
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let numbers = hints.skip_days.iter().filter_map(|day| days.iter().position(|known| known == day));
        let names: Vec<&str> = numbers.map(|number| language.weekday(number)).collect();
        let names = names.join(frame.say("، ", ", ", ", "));
        found.push((
            frame.say("ألا تُزار في الأيام", "Éviter les jours", "Do not poll on these days"),
            format!("{names} (<bdi>skipDays</bdi>)"),
        ));
    }
    found
}

impl WeekPlot {
    fn new(frame: &Frame, week: &WeekRhythm) -> Self {
        let utc = offset(&frame.zone, frame.now);
        let [from, to] = [offset(&week.zone, frame.now), utc].map(|minutes| minutes.div_euclid(60));
        let counts = shifted(&week.hours, from, to);
        let all: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let name = frame.say("المقالات حسب اليوم والساعة", "Articles par jour et heure", "Articles by weekday and hour");
        let title = |day: usize, hour: usize| {
            let count = counts.get(day * 24 + hour).copied().unwrap_or(0);
            let percent = (u64::from(count) * 1_000 + all / 2).checked_div(all).unwrap_or(0);
            let in_utc = (i64::try_from(hour).unwrap_or(0) * 60 - utc).rem_euclid(24 * 60);
            let behind = match utc {
                0 => " UTC".to_owned(),
                _ => format!(" ({}:{:02} UTC)", in_utc / 60, in_utc % 60),
            };
            let share = frame.ui_language.decimal(f64::from(u32::try_from(percent).unwrap_or(0)) / 10.0);
            // Isolated, so that numbers keep their order within Arabic text.
            format!(
                "{} \u{2068}{hour}:00{behind}\u{2069}, \u{2068}{share}\u{a0}%\u{2069}",
                frame.ui_language.weekday(day)
            )
            .replace(", ", frame.say("، ", ", ", ", "))
        };
        let days: Vec<&str> = (0..7).map(|day| frame.ui_language.weekday(day)).collect();
        let most = counts.iter().max().and_then(|most| counts.iter().position(|count| count == most)).unwrap_or(0);
        let is_rtl = frame.ui_language.dir() == "rtl";
        Self { busiest: title(most / 24, most % 24), svg: heat(name, &days, is_rtl, &counts, title) }
    }
}

/// Returns the offset of a time zone from UTC in minutes: some zones are half an hour or three quarters apart from the others.
fn offset(zone: &jiff::tz::TimeZone, at: Timestamp) -> i64 {
    i64::from(zone.to_offset(at).seconds()).div_euclid(60)
}

/// Moves the hours of a week from one offset to another.
fn shifted(hours: &[u32], from: i64, to: i64) -> Vec<u32> {
    let length = i64::try_from(hours.len()).unwrap_or(0).max(1);
    let source = |at: i64| usize::try_from((at + from - to).rem_euclid(length)).unwrap_or(0);
    (0..length).filter_map(|at| hours.get(source(at)).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hours_of_a_week_move_with_the_time_zone() {
        let mut hours = vec![0; 168];
        hours[0] = 7; // Monday, midnight, an hour east of UTC: Sunday, 23:00 in UTC.
        let moved = shifted(&hours, 1, 0);
        assert_eq!((moved.len(), moved[167]), (168, 7));
        assert_eq!(shifted(&moved, 0, 1), hours);
    }
}
