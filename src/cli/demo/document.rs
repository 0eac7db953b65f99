//! The document of a feed and the page of a report at a step, as pure functions of the script.

use super::{
    Stage,
    picture::picture,
    report::{DemoFeed, DemoReport, Dialect, When},
    script::DemoScript,
};
use crate::model::escape::escaped;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use std::fmt::Write as _;

/// Returns the document of a feed at a step, and its media type.
#[must_use]
pub fn document(script: &DemoScript, feed: &DemoFeed, stage: &Stage, step: u64) -> (String, &'static str) {
    let reports = feed.listed(step, script.last_step);
    match feed.dialect {
        Dialect::Atom => (atom(feed, &reports, stage, step), "application/atom+xml; charset=utf-8"),
        Dialect::Sitemap => (sitemap(feed, &reports, stage, step), "application/xml"),
        Dialect::Rss => (rss(feed, &reports, stage, step), "application/rss+xml; charset=utf-8"),
    }
}

/// Returns the page of a report, for readers who follow a link, or `None` when the report is not published.
#[must_use]
pub fn page(script: &DemoScript, id: &str, step: u64) -> Option<String> {
    let feed = script.feed(id.split_once('/')?.0)?;
    let written = feed.reports.iter().find(|report| report.id == id && report.is_out(step)).cloned();
    let report = written.or_else(|| feed.listed(step, script.last_step).into_iter().find(|report| report.id == id))?;
    let direction = if feed.language == "ar" { "rtl" } else { "ltr" };
    let (title, name) = (escaped(report.title_at(step)), escaped(feed.title));
    Some(format!(
        "<!doctype html>\n<html lang=\"{}\" dir=\"{direction}\"><meta charset=\"utf-8\"><title>{title}</title>\n\
         <body style=\"max-width: 40rem; margin: 3rem auto; padding: 0 1rem; font: 1.1rem/1.7 serif\">\n\
         <p>{name}</p>\n<h1>{title}</h1>\n{}{}\n</body></html>\n",
        feed.language,
        if report.author.is_some() {
            "<img src=\"/".to_owned() + id + ".svg\" alt=\"\" width=\"100%\">\n"
        } else {
            String::new()
        },
        html(&report)
    ))
}

/// Returns the picture of a signed report, by the address of its page with `.svg`, or `None` for anything else.
#[must_use]
pub fn illustration(script: &DemoScript, path: &str) -> Option<String> {
    let id = path.strip_suffix(".svg")?;
    let feed = script.feed(id.split_once('/')?.0)?;
    let signed = feed.reports.iter().any(|report| report.id == id && report.author.is_some());
    signed.then(|| picture(id))
}

/// Returns the Media RSS element for the picture of a report, or nothing if it has no picture.
fn media(report: &DemoReport, stage: &Stage) -> String {
    let of = |_: &String| {
        let address = escaped(&format!("{}{}.svg", stage.base, report.id));
        format!(
            "<media:content url=\"{address}\" type=\"image/svg+xml\" medium=\"image\" width=\"640\" height=\"480\"/>\n"
        )
    };
    report.author.as_ref().map_or_else(String::new, of)
}

/// Returns when the report was published.
fn published(report: &DemoReport, stage: &Stage) -> Timestamp {
    match report.when {
        When::Step(step) => stage.at(step),
        When::Before(minutes) => {
            let before = SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(0));
            stage.began.saturating_sub(before).unwrap_or(stage.began)
        }
    }
}

/// Returns when the report was last changed.
fn updated(report: &DemoReport, stage: &Stage, step: u64) -> Timestamp {
    report.revision_at(step).map_or_else(|| published(report, stage), |(from, _)| stage.at(*from))
}

/// Returns the address of the article. A partner's address carries a tracking parameter, as in reality.
pub(super) fn link(feed: &DemoFeed, report: &DemoReport, stage: &Stage) -> String {
    let mark = if report.link == report.id { String::new() } else { format!("?utm_source={}", feed.path) };
    format!("{}{}{mark}", stage.base, report.link)
}

