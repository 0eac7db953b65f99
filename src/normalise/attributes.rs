//! Limits the attributes of a tag before html5ever sees them: it compares each attribute with all before it.

use super::limits::TextLimits;
use html5ever::tokenizer::{Tag, states::RawKind};
use memchr::memmem;
use std::borrow::Cow;

/// Maximum number of attributes of one tag; further ones are removed. Tags in news texts have up to 30 (lazy pictures).
pub(super) const ATTRIBUTES: usize = 100;

/// Maximum number of attributes of one text; further ones are removed. html5ever takes up to 100 bytes for each. The text with the
/// most of 187 captured feeds has some 500.
const ALL_ATTRIBUTES: usize = 100_000;

/// Maximum length of an attribute's name, and of its value without quotes, in bytes. html5ever keeps an error for each quote in them.
const LONGEST_NAME: usize = 4_096;

/// Returns the name of the tag that `text` continues behind its `<` or `</`.
pub(super) fn name_of(text: &str) -> &str {
    let ends = |b: u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'<');
    &text[..text.bytes().position(ends).unwrap_or(text.len())]
}

/// What a slash at the end of a start tag means for an element that contains only characters (`<script src=a />`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slash {
    /// Nothing, as in HTML: the contents follow.
    Ignored,
    /// The element has no contents, as in XHTML.
    Ends,
}

/// Removes attributes beyond [`ATTRIBUTES`] from each tag, and beyond [`ALL_ATTRIBUTES`] from the text. Most texts are returned
/// unchanged. What is read next must read a `slash` in the same way.
pub(super) fn cut<'a>(html: &'a str, slash: Slash, limits: &TextLimits) -> Cow<'a, str> {
    let mut out = String::new();
    let (mut copied, mut at, mut left) = (0, 0, ALL_ATTRIBUTES);
    while let Some(found) = memchr::memchr(b'<', &html.as_bytes()[at..]).filter(|_| !limits.steps_over()) {
        at += found;
        let tag = tag(html.as_bytes(), at, left.min(ATTRIBUTES), slash);
        left -= tag.kept;
        if let Some(surplus) = tag.surplus {
            out.push_str(&html[copied..surplus]);
            copied = tag.end;
        }
        at = tag.resume;
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    limits.note("too-many-attributes");
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

/// The extent of a tag, a comment or a bare `<`.
struct AttributeTag {
    /// Number of attributes within the limit.
    kept: usize,
    /// Where the attributes beyond the limit begin.
    surplus: Option<usize>,
    /// Position of its `>`, or the end of the text.
    end: usize,
    /// Where to continue the search.
    resume: usize,
}

/// Reads the tag, the comment or the bare `<` at `at` (HTML 13.2.5.6 and the states that follow it). At most `most` attributes are
/// within the limit.
fn tag(html: &[u8], at: usize, most: usize, slash: Slash) -> AttributeTag {
    let rest = &html[at + 1..];
    let nothing = |end: usize| AttributeTag { kept: 0, surplus: None, end, resume: end.max(at + 1) };
    match rest {
        [b'!', b'-', b'-', b'>', ..] => nothing(at + 5),
        [b'!', b'-', b'-', inside @ ..] => nothing(memmem::find(inside, b"--").map_or(html.len(), |n| at + 4 + n)),
        [b'!' | b'?', ..] => nothing(memchr::memchr(b'>', rest).map_or(html.len(), |n| at + 1 + n)),
        [b'/', b, ..] | [b, ..] if b.is_ascii_alphabetic() => attributes(html, at + 1, most, slash),
        _ => nothing(at + 1),
    }
}

/// Reads the attributes of the tag whose name, or the slash before it, is at `name` (HTML 13.2.5.8, 13.2.5.32 to 13.2.5.40).
fn attributes(html: &[u8], name: usize, most: usize, slash: Slash) -> AttributeTag {
    let is_blank = |b: u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0C);
    let find = |from: usize, stop: &dyn Fn(u8) -> bool| {
        html.get(from..).and_then(|rest| rest.iter().position(|b| stop(*b))).map_or(html.len(), |n| from + n)
    };
    let name_end = find(name + 1, &|b| is_blank(b) || matches!(b, b'/' | b'>'));
    let (mut at, mut count, mut surplus) = (name_end, 0, None);
    let ended = loop {
        // html5ever keeps an error for each stray slash. The one before the end is none.
        let before = at;
        at = find(at, &|b| !is_blank(b) && b != b'/');
        let ends = html.get(at) == Some(&b'>') && html[before..at].ends_with(b"/");
        count += memchr::memchr_iter(b'/', &html[before..at]).count() - usize::from(ends);
        if count > most && surplus.is_none() {
            surplus = Some(before);
        }
        if html.get(at).is_none_or(|b| *b == b'>') {
            break ends;
        }
        let start = at;
        count += 1;
        if count > most && surplus.is_none() {
            surplus = Some(at);
        }
        // A name may begin with an equals sign.
        at = find(at + 1, &|b| is_blank(b) || matches!(b, b'/' | b'>' | b'='));
        if at - start > LONGEST_NAME {
            surplus.get_or_insert(start);
        }
        let equals = find(at, &|b| !is_blank(b));
        if html.get(equals) != Some(&b'=') {
            continue;
        }
        at = find(equals + 1, &|b| !is_blank(b));
        at = match html.get(at) {
            Some(quote @ (b'"' | b'\'')) => find(at + 1, &|b| b == *quote) + 1,
            Some(b'>') | None => at,
            Some(_) => {
                let end = find(at, &|b| is_blank(b) || b == b'>');
                if end - at > LONGEST_NAME {
                    surplus.get_or_insert(start);
                }
                end
            }
        };
        at = at.min(html.len());
    };
    let has_contents = !ended || slash == Slash::Ignored;
    let resume = if has_contents { after_raw_text(html, &html[name..name_end], at) } else { at };
    AttributeTag { kept: count.min(most), surplus, end: at, resume }
}

