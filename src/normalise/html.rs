//! HTML that can do no harm: one policy for every text that can reach a feed, a page or a database reader.

use super::attributes;
use super::cut::cut;
use super::fast_path;
use super::limits::TextLimits;
use super::plain::is_dropped;
use super::recover;
use crate::model::{Markup, SafeHtml, uri};
use ammonia::{Builder, UrlRelative};
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Read};
use url::Url;

/// Longest text that is kept, in bytes.
pub const LONGEST: usize = 5 * 1024 * 1024;

/// Ampersands of one text: html5ever's time grows with the square of bare ones (5 MB of `&a` took over three minutes). The
/// text ends where there are more.
const AMPERSANDS: usize = 50_000;

/// Less-than signs of one text; it ends where there are more.
const LESS_THANS: usize = 400_000;

/// A text as safe HTML; `None` when nothing is left. Relative addresses are relative to `base`, and dropped without one;
/// links to parts of the text itself lead to `page`, the entry's, where it has one. Line ends of plain text are kept.
#[must_use]
pub fn html(markup: &Markup, base: Option<&str>, page: Option<&str>) -> Option<SafeHtml> {
    html_within(markup, base, page, &TextLimits::default())
}

/// As [`html`]; `None` too when the deadline passes on the way.
#[must_use]
pub fn html_within(markup: &Markup, base: Option<&str>, page: Option<&str>, limits: &TextLimits) -> Option<SafeHtml> {
    let text = markup.as_str();
    if text.len() > LONGEST {
        limits.note("long-texts");
    }
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let safe = match markup {
        Markup::Text(_) => lines(text),
        Markup::Html(_) if memchr::memchr2(b'<', b'&', text.as_bytes()).is_none() => escaped(text),
        Markup::Html(_) => Cow::Owned(safe(text, base, page, limits)?),
    };
    let safe = uri::without_userinfo_within(&safe);
    let safe = safe.trim();
    let safe =
        if safe.chars().any(is_unkept) { safe.chars().filter(|c| !is_unkept(*c)).collect() } else { safe.to_owned() };
    (!safe.is_empty()).then(|| SafeHtml::vouch(safe))
}

/// Marked-up text by the way that is cheapest for it.
fn safe(text: &str, base: Option<&str>, page: Option<&str>, limits: &TextLimits) -> Option<String> {
    let kept = bounded(text);
    if kept.len() < text.len() {
        limits.note("too-many-marks");
    }
    let text = declarations(kept);
    let text = if recover::needs(&text) {
        Cow::Owned(recover::rewrite(&attributes::cut(&text, limits), page, limits))
    } else {
        text
    };
    if let Some(safe) = fast_path::clean(&text, limits) {
        return Some(safe);
    }
    clean(&cut(&text, limits)?, base, limits)
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

/// Appends a text, escaped for HTML and for quoted attributes.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if memchr::memchr3(b'<', b'>', b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

thread_local! {
    /// The policy with the base last used: the entries of a document share theirs, and making a policy costs as much as
    /// using it.
    static POLICY: RefCell<Option<(String, Builder<'static>)>> = const { RefCell::new(None) };
    /// What the text under way may still take.
    static ADDRESSES: RefCell<Addresses> = RefCell::default();
}

/// Bytes that relative addresses of one text may grow by: each is written with its base, which may be a hundred times as long.
const GROWN: usize = 1024 * 1024;

/// Relative addresses of the text under way.
#[derive(Default)]
struct Addresses {
    limits: TextLimits,
    grown: usize,
}

/// The sanitiser's word; `None` when the deadline passes on the way.
pub(super) fn clean(html: &str, base: Option<&str>, limits: &TextLimits) -> Option<String> {
    let base = base.unwrap_or_default();
    ADDRESSES.set(Addresses { limits: TextLimits::within(limits.deadline()), grown: 0 });
    let safe = POLICY.with_borrow_mut(|slot| {
        if slot.as_ref().is_none_or(|(of, _)| of != base) {
            *slot = None;
        }
        let (_, policy) = slot.get_or_insert_with(|| (base.to_owned(), policy(base)));
        // Only the reader below fails.
        policy.clean_from_reader(Pieces { rest: html.as_bytes(), limits }).ok()
    })?;
    for cut in ADDRESSES.take().limits.cuts() {
        limits.note(cut);
    }
    (!limits.is_over()).then(|| safe.to_string())
}

/// A text in pieces: html5ever builds its tree for each before it asks for the next, so that the deadline is looked at on the way.
struct Pieces<'a> {
    rest: &'a [u8],
    limits: &'a TextLimits,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.limits.is_over() {
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
        // The walk over the tree has no other place to be stopped at: without attributes the rest of it costs little.
        .attribute_filter(|_, name, value| {
            ADDRESSES.with_borrow(|it| !it.limits.steps_over()).then(|| open_address(name, value))
        })
        .url_relative(match Url::parse(base) {
            Ok(base) if matches!(base.scheme(), "http" | "https") => UrlRelative::Custom(Box::new(relative_to(base))),
            _ => UrlRelative::Deny,
        });
    policy
}

/// An address without `user:password@`, in every way that browsers read one (`http:/me@host`, `http:\\\\me@host`); other
/// attributes as they are.
fn open_address<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if !value.contains('@') || !matches!(name, "href" | "src" | "cite" | "poster") {
        return Cow::Borrowed(value);
    }
    let value = value.trim();
    // One that begins with two slashes has its document's scheme (RFC 3986 4.2).
    let is_slash = |c: char| matches!(c, '/' | '\\');
    let scheme = if value.chars().take(2).filter(|c| is_slash(*c)).count() == 2 { "https:" } else { "" };
    match Url::parse(&format!("{scheme}{value}")) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            // Fails for addresses without a host, which have none of these.
            let _ = url.set_username("").and_then(|()| url.set_password(None));
            Cow::Owned(url[..][scheme.len()..].to_owned())
        }
        _ => Cow::Borrowed(value),
    }
}

/// Relative addresses as absolute ones. A part of the text is never a part of the document it came in.
fn relative_to(base: Url) -> impl for<'a> Fn(&'a str) -> Option<Cow<'a, str>> + Send + Sync {
    move |url| match url {
        part if part.starts_with('#') => Some(Cow::Borrowed(part)),
        url => ADDRESSES.with_borrow_mut(|addresses| {
            if addresses.grown > GROWN {
                addresses.limits.note("long-addresses");
                return None;
            }
            let whole = String::from(base.join(url).ok()?);
            let whole = uri::without_userinfo(&whole).into_owned();
            addresses.grown += whole.len().saturating_sub(url.len());
            Some(Cow::Owned(whole))
        }),
    }
}

/// `<!` that begins neither a comment nor a document type is text to its writer and a comment to HTML, which would lose it;
/// the marks of a CDATA section are neither.
pub(super) fn declarations(html: &str) -> Cow<'_, str> {
    let stray = |at: usize| {
        let rest = &html.as_bytes()[at + 2..];
        !rest.starts_with(b"--") && !rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"doctype"))
    };
    if !memchr::memmem::find_iter(html.as_bytes(), "<!").any(stray) {
        return Cow::Borrowed(html);
    }
    let html = html.replace("<![CDATA[", "").replace("]]>", "");
    let mut out = String::with_capacity(html.len() + 16);
    let mut rest = html.as_str();
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"<!") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let kept =
            after.starts_with("<!--") || after.get(2..9).is_some_and(|word| word.eq_ignore_ascii_case("doctype"));
        out.push_str(if kept { "<!" } else { "&lt;!" });
        rest = &after[2..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}
