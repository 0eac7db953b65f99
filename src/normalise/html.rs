//! Safe HTML: one policy for every text that can reach a feed, a page or a reader of the database.

use super::attributes::{self, raw_kind};
use super::declarations::declarations;
use super::fast_path;
use super::plain::is_dropped;
use super::recover;
use super::strip::tokenise;
use crate::model::{Deadline, Markup, SafeHtml};
use ammonia::{Builder, UrlRelative};
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use url::Url;

/// Maximum size of a text that is kept, in bytes.
pub const LONGEST: usize = 5 * 1024 * 1024;

/// Maximum nesting. Deeper elements lose their tags, because html5ever's tree builder is quadratic in depth (1.1 MB of nested
/// `div` took over 40 s).
const DEPTH: usize = 256;

/// Maximum number of open formatting elements: each is created again in every paragraph (HTML 13.2.4.3).
const FORMATTING: usize = 16;

/// Maximum number of tags of one text; further ones are removed.
const TAGS: usize = 100_000;

/// Maximum number of end tags of formatting elements inside which other elements are open; further ones are removed. For each,
/// html5ever takes up to 256 elements apart (a text of `<a><div></a>` took 4 s).
const MISNESTED: usize = 1_000;

/// Maximum number of ampersands of one text, which is truncated at the next one. html5ever's time grows with the square of the
/// bare ones (5 MB of `&a` took over three minutes).
const AMPERSANDS: usize = 50_000;

/// Maximum number of less-than signs of one text, which is truncated at the next one.
const LESS_THANS: usize = 400_000;

/// Returns a text as safe HTML, or `None` when nothing is left. Relative addresses are resolved against `base`, and dropped
/// without one. Links to parts of the text itself are pointed at `page`, the entry's page, if there is one. Line ends of plain
/// text are kept.
#[must_use]
pub fn html(markup: &Markup, base: Option<&str>, page: Option<&str>) -> Option<SafeHtml> {
    html_within(markup, base, page, &Deadline::never())
}

/// Does the same as [`html`], but also returns `None` when the deadline passes meanwhile.
#[must_use]
pub fn html_within(markup: &Markup, base: Option<&str>, page: Option<&str>, deadline: &Deadline) -> Option<SafeHtml> {
    let text = markup.as_str();
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let safe = match markup {
        Markup::Text(_) => lines(text),
        Markup::Html(_) if memchr::memchr2(b'<', b'&', text.as_bytes()).is_none() => escaped(text),
        Markup::Html(_) => {
            let text = declarations(bounded(text));
            let text = if recover::needs(&text) { Cow::Owned(recover::rewrite(&text, page, deadline)) } else { text };
            Cow::Owned(match fast_path::clean(&text) {
                Some(safe) => safe,
                None => clean(&cut(&text, deadline)?, base, deadline)?,
            })
        }
    };
    let safe = safe.trim();
    let safe =
        if safe.chars().any(is_unkept) { safe.chars().filter(|c| !is_unkept(*c)).collect() } else { safe.to_owned() };
    (!safe.is_empty()).then(|| SafeHtml::vouch(safe))
}

/// Truncates a text at the first ampersand or less-than sign beyond the limits.
pub(super) fn bounded(text: &str) -> &str {
    let ampersand = memchr::memchr_iter(b'&', text.as_bytes()).nth(AMPERSANDS);
    let less_than = memchr::memchr_iter(b'<', text.as_bytes()).nth(LESS_THANS);
    &text[..ampersand.unwrap_or(text.len()).min(less_than.unwrap_or(text.len()))]
}

/// Returns whether a character is removed: those of [`is_dropped`], except bidi characters (the end of a block ends their
/// effect), line ends and tabs.
fn is_unkept(c: char) -> bool {
    is_dropped(c)
        && !matches!(c, '\n' | '\r' | '\t' | '\u{7F}'..='\u{9F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Converts plain text to HTML, line by line.
fn lines(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !text.contains(['\n', '\r']) {
        return escaped(text);
    }
    let lines: Vec<_> = text.lines().map(|line| escaped(line.trim_end())).collect();
    Cow::Owned(lines.join("<br>\n"))
}

fn escaped(text: &str) -> Cow<'_, str> {
    if memchr::memchr3(b'<', b'>', b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

thread_local! {
    /// The policy with the base last used. The entries of a document share their base, and creating a policy costs as much as
    /// using it.
    static POLICY: RefCell<Option<(String, Builder<'static>)>> = const { RefCell::new(None) };
}

/// Sanitises HTML with ammonia. Returns `None` when the deadline passes meanwhile.
pub(super) fn clean(html: &str, base: Option<&str>, deadline: &Deadline) -> Option<String> {
    let base = base.unwrap_or_default();
    POLICY.with_borrow_mut(|slot| {
        if slot.as_ref().is_none_or(|(of, _)| of != base) {
            *slot = None;
        }
        let (_, policy) = slot.get_or_insert_with(|| (base.to_owned(), policy(base)));
        // Only the reader can fail, when the deadline passes.
        policy.clean_from_reader(Pieces { rest: html.as_bytes(), deadline }).ok().map(|safe| safe.to_string())
    })
}

/// A reader that checks the deadline: html5ever processes each piece before it asks for the next.
struct Pieces<'a> {
    rest: &'a [u8],
    deadline: &'a Deadline,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.deadline.is_over() {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        self.rest.read(into)
    }
}

/// Returns the policy: no scripts, styles, frames, forms, SVG or MathML; only http and https; `dir` and `lang` are kept.
fn policy(base: &str) -> Builder<'static> {
    let mut policy = Builder::default();
    policy
        // No browser displays it, and the W3C validator does not know it.
        .rm_tags(["rtc"])
        .add_tags(["audio", "video", "source", "picture", "section", "tfoot", "big", "address", "font"])
        .add_generic_attributes(["dir"])
        .add_tag_attributes("audio", ["src", "controls"])
        .add_tag_attributes("video", ["src", "controls", "poster", "width", "height"])
        .add_tag_attributes("source", ["src", "type"])
        .add_clean_content_tags([
            "svg", "math", "iframe", "noembed", "noframes", "template", "xmp", "title", "select", "textarea",
        ])
        .url_schemes(["http", "https"].into())
        .url_relative(match Url::parse(base) {
            Ok(base) if matches!(base.scheme(), "http" | "https") => UrlRelative::Custom(Box::new(relative_to(base))),
            _ => UrlRelative::Deny,
        });
    policy
}

/// Resolves relative addresses. A fragment refers to the text itself, never to the document it came in.
fn relative_to(base: Url) -> impl for<'a> Fn(&'a str) -> Option<Cow<'a, str>> + Send + Sync {
    move |url| match url {
        part if part.starts_with('#') => Some(Cow::Borrowed(part)),
        url => base.join(url).ok().map(|url| Cow::Owned(String::from(url))),
    }
}

