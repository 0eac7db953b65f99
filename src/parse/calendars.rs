//! Dates of calendars other than the Gregorian one. Islamic dates depend on a sighting of the moon and are never converted;
//! Persian dates are.

use super::months::fold;
use jiff::civil;

/// Months of the Persian solar calendar, folded: in Iran, in Latin letters, in Afghanistan.
const PERSIAN: [&str; 12] = [
    "فروردين farvardin حمل",
    "ارديبهشت ordibehesht ثور",
    "خرداد khordad جوزا",
    "تير tir سرطان",
    "مرداد امرداد mordad اسد",
    "شهريور shahrivar سنبله",
    "مهر mehr ميزان",
    "ابان aban عقرب",
    "اذر azar قوس",
    "دي dey جدي",
    "بهمن bahman دلو",
    "اسفند esfand حوت",
];

/// Words of Islamic months, folded: in Latin letters as English, French, Turkish, Indonesian and Malay write them, and in Arabic
/// letters. A month of two words is listed under the word that no other month has, and as one word where a joiner without width
/// stands between the two.
const ISLAMIC: &str = "muharram muharam mouharram moharram muharrem safar safer rabi rabia rabiulawal rabiulawwal rabiulakhir \
    rebiulevvel rebiulahir jumada joumada jumadi jamadi jumadal jumadilawal jumadilakhir cemaziyelevvel cemaziyelahir rajab \
    rejab rajeb recep shaban shaaban chaban chaabane chaaban syaban saban ramadan ramadhan ramazan ramzan shawwal shawal \
    chawwal chaoual chawal syawal sevval qidah qida qadah qada qaadah qaada kadah zulkadah zulkaidah zulkaedah dzulkaidah \
    zilkade hijjah hijja hijjeh hidjah hija zulhijah zulhijjah dzulhijjah dzulhijah zilhicce محرم المحرم صفر ربيع جمادي جماد \
    جمادا رجب شعبان رمضان شوال القعده قعده الحجه حجه جماديالاول جماديالثاني ربيعالاول ربيعالثاني ذيالقعده ذيالحجه ذوالقعده \
    ذوالحجه";

/// Words before or behind the one that tells an Islamic month, folded.
const JOINING: &str = "ذو ذي al el ul";

/// Words of Islamic months behind the first, folded.
const SECOND: &str = "الاول الاولي الثاني الثانيه الاخر الاخره الاخير الثان i ii awwal awal aoual ula oula thani thania sani \
    akhir akhira akhirah evvel ahir";

/// Words before the one that tells an Islamic month, folded.
const BEFORE: &str = "dhu dhou dhul zu zul dzu dzul thul";

/// Years of other calendars. They have four digits as those of the Gregorian calendar, which are greater.
const YEARS: std::ops::Range<i64> = 1_000..1_900;

/// Persian years that a date without words may mean: 2001 to 2046. Later numbers are Islamic years.
const PERSIAN_YEARS: std::ops::RangeInclusive<i64> = 1380..=1425;

/// Which calendar a text uses.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Calendar {
    /// No other calendar occurs in the text.
    Gregorian,
    /// The rest of the text without its date of another calendar; the rest has a year of its own.
    Beside(String),
    /// A Persian date, converted to Gregorian, and the rest of the text.
    Persian(civil::Date, String),
    /// An Islamic date, and no other.
    Islamic,
}

/// Finds dates of other calendars in a text whose digits are ASCII. `names_month` says whether a text names more of a date than a
/// year.
pub(super) fn of(text: &str, names_month: impl Fn(&str) -> bool) -> Calendar {
    let words = words(text);
    let persian = |word: &CalendarWord| PERSIAN.iter().position(|names| word.is_in(names));
    let Some(at) = words.iter().position(|word| persian(word).is_some() || word.is_in(ISLAMIC)) else {
        return numeric(text, &words, names_month);
    };
    let is_part = |word: &&CalendarWord| [ISLAMIC, SECOND, JOINING].iter().any(|list| word.is_in(list));
    let is_before = |word: &&CalendarWord| [BEFORE, JOINING].iter().any(|list| word.is_in(list));
    let last = at + words[at..].iter().take(4).take_while(is_part).count().saturating_sub(1);
    let first = at - words[..at].iter().rev().take(2).take_while(is_before).count();
    let around = around(&words, first, last);
    let rest = format!("{} {}", &text[..around.from], &text[around.to..]);
    if has_date(&rest, names_month) {
        return Calendar::Beside(rest);
    }
    let month = persian(&words[at]).filter(|_| first == last);
    match (month, around.day_and_year) {
        (Some(month), Some((day, year))) => {
            let converted = i64::try_from(month + 1).ok().and_then(|month| gregorian(year, month, day));
            converted.map_or(Calendar::Islamic, |date| Calendar::Persian(date, rest))
        }
        _ => Calendar::Islamic,
    }
}

