//! Reads the outlines of a subscription list (OPML 2.0) with the tolerant reader, for lists that are not well formed.

use super::tree::{TOP, Tree};
use super::{ParseContext, Repairs, attributes::local, entities, limits::Limits, tokens};
use std::borrow::Cow;

/// Returns the bytes of a file as text, in the encoding that its mark, its declaration or its bytes say.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    super::charset::decode(bytes, None, None, &mut super::Repairs::default()).text.into_owned()
}

/// One outline: its depth and its decoded attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Number of outlines around it.
    pub depth: usize,
    /// Names and values, in order.
    pub attributes: Vec<(String, String)>,
}

/// Returns all outlines of a text, in order. Quotes inside a value need not be escaped.
#[must_use]
pub fn outlines(text: &str) -> Vec<Outline> {
    // Reading fails only when a deadline passes, and this context has none.
    let limits = Limits::of(&ParseContext::default());
    let text = &*with_whole_tags(text);
    let Ok(tree) = Tree::read(text, None, &limits, &mut Repairs::default()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut left = vec![(TOP, 0)];
    while let Some((id, depth)) = left.pop() {
        let is_outline = local(tree.node(id).text).eq_ignore_ascii_case("outline");
        if is_outline {
            let decoded = |value| entities::decode(value, &tree.references).into_owned();
            let attributes = attributes(tree.attributes_of(id));
            let attributes = attributes.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
            found.push(Outline { depth, attributes });
        }
        let at = left.len();
        left.extend(tree.elements(id).map(|(_, child)| (child, depth + usize::from(is_outline))));
        left[at..].reverse();
    }
    found
}

/// Maximum number of `>` of one tag among which its end is looked for.
const ENDS: usize = 32;

/// Returns a text in which the values of each outline have neither quotes nor tags. In `text="A "B"> C" xmlUrl="…"` the quotes inside
/// a value let the tag seem to end before its address.
fn with_whole_tags(text: &str) -> Cow<'_, str> {
    let (mut out, mut done, mut from) = (String::new(), 0, 0);
    let mut no_end = [false; 2];
    while let Some(start) = next_mark(text, from) {
        from = start + 1;
        if let Some(end) = end_of_characters(&text[start..], &mut no_end) {
            from = start + end;
            continue;
        }
        let part = &text[start..next_mark(text, from).unwrap_or(text.len())];
        let Some(inside) = outline_name(part).map(|name| &part[name..]) else { continue };
        let Some(end) = end_of_tag(inside) else { continue };
        let (tag, is_empty) = inside[..end].strip_suffix('/').map_or((&inside[..end], false), |tag| (tag, true));
        if strict_end(inside) == Some(end) && !tag.contains('<') {
            continue;
        }
        out.push_str(&text[done..start]);
        out.push_str("<outline");
        // What stands in a value is no tag.
        for (name, value) in attributes(&tag.replace('>', "&gt;")) {
            let value = value.replace('<', "&lt;").replace('"', "&quot;");
            out.extend([" ", name, "=\"", &value, "\""]);
        }
        out.push_str(if is_empty { "/>" } else { ">" });
        done = start + (part.len() - inside.len()) + end + 1;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// Returns where the next tag of an outline or of what is around it, a comment or a declaration begins. Another `<` may stand inside
/// a value.
fn next_mark(text: &str, from: usize) -> Option<usize> {
    let begins = |at: &usize| {
        let rest = &text[at + 1..];
        let is_named = |rest: &str, name: &str| rest.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name));
        match rest.strip_prefix('/') {
            Some(rest) => ["outline", "body", "opml"].iter().any(|name| is_named(rest, name)),
            None => rest.starts_with(['!', '?']) || is_named(rest, "outline"),
        }
    };
    memchr::memchr_iter(b'<', &text.as_bytes()[from..]).map(|at| from + at).find(begins)
}

