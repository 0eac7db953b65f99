//! stand-in
#![expect(missing_docs, reason = "stand-in")]
use crate::model::*;
pub mod fold;
pub struct Context {
    pub language: Option<Language>,
    pub now: jiff::Timestamp,
}
pub fn plain(t: &Markup) -> PlainText {
    PlainText::vouch(t.as_str().to_owned())
}
pub fn entry(p: ParsedEntry, c: &Context) -> Entry {
    let title = p.title.as_ref().map(plain);
    let body = p.content.as_ref().or(p.summary.as_ref()).map(|m| m.as_str().to_owned()).unwrap_or_default();
    Entry {
        key: p.key,
        raw: RawHash(0),
        source_id: p.id,
        excerpt: None,
        link_key: p.link.as_deref().and_then(link::link_key),
        link: p.link,
        summary: p.summary.map(|m| SafeHtml::vouch(m.as_str().to_owned())),
        content: p.content.map(|m| SafeHtml::vouch(m.as_str().to_owned())),
        language: p.language.or_else(|| c.language.as_ref().map(|l| l.as_str().to_owned())),
        published: p.published,
        updated: p.updated,
        believed: p.published.or(p.updated).filter(|d| *d <= c.now),
        extras: Extras::default(),
        shown: Entry::hash_shown(&[title.as_ref().map_or("", |t| t.as_str()), &body]),
        folded: Folded { title: fold::fold(title.as_ref().map_or("", |t| t.as_str())), body: fold::fold(&body) },
        title,
    }
}