/// Returns where to continue after a tag: at the end tag of an element that contains only characters, else at `at`.
fn after_raw_text(html: &[u8], name: &[u8], at: usize) -> usize {
    let Ok(name) = std::str::from_utf8(name) else { return at };
    let name = if name.len() <= 8 { name.to_ascii_lowercase() } else { return at };
    if raw_kind(&name).is_none() {
        return at;
    }
    let ends = |end: &usize| {
        html.get(at + end + 2..at + end + 2 + name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
    };
    memmem::find_iter(&html[at..], b"</").find(ends).map_or(html.len(), |n| at + n)
}

/// Returns how the tokeniser continues after a start tag (HTML 13.2.5, as set by tree construction).
pub(super) fn raw_kind(name: &str) -> Option<RawKind> {
    match name {
        "script" => Some(RawKind::ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => Some(RawKind::Rawtext),
        "textarea" | "title" => Some(RawKind::Rcdata),
        _ => None,
    }
}

/// Returns the value of an attribute.
pub(super) fn attribute(tag: &Tag, name: &str) -> Option<String> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| attribute.value.to_string())
}

/// Splits the first attribute off the rest of a tag that the sanitiser wrote. Returns its name, its value, and what follows.
pub(super) fn split_first(rest: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = rest.split_once("=\"")?;
    let (value, rest) = rest.split_once('"')?;
    Some((name.trim_start(), value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(html: &str) -> Cow<'_, str> {
        super::cut(html, Slash::Ignored, &TextLimits::default())
    }

    #[test]
    fn surplus_attributes_go_and_nothing_else() {
        let many = |n: usize| (0..n).map(|i| format!(" a{i}='>'")).collect::<Vec<_>>().concat();
        let kept = format!("<a{}>", many(ATTRIBUTES));
        assert_eq!(cut(&kept), kept);
        let more = format!("x<p><a{} b=\"'>\" c d = e/>y</a>", many(ATTRIBUTES));
        assert_eq!(cut(&more), format!("x<p><a{} >y</a>", many(ATTRIBUTES)));
        let twice = format!("<a{}>é<b{}>", many(300), many(300));
        assert_eq!(cut(&twice).matches('=').count(), 2 * ATTRIBUTES);
        let open = format!("<a{} b='", many(ATTRIBUTES));
        assert_eq!(cut(&open), format!("<a{} ", many(ATTRIBUTES)));
    }

    #[test]
    fn a_text_has_few_stray_slashes_long_names_and_attributes_in_all() {
        assert!(cut(&format!("<div {}>a</div>", "/ ".repeat(10_000))).len() < 300);
        assert_eq!(cut(&format!("<a b c=x{}>d</a>", "'".repeat(10_000))), "<a b >d</a>");
        assert_eq!(cut(&format!("<a {}>d</a>", "'".repeat(10_000))), "<a >d</a>");
        let long = format!("<a href=\"{}\">d</a>", "x".repeat(10_000));
        assert_eq!(cut(&long), long, "a quoted value may be long");
        let many = format!("<i{}>", " b".repeat(50)).repeat(3_000);
        assert_eq!(cut(&many).matches(" b").count(), ALL_ATTRIBUTES);
    }

    #[test]
    fn a_slash_means_what_the_next_reader_takes_it_for() {
        let tag = format!("<a{}>", " b".repeat(500));
        for script in ["<script src=a />", "<script/>", "<TITLE a='>' //>"] {
            let text = format!("{script}{tag}");
            assert_eq!(cut(&text), text, "{script}");
            let empty = super::cut(&text, Slash::Ends, &TextLimits::default());
            assert_eq!(empty.matches(" b").count(), ATTRIBUTES, "{script}");
        }
        let value = format!("<script src=a/>{tag}");
        assert_eq!(super::cut(&value, Slash::Ends, &TextLimits::default()), value, "the slash is part of the value");
    }

    #[test]
    fn what_stands_in_comments_and_scripts_opens_no_value() {
        let tag = format!("<a{}>", " b".repeat(500));
        for before in [
            "<!-- <a b=\" -->",
            "<script>\"<a b='</script>",
            "<!a b='>",
            "<?a b='>",
            "< a='",
            "<3 '",
            "<title><a b='</title>",
        ] {
            assert_eq!(
                cut(&format!("{before}{tag}")).matches(" b").count() - before.matches(" b").count(),
                ATTRIBUTES,
                "{before}"
            );
        }
        for text in ["", "<", "<a", "<a ", "<a b", "<a b=", "<a b='", "<a b= >", "</", "<!", "<!--", "<!-->", "<é a='>"]
        {
            assert_eq!(cut(text), text);
        }
    }
}