/// Removes tags beyond [`DEPTH`], [`FORMATTING`], [`TAGS`] and [`MISNESTED`], and attributes beyond [`ATTRIBUTES`]. A text with
/// too few tags to exceed them is returned unchanged. Returns `None` when the deadline passes meanwhile.
fn cut<'a>(html: &'a str, deadline: &Deadline) -> Option<Cow<'a, str>> {
    let html = match attributes::cut(html) {
        Cow::Borrowed(_) if memchr::memchr_iter(b'<', html.as_bytes()).nth(FORMATTING).is_none() => {
            return Some(Cow::Borrowed(html));
        }
        html => html,
    };
    let sink = CutSink {
        out: RefCell::new(String::with_capacity(html.len())),
        open: RefCell::default(),
        tags: Cell::new(0),
        misnested: Cell::new(0),
        removed: Cell::new(false),
    };
    let sink = tokenise(&html, sink, deadline);
    if deadline.is_over() {
        return None;
    }
    Some(if sink.removed.get() { Cow::Owned(sink.out.into_inner()) } else { html })
}

/// Writes the tokens it receives as HTML, without the tags beyond the limits.
struct CutSink {
    out: RefCell<String>,
    /// Names of the open elements, and whether they are formatting elements.
    open: RefCell<Vec<(html5ever::LocalName, bool)>>,
    tags: Cell<usize>,
    misnested: Cell<usize>,
    removed: Cell<bool>,
}

impl CutSink {
    /// Returns whether a tag is kept.
    fn keeps(&self, tag: &Tag) -> bool {
        let mut open = self.open.borrow_mut();
        self.tags.set(self.tags.get() + 1);
        if self.tags.get() > TAGS {
            return false;
        }
        if tag.kind == TagKind::EndTag {
            // An end tag ends the innermost element of its name and everything left open inside it.
            return match open.iter().rposition(|(name, _)| *name == tag.name) {
                Some(at) => {
                    if open[at].1 && open[at + 1..].iter().any(|(_, formatting)| !formatting) {
                        self.misnested.set(self.misnested.get() + 1);
                        if self.misnested.get() > MISNESTED {
                            return false;
                        }
                    }
                    open.truncate(at);
                    true
                }
                None => true,
            };
        }
        if is_void(&tag.name) {
            return true;
        }
        if ends_itself(&tag.name) && open.last().is_some_and(|(name, _)| *name == tag.name) {
            open.pop();
        }
        let formatting = is_formatting(&tag.name);
        if open.len() >= DEPTH || formatting && open.iter().filter(|(_, f)| *f).count() >= FORMATTING {
            return false;
        }
        open.push((tag.name.clone(), formatting));
        true
    }
}

impl TokenSink for CutSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) => {
                let escaped = escaped(&text).into_owned();
                self.out.borrow_mut().push_str(&escaped);
            }
            Token::TagToken(tag) => {
                if self.keeps(&tag) {
                    recover::write(&mut self.out.borrow_mut(), &tag);
                } else {
                    self.removed.set(true);
                }
                if let Some(raw) = raw_kind(&tag.name).filter(|_| tag.kind == TagKind::StartTag) {
                    return TokenSinkResult::RawData(raw);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Returns whether an element is ended by the next one of its kind.
fn ends_itself(name: &str) -> bool {
    matches!(name, "p" | "li" | "dt" | "dd" | "td" | "th" | "tr" | "option")
}

/// Returns whether an element is a formatting element (HTML 13.2.4.2).
fn is_formatting(name: &str) -> bool {
    matches!(
        name,
        "a" | "b" | "big" | "code" | "em" | "font" | "i" | "nobr" | "s" | "small" | "strike" | "strong" | "tt" | "u"
    )
}