/// Returns where the comment or the CDATA section ends that a text begins with. What stands in it are no outlines. `no_end` says for each
/// of the two whether none of its ends follows, so that each is looked for once.
fn end_of_characters(text: &str, no_end: &mut [bool; 2]) -> Option<usize> {
    let kinds = [("<!--", "-->"), ("<![CDATA[", "]]>")].into_iter().zip(no_end);
    let ((start, end), no_end) = kinds.into_iter().find(|((start, _), _)| text.starts_with(start))?;
    if *no_end {
        return None;
    }
    let found = memchr::memmem::find(&text.as_bytes()[start.len()..], end.as_bytes());
    *no_end = found.is_none();
    Some(start.len() + found? + end.len())
}

/// Returns the length of `<outline` if a text begins with this tag.
fn outline_name(text: &str) -> Option<usize> {
    const TAG: &str = "<outline";
    let name = text.get(..TAG.len()).filter(|start| start.eq_ignore_ascii_case(TAG))?;
    text[name.len()..].starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).then_some(name.len())
}

/// Returns where the tag ends whose attributes a text begins with: at its `>` as XML says, unless the rest of a value and other
/// attributes follow (`text="Ann "/> Bell" xmlUrl="…"`). Other elements may stand between two outlines, and hold any text.
fn end_of_tag(inside: &str) -> Option<usize> {
    let ends = || memchr::memchr_iter(b'>', inside.as_bytes());
    let is_whole = |end: &usize| !has_text(&inside[end + 1..], has_attribute);
    let ends_here = |end: &usize| !has_text(&inside[end + 1..], is_rest_of_tag);
    strict_end(inside).filter(is_whole).or_else(|| ends().take(ENDS).find(ends_here)).or_else(|| ends().next_back())
}

/// Returns the end of a tag whose attributes are written as XML demands: separated by white space, each with a value in quotes.
fn strict_end(inside: &str) -> Option<usize> {
    let mut rest = inside;
    loop {
        let next = rest.trim_ascii_start();
        let end = next.strip_prefix('/').unwrap_or(next);
        if end.starts_with('>') {
            return Some(inside.len() - end.len());
        }
        let name = next.find(|c: char| !is_name(c)).filter(|name| *name > 0 && next.len() < rest.len())?;
        let value = next[name..].trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest = &value[1..][value[1..].find(quote)? + 1..];
    }
}

/// Maximum nesting of elements between two outlines; the texts of deeper ones count as those of the last level.
const DEPTH: usize = 16;

/// Returns whether one of the texts between tags is what is looked for. Those inside whole elements do not count.
fn has_text(text: &str, is_wanted: fn(&str) -> bool) -> bool {
    // Open elements, and whether a text in each was wanted.
    let mut open: Vec<(&str, bool)> = Vec::new();
    let mut rest = text;
    loop {
        let (text, tag) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        match open.last_mut() {
            Some((_, was_wanted)) => *was_wanted = *was_wanted || is_wanted(text),
            None if is_wanted(text) => return true,
            None => {}
        }
        let Some(inside) = tag.strip_prefix('<') else { break };
        rest = if !inside.starts_with(|c: char| c == '/' || is_name(c)) {
            inside
        } else if let Some(end) = tokens::tag_end(tag.as_bytes()) {
            enter_or_leave(&mut open, &tag[1..end]);
            &tag[end + 1..]
        } else {
            return is_wanted(inside);
        };
    }
    open.iter().any(|(_, was_wanted)| *was_wanted)
}

/// Adds an element that begins with this tag, or removes one that ends with it.
fn enter_or_leave<'a>(open: &mut Vec<(&'a str, bool)>, tag: &'a str) {
    let name = |tag: &'a str| &tag[..tag.find(|c| !is_name(c)).unwrap_or(tag.len())];
    match tag.strip_prefix('/') {
        Some(end) => {
            if let Some(at) = open.iter().rposition(|(open, _)| open.eq_ignore_ascii_case(name(end))) {
                open.truncate(at);
            }
        }
        None if tag.ends_with('/') || open.len() >= DEPTH => {}
        None => open.push((name(tag), false)),
    }
}

