//! Reads the texts of a tree as their elements declare them (plain, HTML, XHTML inline, base64), decoded and repaired.

use super::dates;
use super::entities;
use super::guess::{decoded_once, guessed, looks_like_html};
use super::tree::{NodeId, NodeKind, Tree, local};
use crate::model::Markup;
use crate::model::escape::push_escaped;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use std::borrow::Cow;
use std::fmt::Write as _;

/// How to read a text whose element does not declare its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Else {
    /// Plain text.
    Plain,
    /// HTML.
    Html,
    /// HTML whose tags are elements of the document.
    Xhtml,
    /// Plain text by its specification, HTML by custom: decided by its content.
    Guess,
}

/// Returns the characters directly inside an element, trimmed, or `None` when there are none.
pub(super) fn plain<'a>(tree: &Tree<'a>, id: NodeId) -> Option<Cow<'a, str>> {
    let mut parts = tree.children(id).filter_map(|child| {
        let node = tree.node(child);
        match node.kind {
            NodeKind::Element => None,
            NodeKind::Text => Some(entities::decode(node.text, &tree.references)),
            NodeKind::Cdata => Some(Cow::Borrowed(node.text)),
        }
    });
    let first = parts.next()?;
    let whole = match parts.next() {
        None => trim(first),
        Some(second) => {
            let mut joined = first.into_owned() + &second;
            parts.for_each(|part| joined.push_str(&part));
            trim(Cow::Owned(joined))
        }
    };
    let whole = mend(whole, tree);
    let bare = if ends_in_split(tree, id, &whole) { whole } else { without_marks(whole) };
    Some(bare).filter(|text| !text.is_empty())
}

/// Returns whether the mark at the end of a text is part of it: it was divided between two CDATA sections, which is the only way to write
/// it in one (`<![CDATA[a ]]]]><![CDATA[>]]>`).
fn ends_in_split(tree: &Tree<'_>, id: NodeId, text: &str) -> bool {
    let is_rest = |last: NodeId| {
        let last = tree.node(last);
        last.kind == NodeKind::Cdata && matches!(last.text.trim_ascii_end(), ">" | "]>")
    };
    // Programs write a section inside a section so, too.
    text.ends_with("]]>") && !text.contains("<![CDATA[") && tree.children(id).last().is_some_and(is_rest)
}

/// Removes the marks of CDATA sections that were escaped and so arrived as characters.
pub(super) fn without_marks(text: Cow<'_, str>) -> Cow<'_, str> {
    const OPEN: &str = "<![CDATA[";
    if let Some(inside) = after_open(&text, "<") {
        // A text that was cut may lack the end.
        return Cow::Owned(inside.replace(OPEN, "").replace("]]>", "").trim().to_owned());
    }
    let bare = match without_pairs(&text, OPEN, "]]>") {
        Cow::Borrowed(_) => without_stray_end(&text, "]]>").map(str::to_owned),
        Cow::Owned(bare) => Some(bare),
    };
    bare.map_or(text, |bare| Cow::Owned(bare.trim().to_owned()))
}

/// Returns what follows the mark that begins a CDATA section, if a text begins with one. Some writers put a space behind its bracket.
fn after_open<'a>(text: &'a str, bracket: &str) -> Option<&'a str> {
    const NAME: &str = "![CDATA[";
    let rest = text.strip_prefix(bracket)?.trim_ascii_start();
    let head = rest.get(..NAME.len())?;
    head.eq_ignore_ascii_case(NAME).then(|| &rest[NAME.len()..])
}

/// Returns a text without the mark at its end that ends a CDATA section which nothing began. In an expression such as `a[b[0]]>` or
/// `a[0]]>`, one of its brackets ends what another began.
fn without_stray_end<'a>(text: &'a str, close: &str) -> Option<&'a str> {
    let before = text.strip_suffix(close)?;
    let count = |bracket: u8| memchr::memchr_iter(bracket, before.as_bytes()).count();
    (count(b'[') <= count(b']')).then(|| before.trim_end())
}

/// Removes the pairs of marks `open` and `close` from a text that begins or ends with one. In another place they are what the text
/// is about (`How <![CDATA[x]]> works`).
fn without_pairs<'a>(text: &'a str, open: &str, close: &str) -> Cow<'a, str> {
    if !text.starts_with(open) && !text.ends_with(close) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(open)
        && let Some((inside, after)) = after.split_once(close)
    {
        out.push_str(before);
        out.push_str(inside);
        rest = after;
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Returns all characters inside an element and its descendants, trimmed, or `None` when there are none.
pub(super) fn all<'a>(tree: &Tree<'a>, id: NodeId) -> Option<Cow<'a, str>> {
    if tree.elements(id).next().is_none() {
        return plain(tree, id);
    }
    let (mut out, mut left) = (String::new(), vec![id]);
    while let Some(id) = left.pop() {
        let node = tree.node(id);
        match node.kind {
            NodeKind::Text => out.push_str(&entities::decode(node.text, &tree.references)),
            NodeKind::Cdata => out.push_str(node.text),
            NodeKind::Element => {
                if node.text.eq_ignore_ascii_case("br") {
                    out.push(' ');
                }
                let at = left.len();
                left.extend(tree.children(id));
                left[at..].reverse();
            }
        }
    }
    Some(mend(trim(Cow::Owned(out)), tree)).filter(|text| !text.is_empty())
}

