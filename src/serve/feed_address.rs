//! Addresses of the pages about feeds: `/status?show=failing&sort=last&page=2` and `/feeds/N?before=…`. Pure.

use super::filter::visible;
use crate::model::feed_table::{FeedOrder, FeedQuery, FeedsShown};
use crate::model::status::FeedPageQuery;
use jiff::Timestamp;
use url::form_urlencoded::{Serializer, parse};

/// Largest page number that an address may contain.
const PAGES: usize = 100_000;

/// Reads the query string of `/status`.
///
/// # Errors
/// One sentence for the person who typed it.
pub(super) fn read_status(query: &str) -> Result<FeedQuery, String> {
    let mut asked = FeedQuery::default();
    for (key, value) in parse(query.as_bytes()) {
        let (key, value) = (visible(&key), visible(&value));
        match &*key {
            "show" => {
                let allowed = FeedsShown::ALL.map(FeedsShown::as_str).join(", ");
                asked.selection = FeedsShown::parse(&value)
                    .ok_or_else(|| format!("show: “{value}” is not known; allowed: {allowed}"))?;
            }
            "sort" => {
                let allowed = FeedOrder::ALL.map(FeedOrder::as_str).join(", ");
                asked.order = FeedOrder::parse(&value)
                    .ok_or_else(|| format!("sort: “{value}” is not known; allowed: {allowed}"))?;
            }
            "page" => {
                let number = value.parse().ok().filter(|n| (1..=PAGES).contains(n));
                asked.page = number.ok_or_else(|| format!("page: a number from 1 to {PAGES}"))? - 1;
            }
            other => return Err(format!("“{other}” is not a parameter of this page; allowed: show, sort, page, hl")),
        }
    }
    Ok(asked)
}

/// Returns the one address of a page of the table of feeds.
pub(super) fn status_path(query: &FeedQuery) -> String {
    let mut pairs = Serializer::new(String::new());
    if query.selection != FeedsShown::All {
        pairs.append_pair("show", query.selection.as_str());
    }
    if query.order != FeedOrder::Outlet {
        pairs.append_pair("sort", query.order.as_str());
    }
    if query.page > 0 {
        pairs.append_pair("page", &(query.page + 1).to_string());
    }
    super::browse::with_query("/status", &pairs.finish())
}

/// Reads the number and the query string of `/feeds/N`.
///
/// # Errors
/// One sentence for the person who typed it.
pub(super) fn read_feed(id: i64, query: &str) -> Result<FeedPageQuery, String> {
    let mut asked = FeedPageQuery { id, before: None };
    for (key, value) in parse(query.as_bytes()) {
        let (key, value) = (visible(&key), visible(&value));
        if key != "before" {
            return Err(format!("“{key}” is not a parameter of this page; allowed: before, hl"));
        }
        let at: Option<Timestamp> = value.parse().ok();
        asked.before = Some(at.ok_or_else(|| format!("before: “{value}” is not a time such as 2026-11-02T09:30:00Z"))?);
    }
    Ok(asked)
}

/// Returns the one address of a page of a feed's history.
pub(super) fn feed_path(query: &FeedPageQuery) -> String {
    let before = query.before.map_or_else(String::new, |at| format!("?before={at:.3}"));
    format!("/feeds/{}{before}", query.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_has_one_address() {
        for (asked, path) in [
            ("", "/status"),
            ("show=all&sort=outlet&page=1", "/status"),
            ("page=2&sort=last&show=failing", "/status?show=failing&sort=last&page=2"),
            ("sort=entries", "/status?sort=entries"),
        ] {
            assert_eq!(read_status(asked).map(|query| status_path(&query)).as_deref(), Ok(path), "{asked}");
        }
        for (asked, path) in [
            ("", "/feeds/7"),
            ("before=2026-11-02T09:30:00.250Z", "/feeds/7?before=2026-11-02T09:30:00.250Z"),
            ("before=2026-11-02T10:30:00%2B01:00", "/feeds/7?before=2026-11-02T09:30:00.000Z"),
        ] {
            assert_eq!(read_feed(7, asked).map(|query| feed_path(&query)).as_deref(), Ok(path), "{asked}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (asked, word) in [
            ("show=broken", "show"),
            ("sort=", "sort"),
            ("page=0", "page"),
            ("page=x", "page"),
            ("utm_source=x", "utm_source"),
            ("Show=failing", "Show"),
        ] {
            assert!(read_status(asked).unwrap_err().contains(word), "{asked}");
        }
        for (asked, word) in [("before=yesterday", "before"), ("page=2", "page"), ("before=%1B", "before")] {
            let why = read_feed(1, asked).unwrap_err();
            assert!(why.contains(word) && !why.contains(char::is_control), "{asked}");
        }
    }
}
