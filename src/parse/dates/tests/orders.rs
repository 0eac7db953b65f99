//! Which number of a date is the day.

use super::*;

#[test]
fn the_weekday_decides_between_two_orders() {
    for (text, want) in [
        ("Fri, 05/08/2026", "2026-05-08T00:00:00Z"),
        ("Wed, 05/08/2026", "2026-08-05T00:00:00Z"),
        ("Wed 08/05/2026 10:30", "2026-08-05T10:30:00Z"),
        ("vendredi 05-08-2026", "2026-05-08T00:00:00Z"),
        ("Freitag, 05.08.2026", "2026-05-08T00:00:00Z"),
        ("mié. 05/08/2026", "2026-08-05T00:00:00Z"),
        ("الجمعة ٠٥/٠٨/٢٠٢٦", "2026-05-08T00:00:00Z"),
        // Neither fits, and 8:30 PM is American.
        ("Mon, 05/08/2026", "2026-08-05T00:00:00Z"),
        ("Mon, 05/08/2026 8:30 PM", "2026-05-08T20:30:00Z"),
        ("Wed, 05/08/2026 8:30 PM", "2026-08-05T20:30:00Z"),
    ] {
        assert_eq!(utc(text), want, "{text}");
    }
}

#[test]
fn the_other_dates_decide_between_two_orders() {
    for (text, others, want) in [
        ("05/08/2026", &["08/13/2026"][..], "2026-05-08"),
        ("05-08-2026", &["08-13-2026"], "2026-05-08"),
        ("05.08.2026", &["08.13.2026"], "2026-05-08"),
        ("05.08.2026", &["08/13/2026"], "2026-08-05"),
        ("05-08-2026", &["13-08-2026"], "2026-08-05"),
        ("05/08/2026", &["08/13/2026", "13/08/2026", "08/14/2026"], "2026-08-05"),
        ("05/08/2026", &["Fri, 05/08/2026"], "2026-05-08"),
        ("05-08-2026", &["26-11-02", "10.30"], "2026-08-05"),
        ("Wed, 05/08/2026", &["08/13/2026"], "2026-08-05"),
        ("05-08-26", &[], "2005-08-26"),
        ("05-08-26", &["08-13-26"], "2026-05-08"),
        ("05-08-26", &["Wed, 08-05-26"], "2026-05-08"),
        ("05-08-26", &["Wed, 05-08-26"], "2026-08-05"),
        ("05-08-26", &["05-08-26", "04-08-26", "31-07-26"], "2026-08-05"),
        ("05-01-26", &["05-01-26", "04-01-26", "31-12-25"], "2026-01-05"),
        ("26-08-05", &["26-08-05", "26-08-04", "25-12-31"], "2026-08-05"),
        ("5-8-26", &["25-8-26", "13-8-26", "1-9-26"], "2026-08-05"),
        ("05-08-26", &["13-08-2026"], "2005-08-26"),
        ("05-08-26", &["08-13-26", "Wed, 05-08-26", "04-08-26"], "2005-08-26"),
    ] {
        let read = instant_in(text, &TimeZone::UTC, Orders::of(others.iter().map(|other| vec![*other])));
        assert_eq!(read.unwrap().to_string(), format!("{want}T00:00:00Z"), "{text} {others:?}");
    }
}

#[test]
fn another_date_of_an_entry_decides_between_two_orders() {
    for (entries, want) in [
        (&[&["05/08/2016 09:00", "2016-05-08T09:00:00Z"][..]][..], Order::MonthFirst),
        (&[&["05/08/2016 09:00", "2016-08-05T09:00:00Z"]], Order::DayFirst),
        (&[&["05/08/2016 23:30", "9 May 2016 06:30 +0300"]], Order::MonthFirst),
        (&[&["05/08/2016 09:00", "2016-09-01T09:00:00Z"]], Order::Unknown),
        (&[&["05/08/2016", "05/08/2016"]], Order::Unknown),
        (&[&["05/08/2016"], &["2016-05-08T09:00:00Z"]], Order::Unknown),
        (&[&["05/08/2016", "2016-05-08"], &["06/08/2016", "2016-08-06"]], Order::Unknown),
        (&[&["05/08/2016", "06/08/2016", "13/08/2016"]], Order::DayFirst),
        (&[&["05/08/2016", "06/09/2016", "9/5/16 9:00", "2016-08-05"]], Order::DayFirst),
        // A few dates say as much as a thousand.
        (&[&[&["05/08/2016"; 8][..], &["2016-05-08"]].concat()[..]], Order::Unknown),
    ] {
        let orders = Orders::of(entries.iter().map(|dates| dates.to_vec()));
        assert_eq!(orders.with(order::Form::Slashes), want, "{entries:?}");
    }
}

#[test]
fn the_dates_of_the_feed_and_of_its_entries_are_in_one_order() {
    for (of_feed, of_entries, want) in [
        ("03/11/2026", ["04/11/2026", "10/25/2026"], ["2026-03-11", "2026-04-11"]),
        ("03/11/2026", ["04/11/2026", "25/10/2026"], ["2026-11-03", "2026-11-04"]),
        ("11/13/2026", ["11/12/2026", "11/12/2026"], ["2026-11-13", "2026-11-12"]),
        ("Wed, 11/04/2026", ["11/03/2026", "11/03/2026"], ["2026-11-04", "2026-11-03"]),
        ("11/04/2026", ["Tue, 11/03/2026", "Tue, 11/03/2026"], ["2026-11-04", "2026-11-03"]),
        ("03-11-26", ["02-11-26", "31-10-26"], ["2026-11-03", "2026-11-02"]),
        ("11-13-26", ["11-12-26", "11-12-26"], ["2026-11-13", "2026-11-12"]),
        ("11/04/2026", ["2026-11-03", "2026-11-03"], ["2026-04-11", "2026-11-03"]),
    ] {
        for name in ["pubDate", "lastBuildDate"] {
            let items = of_entries.map(|date| format!("<item><title>{date}</title><pubDate>{date}</pubDate></item>"));
            let items = items.concat();
            let rss = format!("<rss><channel><title>F</title><{name}>{of_feed}</{name}>{items}</channel></rss>");
            let feed = crate::parse::read(rss.as_bytes(), &crate::parse::ParseContext::default(), &|_| false).unwrap();
            let days = [feed.updated, feed.listed[0].entry.as_ref().unwrap().published];
            assert_eq!(days.map(|at| at.unwrap().to_string()), want.map(|day| format!("{day}T00:00:00Z")), "{rss}");
        }
    }
}

#[test]
fn dates_behind_the_entries_are_not_those_of_the_last() {
    let item = "<item><guid>1</guid><pubDate>05/08/2016 09:00</pubDate></item>";
    let changed = "<lastBuildDate>Sun, 08 May 2016 12:00:00 GMT</lastBuildDate>";
    for inside in [format!("{changed}{item}"), format!("{item}{changed}")] {
        let rss = format!("<rss><channel><title>F</title>{inside}</channel></rss>");
        let feed = crate::parse::read(rss.as_bytes(), &crate::parse::ParseContext::default(), &|_| false).unwrap();
        let published = feed.listed[0].entry.as_ref().unwrap().published;
        assert_eq!(published.unwrap().to_string(), "2016-08-05T09:00:00Z", "{rss}");
    }
}
