//! Documents of invented outlets.
//!
//! ```ignore
//! let doc = FeedDoc::rss("العلم").entry("1", "عنوان", "https://alalam.invalid/1", "نص", "2026-11-02T09:30:00Z");
//! outlet.set("/feed", Reply::feed(doc));
//! ```

use std::fmt;

/// Builder of a feed: RSS 2.0 or Atom 1.0.
#[derive(Clone)]
pub struct FeedDoc {
    atom: bool,
    title: String,
    entries: Vec<[String; 5]>,
}

impl FeedDoc {
    /// Creates an RSS 2.0 feed with this title.
    pub fn rss(title: &str) -> Self {
        Self { atom: false, title: title.to_owned(), entries: Vec::new() }
    }

    /// Creates an Atom 1.0 feed with this title.
    pub fn atom(title: &str) -> Self {
        Self { atom: true, ..Self::rss(title) }
    }

    /// Adds an entry, in document order. Empty values among `id`, `title`, `link`, `text` and `date` (RFC 3339) are left out.
    pub fn entry(mut self, id: &str, title: &str, link: &str, text: &str, date: &str) -> Self {
        self.entries.push([id, title, link, text, date].map(str::to_owned));
        self
    }

    fn write_rss(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<rss version=\"2.0\"><channel>{}", element("title", &self.title))?;
        for [id, title, link, text, date] in &self.entries {
            let date = if date.is_empty() { String::new() } else { rfc2822(date) };
            let parts = [("guid", id), ("title", title), ("link", link), ("description", text), ("pubDate", &date)];
            let parts: String = parts.map(|(name, text)| element(name, text)).concat();
            write!(f, "\n<item>{}</item>", parts.replace("<guid>", "<guid isPermaLink=\"false\">"))?;
        }
        f.write_str("\n</channel></rss>\n")
    }

    fn write_atom(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<feed xmlns=\"http://www.w3.org/2005/Atom\">{}", element("title", &self.title))?;
        for [id, title, link, text, date] in &self.entries {
            let link = if link.is_empty() { String::new() } else { format!("<link href=\"{}\"/>", escape(link)) };
            let parts = [("id", id), ("title", title), ("summary", text), ("published", date), ("updated", date)];
            write!(f, "\n<entry>{}{link}</entry>", parts.map(|(name, text)| element(name, text)).concat())?;
        }
        f.write_str("\n</feed>\n")
    }
}

impl fmt::Display for FeedDoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n")?;
        if self.atom { self.write_atom(f) } else { self.write_rss(f) }
    }
}

impl From<FeedDoc> for Vec<u8> {
    fn from(doc: FeedDoc) -> Self {
        doc.to_string().into_bytes()
    }
}

fn element(name: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<{name}>{}</{name}>", escape(text)) }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Converts an RFC 3339 date to the form of RSS.
fn rfc2822(date: &str) -> String {
    let at: jiff::Timestamp = date.parse().unwrap();
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[test]
fn both_dialects_are_well_formed_and_hold_what_was_given() {
    for doc in [FeedDoc::rss("أ & ب"), FeedDoc::atom("أ & ب")] {
        let doc = doc.entry("x<1>", "T", "https://a.invalid/?a=1&b=2", "t", "2026-11-02T09:30:00Z");
        let feed = feed_rs::parser::parse(&Vec::from(doc)[..]).unwrap();
        assert_eq!(feed.title.unwrap().content, "أ & ب");
        let entry = &feed.entries[0];
        assert_eq!((entry.id.as_str(), entry.links[0].href.as_str()), ("x<1>", "https://a.invalid/?a=1&b=2"));
        assert_eq!(entry.published.unwrap().timestamp(), 1_793_611_800);
    }
}
