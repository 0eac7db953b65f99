//! Safe HTML: one policy for every text that can reach a feed, a page or a reader of the database.

use super::attributes::{self, Slash};
use super::cut::cut;
use super::declarations::declarations;
use super::escape::escaped;
use super::fast_path;
use super::limits::{GROWN, TextLimits};
use super::place::TextPlace;
use super::plain::is_dropped;
use super::recover;
use super::strays::strays;
use super::tidy::{is_contact, tidy};
use crate::model::{Markup, SafeHtml, address, uri};
use ammonia::{Builder, UrlRelative};
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Read};
use url::Url;

/// Maximum size of a text that is kept, in bytes.
pub const LONGEST: usize = 5 * 1024 * 1024;

/// Maximum number of ampersands of one text, which is truncated at the next one. html5ever's time grows with the square of the
/// bare ones (5 MB of `&a` took over three minutes).
const AMPERSANDS: usize = 50_000;

/// Maximum number of `<`, of `>`, of `"` and of no-break spaces of one text, which is truncated at the next one. Escaped, they take
/// up to six times as many bytes.
const MARKS: usize = 400_000;

/// Maximum number of `<` of a page. Each may begin a tag, a comment or a text of its own in the extractor's tree: 400,000 took
/// 93 MB. Pages within the extractor's limit of 30,000 elements have fewer.
const PAGE_MARKS: usize = 100_000;

/// Returns a text as safe HTML, or `None` when nothing is left. Relative addresses are resolved against `base`, and dropped
/// without one. Links to parts of the text itself are pointed at `page`, the entry's page, if there is one. Line ends of plain
/// text are kept.
#[must_use]
pub fn html(markup: &Markup, base: Option<&str>, page: Option<&str>) -> Option<SafeHtml> {
    html_within(markup, TextPlace { base, page, ..TextPlace::default() }, &TextLimits::default())
}

/// Does the same as [`html`] for a text in this place, but also returns `None` when the deadline passes meanwhile.
#[must_use]
pub fn html_within(markup: &Markup, place: TextPlace<'_>, limits: &TextLimits) -> Option<SafeHtml> {
    let text = markup.as_str();
    if text.len() > LONGEST {
        limits.note("long-texts");
    }
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let kept = bounded(text);
    if kept.len() < text.len() {
        limits.note("too-many-marks");
    }
    let text = kept;
    let safe = match markup {
        Markup::Text(_) => lines(text),
        Markup::Html(_) if memchr::memchr2(b'<', b'&', text.as_bytes()).is_none() => line_feeds(escaped(text)),
        Markup::Html(_) => Cow::Owned(safe(text, place, limits)?),
    };
    let safe = uri::without_userinfo_within(&safe);
    let safe = tidy(safe.trim());
    let safe = safe.trim();
    let safe = if has_unkept(safe) { safe.chars().filter(|c| !is_unkept(*c)).collect() } else { safe.to_owned() };
    (!safe.is_empty()).then(|| SafeHtml::vouch(safe))
}

/// Returns HTML without the tags and attributes that would make building its tree expensive, for the extractor of articles: nesting,
/// the numbers of tags and attributes, formatting and length are limited. `None` when the deadline passes meanwhile.
#[must_use]
pub fn within_limits<'a>(html: &'a str, limits: &TextLimits) -> Option<Cow<'a, str>> {
    let html = bounded(&html[..html.floor_char_boundary(LONGEST)]);
    let end = memchr::memchr_iter(b'<', html.as_bytes()).nth(PAGE_MARKS).unwrap_or(html.len());
    cut(&html[..end], limits)
}

/// Sanitises HTML in the cheapest way that suits it.
fn safe(text: &str, place: TextPlace<'_>, limits: &TextLimits) -> Option<String> {
    let text = declarations(text);
    let needs = recover::needs(&text);
    if !needs && let Some(safe) = fast_path::clean(&text, place.base, limits) {
        return Some(safe);
    }
    let text = strays(&text);
    if !needs && !recover::has_odd_elements(&text) {
        return clean(&cut(&text, limits)?, place.base, limits);
    }
    let text = recover::rewrite(&attributes::cut(&text, Slash::Ends, limits), place, limits);
    if let Some(safe) = fast_path::clean(&text, place.base, limits) {
        return Some(safe);
    }
    clean(&cut(&text, limits)?, place.base, limits)
}

/// Truncates a text at the first mark beyond the limits.
pub(super) fn bounded(text: &str) -> &str {
    let bytes = text.as_bytes();
    let ends = [
        memchr::memchr_iter(b'&', bytes).nth(AMPERSANDS),
        memchr::memchr_iter(b'<', bytes).nth(MARKS),
        memchr::memchr_iter(b'>', bytes).nth(MARKS),
        memchr::memchr_iter(b'"', bytes).nth(MARKS),
        memchr::memmem::find_iter(bytes, "\u{A0}").nth(MARKS),
    ];
    &text[..ends.into_iter().flatten().min().unwrap_or(text.len())]
}

