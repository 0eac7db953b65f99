//! Rewrites what HTML shows only with scripts or in frames into plain HTML: lazy pictures, `noscript`, embedded players,
//! formulas. The sanitiser would drop them. Elements that HTML does not have lose their tags, and elements that XHTML closed in
//! their start tags get end tags: browsers, and the sanitiser, would drop what follows.

use super::attributes::{attribute, name_of, raw_kind};
use super::embeds;
use super::escape::escaped;
use super::formulas::Formulas;
use super::lazy;
use super::limits::{GROWN, TextLimits};
use super::pictures::{self, Pictures};
use super::place::TextPlace;
use super::strip::tokenise;
use crate::model::{elements::is_html, escape::push_escaped};
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use regex::bytes::Regex;
use std::{cell::RefCell, collections::HashSet, sync::LazyLock};

/// Returns whether a text has anything to rewrite. One scan of the tags and a few searches; most texts have nothing.
pub(super) fn needs(html: &str) -> bool {
    let bytes = html.as_bytes();
    let tag = |at: usize| {
        const NAMES: [&[u8]; 11] = [
            b"textarea",
            b"oembed",
            b"math",
            b"noscript",
            b"iframe",
            b"object",
            b"embed",
            b"picture",
            b"amp-",
            b"lite-",
            b"youtube-",
        ];
        const PLAYERS: [&[u8]; 3] = [b"script", b"div", b"blockquote"];
        const FILES: [&[u8]; 4] = [b"img", b"video", b"audio", b"source"];
        let rest = &bytes[at + 1..];
        let starts = |name: &&[u8]| rest.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name));
        match rest.first().map(u8::to_ascii_lowercase) {
            Some(b'i' | b'v' | b's' | b'a') if FILES.iter().any(starts) => may_be_lazy(rest),
            Some(b'm' | b'n' | b'i' | b'o' | b'e' | b'p' | b'a' | b'l' | b'y' | b't') if NAMES.iter().any(starts) => {
                true
            }
            Some(b's' | b'd' | b'b') if PLAYERS.iter().any(starts) => may_be_player(rest),
            Some(b'a'..=b'z') => is_custom(rest),
            _ => false,
        }
    };
    // A link to a part of the text, to another page of it, or to nothing.
    let within = |at: usize| {
        let value = &bytes[at + 5..];
        match value.first() {
            Some(quote @ (b'"' | b'\'')) => {
                let first = value[1..].iter().find(|byte| !byte.is_ascii_whitespace());
                first.is_some_and(|byte| matches!(*byte, b'#' | b'?') || byte == quote)
            }
            first => matches!(first, Some(b'#' | b'?')),
        }
    };
    memchr::memchr_iter(b'<', bytes).any(tag) || memchr::memmem::find_iter(bytes, b"href=").any(within)
}

/// Signs of an attribute that a lazy picture or file may have, or of a style that a picture of one pixel may have.
static LAZY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("data|DATA|lazy|srcset|SRCSET|-src|_src|width:1px|width: 1px|width:0|width: 0").ok());

/// Returns whether the tag at the beginning of `rest` has one of the signs of [`LAZY`].
fn may_be_lazy(rest: &[u8]) -> bool {
    let tag = &rest[..memchr::memchr(b'<', rest).unwrap_or(rest.len())];
    LAZY.as_ref().is_none_or(|signs| signs.is_match(tag))
}

/// Signs of an element of which a script makes a player or a formula.
static PLAYER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"data-|gist\.github|math/|cite=|url=|-tweet|-embed").ok());

/// Returns whether the tag at the beginning of `rest` has one of the signs of [`PLAYER`].
fn may_be_player(rest: &[u8]) -> bool {
    let tag = &rest[..memchr::memchr2(b'<', b'>', rest).unwrap_or(rest.len())];
    PLAYER.as_ref().is_none_or(|signs| signs.is_match(tag))
}

/// Returns whether the tag at the beginning of `rest` is a custom element: it has a hyphen in its name (HTML 4.13.3).
fn is_custom(rest: &[u8]) -> bool {
    let end = rest.iter().position(|b| !b.is_ascii_alphanumeric());
    end.is_some_and(|end| rest[end] == b'-')
}

