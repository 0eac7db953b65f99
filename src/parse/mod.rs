//! parse (stand-in)
#![expect(missing_docs, reason = "stand-in")]
use crate::model::*;
pub struct Context {
    pub base: url::Url,
    pub content_type: Option<String>,
    pub zone: jiff::tz::TimeZone,
    pub guids_void: bool,
}
pub fn read(b: &[u8], c: &Context, known: &dyn Fn(RawHash) -> bool) -> Result<ParsedFeed, Fault> {
    let f = feed_rs::parser::Builder::new()
        .sanitize_content(false)
        .base_uri(Some(&c.base))
        .build()
        .parse(b)
        .map_err(|e| Fault::NotAFeed(e.to_string()))?;
    let ts =
        |d: Option<chrono::DateTime<chrono::Utc>>| d.and_then(|d| jiff::Timestamp::from_second(d.timestamp()).ok());
    let h = |t: Option<feed_rs::model::Text>| t.map(|t| Markup::Html(t.content));
    Ok(ParsedFeed {
        format: Format::Rss20,
        encoding: "UTF-8",
        encoding_from: EncodingFrom::Utf8,
        repairs: vec![],
        partial: false,
        title: h(f.title),
        description: None,
        link: None,
        self_link: None,
        hub: None,
        language: f.language,
        rights: None,
        authors: vec![],
        categories: vec![],
        image: None,
        generator: None,
        published: ts(f.published),
        updated: ts(f.updated),
        hints: Hints::default(),
        guids_void: false,
        link_shared: false,
        listed: f
            .entries
            .into_iter()
            .map(|e| {
                let raw = RawHash::of(format!("{e:?}").as_bytes());
                Listed {
                    raw,
                    link_repeats: false,
                    entry: (!known(raw)).then(|| {
                        Box::new(ParsedEntry {
                            id: Some(e.id.clone()),
                            key: Key(e.id.clone()),
                            title: h(e.title),
                            link: e.links.first().map(|l| l.href.clone()),
                            base: None,
                            summary: h(e.summary),
                            content: e.content.and_then(|c| c.body).map(Markup::Html),
                            authors: vec![],
                            contributors: vec![],
                            categories: vec![],
                            rights: None,
                            image: None,
                            published: ts(e.published),
                            updated: ts(e.updated),
                            enclosures: vec![],
                            language: None,
                            comments: None,
                            source: None,
                        })
                    }),
                }
            })
            .collect(),
    })
}