/// Returns whether a text holds an attribute, and the end of its tag.
fn has_attribute(text: &str) -> bool {
    let before = &text[..text.rfind('>').unwrap_or_default()];
    before.match_indices(['"', '\'']).any(|(at, _)| text[..at].trim_ascii_end().ends_with('='))
}

fn is_rest_of_tag(text: &str) -> bool {
    text.match_indices(['"', '\'']).any(|(at, _)| {
        let after = &text[at + 1..];
        let ends = after.starts_with('>') || after.trim_ascii_start().starts_with("/>");
        ends || text[..at].trim_ascii_end().ends_with('=')
    })
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.')
}

/// Iterates over attribute names and raw values, of which some have quotes inside.
fn attributes(attrs: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = attrs;
    // The next quote of each kind that ends a value.
    let mut ends = [None; 2];
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '"' | '\''));
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() && after.is_empty() {
            return None;
        }
        let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
            rest = after;
            return Some((name, ""));
        };
        let (value, after) = match value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            Some(quote) => {
                let inside = &value[1..];
                let start = attrs.len() - inside.len();
                let slot = &mut ends[usize::from(quote == '"')];
                if slot.is_none_or(|end| end < start) {
                    // Each quote is looked at once, and what follows it only up to the next quote.
                    let mut quotes = inside.match_indices(quote).map(|(at, _)| at);
                    let end = quotes.find(|at| ends_value(&inside[at + 1..]));
                    *slot = Some(end.map_or(usize::MAX, |end| start + end));
                }
                let end = slot.filter(|end| *end < usize::MAX).map(|end| end - start).or_else(|| inside.find(quote));
                end.map_or((inside, ""), |at| (&inside[..at], &inside[at + 1..]))
            }
            None => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        rest = after;
        Some((name, value))
    })
}