/// Returns whether a text has elements that HTML does not have, or may have elements without contents that would take what follows
/// as theirs. Other texts need this for nothing but [`needs`].
pub(super) fn has_odd_elements(html: &str) -> bool {
    let bytes = html.as_bytes();
    let may_end_in_start = memchr::memmem::find(bytes, b"/>").is_some();
    memchr::memchr_iter(b'<', bytes).any(|at| {
        let rest = &html[at + 1..];
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let name = name_of(rest);
        rest.starts_with(|c: char| c.is_ascii_alphabetic())
            && (!is_html(name) || may_end_in_start && hides_contents(&name.to_ascii_lowercase()))
    })
}

/// Returns whether the contents of an element are not shown, or only by browsers that do not know it.
fn hides_contents(name: &str) -> bool {
    raw_kind(name).is_some() || matches!(name, "template" | "select" | "noscript" | "video" | "audio")
}

/// Rewrites the `html` of this place. Links to parts of the text itself are pointed at its entry's page.
pub(super) fn rewrite(html: &str, place: TextPlace<'_>, limits: &TextLimits) -> String {
    let sink =
        Sink { place, state: RefCell::new(State { out: String::with_capacity(html.len()), ..State::default() }) };
    let mut state = tokenise(html, sink, limits).state.into_inner();
    state.form_text(false);
    while let Some(open) = state.scripted.pop() {
        state.write_scripted(open);
    }
    state.out
}

struct Sink<'a> {
    place: TextPlace<'a>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    out: String,
    formulas: Formulas,
    /// Number of open `svg` elements.
    svg: usize,
    /// Whether this is the raw text of an `iframe`.
    frame: bool,
    /// Addresses of pictures and players already written, so that their fallbacks are not written again.
    written: HashSet<String>,
    pictures: Pictures,
    /// Where the contents of the open `textarea` begin in the output.
    form_text: Option<usize>,
    /// Inside `picture`: the address of its best source, and whether its `img` has come.
    picture: Option<(Option<String>, bool)>,
    noscript: usize,
    /// The open elements of which scripts make players, the outermost first.
    scripted: Vec<Scripted>,
    /// Bytes by which links to parts of the text have grown.
    grown: usize,
}

/// An element of which a script makes a player.
struct Scripted {
    name: String,
    /// Number of open elements of this name, from this one on.
    open: usize,
    /// Where its contents begin in the output.
    from: usize,
    /// `None` if only a link in its contents says what it shows.
    embed: Option<embeds::Embed>,
}

/// Maximum number of nested elements of which scripts make players; each is searched for text.
const SCRIPTED: usize = 8;