/// Returns whether a character is removed: those of [`is_dropped`], except bidi characters (the end of a block ends their
/// effect), line ends and tabs.
fn is_unkept(c: char) -> bool {
    is_dropped(c)
        && !matches!(c, '\n' | '\r' | '\t' | '\u{7F}'..='\u{9F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Returns whether a text has a character of [`is_unkept`]. All beyond ASCII begin with the byte 0xEF.
fn has_unkept(text: &str) -> bool {
    let may_be = |b: &u8| *b < b' ' && !matches!(b, b'\n' | b'\r' | b'\t') || *b == 0xEF;
    // Whole pieces, because a loop that may end at each byte looks at one byte at a time.
    let may_be = text.as_bytes().chunks(256).any(|piece| piece.iter().fold(false, |found, b| found | may_be(b)));
    may_be && text.chars().any(is_unkept)
}

/// Returns a text with line feeds as its only line ends (XML 2.11, HTML 13.2.3.5).
fn line_feeds(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('\r') {
        return text;
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Converts plain text to HTML, line by line.
fn lines(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    // Unicode 5.8: all of these end a line.
    if !text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        return escaped(text);
    }
    let text = text.replace("\r\n", "\n");
    let lines: Vec<_> =
        text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).map(|line| escaped(line.trim_end())).collect();
    Cow::Owned(lines.join("<br>\n"))
}

thread_local! {
    /// The policy with the base last used. The entries of a document share their base, and creating a policy costs as much as
    /// using it.
    static POLICY: RefCell<Option<(String, Builder<'static>)>> = const { RefCell::new(None) };
    /// The relative addresses of the text that is being sanitised.
    static ADDRESSES: RefCell<Addresses> = RefCell::default();
}

/// How much the relative addresses of the current text have grown.
#[derive(Default)]
struct Addresses {
    limits: TextLimits,
    grown: usize,
}

/// Sanitises HTML with ammonia. Returns `None` when the deadline passes meanwhile.
pub(super) fn clean(html: &str, base: Option<&str>, limits: &TextLimits) -> Option<String> {
    let base = base.unwrap_or_default();
    ADDRESSES.set(Addresses { limits: TextLimits::within(limits.deadline()), grown: 0 });
    let safe = POLICY.with_borrow_mut(|slot| {
        if slot.as_ref().is_none_or(|(of, _)| of != base) {
            *slot = None;
        }
        let (_, policy) = slot.get_or_insert_with(|| (base.to_owned(), policy(base)));
        // Only the reader can fail, when the deadline passes.
        policy.clean_from_reader(Chunks { rest: html.as_bytes(), limits }).ok()
    })?;
    for cut in ADDRESSES.take().limits.cuts() {
        limits.note(cut);
    }
    (!limits.is_over()).then(|| safe.to_string())
}

/// A reader that checks the deadline: html5ever processes each piece before it asks for the next.
struct Chunks<'a> {
    rest: &'a [u8],
    limits: &'a TextLimits,
}

impl Read for Chunks<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.limits.is_over() {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        self.rest.read(into)
    }
}

/// Returns the policy: no scripts, styles, frames, forms, SVG or MathML; only http and https, and links to addresses of e-mail and
/// telephones; `dir` and `lang` are kept.
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
        .url_schemes(["http", "https", "mailto", "tel"].into())
        // Nothing else can end ammonia's walk over the tree; without attributes the rest of it costs little.
        .attribute_filter(|_, name, value| {
            let is_kept = ADDRESSES.with_borrow(|it| !it.limits.steps_over()) && !shows_nothing(name, value);
            is_kept.then(|| public_address(name, value))
        })
        .url_relative(match Url::parse(base) {
            Ok(base) if matches!(base.scheme(), "http" | "https") => UrlRelative::Custom(Box::new(relative_to(base))),
            _ => UrlRelative::Deny,
        });
    policy
}

/// Returns whether this is a picture or file without an address. An empty one is that of the document (RFC 3986 4.4), which is no
/// picture (HTML 4.8.4.1).
fn shows_nothing(name: &str, value: &str) -> bool {
    let is_nothing = || {
        let value = value.trim_start();
        value.is_empty() || value.starts_with('#') || is_contact(value)
    };
    matches!(name, "src" | "poster" | "cite") && is_nothing()
}

/// Returns an address repaired and without `user:password@`, however browsers would read it (`http:/me@host`, `http:\\\\me@host`).
/// Other attributes are returned unchanged.
fn public_address<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if !matches!(name, "href" | "src" | "cite" | "poster") {
        return Cow::Borrowed(value);
    }
    match address::mended(value) {
        Cow::Borrowed(value) => without_userinfo(value),
        Cow::Owned(mended) => Cow::Owned(without_userinfo(&mended).into_owned()),
    }
}

fn without_userinfo(value: &str) -> Cow<'_, str> {
    if !value.contains('@') {
        return Cow::Borrowed(value);
    }
    let value = value.trim();
    // One that begins with two slashes has its document's scheme (RFC 3986 4.2).
    let is_slash = |c: char| matches!(c, '/' | '\\');
    let scheme = if value.chars().take(2).filter(|c| is_slash(*c)).count() == 2 { "https:" } else { "" };
    match Url::parse(&format!("{scheme}{value}")) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            // Fails for addresses without a host, which have neither.
            let _ = url.set_username("").and_then(|()| url.set_password(None));
            Cow::Owned(url[..][scheme.len()..].to_owned())
        }
        _ => Cow::Borrowed(value),
    }
}

/// Resolves and repairs relative addresses. A fragment refers to the text itself, never to the document it came in.
fn relative_to(base: Url) -> impl for<'a> Fn(&'a str) -> Option<Cow<'a, str>> + Send + Sync {
    move |url| match url {
        part if part.starts_with('#') => Some(Cow::Borrowed(part)),
        url => ADDRESSES.with_borrow_mut(|addresses| {
            if addresses.grown > GROWN {
                addresses.limits.note("long-addresses");
                return None;
            }
            let empty = || url.trim().is_empty().then(|| String::from(base.clone()));
            let whole = address::absolute(Some(&base), url).or_else(empty)?;
            let whole = uri::without_userinfo(&whole).into_owned();
            addresses.grown += whole.len().saturating_sub(url.len());
            Some(Cow::Owned(whole))
        }),
    }
}