/// Returns the text of a date. An element of HTML inside it may state the date for programs (`<time datetime="…">`).
pub(super) fn date<'a>(tree: &Tree<'a>, id: NodeId) -> Option<Cow<'a, str>> {
    let direct = plain(tree, id);
    if tree.elements(id).next().is_none() || direct.as_ref().is_some_and(|text| text.contains(char::is_numeric)) {
        return direct;
    }
    let stated = |(_, child)| {
        let mut values = dates::ATTRIBUTES.iter().filter_map(move |name| tree.attr(child, name));
        values.find(|value| value.contains(|c: char| c.is_ascii_digit()))
    };
    tree.elements(id).find_map(stated).or_else(|| all(tree, id))
}

/// Reads a text construct (RFC 4287 3.1, `description` of RSS and similar elements) in all the ways in which it is written.
pub(super) fn markup(tree: &Tree<'_>, id: NodeId, otherwise: Else) -> Option<Markup> {
    let media_type = tree.attr(id, "type").map(|t| t.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let kind = match media_type.as_deref().unwrap_or_default() {
        "" => otherwise,
        "html" | "text/html" => Else::Html,
        "xhtml" | "application/xhtml+xml" => Else::Xhtml,
        _ => Else::Plain,
    };
    if tree.elements(id).next().is_some() {
        return Some(inline(tree, id, kind)).filter(|html| !html.is_empty()).map(Markup::Html);
    }
    let text = plain(tree, id)?;
    let encoded = tree.attr(id, "mode").is_some_and(|mode| mode.eq_ignore_ascii_case("base64"))
        || media_type.as_deref().is_some_and(is_binary);
    if let Some(decoded) = encoded.then(|| base64(&text)).flatten() {
        let html = matches!(kind, Else::Html | Else::Xhtml);
        match String::from_utf8(decoded) {
            Ok(decoded) if html => return Some(Markup::Html(decoded)),
            Ok(decoded) => return Some(Markup::Text(decoded)),
            Err(_) if is_data(&text) => return None,
            Err(_) => {}
        }
    }
    if kind == Else::Guess {
        return Some(guessed(text.into_owned()));
    }
    let html = match kind {
        Else::Plain | Else::Guess => false,
        Else::Html => true,
        // In XHTML without child elements, characters are plain text, unless a writer put the elements into CDATA or escaped them all.
        Else::Xhtml => {
            let in_cdata = || tree.children(id).any(|c| tree.node(c).kind == NodeKind::Cdata);
            looks_like_html(&text) && (text.starts_with('<') && text.ends_with('>') || in_cdata())
        }
    };
    Some(if html {
        Markup::Html(entities::joined(decoded_once(text.into_owned())))
    } else {
        Markup::Text(text.into_owned())
    })
}

/// Returns whether content of this type is base64: everything that is neither text nor XML (RFC 4287 4.1.3.3).
fn is_binary(media_type: &str) -> bool {
    media_type.contains('/')
        && !(media_type.starts_with("text/") || media_type.ends_with("+xml") || media_type.ends_with("/xml"))
}

fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    let blank = |c: char| c.is_ascii_whitespace() || c == '\u{FEFF}';
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(blank)),
        Cow::Owned(text) if text.starts_with(blank) || text.ends_with(blank) => {
            Cow::Owned(text.trim_matches(blank).to_owned())
        }
        owned @ Cow::Owned(_) => owned,
    }
}

/// Repairs UTF-8 that was read as Latin-1 and encoded again, and windows-1252 characters that were taken for controls.
fn mend<'a>(text: Cow<'a, str>, tree: &Tree<'_>) -> Cow<'a, str> {
    // In UTF-8, everything that needs repair begins with one of these two bytes.
    if memchr::memchr2(0xC2, 0xC3, text.as_bytes()).is_none() {
        return text;
    }
    if let Some(once) = encoded_twice(&text) {
        tree.references.encoded_twice.set(true);
        return Cow::Owned(once);
    }
    let bytes = text.as_bytes();
    let is_control = |at: usize| bytes.get(at + 1).is_some_and(|next| *next <= 0x9F);
    if memchr::memchr_iter(0xC2, bytes).any(is_control) {
        let mended = text.chars().map(|c| match c {
            '\u{80}'..='\u{9F}' => entities::from_1252(u32::from(c)),
            c => c,
        });
        return Cow::Owned(mended.collect());
    }
    text
}