/// Returns whether a text beside a date of another calendar has a Gregorian one. A Gregorian year alone may be that of the other
/// date, whose month is not known then (`14 Rajab 2026`).
fn has_date(rest: &str, names_month: impl Fn(&str) -> bool) -> bool {
    words(rest).iter().any(|word| word.number.is_some_and(|n| (1_900..10_000).contains(&n))) && names_month(rest)
}

/// What is stated around the month of a date.
struct Around {
    day_and_year: Option<(i64, i64)>,
    /// Where the whole date begins and ends.
    from: usize,
    to: usize,
}

/// Returns what is stated around the month whose words are `first` to `last`. The day stands before the month and the year after it,
/// both stand behind it (`Ramadan 5, 1447`), or the year stands first.
fn around(words: &[CalendarWord], first: usize, last: usize) -> Around {
    let number = |at: Option<usize>, within: std::ops::Range<i64>| {
        let word = words.get(at?)?;
        Some((word.number.filter(|number| within.contains(number))?, word))
    };
    let day = |at: Option<usize>| number(at, 1..32);
    let year = |at: Option<usize>| number(at, YEARS);
    let (before, after) = (first.checked_sub(1), Some(last + 1));
    let (from, to) = (words[first].from, words[last].to);
    if let Some((year, word)) = year(after) {
        let day = day(before);
        let from = day.map_or(from, |(_, day)| day.from);
        return Around { day_and_year: day.map(|(day, _)| (day, year)), from, to: word.to };
    }
    if let Some(((day, _), (year, word))) = day(after).zip(year(Some(last + 2))) {
        return Around { day_and_year: Some((day, year)), from, to: word.to };
    }
    if let Some((year, word)) = year(before) {
        let day = day(after);
        let to = day.map_or(to, |(_, day)| day.to);
        return Around { day_and_year: day.map(|(day, _)| (day, year)), from: word.from, to };
    }
    Around { day_and_year: None, from: day(before).map_or(from, |(_, day)| day.from), to }
}

/// Reads a date of numbers alone, such as `1404/08/05 10:30` or `05/05/1447`.
fn numeric(text: &str, words: &[CalendarWord], names_month: impl Fn(&str) -> bool) -> Calendar {
    let Some((found, (year, month, day))) = words.windows(3).find_map(|three| Some((three, foreign_day(text, three)?)))
    else {
        return Calendar::Gregorian;
    };
    let (before, after) = (&text[..found[0].from], text[found[2].to..].trim_start_matches(['T', 't']));
    let rest = format!("{before} {after}");
    if has_date(&rest, names_month) {
        return Calendar::Beside(rest);
    }
    match gregorian(year, month, day).filter(|_| PERSIAN_YEARS.contains(&year)) {
        Some(date) => Calendar::Persian(date, rest),
        None => Calendar::Islamic,
    }
}

/// Returns year, month and day of three numbers that are a date of another calendar: its year has four digits and stands first or
/// last.
fn foreign_day(text: &str, three: &[CalendarWord]) -> Option<(i64, i64, i64)> {
    let [first, month, last] = three else { return None };
    let joined = |a: &CalendarWord, b: &CalendarWord| matches!(text[a.to..b.from].trim(), "/" | "-" | ".");
    let is_year =
        |word: &&CalendarWord| word.to - word.from == 4 && word.number.is_some_and(|y| (1_300..1_500).contains(&y));
    let (year, day) = match [first, last].map(|word| is_year(&word)) {
        [true, _] => (first, last),
        [false, true] => (last, first),
        _ => return None,
    };
    (joined(first, month) && joined(month, last)).then_some((year.number?, month.number?, day.number?))
}

