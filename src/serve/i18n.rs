//! The languages of the pages' own texts: Arabic, French and English.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A language in which pages are available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UiLanguage {
    Ar,
    Fr,
    En,
}

impl UiLanguage {
    pub(super) const ALL: [Self; 3] = [Self::Ar, Self::Fr, Self::En];
    /// Name of the query parameter and of the cookie that select a language.
    pub(super) const KEY: &'static str = "hl";

    /// Returns the language with this tag.
    pub(super) fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// Returns the language's own name.
    pub(super) fn name(self) -> &'static str {
        self.pick("العربية", "Français", "English")
    }

    /// Returns the language that the client has chosen (a cookie), else its most preferred language among these, by weight
    /// (RFC 9110 12.5.4); English if there is none.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let chosen = pairs.find(|(name, _)| *name == Self::KEY).and_then(|(_, tag)| Self::parse(tag));
        chosen.unwrap_or_else(|| Self::accepted(headers))
    }

    fn accepted(headers: &HeaderMap) -> Self {
        let list = headers.get(ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let mut best = (Self::En, 0);
        for part in list.split(',').take(32) {
            let (range, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = super::http::weight(weight).unwrap_or(0);
            let ui_language = match range.trim().split('-').next().unwrap_or_default() {
                r if r.eq_ignore_ascii_case("ar") => Self::Ar,
                r if r.eq_ignore_ascii_case("fr") => Self::Fr,
                r if r.eq_ignore_ascii_case("en") => Self::En,
                _ => continue,
            };
            if weight > best.1 {
                best = (ui_language, weight);
            }
        }
        best.0
    }

    /// Returns the language tag.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Ar => "ar",
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// Returns the text direction, `rtl` or `ltr`.
    pub(super) fn dir(self) -> &'static str {
        if self == Self::Ar { "rtl" } else { "ltr" }
    }

    /// Returns the text in this language.
    pub(super) fn pick<'a>(self, ar: &'a str, fr: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Ar => ar,
            Self::Fr => fr,
            Self::En => en,
        }
    }

    /// Formats a past time as a relative time. Returns a date if it is a week ago or more, or if it lies in the future.
    pub(super) fn ago(self, at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
        let seconds = now.as_second().saturating_sub(at.as_second());
        match seconds {
            -60..60 => self.pick("الآن", "à l’instant", "just now").to_owned(),
            60..3_600 => self.past(TimeUnit::Minute, seconds / 60),
            3_600..86_400 => self.past(TimeUnit::Hour, seconds / 3_600),
            86_400..604_800 => self.past(TimeUnit::Day, seconds / 86_400),
            _ => self.date(zone.to_datetime(at).date()),
        }
    }

    /// Formats a future time as a relative time.
    pub(super) fn ahead(self, at: Timestamp, now: Timestamp) -> String {
        let seconds = at.as_second().saturating_sub(now.as_second());
        let (unit, count) = match seconds {
            ..60 => return self.pick("الآن", "maintenant", "now").to_owned(),
            60..3_600 => (TimeUnit::Minute, seconds / 60),
            3_600..172_800 => (TimeUnit::Hour, seconds / 3_600),
            _ => (TimeUnit::Day, seconds / 86_400),
        };
        format!("{} {}", self.pick("بعد", "dans", "in"), self.count(unit, count))
    }

    fn past(self, unit: TimeUnit, count: i64) -> String {
        let span = self.count(unit, count);
        match self {
            Self::Ar => format!("قبل {span}"),
            Self::Fr => format!("il y a {span}"),
            Self::En => format!("{span} ago"),
        }
    }

    /// Formats a count with its unit. Arabic has separate forms for one, two, 3 to 10, 11 to 99, and hundreds.
    pub(super) fn count(self, unit: TimeUnit, count: i64) -> String {
        match self {
            Self::Ar => {
                let [one, two, few, many] = match unit {
                    TimeUnit::Minute => ["دقيقة", "دقيقتين", "دقائق", "دقيقة"],
                    TimeUnit::Hour => ["ساعة", "ساعتين", "ساعات", "ساعة"],
                    TimeUnit::Day => ["يوم", "يومين", "أيام", "يومًا"],
                };
                match (count, count % 100) {
                    (1, _) => one.to_owned(),
                    (2, _) => two.to_owned(),
                    (_, 3..=10) => format!("{count} {few}"),
                    (_, 11..=99) => format!("{count} {many}"),
                    _ => format!("{count} {one}"),
                }
            }
            Self::Fr => {
                let name = unit.pick("minute", "heure", "jour");
                format!("{count}\u{a0}{name}{}", if count > 1 { "s" } else { "" })
            }
            Self::En => {
                let name = unit.pick("minute", "hour", "day");
                format!("{count} {name}{}", if count == 1 { "" } else { "s" })
            }
        }
    }

    /// Formats a length of time in its largest fitting unit: minutes below two hours, hours below two days, else days.
    pub(super) fn span(self, seconds: u64) -> String {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let minutes = seconds.saturating_add(30) / 60;
        match minutes {
            ..120 => self.count(TimeUnit::Minute, minutes.max(1)),
            120..2_880 => self.count(TimeUnit::Hour, minutes / 60),
            _ => self.count(TimeUnit::Day, minutes / 1_440),
        }
    }

    /// Formats a length of time in few letters, for plots: `10 min`, `6 h`, `1 d`.
    pub(super) fn short_span(self, seconds: u64) -> String {
        let (count, unit) = match seconds {
            ..3_600 => (seconds / 60, self.pick("د", "min", "min")),
            3_600..86_400 => (seconds / 3_600, self.pick("س", "h", "h")),
            _ => (seconds / 86_400, self.pick("ي", "j", "d")),
        };
        format!("\u{2068}{count}\u{a0}{unit}\u{2069}")
    }

    /// Formats a size in kilobytes or megabytes (of 1,000), with one decimal below ten.
    pub(super) fn size(self, bytes: u64) -> String {
        let (unit, words) = match bytes {
            ..1_000_000 => (1_000, self.pick("ك.ب", "ko", "kB")),
            _ => (1_000_000, self.pick("م.ب", "Mo", "MB")),
        };
        let tenths = bytes.saturating_mul(10) / unit;
        let point = self.pick(".", ",", ".");
        let number =
            if tenths < 100 { format!("{}{point}{}", tenths / 10, tenths % 10) } else { self.number(tenths / 10) };
        format!("{number}\u{a0}{words}")
    }

    /// Formats a number with one decimal.
    pub(super) fn decimal(self, number: f64) -> String {
        format!("{number:.1}").replace('.', self.pick(".", ",", "."))
    }

    /// Returns the name of a weekday, 0 for Monday.
    pub(super) fn weekday(self, number: usize) -> &'static str {
        match self {
            Self::Ar => WEEKDAYS_AR[number % 7],
            Self::Fr => WEEKDAYS_FR[number % 7],
            Self::En => WEEKDAYS_EN[number % 7],
        }
    }

    /// Formats a date with the month's name and without the year.
    pub(super) fn short_date(self, day: Date) -> String {
        let date = self.date(day);
        date.rsplit_once(' ').map_or_else(|| date.clone(), |(short, _)| short.to_owned())
    }

    /// Formats a date with the month's name.
    pub(super) fn date(self, day: Date) -> String {
        let month = usize::try_from(day.month()).map_or(0, |m| m.saturating_sub(1));
        let months = match self {
            Self::Ar => MONTHS_AR,
            Self::Fr => MONTHS_FR,
            Self::En => MONTHS_EN,
        };
        let first = if self == Self::Fr && day.day() == 1 { "er" } else { "" };
        format!("{}{first} {} {}", day.day(), months[month.min(11)], day.year())
    }

    /// Formats a date with the names of its weekday and month.
    pub(super) fn full_date(self, day: Date) -> String {
        let at = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
        format!("{} {}", self.weekday(at), self.date(day))
    }
}

/// A unit of time.
#[derive(Debug, Clone, Copy)]
pub(super) enum TimeUnit {
    Minute,
    Hour,
    Day,
}

impl TimeUnit {
    fn pick(self, minute: &'static str, hour: &'static str, day: &'static str) -> &'static str {
        match self {
            Self::Minute => minute,
            Self::Hour => hour,
            Self::Day => day,
        }
    }
}

const WEEKDAYS_AR: [&str; 7] = ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"];
const WEEKDAYS_FR: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const WEEKDAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS_AR: [&str; 12] =
    ["يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"];
const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests;