/// Returns whether what follows a quote shows that it ended a value: the end of the tag or another attribute. A bare word counts only
/// behind white space, and not if a quote follows it.
fn ends_value(after: &str) -> bool {
    let next = after.trim_start().trim_start_matches('/').trim_start();
    let name_end = next.find(|c| !is_name(c)).unwrap_or(next.len());
    let behind = next[name_end..].trim_start();
    match next.chars().next() {
        None | Some('>') => true,
        Some(c) if !is_name(c) => false,
        Some(_) if behind.starts_with('=') => true,
        Some(_) => next.len() < after.len() && !behind.starts_with(['"', '\'']) && !behind.starts_with(is_name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_inside_a_value_cost_no_outline() {
        let text = "<opml><body><outline text='F'><outline text=\"B\" description=\"calls it \"the world's best\" show\" \
            xmlUrl=\"https://b.example/f?a=1&b=2\"/></outline><outline xmlUrl='https://c.example/f'></body>";
        let urls = |o: &Outline| o.attributes.iter().find(|(name, _)| name == "xmlUrl").map(|(_, url)| url.clone());
        let found = outlines(text);
        let depths: Vec<_> = found.iter().map(|outline| outline.depth).collect();
        assert_eq!(depths, [0, 1, 0]);
        assert_eq!(urls(&found[1]).as_deref(), Some("https://b.example/f?a=1&b=2"));
        assert_eq!(urls(&found[2]).as_deref(), Some("https://c.example/f"));
    }

    #[test]
    fn quotes_inside_a_name_are_part_of_it() {
        for (attributes, want) in [
            ("text=\"صحيفة \"الصباح\"\" xmlUrl=\"u\"", "صحيفة \"الصباح\""),
            ("text='it's B' xmlUrl='u'", "it's B"),
            ("text=\"say \"hi\"\" xmlUrl=\"u\"", "say \"hi\""),
            ("text=\"a \"b\" c\" title=\"d \"e\" f\" xmlUrl=\"u\"", "a \"b\" c"),
            ("text=\"he said x=\"5\" ok\" xmlUrl=\"u\"", "he said x=\"5\" ok"),
            ("text=\"B\"xmlUrl=\"u\"", "B"),
            ("xmlUrl=u text=B", "B"),
            ("text=\"Ann \"/> Bell\" xmlUrl=\"u\"", "Ann \"/> Bell"),
            ("text=\"A \"B\">C\" xmlUrl=\"u\"", "A \"B\">C"),
            ("text=\"B\"/ xmlUrl=\"u\"", "B"),
            ("text=\"a > b\" xmlUrl=\"u\"", "a > b"),
            ("text=\"a < b > c\" xmlUrl=\"u\"", "a < b > c"),
            ("text=\"B\" description=\"<p>Un blog</p>\" xmlUrl=\"u\"", "B"),
            ("text=\"B\" description=\"<a href='v'>b</a>\" xmlUrl=\"u\"", "B"),
            ("text=\"x <b>B</b>\" xmlUrl=\"u\"", "x <b>B</b>"),
            ("text=\"B\" description=\"<p class=\"x\"><b>Un</b> blog</p>\" xmlUrl=\"u\"", "B"),
            ("xmlUrl=\"u\" text=\"B\" description=\"<p class=\"x\"><b>Un</b> blog</p>\"", "B"),
            ("text=\"A \"B\"\" xmlUrl=\"u\"", "A \"B\""),
        ] {
            let next = "<outline text='N' xmlUrl='n'/><outline text='t'>text > more</outline>";
            let found = outlines(&format!("<opml><body><outline {attributes}/>\n{next}</body></opml>"));
            assert_eq!(found.iter().map(|outline| outline.depth).collect::<Vec<_>>(), [0, 0, 0], "{attributes}");
            let value = |name| found[0].attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
            assert_eq!((value("text"), value("xmlUrl")), (Some(want), Some("u")), "{attributes}");
        }
    }

    /// Returns a value of an attribute that has this quote around it, as XML allows it.
    fn value(quote: char) -> impl Strategy<Value = String> {
        let parts = [
            "a",
            "B",
            " ",
            ">",
            "/>",
            "=",
            "x=",
            "-->",
            "]]>",
            "&amp;",
            "&lt;b&gt;",
            "&quot;",
            "&apos;",
            "&#233;",
            "é",
            "ع",
            ";",
        ];
        let other = if quote == '"' { "'" } else { "\"" };
        prop::collection::vec(prop_oneof![4 => prop::sample::select(parts.to_vec()), 1 => Just(other)], 0..8)
            .prop_map(|parts| parts.concat())
    }

    fn attribute() -> impl Strategy<Value = (&'static str, String, &'static str)> {
        let names = prop::sample::select(vec!["text", "title", "xmlUrl", "htmlUrl", "x:y", "_a-b.c"]);
        let quoted = prop_oneof![
            value('"').prop_map(|value| format!("\"{value}\"")),
            value('\'').prop_map(|value| format!("'{value}'")),
        ];
        (names, quoted, prop::sample::select(vec!["=", " = ", "\n="]))
    }

    /// What may stand between two outlines of a list that is well formed.
    fn between() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "",
            "\n  ",
            "<!-- <outline text=\"A \"B\"> C\" xmlUrl='u'/> -->",
            "<note><![CDATA[<outline text=\"A \"B\"> C\" xmlUrl='u'/>]]></note>",
            "<n:state read='a > \"b\"' x=\"it's\"/>",
            "<note>a &amp; b</note>",
            "<?x y='<outline'?>",
        ])
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn a_list_that_is_well_formed_is_not_repaired(
            outlines in prop::collection::vec((prop::collection::vec(attribute(), 0..4), 0..3_u8, between()), 0..8),
        ) {
            let mut text = String::from("<?xml version='1.0'?><opml><head><title>x</title></head><body>");
            let (mut open, mut want) = (0, Vec::new());
            for (attributes, kind, between) in &outlines {
                let written = attributes.iter().map(|(name, value, is)| format!(" {name}{is}{value}"));
                let written = written.collect::<Vec<_>>().concat();
                let none = entities::References::default();
                let decoded = |value: &str| entities::decode(&value[1..value.len() - 1], &none).into_owned();
                let stated = attributes.iter().map(|(name, value, _)| ((*name).to_owned(), decoded(value)));
                let attributes = stated.collect();
                want.push(Outline { depth: open, attributes });
                let (end, after) = match kind {
                    0 => ("/>", ""),
                    1 => (">", "</outline>"),
                    _ => ("\n>", ""),
                };
                text.extend(["<outline", &written, end, between, after]);
                open += usize::from(*kind > 1);
            }
            text += &"</outline>".repeat(open);
            text += "</body></opml>";
            prop_assert!(matches!(with_whole_tags(&text), Cow::Borrowed(_)), "{}\n{}", text, with_whole_tags(&text));
            let mut repairs = Repairs::default();
            Tree::read(&text, None, &Limits::of(&ParseContext::default()), &mut repairs).unwrap();
            prop_assert!(repairs.0.is_empty(), "{:?} {}", repairs, text);
            prop_assert_eq!(super::outlines(&text), want, "{}", text);
        }
    }

    #[test]
    fn elements_between_outlines_are_no_part_of_them() {
        for first in ["text='A' xmlUrl='a'", "xmlUrl='a' text='he said 'A''"] {
            for (between, inside, depths) in [
                ("\n<fz:state read=\"12\"/>\n", "", &[0, 0][..]),
                ("<note a='b'>c</note>", "", &[0, 0]),
                ("<note>x = \"y\"</note>", "", &[0, 0]),
                ("<note><b>x</b> <i>say a=\"b\"></i></note>", "", &[0, 0]),
                ("", "<note>the \"b\"> mark</note>", &[0, 0]),
                ("", "<ext a='b'/>", &[0, 0]),
                ("<o:outline text='B' xmlUrl='b'/>", "", &[0, 0, 0]),
                ("", "<outline text='B' xmlUrl='b'/><ext a='b'/>", &[0, 1, 0]),
            ] {
                let tag = if inside.is_empty() && !between.is_empty() {
                    format!("<outline {first}/>")
                } else {
                    format!("<outline {first}>{inside}</outline>")
                };
                let text = format!("<opml><body>{tag}{between}<outline text='C' xmlUrl='c'/></body></opml>");
                let found = outlines(&text);
                assert_eq!(found.iter().map(|outline| outline.depth).collect::<Vec<_>>(), depths, "{text}");
                let urls = |o: &Outline| {
                    o.attributes.iter().filter(|(name, _)| name == "xmlUrl").map(|u| u.1.clone()).collect::<String>()
                };
                let want = if depths.len() == 3 { "abc" } else { "ac" };
                assert_eq!(found.iter().map(urls).collect::<String>(), want, "{text}");
            }
        }
    }

    #[test]
    fn text_in_an_outline_is_no_part_of_its_tag() {
        for inside in ["the \"b\"> mark", "x = \"y\"", "it's <b a=\"c\">x</b> \"d\"", "a='b'"] {
            let list = format!("<opml><body><outline text='A' xmlUrl='a'>{inside}</outline></body></opml>");
            let attributes = [("text", "A"), ("xmlUrl", "a")].map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(outlines(&list), [Outline { depth: 0, attributes: attributes.to_vec() }], "{list}");
        }
    }

    #[test]
    fn hostile_lists_are_read_in_time() {
        // Each would take minutes if every mark were compared with all that follow.
        for part in [
            "<outline a='",
            "<outline ",
            "<outline a='b' > = '> ",
            "> ",
            "=\"> ",
            "<outline a=\"\"/>",
            "<x a='",
            "<x a=\"' ",
            "<outline a=\"b\"/><x>",
            "<x>=\"",
            "</x><y>",
            "\"<",
        ] {
            for start in ["", "<outline "] {
                let _ = outlines(&format!("{start}{}", part.repeat(300_000 / part.len())));
            }
        }
    }
}
