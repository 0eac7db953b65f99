//! Reads the outlines of a subscription list (OPML 2.0) with the tolerant reader, for lists that are not well formed.

use super::tree::{TOP, Tree};
use super::{ParseContext, Repairs, attributes::local, entities, limits::Limits};
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

/// Returns a text in which the only `>` of each outline's tag is its last character. In `text="A "B"> C" xmlUrl="…"` the quotes inside
/// a value let the tag seem to end before its address.
fn with_whole_tags(text: &str) -> Cow<'_, str> {
    let (mut out, mut done, mut from) = (String::new(), 0, 0);
    while let Some(start) = next_tag(text, from) {
        from = start + 1;
        let end = next_tag(text, from).unwrap_or(text.len());
        let is_outline = text[start..end].get(1..8).is_some_and(|name| name.eq_ignore_ascii_case("outline"));
        let tag = &text[start..end];
        if let (true, Some(first), Some(last)) = (is_outline, tag.find('>'), tag.rfind('>'))
            && has_attribute(&tag[first..last])
        {
            out.push_str(&text[done..start]);
            out.push_str(&tag[..last].replace('>', "&gt;"));
            done = start + last;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// Returns where the next tag of an outline, end tag, comment or declaration begins. Another `<` stands inside a value.
fn next_tag(text: &str, from: usize) -> Option<usize> {
    let begins = |at: &usize| match text.as_bytes().get(at + 1) {
        Some(b'/' | b'!' | b'?') => true,
        _ => text.get(at + 1..at + 8).is_some_and(|name| name.eq_ignore_ascii_case("outline")),
    };
    memchr::memchr_iter(b'<', &text.as_bytes()[from..]).map(|at| from + at).find(begins)
}

/// Returns whether a text contains an attribute with a quoted value.
fn has_attribute(text: &str) -> bool {
    text.split('=').skip(1).any(|value| value.trim_start().starts_with(['"', '\'']))
}

/// Iterates over attribute names and raw values, of which some have quotes inside.
fn attributes(attrs: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = attrs;
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
                let mut quotes = inside.match_indices(quote).map(|(at, _)| at);
                // Each quote is looked at from the left, and what follows it only up to the next quote.
                let end = quotes.clone().find(|at| ends_value(&inside[at + 1..])).or_else(|| quotes.next());
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
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
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
        ] {
            let next = "<outline text='N' xmlUrl='n'/><outline text='t'>text > more</outline>";
            let found = outlines(&format!("<opml><body><outline {attributes}/>\n{next}</body></opml>"));
            assert_eq!(found.iter().map(|outline| outline.depth).collect::<Vec<_>>(), [0, 0, 0], "{attributes}");
            let value = |name| found[0].attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
            assert_eq!((value("text"), value("xmlUrl")), (Some(want), Some("u")), "{attributes}");
        }
    }
}