/// Converts a Persian date to a Gregorian one (1 Farvardin 979 is 20 March 1600; leap years follow the cycle of 33 years, which
/// holds from 1178 to 1633).
fn gregorian(year: i64, month: i64, day: i64) -> Option<civil::Date> {
    if !(1_178..=1_633).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let years = year - 979;
    let months = if month <= 7 { (month - 1) * 31 } else { 186 + (month - 7) * 30 };
    let days = 365 * years + years / 33 * 8 + (years % 33 + 3) / 4 + months + day - 1 + 79;
    civil::Date::new(1600, 1, 1).ok()?.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// A word or number of a text, and its byte range.
struct CalendarWord {
    from: usize,
    to: usize,
    folded: String,
    number: Option<i64>,
}

impl CalendarWord {
    /// Returns whether this is one of the words of a list.
    fn is_in(&self, list: &str) -> bool {
        self.number.is_none() && list.split_ascii_whitespace().any(|known| known == self.folded)
    }
}

/// Signs for the letters ayn and hamza between Latin letters (`Sha'ban`).
const APOSTROPHES: [char; 6] = ['\'', '’', '‘', '`', 'ʿ', 'ʾ'];

/// Returns whether a character belongs to the word before it. `after` follows it.
fn is_in_word(c: char, after: &str) -> bool {
    c.is_alphabetic()
        || ('\u{64B}'..='\u{65F}').contains(&c)
        || APOSTROPHES.contains(&c) && after.starts_with(char::is_alphabetic)
}

fn words(text: &str) -> Vec<CalendarWord> {
    let mut words = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((from, c)) = rest.next() {
        let digit = c.is_ascii_digit();
        if !digit && !c.is_alphabetic() {
            continue;
        }
        let mut to = from + c.len_utf8();
        while let Some((at, next)) =
            rest.next_if(
                |(at, next)| {
                    if digit { next.is_ascii_digit() } else { is_in_word(*next, &text[*at + next.len_utf8()..]) }
                },
            )
        {
            to = at + next.len_utf8();
        }
        let letters = text[from..to].chars().filter(|c| !APOSTROPHES.contains(c));
        let folded: String = letters.flat_map(char::to_lowercase).filter_map(fold).collect();
        let number = if digit { text[from..to].parse().ok() } else { None };
        words.push(CalendarWord { from, to, folded, number });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Calendar {
        super::of(text, |rest| rest.contains(char::is_alphabetic))
    }

    #[test]
    fn persian_dates_are_converted_where_they_stand_alone() {
        let date = |text: &str| match of(text) {
            Calendar::Persian(date, _) => date.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(date("دوشنبه 5 آبان 1404 - 10:30"), "2025-10-27");
        assert_eq!(date("1404/08/05 10:30"), "2025-10-27");
        assert_eq!(date("1 فروردین 1403"), "2024-03-20");
        assert_eq!(date("30 اسفند 1403"), "2025-03-20");
        assert_eq!(date("5 آبان 1404 - 27 اکتبر 2025"), "Beside(\"  - 27 اکتبر 2025\")");
    }

    #[test]
    fn a_gregorian_date_in_another_field_wins() {
        let entry = |published: &str, updated: &str| {
            let text = format!(
                "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id>{updated}<published>{published}</published></entry></feed>"
            );
            let feed = crate::parse::read(text.as_bytes(), &crate::parse::ParseContext::default(), &|_| false).unwrap();
            let entry = feed.listed[0].entry.as_ref().unwrap();
            [entry.published, entry.updated].map(|at| at.map_or("none".to_owned(), |at| at.to_string()))
        };
        let updated = "<updated>2026-11-20T17:42:38Z</updated>";
        assert_eq!(entry("۱۴۰۵-۰۸-۲۹T۱۱:۳۲:۰۶Z", updated), ["none", "2026-11-20T17:42:38Z"]);
        assert_eq!(entry("۱۴۰۵-۰۸-۲۹T۱۱:۳۲:۰۶Z", "")[0], "2026-11-20T11:32:06Z");
    }

    #[test]
    fn islamic_dates_are_never_converted() {
        for text in ["5 جمادى الأولى 1447 هـ", "1447/05/05", "12 ذو الحجة 1446", "3 Ramadan 1447"] {
            assert_eq!(of(text), Calendar::Islamic, "{text}");
        }
        let Calendar::Beside(rest) = of("5 جمادى الأولى 1447 هـ - 27 أكتوبر 2025") else { panic!() };
        assert!(rest.contains("27 أكتوبر 2025") && !rest.contains("1447"), "{rest}");
        for text in ["14 Rajab 2026", "رمضان 2026", "14 آذر 2026 - 10:30"] {
            assert_eq!(of(text), Calendar::Islamic, "{text}");
        }
        assert_eq!(of("27 أكتوبر 2025"), Calendar::Gregorian);
        assert_eq!(of("2025-10-27T10:00:00Z"), Calendar::Gregorian);
    }
}
