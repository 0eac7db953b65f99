//! Cleaning of characters and HTML for published documents.

use std::borrow::Cow;

/// Removes the characters that XML 1.0 2.2 forbids and those that strict readers complain about: control characters (C1 too)
/// and noncharacters. U+FFFD, the trace of a broken encoding, becomes `?`; CR LF and CR become LF (XML 1.0 2.11).
///
/// All formats use this, JSON too, so that a title is the same in all of them.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    // Bytes first: the characters to change begin with a control, 0xC2, 0xEF or a byte of four-byte characters.
    let is_usual = |byte: u8| matches!(byte, b'\t' | b'\n' | b' '..=b'~' | 0x80..=0xC1 | 0xC3..=0xEE);
    if text.bytes().all(is_usual) || text.chars().all(|c| verdict(c) == Verdict::Keep) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match verdict(c) {
            Verdict::Keep => out.push(c),
            Verdict::Newline if chars.peek() == Some(&'\n') => {}
            Verdict::Newline => out.push('\n'),
            Verdict::Replace => out.push('?'),
            Verdict::Drop => {}
        }
    }
    Cow::Owned(out)
}

/// Returns whether `text` is empty or white space once it is cleaned.
pub(super) fn is_blank(text: &str) -> bool {
    clean(text).trim().is_empty()
}

#[derive(PartialEq, Eq)]
enum Verdict {
    Keep,
    Drop,
    Newline,
    Replace,
}

fn verdict(c: char) -> Verdict {
    match c {
        '\t' | '\n' => Verdict::Keep,
        '\r' | '\u{85}' => Verdict::Newline,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fdd0}'..='\u{fdef}' => Verdict::Drop,
        '\u{fffd}' => Verdict::Replace,
        c if u32::from(c) & 0xfffe == 0xfffe => Verdict::Drop,
        _ => Verdict::Keep,
    }
}

/// Returns whether `text` contains what looks like an HTML end tag. Strict readers take such a plain text for undeclared HTML.
pub(super) fn has_end_tag(text: &str) -> bool {
    text.match_indices("</").any(|(at, _)| {
        let rest = &text[at + 2..];
        let name = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        name > 0 && rest[name..].starts_with('>')
    })
}

/// Returns the text of safe HTML with its entities kept and white space folded, at most `limit` characters, cut between words.
///
/// Safe HTML was written by the sanitiser: tags are closed and attributes quoted, so skipping tags is enough.
pub(super) fn strip_tags(html: &str, limit: usize) -> String {
    let mut out = String::new();
    let (mut count, mut gap) = (0, false);
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        let token = match c {
            '<' => {
                let tag = tag_length(rest);
                gap |= !is_inline(&rest[..tag]);
                rest = &rest[tag..];
                continue;
            }
            c if c.is_whitespace() => {
                gap = true;
                rest = &rest[c.len_utf8()..];
                continue;
            }
            '&' => entity_length(rest),
            c => c.len_utf8(),
        };
        if gap && !out.is_empty() {
            out.push(' ');
            count += 1;
        }
        gap = false;
        if count >= limit {
            let cut = out.rfind(' ').filter(|&at| at * 2 > out.len()).unwrap_or(out.len());
            out.truncate(cut);
            out.push('…');
            return out;
        }
        out.push_str(&rest[..token]);
        count += 1;
        rest = &rest[token..];
    }
    out
}

/// Changes safe HTML so that the W3C validator has no warnings. It warns about `controls` and `bdo`. So players lose their
/// controls and get a link to the file beside them, and `bdo` becomes `bdi` with the same direction. Pages keep both.
pub(super) fn strict(html: &str) -> Cow<'_, str> {
    match without_nested_links(html) {
        Cow::Borrowed(html) => without_controls(html),
        Cow::Owned(html) => Cow::Owned(without_controls(&html).into_owned()),
    }
}

/// Removes links inside links and links around tables from safe HTML, because parsers split the outer link (HTML 4.5.1). Only
/// the tags of the inner link, or of the link around a table, are removed; everything else stays.
fn without_nested_links(html: &str) -> Cow<'_, str> {
    let links = html.matches("<a ").count() + html.matches("<a>").count();
    if links < 2 && (links == 0 || !html.contains("<table")) {
        return Cow::Borrowed(html);
    }
    let dropped = nested_links(html);
    if dropped.is_empty() {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len());
    let mut from = 0;
    for (start, end) in dropped {
        out.push_str(&html[from..start]);
        from = end;
    }
    out.push_str(&html[from..]);
    Cow::Owned(out)
}