/// Returns the text whose UTF-8 bytes were read as Latin-1 or windows-1252 and gave `text`.
fn encoded_twice(text: &str) -> Option<String> {
    // In UTF-8, the first character beyond ASCII is the first byte of two to four; most texts end here.
    let start = text.bytes().position(|b| !b.is_ascii())?;
    let mut first = text[start..].chars().map(entities::to_1252);
    let pair = (first.next()??, first.next()??);
    if !matches!(pair, (0xC2..=0xF4, 0x80..=0xBF)) {
        return None;
    }
    let bytes = text.chars().map(entities::to_1252).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok().filter(|once| once.len() < text.len())
}

/// Returns whether the characters beside the child elements are HTML too: some writers escape half of a text or put it into
/// CDATA.
fn is_mixed(tree: &Tree<'_>, id: NodeId, kind: Else) -> bool {
    let mut all = String::new();
    let mut left: Vec<NodeId> = tree.children(id).collect();
    while let Some(id) = left.pop() {
        let node = tree.node(id);
        match node.kind {
            NodeKind::Element => left.extend(tree.children(id)),
            NodeKind::Text if kind == Else::Xhtml => {}
            NodeKind::Text => all.push_str(&entities::decode(node.text, &tree.references)),
            NodeKind::Cdata => all.push_str(node.text),
        }
        all.push(' ');
    }
    kind != Else::Plain && looks_like_html(&all)
}

/// Returns the contents of an element as HTML. A single `div` around everything is the wrapper of RFC 4287 3.1.1.3 and is
/// removed.
fn inline(tree: &Tree<'_>, id: NodeId, kind: Else) -> String {
    const CLOSE: &str = "]]&gt;";
    let mixed = is_mixed(tree, id, kind);
    let mut root = id;
    let mut inside = tree.children(id).filter(|c| {
        let node = tree.node(*c);
        node.kind == NodeKind::Element || !node.text.trim_ascii().is_empty()
    });
    if let (Some(only), None) = (inside.next(), inside.next()) {
        let node = tree.node(only);
        if node.kind == NodeKind::Element && local(node.text).eq_ignore_ascii_case("div") {
            root = only;
        }
    }
    let mut out = String::new();
    // What is left to write, last first: `Ok` is a node, `Err` the end tag of an element.
    let mut left: Vec<Result<NodeId, NodeId>> = Vec::new();
    let push = |left: &mut Vec<Result<NodeId, NodeId>>, id: NodeId| {
        let at = left.len();
        left.extend(tree.children(id).map(Ok));
        left[at..].reverse();
    };
    push(&mut left, root);
    while let Some(step) = left.pop() {
        match step {
            Ok(id) => {
                let node = tree.node(id);
                match node.kind {
                    NodeKind::Text if mixed && kind != Else::Xhtml => {
                        out.push_str(&mend(entities::decode(node.text, &tree.references), tree));
                    }
                    NodeKind::Cdata if mixed => out.push_str(&mend(Cow::Borrowed(node.text), tree)),
                    NodeKind::Text => {
                        push_escaped(&mut out, &mend(entities::decode(node.text, &tree.references), tree));
                    }
                    NodeKind::Cdata => push_escaped(&mut out, &mend(Cow::Borrowed(node.text), tree)),
                    NodeKind::Element => {
                        open_tag(&mut out, tree, id);
                        if !is_void(local(node.text)) {
                            left.push(Err(id));
                            push(&mut left, id);
                        }
                    }
                }
            }
            Err(id) => {
                let _ = write!(out, "</{}>", local(tree.node(id).text));
            }
        }
    }
    // The marks of CDATA sections, escaped around real elements.
    let out = out.trim();
    let bare = match after_open(out, "&lt;").and_then(|inside| inside.strip_suffix(CLOSE)) {
        Some(inside) => Cow::Borrowed(inside),
        None => without_pairs(out, "&lt;![CDATA[", CLOSE),
    };
    without_stray_end(&bare, CLOSE).unwrap_or(&bare).trim().to_owned()
}

fn is_void(name: &str) -> bool {
    ["br", "hr", "img", "wbr", "input", "area", "col", "embed"].iter().any(|void| name.eq_ignore_ascii_case(void))
}

fn open_tag(out: &mut String, tree: &Tree<'_>, id: NodeId) {
    out.push('<');
    out.push_str(local(tree.node(id).text));
    for (name, value) in tree.attrs(id) {
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':'));
        if plain && !name.starts_with("xmlns") {
            out.push(' ');
            out.push_str(if name == "xml:lang" { "lang" } else { name });
            out.push_str("=\"");
            push_escaped(out, &entities::decode(value, &tree.references));
            out.push('"');
        }
    }
    out.push('>');
}

/// Decodes base64 (RFC 4648 4), ignoring white space and whatever follows the padding. Returns `None` when the text is not
/// base64.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.chars().filter(|c| !c.is_ascii_whitespace()).take_while(|&c| c != '=').collect();
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&alphabet::STANDARD, lenient).decode(digits).ok()
}

/// Returns whether a text that can be read as base64 is not one word or several.
fn is_data(text: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| text.as_bytes().iter().any(kind);
    !text.contains(' ')
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && (has(u8::is_ascii_digit) || text.ends_with('='))
}

#[cfg(test)]
mod tests;