/// Maximum number of addresses remembered for one text.
const WRITTEN: usize = 1_000;

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::CharacterTokens(text) => state.characters(&text),
            Token::TagToken(mut tag) => {
                // An element that XHTML closed in its start tag has no contents and must not swallow the text after it.
                let raw = raw_kind(&tag.name).filter(|_| tag.kind == TagKind::StartTag && !tag.self_closing);
                rename(&mut tag);
                state.tag(&mut tag, self.place);
                if let Some(raw) = raw {
                    return TokenSinkResult::RawData(raw);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn characters(&mut self, text: &str) {
        let hidden = self.frame || self.formulas.hides();
        if !hidden && self.noscript > 0 {
            // Some writers escape the mark-up in `noscript`.
            self.out.push_str(&text.replace('&', "&amp;"));
        } else if !hidden {
            self.out.push_str(&escaped(text));
        }
    }

    fn tag(&mut self, tag: &mut Tag, place: TextPlace<'_>) {
        let page = place.page;
        let start = tag.kind == TagKind::StartTag;
        let name = tag.name.to_string();
        if self.formulas.copy(tag, start, &mut self.out) {
            // What it held may have been a player.
            while self.scripted.last().is_some_and(|scripted| scripted.from > self.out.len()) {
                self.scripted.pop();
            }
            return;
        }
        match name.as_str() {
            "math" => return self.formulas.math(tag, start, &mut self.out),
            _ if self.formulas.is_inside() => return self.formulas.part(tag, start, &mut self.out),
            "script" if self.formulas.script(tag, start, &mut self.out) => return,
            "noscript" => {
                let opens = usize::from(!tag.self_closing);
                self.noscript = if start { self.noscript + opens } else { self.noscript.saturating_sub(1) };
                return;
            }
            "iframe" => {
                self.frame = start && !tag.self_closing;
                if start
                    && !self.embed(tag, page)
                    && let Some(text) = embeds::document_text(tag)
                {
                    push_escaped(&mut self.out, &text);
                }
                return;
            }
            "object" | "embed" | "param" | "amp-iframe" | "amp-youtube" | "amp-vimeo" | "amp-dailymotion"
            | "amp-twitter" | "amp-instagram" | "amp-facebook" | "lite-youtube" | "lite-vimeo" | "youtube-video" => {
                if start {
                    self.embed(tag, page);
                }
                return;
            }
            "textarea" => return self.form_text(start && !tag.self_closing),
            "picture" => return self.picture(start && !tag.self_closing),
            "source" if self.picture.is_some() => return self.source(tag),
            "img" if start && !self.img(tag) => return,
            "video" | "audio" | "source" if start => {
                if let Some(file) = lazy::file(tag) {
                    lazy::set(tag, &file);
                }
            }
            "a" if start && self.grown <= GROWN => self.link_to_page(tag, place),
            "script" if start => {
                if let Some(embed) = embeds::of_script(tag).filter(|embed| self.remember(embed.link.clone())) {
                    embed.write(&mut self.out);
                }
            }
            _ => {}
        }
        self.keep(tag, start, &name, page);
    }

    /// Writes a tag that is kept as it is, unless HTML does not have its element: the sanitiser drops elements with the names of SVG
    /// and MathML with their contents.
    fn keep(&mut self, tag: &Tag, start: bool, name: &str, page: Option<&str>) {
        if name == "svg" {
            let opens = usize::from(!tag.self_closing);
            self.svg = if start { self.svg + opens } else { self.svg.saturating_sub(1) };
        } else if self.svg > 0 && start && ends_svg(name) {
            self.svg = 0;
        }
        if !start {
            self.end_scripted(name);
        }
        if self.svg > 0 || is_html(name) {
            write(&mut self.out, tag);
            if start && tag.self_closing && self.svg == 0 && hides_contents(name) {
                self.out.push_str("</");
                self.out.push_str(name);
                self.out.push('>');
            }
        }
        if start {
            self.begin_scripted(tag, name, page);
        }
    }

    fn begin_scripted(&mut self, tag: &Tag, name: &str, page: Option<&str>) {
        if !embeds::may_be_player(name) {
            return;
        }
        let found = embeds::of_script(tag).or_else(|| embeds::of_address(tag, page));
        let is_player = found.is_some() || embeds::is_post(tag);
        if is_player && self.scripted.len() < SCRIPTED {
            self.scripted.push(Scripted { name: name.to_owned(), open: 1, from: self.out.len(), embed: found });
            // XHTML closes an element without contents in its start tag; in HTML this `div` stays open.
            if tag.self_closing {
                self.end_scripted(name);
            }
        } else if let Some(outer) = self.scripted.iter_mut().rfind(|outer| outer.name == name && !tag.self_closing) {
            outer.open += 1;
        }
    }

    /// Ends the innermost open element of this name, and those inside it that were not closed.
    fn end_scripted(&mut self, name: &str) {
        let Some(at) = self.scripted.iter().rposition(|scripted| scripted.name == name) else { return };
        self.scripted[at].open -= 1;
        if self.scripted[at].open > 0 {
            return;
        }
        while self.scripted.len() > at
            && let Some(ended) = self.scripted.pop()
        {
            self.write_scripted(ended);
        }
    }

    /// Writes the player of an element as a link, if nobody could see anything in the element without scripts.
    fn write_scripted(&mut self, Scripted { from, embed, .. }: Scripted) {
        let inside = &self.out[from..];
        // Editors put a no-break space into elements that must not be empty.
        let is_blank = |text: &str| text.split("&nbsp;").all(|part| part.trim().is_empty());
        let has_text = inside.split('<').any(|part| !is_blank(part.rsplit('>').next().unwrap_or_default()));
        let shows = || ["<img", "<video", "<audio"].iter().any(|tag| inside.contains(tag));
        if has_text || shows() {
            return;
        }
        let is_linked = embed.is_none();
        let Some(embed) = embed.or_else(|| embeds::of_links(inside)) else { return };
        if is_linked {
            // Nobody can see a link without text.
            self.out.truncate(from);
        }
        if self.remember(embed.link.clone()) {
            embed.write(&mut self.out);
        }
    }

    /// Writes a player as a link. Returns whether the tag is a player.
    fn embed(&mut self, tag: &Tag, page: Option<&str>) -> bool {
        let Some(embed) = embeds::of(tag, page) else { return false };
        if self.remember(embed.link.clone()) {
            embed.write(&mut self.out);
        }
        true
    }

    fn source(&mut self, tag: &Tag) {
        let found = lazy::address(tag);
        if let (Some((best, _)), Some(found)) = (self.picture.as_mut(), found) {
            // The last source is the one that every browser supports (HTML 4.8.1: a browser takes the first one it supports).
            *best = Some(found);
        }
    }

    /// Handles `<picture>` and `</picture>`. Only the `img` is kept; without one, it is made from the sources.
    fn picture(&mut self, start: bool) {
        let ended = self.picture.take();
        if let Some((Some(address), false)) = ended {
            let is_new = self.remember(address.clone());
            if self.pictures.takes(vec![pictures::name(&address)], self.noscript > 0, true) && is_new {
                self.out.push_str("<img src=\"");
                push_escaped(&mut self.out, &address);
                self.out.push_str("\">");
            }
        }
        if start {
            self.picture = Some((None, false));
        }
    }

    /// Sets the real address of a picture. Returns whether to write the picture.
    fn img(&mut self, tag: &mut Tag) -> bool {
        if lazy::is_pixel(tag) {
            return false;
        }
        let stated = attribute(tag, "src");
        let mut address = lazy::address(tag);
        if let Some((source, came)) = self.picture.as_mut() {
            *came = true;
            address = address.filter(|own| source.is_none() || !lazy::is_placeholder(own)).or_else(|| source.clone());
        }
        let Some(address) = address else { return self.noscript == 0 };
        let address = pictures::wider(tag, &address).unwrap_or(address);
        let is_lazy = stated.is_none_or(|stated| stated.trim() != address);
        let mut names = pictures::names(tag);
        names.push(pictures::name(&address));
        lazy::set(tag, &address);
        if is_lazy {
            lazy::remove_pixel_size(tag);
        }
        self.remember(address);
        self.pictures.takes(names, self.noscript > 0, is_lazy)
    }

    /// Handles `<textarea>` and `</textarea>`: shows what a reader was meant to copy, such as the code of a player.
    fn form_text(&mut self, start: bool) {
        if let Some(from) = self.form_text.take() {
            if self.out[from..].trim().is_empty() {
                self.out.truncate(from - "<pre>".len());
            } else {
                self.out.push_str("</pre>");
            }
        }
        if start {
            self.out.push_str("<pre>");
            self.form_text = Some(self.out.len());
        }
    }

    fn remember(&mut self, address: String) -> bool {
        !self.written.contains(&address) && (self.written.len() >= WRITTEN || self.written.insert(address))
    }

    /// Points a link to a part of the text (`#…`), or to another page of it (`?…`), at the entry's page.
    fn link_to_page(&mut self, tag: &mut Tag, place: TextPlace<'_>) {
        for attribute in tag.attrs.iter_mut().filter(|a| &*a.name.local == "href") {
            let value = attribute.value.trim();
            let page = if value.starts_with('?') {
                place.queried_page().and_then(|page| page.split(['#', '?']).next())
            } else {
                place
                    .page
                    .filter(|_| value.is_empty() || value.starts_with('#'))
                    .and_then(|page| page.split('#').next())
            };
            let Some(page) = page else { continue };
            attribute.value = format!("{page}{value}").into();
            self.grown += page.len();
        }
    }
}

/// Gives elements of AMP and of Drupal the names that HTML has for them.
fn rename(tag: &mut Tag) {
    let name = match &*tag.name {
        "amp-img" | "amp-anim" => {
            lazy::remove_pixel_size(tag);
            "img"
        }
        "amp-video" => "video",
        "amp-audio" => "audio",
        _ if tag.kind == TagKind::StartTag && embeds::is_picture(tag) => "img",
        _ => return,
    };
    tag.name = name.into();
}

/// Returns whether HTML has an element of this name that ends an open `svg` (HTML 13.2.6.5).
fn ends_svg(name: &str) -> bool {
    const NAMES: &str = " b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing \
        menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var ";
    let mut words = NAMES.split_ascii_whitespace();
    words.any(|known| known == name)
}

/// Writes a tag as HTML. A slash at its end stays, because it counts in SVG.
pub(super) fn write(out: &mut String, tag: &Tag) {
    out.push('<');
    if tag.kind == TagKind::EndTag {
        out.push('/');
    }
    out.push_str(&tag.name);
    for attribute in &tag.attrs {
        out.push(' ');
        out.push_str(&attribute.name.local);
        out.push_str("=\"");
        push_escaped(out, &attribute.value);
        out.push('"');
    }
    if tag.self_closing && tag.kind == TagKind::StartTag {
        out.push('/');
    }
    out.push('>');
}
