//! OPML 2.0 of the configured feeds.

use super::clean::has_end_tag;
use super::values::language;
use super::xml::Xml;
use crate::model::Outlet;
use crate::model::uri::{as_uri, is_http};

/// `Content-Type` of an OPML document.
pub const MEDIA_TYPE: &str = "text/x-opml; charset=utf-8";

/// One configured feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The outlet's name.
    pub outlet_name: String,
    /// The feed's own title; `None` before it is read, or if the feed has no title.
    pub feed_title: Option<String>,
    /// Address of the feed, as it may be shown.
    pub feed_url: String,
    /// Address of the web page the feed belongs to, if known.
    pub page: Option<String>,
    /// Language tag.
    pub language: Option<String>,
    /// Tags of the outlet. The first one becomes the folder of the feed.
    pub tags: Vec<String>,
}

impl Subscription {
    /// Returns the feeds of an outlet, as configured.
    pub fn of(outlet: &Outlet) -> impl Iterator<Item = Self> + use<'_> {
        outlet.feeds.iter().map(|feed| Self {
            outlet_name: outlet.name.clone(),
            feed_title: None,
            feed_url: feed.as_str().to_owned(),
            page: None,
            language: outlet.language.as_ref().map(ToString::to_string),
            tags: outlet.tags.clone(),
        })
    }
}

/// Renders the document: one outline per feed, in the given order, inside a folder named after the outlet's first tag.
#[must_use]
pub fn render(title: &str, feeds: &[Subscription]) -> Vec<u8> {
    let mut xml = Xml::new(256 * feeds.len() + 512);
    xml.open("opml", &[("version", Some("2.0"))]);
    xml.open("head", &[]);
    xml.text("title", &[], title);
    xml.text("docs", &[], "http://opml.org/spec2.opml");
    xml.close("head");
    xml.open("body", &[]);
    for folder in folders(feeds) {
        if let Some(tag) = folder {
            xml.open("outline", &[("text", Some(tag))]);
        }
        for feed in feeds.iter().filter(|f| f.tags.first().map(String::as_str) == folder) {
            outline(&mut xml, feed);
        }
        if folder.is_some() {
            xml.close("outline");
        }
    }
    xml.close("body");
    xml.close("opml");
    xml.into_bytes()
}

/// Returns the first tags of all feeds, in order of first use, and at the end `None` for the feeds without tags.
fn folders(feeds: &[Subscription]) -> Vec<Option<&str>> {
    let mut folders: Vec<Option<&str>> = Vec::new();
    for tag in feeds.iter().filter_map(|f| f.tags.first()) {
        if !folders.contains(&Some(tag)) {
            folders.push(Some(tag));
        }
    }
    folders.push(None);
    folders
}

fn outline(xml: &mut Xml, feed: &Subscription) {
    // The outlet's name is what people know; a feed's own title tells two feeds of one outlet apart.
    let name = match feed.feed_title.as_deref() {
        Some(title) if title != feed.outlet_name && !title.is_empty() && !has_end_tag(title) => {
            format!("{}: {title}", feed.outlet_name)
        }
        _ => feed.outlet_name.clone(),
    };
    let page = feed.page.as_deref().map(as_uri).filter(|url| is_http(url));
    let category = feed.tags.iter().map(|tag| tag.replace([',', '/'], " ")).collect::<Vec<_>>().join(",");
    xml.empty(
        "outline",
        &[
            ("type", Some("rss")),
            ("text", Some(&name)),
            ("title", Some(&name)),
            ("xmlUrl", Some(&as_uri(&feed.feed_url))),
            ("htmlUrl", page.as_deref()),
            ("language", language(feed.language.as_deref())),
            ("category", Some(&*category).filter(|c| !c.is_empty())),
        ],
    );
}