fn html(report: &DemoReport) -> String {
    report.paragraphs.iter().fold(String::new(), |text, paragraph| text + "<p>" + &escaped(paragraph) + "</p>")
}

fn rss(feed: &DemoFeed, reports: &[DemoReport], stage: &Stage, step: u64) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:media=\"http://search.yahoo.com/mrss/\">\n\
         <channel>\n<title>{title}</title>\n<link>{base}{path}/feed</link>\n<description>{title}</description>\n\
         <language>{language}</language>\n",
        title = escaped(feed.title),
        base = stage.base,
        path = feed.path,
        language = feed.language
    );
    for report in reports {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "<item>\n<title>{}</title>\n<link>{}</link>\n<guid isPermaLink=\"false\">{}</guid>\n<pubDate>{}</pubDate>\n",
            escaped(report.title_at(step)),
            escaped(&link(feed, report, stage)),
            escaped(&report.id),
            rfc2822::to_string(&published(report, stage).to_zoned_datetime(jiff::tz::TimeZone::UTC))
                .unwrap_or_default()
        );
        if let Some(author) = &report.author {
            let _ = writeln!(text, "<dc:creator>{}</dc:creator>", escaped(author));
        }
        for topic in &report.topics {
            let _ = writeln!(text, "<category>{}</category>", escaped(topic));
        }
        text += &media(report, stage);
        let summary = report.paragraphs.first().map(String::as_str).unwrap_or_default();
        let _ = write!(
            text,
            "<description>{}</description>\n<content:encoded>{}</content:encoded>\n</item>\n",
            escaped(summary),
            escaped(&html(report))
        );
    }
    text + "</channel>\n</rss>\n"
}

fn atom(feed: &DemoFeed, reports: &[DemoReport], stage: &Stage, step: u64) -> String {
    let newest = reports.iter().map(|report| updated(report, stage, step)).max().unwrap_or(stage.began);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" \
         xmlns:media=\"http://search.yahoo.com/mrss/\" xml:lang=\"{language}\">\n\
         <id>tag:warraq.example,2026:{path}</id>\n<title>{title}</title>\n<updated>{newest:.0}</updated>\n\
         <link rel=\"self\" href=\"{base}{path}/feed\"/>\n<author><name>{title}</name></author>\n",
        language = feed.language,
        path = feed.path,
        title = escaped(feed.title),
        base = stage.base
    );
    for report in reports {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "<entry>\n<id>tag:warraq.example,2026:{}</id>\n<title>{}</title>\n<link href=\"{}\"/>\n\
             <published>{:.0}</published>\n<updated>{:.0}</updated>\n",
            escaped(&report.id),
            escaped(report.title_at(step)),
            escaped(&link(feed, report, stage)),
            published(report, stage),
            updated(report, stage, step)
        );
        if let Some(author) = &report.author {
            let _ = writeln!(text, "<author><name>{}</name></author>", escaped(author));
        }
        for topic in &report.topics {
            let _ = writeln!(text, "<category term=\"{}\"/>", escaped(topic));
        }
        text += &media(report, stage);
        let _ = write!(text, "<content type=\"html\">{}</content>\n</entry>\n", escaped(&html(report)));
    }
    text + "</feed>\n"
}

/// A news sitemap says no text: readers find it on the report's page.
fn sitemap(feed: &DemoFeed, reports: &[DemoReport], stage: &Stage, step: u64) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
         xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\">\n",
    );
    for report in reports {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "<url>\n<loc>{}</loc>\n<lastmod>{:.0}</lastmod>\n<news:news>\n<news:publication><news:name>{}</news:name>\
             <news:language>{}</news:language></news:publication>\n<news:publication_date>{:.0}</news:publication_date>\n\
             <news:title>{}</news:title>\n<news:keywords>{}</news:keywords>\n</news:news>\n</url>\n",
            escaped(&link(feed, report, stage)),
            updated(report, stage, step),
            escaped(feed.title),
            feed.language,
            published(report, stage),
            escaped(report.title_at(step)),
            escaped(&report.topics.join(", "))
        );
    }
    text + "</urlset>\n"
}
