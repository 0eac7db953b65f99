//! Articles of web pages: whether an entry needs its page, and the extraction of the article's text. Pure.
//!
//! The extractor is a foreign crate with recursion and quadratic steps. Its input is therefore limited first: in bytes
//! (`TEXT`), tags, nesting and attributes ([`crate::normalise::within_limits`]). `benches/README.md` has the measurements.

mod related;
mod wanted;

pub use wanted::wants_page;

use crate::{
    model::{Article, Entry, Markup, MissingArticle, NoArticle},
    normalise::{self, TextLimits, TextPlace},
    parse::{self, ParseContext},
};
use dom_smoothie::{Config, Readability};

/// Maximum number of bytes of a page that are read. Of 181 news pages the longest has 1.5 MB, most of it scripts.
const TEXT: usize = 3 * 1024 * 1024;

/// Minimum number of words of an article.
const WORDS: usize = 25;

/// Maximum number of elements that the extractor accepts. A page with more has no article.
const ELEMENTS: usize = 30_000;

/// Returns the article of a fetched page. It must be longer than the feed's own text, and must share words with the entry's
/// title.
///
/// # Errors
/// Returns the reason why the page has no usable article.
pub fn read(page: &[u8], context: &ParseContext, entry: &Expected) -> Result<Article, MissingArticle> {
    let media_type = context.content_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !["", "text/html", "application/xhtml+xml"].iter().any(|page| page.eq_ignore_ascii_case(media_type)) {
        return Err(MissingArticle::new(NoArticle::NotAPage, format!("the document is {}", clipped(media_type))));
    }
    let limits = TextLimits::within(&context.deadline);
    let text = parse::page_text(&page[..page.len().min(TEXT)], context);
    let base = context.base.as_ref().map(url::Url::as_str);
    let given_up = || MissingArticle::new(NoArticle::Unreadable, "reading the page takes too long");
    let text = normalise::within_limits(&text, &limits).ok_or_else(given_up)?;
    let found = extract(&text, base);
    drop(text);
    let place = TextPlace { base, page: base, ..TextPlace::default() };
    let html = found.and_then(|html| normalise::html_within(&Markup::Html(html), place, &limits));
    if context.deadline.is_over() {
        return Err(given_up());
    }
    let no_article = || MissingArticle::new(NoArticle::TooShort, "no article was found in the page");
    let html = html.ok_or_else(no_article)?;
    let folded = normalise::folded(&html);
    let words = words(&folded);
    if words < WORDS || words <= entry.words {
        let own = entry.words;
        let words = format!("the article found in the page has {words} words, the feed's text has {own}");
        return Err(MissingArticle::new(NoArticle::TooShort, words));
    }
    if !related::shares_words(&folded, &entry.title) {
        let words = "the text of the page has nothing of the title: it may be a notice";
        return Err(MissingArticle::new(NoArticle::TooShort, words));
    }
    Ok(Article { html, folded })
}

/// The facts about an article that are known before its page is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The folded title; empty if the entry has none.
    pub title: String,
    /// Number of words of the feed's own text.
    pub words: usize,
}

impl Expected {
    /// Returns the facts that an entry states about its article.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        Self { title: entry.folded.title.clone(), words: words(&entry.folded.body) }
    }
}

/// Returns the number of words of a folded text.
fn words(folded: &str) -> usize {
    folded.split(' ').filter(|word| !word.is_empty()).count()
}

/// Returns the article of a page as HTML, if one was found.
fn extract(page: &str, base: Option<&str>) -> Option<String> {
    let config = Config { max_elements_to_parse: ELEMENTS, disable_json_ld: true, ..Config::default() };
    let article = Readability::new(page, base, Some(config)).ok()?.parse().ok()?;
    Some(article.content.to_string())
}

/// Returns the first 60 characters of a media type, for a message.
fn clipped(media_type: &str) -> String {
    media_type.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests;
