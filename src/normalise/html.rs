//! HTML that can do no harm: one policy for every text that can reach a feed, a page or a database reader.

use super::attributes::{self, raw_kind};
use super::escape::declarations;
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

/// Longest text that is kept, in bytes.
pub const LONGEST: usize = 5 * 1024 * 1024;

/// Elements deeper than this lose their tags: html5ever's tree builder is quadratic in depth (1.1 MB of nested `div` took over
/// 40 s).
const DEPTH: usize = 256;

/// Formatting elements open at once: each is made anew in every paragraph (HTML 13.2.4.3).
const FORMATTING: usize = 16;

/// Tags of one text; those after them lose their tags.
const TAGS: usize = 100_000;

/// End tags of formatting elements that other elements are open inside of: html5ever takes up to 256 elements apart for each (a
/// text of `<a><div></a>` took 4 s). Those after them are left out.
const MISNESTED: usize = 1_000;

/// Ampersands of one text: html5ever's time grows with the square of bare ones (5 MB of `&a` took over three minutes). The
/// text ends where there are more.
const AMPERSANDS: usize = 50_000;

/// Less-than signs of one text; it ends where there are more.
const LESS_THANS: usize = 400_000;

/// A text as safe HTML; `None` when nothing is left. Relative addresses are relative to `base`, and dropped without one;
/// links to parts of the text itself lead to `page`, the entry's, where it has one. Line ends of plain text are kept.
#[must_use]
pub fn html(markup: &Markup, base: Option<&str>, page: Option<&str>) -> Option<SafeHtml> {
    html_within(markup, base, page, &Deadline::never())
}

/// As [`html`]; `None` too when the deadline passes on the way.
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

/// A text up to the mark that is one too many.
pub(super) fn bounded(text: &str) -> &str {
    let ampersand = memchr::memchr_iter(b'&', text.as_bytes()).nth(AMPERSANDS);
    let less_than = memchr::memchr_iter(b'<', text.as_bytes()).nth(LESS_THANS);
    &text[..ampersand.unwrap_or(text.len()).min(less_than.unwrap_or(text.len()))]
}

/// As [`is_dropped`], but bidi characters stay (a block ends them) and so do line ends and tabs.
fn is_unkept(c: char) -> bool {
    is_dropped(c)
        && !matches!(c, '\n' | '\r' | '\t' | '\u{7F}'..='\u{9F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Plain text as HTML, line by line.
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
    /// The policy with the base last used: the entries of a document share theirs, and making a policy costs as much as
    /// using it.
    static POLICY: RefCell<Option<(String, Builder<'static>)>> = const { RefCell::new(None) };
}

/// The sanitiser's word; `None` when the deadline passes on the way.
pub(super) fn clean(html: &str, base: Option<&str>, deadline: &Deadline) -> Option<String> {
    let base = base.unwrap_or_default();
    POLICY.with_borrow_mut(|slot| {
        if slot.as_ref().is_none_or(|(of, _)| of != base) {
            *slot = None;
        }
        let (_, policy) = slot.get_or_insert_with(|| (base.to_owned(), policy(base)));
        // Only the reader below fails.
        policy.clean_from_reader(Pieces { rest: html.as_bytes(), deadline }).ok().map(|safe| safe.to_string())
    })
}

/// A text in pieces: html5ever builds its tree for each before it asks for the next, so that the deadline is looked at on the way.
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

/// No scripts, no styles, no frames, no forms, no SVG or MathML; http and https only; `dir` and `lang` stay.
fn policy(base: &str) -> Builder<'static> {
    let mut policy = Builder::default();
    policy
        // Nobody draws it, and the W3C validator does not know it.
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

/// Relative addresses as absolute ones. A part of the text is never a part of the document it came in.
fn relative_to(base: Url) -> impl for<'a> Fn(&'a str) -> Option<Cow<'a, str>> + Send + Sync {
    move |url| match url {
        part if part.starts_with('#') => Some(Cow::Borrowed(part)),
        url => base.join(url).ok().map(|url| Cow::Owned(String::from(url))),
    }
}

/// Removes tags beyond [`DEPTH`], [`FORMATTING`] and [`TAGS`], and attributes beyond [`ATTRIBUTES`]; a text that cannot have so
/// many is left alone. `None` when the deadline passes on the way.
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

/// Writes what it is told again, without the tags that are too many.
struct CutSink {
    out: RefCell<String>,
    /// Names of the elements that are open, and whether they are formatting.
    open: RefCell<Vec<(html5ever::LocalName, bool)>>,
    tags: Cell<usize>,
    misnested: Cell<usize>,
    removed: Cell<bool>,
}

impl CutSink {
    /// Whether a tag is kept.
    fn keeps(&self, tag: &Tag) -> bool {
        let mut open = self.open.borrow_mut();
        self.tags.set(self.tags.get() + 1);
        if self.tags.get() > TAGS {
            return false;
        }
        if tag.kind == TagKind::EndTag {
            // An end tag ends the innermost of its name, and all inside it that is left open.
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

/// Elements that the next of their kind ends.
fn ends_itself(name: &str) -> bool {
    matches!(name, "p" | "li" | "dt" | "dd" | "td" | "th" | "tr" | "option")
}

/// HTML 13.2.4.2.
fn is_formatting(name: &str) -> bool {
    matches!(
        name,
        "a" | "b" | "big" | "code" | "em" | "font" | "i" | "nobr" | "s" | "small" | "strike" | "strong" | "tt" | "u"
    )
}