/// Returns the positions of the tags of links that are inside another link or around a table, in order.
fn nested_links(html: &str) -> Vec<(usize, usize)> {
    // Each open link: the position of its tag, and whether it is to be removed.
    let (mut open, mut dropped) = (Vec::<((usize, usize), bool)>::new(), Vec::new());
    let mut at = 0;
    while let Some(start) = html[at..].find('<').map(|found| at + found) {
        let end = start + tag_length(&html[start..]);
        let tag = &html[start..end];
        at = end;
        match (element(tag), tag.starts_with("</")) {
            ("a", false) => {
                let is_inside = open.iter().any(|(_, goes)| !goes);
                open.push(((start, end), is_inside));
            }
            ("a", true) => {
                if let Some((place, true)) = open.pop() {
                    dropped.extend([place, (start, end)]);
                }
            }
            ("table", false) => open.iter_mut().for_each(|(_, goes)| *goes = true),
            _ => {}
        }
    }
    dropped.sort_unstable();
    dropped
}

fn without_controls(html: &str) -> Cow<'_, str> {
    if !["<video", "<audio", "<bdo"].iter().any(|tag| html.contains(tag)) {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    let mut file: Option<&str> = None;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        let (tag, after) = from.split_at(tag_length(from));
        out.push_str(before);
        match element(tag) {
            "audio" | "video" if tag.starts_with("</") => {
                out.push_str(tag);
                if let Some(file) = file.take() {
                    push_file(&mut out, file);
                }
            }
            "source" => {
                file = file.or_else(|| source(tag));
                out.push_str(tag);
            }
            "audio" | "video" => {
                file = source(tag);
                // Quotes inside values are escaped, so a match can only be the attribute itself.
                let (start, end) = tag.split_once(" controls=\"").unwrap_or((tag, ""));
                out.push_str(start);
                out.push_str(end.split_once('"').map_or("", |(_, end)| end));
            }
            "bdo" => out.push_str(&tag.replacen("bdo", "bdi", 1)),
            _ => out.push_str(tag),
        }
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Returns the address in the `src` attribute of a player's tag, still escaped.
fn source(tag: &str) -> Option<&str> {
    tag.split_once(" src=\"")?.1.split_once('"').map(|(address, _)| address).filter(|address| !address.is_empty())
}

/// Appends a link to a player's file, labelled with the file name.
fn push_file(out: &mut String, address: &str) {
    let path = address.split(['?', '#']).next().unwrap_or(address).trim_end_matches('/');
    let name = path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(address);
    for part in [" <a href=\"", address, "\">", name, "</a>"] {
        out.push_str(part);
    }
}

/// Returns the element name of a tag.
fn element(tag: &str) -> &str {
    let name = tag.trim_start_matches(['<', '/']);
    &name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())]
}

/// Returns whether a tag belongs to an element that does not separate words.
fn is_inline(tag: &str) -> bool {
    [
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "i", "mark", "s", "small", "span", "strong", "sub",
        "sup", "u",
    ]
    .contains(&element(tag))
}

/// Returns the length of the tag or comment at the beginning of `rest`. A `>` inside quotes does not end a tag.
fn tag_length(rest: &str) -> usize {
    if rest.starts_with("<!--") {
        return rest.find("-->").map_or(rest.len(), |at| at + 3);
    }
    let mut quote = None;
    for (at, b) in rest.bytes().enumerate() {
        match (quote, b) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(q), b) if q == b => quote = None,
            _ => {}
        }
    }
    rest.len()
}

/// Returns the length of the entity at the beginning of `rest`; 1 for a bare ampersand.
fn entity_length(rest: &str) -> usize {
    let end = rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '#').map_or(rest.len(), |at| at + 1);
    if end > 1 && rest[end..].starts_with(';') { end + 1 } else { 1 }
}

/// Decodes the entities that the sanitiser writes, for values that must be plain text.
pub(super) fn decode(html_text: &str) -> String {
    html_text
        .replace("&nbsp;", "\u{a0}")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests;
