//! Extracts the text of HTML with html5ever's tokeniser: in linear time, without building a tree.

use super::attributes::{self, Slash, raw_kind};
use super::limits::TextLimits;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Returns the text that a reader of `html` sees. Block-level elements are separated by spaces.
#[must_use]
pub fn text(html: &str) -> String {
    if memchr::memchr2(b'<', b'&', html.as_bytes()).is_none() {
        return html.to_owned();
    }
    let html = super::declarations::declarations(html);
    let sink = TextSink { out: RefCell::new(String::with_capacity(html.len())), mute: Cell::new(false) };
    let limits = TextLimits::default();
    tokenise(&attributes::cut(&html, Slash::Ends, &limits), sink, &limits).out.into_inner()
}

/// Does the same as [`text`] for HTML that the sanitiser wrote: in it `>` always ends a tag, and only five references occur.
pub(super) fn of_safe(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = memchr::memchr2(b'<', b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('<') {
            // A text truncated at its limit may end inside a tag.
            let Some(end) = memchr::memchr(b'>', rest.as_bytes()) else { return out };
            let name = rest[1..end].trim_start_matches('/');
            let name = &name[..name.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(name.len())];
            if !is_inline(name) {
                out.push(' ');
            }
            rest = &rest[end + 1..];
            continue;
        }
        let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&nbsp;", '\u{A0}'), ("&quot;", '"')];
        let (name, character) = known.into_iter().find(|(name, _)| rest.starts_with(name)).unwrap_or(("&", '&'));
        out.push(character);
        rest = &rest[name.len()..];
    }
    out.push_str(rest);
    out
}

/// Number of bytes that the tokeniser reads between two checks of the deadline.
const PIECE: usize = 16 * 1024;

/// Runs html5ever's tokeniser over the whole text, or until the deadline passes.
pub(super) fn tokenise<S: TokenSink>(html: &str, sink: S, limits: &TextLimits) -> S {
    let tokenizer = Tokenizer::new(sink, TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() });
    let input = BufferQueue::default();
    let mut rest = html;
    while !rest.is_empty() && !limits.is_over() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        input.push_back(piece.into());
        // One call is enough: only a sink that runs scripts stops earlier.
        let _ = tokenizer.feed(&input);
        rest = after;
    }
    tokenizer.end();
    tokenizer.sink
}

struct TextSink {
    out: RefCell<String>,
    /// Whether this is inside an element whose contents are not text.
    mute: Cell<bool>,
}

impl TokenSink for TextSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) if !self.mute.get() => self.out.borrow_mut().push_str(&text),
            Token::TagToken(tag) => {
                let raw = raw_kind(&tag.name);
                if raw.is_none() && !is_inline(&tag.name) {
                    self.out.borrow_mut().push(' ');
                }
                let raw = raw.filter(|_| tag.kind == TagKind::StartTag && !tag.self_closing);
                self.mute.set(raw.is_some());
                if let Some(raw) = raw {
                    return TokenSinkResult::RawData(raw);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// The elements that separate words.
static APART: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "address area article aside audio base blockquote body br button canvas caption center col colgroup dd details dialog dir div \
     dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe img \
     input label legend li link main map math menu meta meter nav noframes noscript object ol optgroup option output p param \
     picture pre progress rp rt ruby search section select source style summary svg table tbody td template textarea tfoot th \
     thead title tr track ul video"
        .split_whitespace()
        .collect()
});

/// Returns whether an element does not separate words. Unknown elements are inline (HTML 15.3).
pub(super) fn is_inline(name: &str) -> bool {
    !APART.contains(name)
}

/// Decodes only references that end in a semicolon: `S&P` and `&copy=2` stay.
pub(super) fn references(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while !rest.is_empty() {
        let name = rest.bytes().take(33).position(|b| b == b';').filter(|end| *end > 1);
        let named = |end: &usize| rest[1..*end].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#');
        let end = if let Some(end) = name.filter(named) {
            out.push_str(&self::text(&rest[..=end]));
            end + 1
        } else {
            out.push('&');
            1
        };
        rest = &rest[end..];
        let next = memchr::memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    Cow::Owned(out)
}
