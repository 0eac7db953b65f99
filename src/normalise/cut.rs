//! HTML without the tags that are too many: html5ever's tree builder takes more than in proportion to depth, to formatting that is
//! left open, and to end tags that cross.

use super::attributes;
use super::html::escaped;
use super::limits::TextLimits;
use super::recover;
use super::strip::{raw_kind, tokenise};
use html5ever::LocalName;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use std::borrow::Cow;
use std::cell::RefCell;

/// Elements deeper than this lose their tags: html5ever's tree builder is quadratic in depth (1.1 MB of nested `div` took over
/// 40 s).
const DEPTH: usize = 256;

/// Formatting elements in force at once: each is made anew in every paragraph (HTML 13.2.4.3).
const FORMATTING: usize = 16;

/// Elements that are made anew in one text, at most: after that it has no formatting.
const REMADE: usize = 20_000;

/// Tags of one text; those after them lose their tags.
const TAGS: usize = 100_000;

/// End tags of formatting elements that other elements are open inside of: html5ever takes up to 256 elements apart for each (a
/// text of `<a><div></a>` took 4 s). After so many a text has no formatting.
const MISNESTED: usize = 1_000;

/// Removes tags beyond [`DEPTH`], [`FORMATTING`], [`REMADE`], [`MISNESTED`] and [`TAGS`], and attributes beyond
/// [`attributes::ATTRIBUTES`]; a text that cannot have so many is left alone. `None` when the deadline passes on the way.
pub(super) fn cut<'a>(html: &'a str, limits: &TextLimits) -> Option<Cow<'a, str>> {
    let html = match attributes::cut(html, limits) {
        Cow::Borrowed(_) if memchr::memchr_iter(b'<', html.as_bytes()).nth(FORMATTING).is_none() => {
            return Some(Cow::Borrowed(html));
        }
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

/// Writes what it is told again, without the tags that are too many.
struct CutSink(RefCell<State>);

#[derive(Default)]
struct State {
    out: String,
    /// Names of the elements that are open, and whether they are formatting.
    open: Vec<(LocalName, bool)>,
    /// Formatting in force (HTML 13.2.4.3): an end tag of its own name ends it, nothing else but the end of its cell does.
    formatting: Vec<LocalName>,
    /// Cells that are open: elements around them, and the formatting in force before them.
    cells: Vec<(usize, usize)>,
    tags: usize,
    misnested: usize,
    remade: usize,
    /// No formatting any more.
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

    /// Whether a tag is kept.
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
        // A link ends the one before.
        if *tag.name == *"a" && self.formatting.contains(&tag.name) {
            self.keeps_end(tag, true);
        }
        if self.open.len() >= DEPTH || formatting && self.in_force() >= FORMATTING {
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
        self.remade += self.in_force();
        if self.remade > REMADE && !self.plain {
            self.end_formatting();
        }
        true
    }

    /// An end tag ends the innermost of its name, and all inside it that is left open.
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

    /// Formatting that is in force here: that outside a cell is not.
    fn in_force(&self) -> usize {
        let outside = self.cells.last().map_or(0, |(_, before)| *before);
        self.formatting.len().saturating_sub(outside)
    }

    /// Elements from `at` on are open no more.
    fn close(&mut self, at: usize) {
        self.open.truncate(at);
        while let Some((_, before)) = self.cells.pop_if(|(outer, _)| *outer >= at) {
            self.formatting.truncate(before);
        }
    }

    /// Ends all formatting in force, for good.
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
