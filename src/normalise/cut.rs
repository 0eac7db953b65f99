//! Removes tags beyond the limits: the time of html5ever's tree builder grows faster than depth, than formatting that is left open,
//! and than the number of misnested end tags.

use super::attributes::{self, Slash, raw_kind};
use super::escape::escaped;
use super::limits::TextLimits;
use super::recover;
use super::strip::tokenise;
use html5ever::LocalName;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use std::borrow::Cow;
use std::cell::RefCell;

/// Maximum nesting. Deeper elements lose their tags, because html5ever's tree builder is quadratic in depth (1.1 MB of nested
/// `div` took over 40 s).
const DEPTH: usize = 256;

/// Maximum number of active formatting elements: each is created again in every paragraph (HTML 13.2.4.3).
const FORMATTING: usize = 16;

/// Names of the formatting elements (HTML 13.2.4.2).
const FORMATTING_NAMES: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Length of the longest of them, in bytes.
const LONGEST_FORMATTING: usize = 6;

/// Maximum number of formatting elements created again in one text. After that its formatting is removed.
const REMADE: usize = 20_000;

/// Maximum number of tags of one text; further ones are removed. html5ever takes up to a kilobyte for each. The text with the most
/// tags of 187 captured feeds has 1,038.
const TAGS: usize = 30_000;

/// Maximum number of end tags of formatting elements inside which other elements are open. For each, html5ever takes up to 256
/// elements apart (a text of `<a><div></a>` took 4 s). After that the text's formatting is removed.
const MISNESTED: usize = 1_000;

/// Removes tags beyond [`DEPTH`], [`FORMATTING`], [`REMADE`], [`MISNESTED`] and [`TAGS`], and attributes beyond
/// [`attributes::ATTRIBUTES`]. A text with too few tags to exceed them is returned unchanged. Returns `None` when the deadline
/// passes meanwhile.
pub(super) fn cut<'a>(html: &'a str, limits: &TextLimits) -> Option<Cow<'a, str>> {
    let html = match attributes::cut(html, Slash::Ignored, limits) {
        Cow::Borrowed(_) if is_within(html) => return Some(Cow::Borrowed(html)),
        html => html,
    };
    let state = State { out: String::with_capacity(html.len()), ..State::default() };
    let state = tokenise(&html, CutSink(RefCell::new(state)), limits).0.into_inner();
    if limits.is_over() {
        return None;
    }
    for cut in &state.cuts {
        limits.note(cut);
    }
    Some(if state.cuts.is_empty() { html } else { Cow::Owned(state.out) })
}

/// Returns whether a text has so few tags, and so few of formatting elements among them, that it exceeds no limit.
fn is_within(html: &str) -> bool {
    let (mut tags, mut formatting) = (0, 0);
    for at in memchr::memchr_iter(b'<', html.as_bytes()) {
        let rest = &html.as_bytes()[at + 1..];
        let end = rest.iter().take(LONGEST_FORMATTING + 1).position(|b| !b.is_ascii_alphanumeric());
        let name = &rest[..end.unwrap_or(LONGEST_FORMATTING.min(rest.len()))];
        tags += 1;
        formatting += usize::from(FORMATTING_NAMES.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name)));
        if tags >= DEPTH || formatting > FORMATTING {
            return false;
        }
    }
    true
}

/// Writes the tokens it receives as HTML, without the tags beyond the limits.
struct CutSink(RefCell<State>);

#[derive(Default)]
struct State {
    out: String,
    /// Names of the open elements, and whether they are formatting elements.
    open: Vec<(LocalName, bool)>,
    /// The active formatting elements (HTML 13.2.4.3). Only an end tag of the same name or the end of the table cell ends one.
    formatting: Vec<LocalName>,
    /// The open table cells: the number of elements around each, and of formatting elements that were active before it.
    cells: Vec<(usize, usize)>,
    tags: usize,
    misnested: usize,
    remade: usize,
    /// Whether formatting is removed from here on.
    plain: bool,
    /// Names of what was removed.
    cuts: Vec<&'static str>,
}

impl State {
    fn note(&mut self, cut: &'static str) {
        if !self.cuts.contains(&cut) {
            self.cuts.push(cut);
        }
    }

    /// Returns whether a tag is kept.
    fn keeps(&mut self, tag: &Tag) -> bool {
        self.tags += 1;
        if self.tags > TAGS {
            self.note("too-many-tags");
            return false;
        }
        let formatting = is_formatting(&tag.name);
        if formatting && self.plain {
            return false;
        }
        if tag.kind == TagKind::EndTag {
            return self.keeps_end(tag, formatting);
        }
        if is_void(&tag.name) {
            return true;
        }
        if ends_itself(&tag.name) && self.open.last().is_some_and(|(name, _)| *name == tag.name) {
            self.close(self.open.len() - 1);
        }
        // A link ends the previous one.
        if *tag.name == *"a" && self.formatting.contains(&tag.name) {
            self.keeps_end(tag, true);
        }
        if self.open.len() >= DEPTH || formatting && self.active() >= FORMATTING {
            self.note("too-deep");
            return false;
        }
        if matches!(&*tag.name, "td" | "th" | "caption") {
            self.cells.push((self.open.len(), self.formatting.len()));
        }
        self.open.push((tag.name.clone(), formatting));
        if formatting {
            self.formatting.push(tag.name.clone());
            return true;
        }
        self.remade += self.active();
        if self.remade > REMADE && !self.plain {
            self.end_formatting();
        }
        true
    }

    /// Returns whether an end tag is kept. It ends the innermost element of its name and everything left open inside it.
    fn keeps_end(&mut self, tag: &Tag, formatting: bool) -> bool {
        if formatting && let Some(at) = self.formatting.iter().rposition(|name| *name == tag.name) {
            self.formatting.remove(at);
        }
        let Some(at) = self.open.iter().rposition(|(name, _)| *name == tag.name) else { return true };
        let crosses = formatting && self.open[at + 1..].iter().any(|(_, formatting)| !formatting);
        self.close(at);
        self.misnested += usize::from(crosses);
        if self.misnested > MISNESTED && !self.plain {
            self.end_formatting();
        }
        true
    }

    /// Returns the number of active formatting elements. Those outside the current table cell are not active in it.
    fn active(&self) -> usize {
        let outside = self.cells.last().map_or(0, |(_, before)| *before);
        self.formatting.len().saturating_sub(outside)
    }

    /// Closes the open elements from `at` on.
    fn close(&mut self, at: usize) {
        self.open.truncate(at);
        while let Some((_, before)) = self.cells.pop_if(|(outer, _)| *outer >= at) {
            self.formatting.truncate(before);
        }
    }

    /// Ends all active formatting elements and removes formatting from here on.
    fn end_formatting(&mut self) {
        self.note("misnested-formatting");
        self.plain = true;
        for name in std::mem::take(&mut self.formatting).into_iter().rev() {
            self.out.push_str("</");
            self.out.push_str(&name);
            self.out.push('>');
        }
    }
}

impl TokenSink for CutSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => state.out.push_str(&escaped(&text)),
            Token::TagToken(tag) => {
                if state.keeps(&tag) {
                    recover::write(&mut state.out, &tag);
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

/// Returns whether an element has no contents and no end tag (HTML 13.1.2).
pub(super) fn is_void(name: &str) -> bool {
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
    FORMATTING_NAMES.contains(&name)
}
