//! The number by which an outlet's pages know an article: it stays when the headline, and with it the address, changes.

use super::rules;
use super::words::{chain, hash};
use jiff::Timestamp;

/// An article's number at its host, and the minute it was published in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Article {
    key: u32,
    minute: i32,
}

impl Article {
    /// Of an address and a stated date; `None` when the path holds no such number.
    pub fn of(link: &str, published: Timestamp) -> Option<Self> {
        let url = url::Url::parse(link).ok()?;
        let host = url.host_str()?;
        let mut runs = url.path().split(|c: char| !c.is_ascii_digit());
        let number = runs.rfind(|run| is_number(run) && !is_date(run))?;
        let key = chain([3, hash(host.trim_start_matches("www.").chars()), hash(number.chars())]);
        Some(Self { key, minute: i32::try_from(published.as_second().div_euclid(60)).ok()? })
    }

    /// Where the index has it.
    pub fn key(self) -> u32 {
        self.key
    }
}

fn is_number(run: &str) -> bool {
    (rules::NUMBER_DIGITS..=rules::NUMBER_DIGITS_MAX).contains(&run.len())
}

/// `YYYYMM`, `YYYYMMDD`, and those with an hour, a minute or a second behind them.
fn is_date(run: &str) -> bool {
    let part = |from: usize, to: usize| run.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
    let within = |value: Option<u32>, least: u32, most: u32| value.is_none_or(|v| (least..=most).contains(&v));
    run.len().is_multiple_of(2)
        && run.len() <= 14
        && within(part(0, 4), 1900, 2099)
        && within(part(4, 6), 1, 12)
        && within(part(6, 8), 1, 31)
        && within(part(8, 10), 0, 24)
        && within(part(10, 12), 0, 60)
}

#[cfg(test)]
mod tests {
    use super::super::testing::at;
    use super::*;

    #[test]
    fn a_number_names_an_article_at_its_host_and_minute() {
        let of = |link| Article::of(link, at(1));
        let first = of("https://www.outlet.ma/old-slug-918273.html");
        assert!(first.is_some());
        assert_eq!(first, of("http://outlet.ma/2026/05/11/new-slug-918273.html"));
        assert_ne!(first, of("https://other.ma/old-slug-918273.html"));
        assert_ne!(first, Article::of("https://outlet.ma/old-slug-918273.html", at(2)));
        assert_ne!(first, of("https://outlet.ma/old-slug-918274.html"));
    }

    #[test]
    fn dates_and_short_or_endless_numbers_name_nothing() {
        for path in ["20260511", "202605", "20260511093000", "12345", "1234567890123456789", "a"] {
            assert_eq!(Article::of(&format!("https://outlet.ma/{path}/slug"), at(1)), None, "{path}");
        }
    }
}
