//! Texts with `<` that begins no tag (`if a<b then`, `Map<K, V>`, `<ann@x.example>`), and with attributes that lack their closing
//! quote. HTML would lose what follows, up to the next `>`, to the next quote or to the end.

use super::attributes::{name_of, raw_kind};
use crate::model::elements::is_html;
use memchr::{memchr, memchr2, memmem};
use std::borrow::Cow;
use std::collections::HashSet;

/// Maximum length of a name whose end tag is looked for, in bytes.
const LONGEST_NAME: usize = 40;

/// Elements that mean nothing without an end tag.
const PAIRED: &str = " a abbr b big cite code dfn em font i kbd q s samp small span strike strong sub sup tt u var ";

/// Attributes with which truncated tags end.
const ATTRIBUTES: [&str; 14] = [
    "align", "alt", "border", "class", "data-", "height", "href", "id", "rel", "src", "style", "target", "title",
    "width",
];

/// Escapes each `<` that begins no tag, and adds the quotes that are missing. Most texts are returned unchanged.
pub(super) fn strays(html: &str) -> Cow<'_, str> {
    let mut scan =
        Scan { html, out: String::new(), copied: 0, ended: None, no_quote: [false; 2], no_end: [false; 2], tags: 0 };
    let mut at = 0;
    while let Some(found) = memchr(b'<', &html.as_bytes()[at..]) {
        at = scan.mark(at + found);
    }
    if scan.copied == 0 {
        return Cow::Borrowed(html);
    }
    scan.out.push_str(&html[scan.copied..]);
    Cow::Owned(scan.out)
}

struct Scan<'a> {
    html: &'a str,
    out: String,
    /// How much of the text is in `out`.
    copied: usize,
    /// Names of all end tags, once they are needed.
    ended: Option<HashSet<String>>,
    /// Whether no `"`, and no `'`, follows from here on.
    no_quote: [bool; 2],
    /// Whether no end tag of `svg`, and of `math`, follows from here on.
    no_end: [bool; 2],
    /// Number of tags so far.
    tags: usize,
}

/// What may be a start tag.
struct StartTag<'a> {
    name: &'a str,
    /// Everything between the name and the end.
    inside: &'a str,
    end: End,
    /// Where a closing quote is missing, and which.
    missing: Option<(usize, char)>,
}

/// What ends a tag, and where.
#[derive(Clone, Copy)]
enum End {
    /// Its `>`.
    Closed(usize),
    /// Another `<`.
    Open(usize),
    /// The end of the text.
    Nothing,
}

impl<'a> Scan<'a> {
    /// Handles the `<` at `at`. Returns where to continue.
    fn mark(&mut self, at: usize) -> usize {
        let rest = &self.html.as_bytes()[at + 1..];
        match rest.first() {
            Some(b'!') if rest.starts_with(b"!--") => {
                memmem::find(&rest[1..], b"-->").map_or(self.html.len(), |end| at + 2 + end + 3)
            }
            Some(byte) if byte.is_ascii_alphabetic() => self.start_tag(at),
            _ => at + 1,
        }
    }

    fn start_tag(&mut self, at: usize) -> usize {
        let tag = self.read(at);
        if self.is_stray(&tag) {
            self.replace(at, at + 1, "&lt;");
            return at + 1 + tag.name.len();
        }
        self.tags += 1;
        if let Some((place, quote)) = tag.missing {
            self.replace(place, place, quote.encode_utf8(&mut [0; 4]));
        }
        match tag.end {
            End::Closed(end) if tag.inside.ends_with('/') => end + 1,
            End::Closed(end) => self.after_contents(tag.name, end + 1),
            End::Open(end) => end,
            End::Nothing => self.html.len(),
        }
    }

    fn replace(&mut self, from: usize, to: usize, by: &str) {
        self.out.push_str(&self.html[self.copied..from]);
        self.out.push_str(by);
        self.copied = to;
    }

    /// Reads the tag at `at` as far as the next `>` or `<` outside quoted values.
    fn read(&mut self, at: usize) -> StartTag<'a> {
        let (html, bytes) = (self.html, self.html.as_bytes());
        let name = name_of(&html[at + 1..]);
        let name_end = at + 1 + name.len();
        let (mut from, mut missing) = (name_end, None);
        let end = loop {
            let Some(found) = bytes[from..].iter().position(|b| matches!(b, b'>' | b'<' | b'"' | b'\'')) else {
                break End::Nothing;
            };
            from += found;
            match bytes[from] {
                b'>' => break End::Closed(from),
                b'<' => break End::Open(from),
                quote => {
                    let opens = html[name_end..from].trim_ascii_end().ends_with('=');
                    from += 1;
                    if opens {
                        match self.value_end(from, quote) {
                            Some(end) => from = end + 1,
                            None => match memchr(b'>', &bytes[from..]) {
                                Some(end) => {
                                    missing = Some((from + end, char::from(quote)));
                                    from += end;
                                }
                                None => break End::Nothing,
                            },
                        }
                    }
                }
            }
        };
        let inside_end = match end {
            End::Closed(end) | End::Open(end) => end,
            End::Nothing => html.len(),
        };
        StartTag { name, inside: &html[name_end..inside_end], end, missing }
    }

    /// Returns where the quote is that ends the value from `from` on. `None` if there is none, or only that of another tag.
    fn value_end(&mut self, from: usize, quote: u8) -> Option<usize> {
        let none = &mut self.no_quote[usize::from(quote == b'\'')];
        if *none {
            return None;
        }
        let rest = &self.html.as_bytes()[from..];
        let Some(end) = memchr(quote, rest) else {
            *none = true;
            return None;
        };
        let value = &rest[..end];
        let swallows_tags = memchr2(b'>', b'<', value).is_some_and(|mark| {
            let after = &value[mark..];
            after[0] == b'>'
                && (memmem::find(after, b"</").is_some()
                    || memchr(b'<', after).is_some() && after.trim_ascii_end().ends_with(b"="))
        });
        (!swallows_tags).then_some(from + end)
    }

    /// Returns where the contents of an element end in which `<` has another meaning, or `at` for other elements.
    fn after_contents(&mut self, name: &str, at: usize) -> usize {
        let lower = name.to_ascii_lowercase();
        let is_raw = raw_kind(&lower).is_some();
        let foreign = ["svg", "math"].iter().position(|known| *known == lower);
        if !is_raw && foreign.is_none_or(|which| self.no_end[which]) {
            return at;
        }
        let rest = &self.html.as_bytes()[at..];
        let ends = |end: &usize| {
            rest.get(end + 2..end + 2 + lower.len()).is_some_and(|name| name.eq_ignore_ascii_case(lower.as_bytes()))
        };
        match (memmem::find_iter(rest, b"</").find(ends), foreign) {
            (Some(end), _) => at + end,
            (None, None) => self.html.len(),
            (None, Some(which)) => {
                self.no_end[which] = true;
                at
            }
        }
    }

    /// Returns whether a text of this form is no tag.
    fn is_stray(&mut self, tag: &StartTag<'_>) -> bool {
        // A backslash was meant as the slash of a tag.
        let (name, inside) = (tag.name.trim_end_matches('\\'), tag.inside);
        // An address (RFC 3986, appendix C).
        if name.contains('@') || name.ends_with(':') && inside.starts_with("//") {
            return true;
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.') || !b.is_ascii()) {
            return true;
        }
        let (known, has_words) = (is_html(name), !inside.trim_matches(['/', ' ', '\t', '\r', '\n']).is_empty());
        if is_assigned(inside) {
            return false;
        }
        match tag.end {
            End::Closed(_) if inside.ends_with('/') => false,
            End::Closed(_) if known => has_words && is_paired(name) && !self.is_ended(name),
            End::Open(_) if known => has_words || inside.is_empty() && is_paired(name) && !self.is_ended(name),
            End::Nothing if has_words => !known || !is_truncated_attribute(inside),
            // The text may have been truncated in a tag.
            End::Nothing => self.tags == 0 && memmem::find(self.html.as_bytes(), b"</").is_none(),
            // Word and Facebook write elements with prefixes.
            End::Closed(_) | End::Open(_) => !name.trim_end_matches(':').contains(':') && !self.is_ended(name),
        }
    }

    /// Returns whether the text has an end tag of this name.
    fn is_ended(&mut self, name: &str) -> bool {
        let html = self.html;
        let ended = self.ended.get_or_insert_with(|| {
            let names = memmem::find_iter(html.as_bytes(), b"</").map(|at| name_of(&html[at + 2..]));
            names.filter(|name| name.len() <= LONGEST_NAME).map(str::to_ascii_lowercase).collect()
        });
        name.len() > LONGEST_NAME || ended.contains(&name.to_ascii_lowercase())
    }
}

/// Returns whether what follows a name has the form of attributes with values.
fn is_assigned(inside: &str) -> bool {
    let first = inside.split_ascii_whitespace().next().unwrap_or_default();
    first.contains('=') || inside.contains("=\"") || inside.contains("='")
}

/// Returns whether a truncated text ends in the name of an attribute.
fn is_truncated_attribute(inside: &str) -> bool {
    let mut words = inside.split_ascii_whitespace();
    let first = words.next().unwrap_or_default().to_ascii_lowercase();
    words.next().is_none() && ATTRIBUTES.iter().any(|known| known.starts_with(&first) || first.starts_with("data-"))
}

fn is_paired(name: &str) -> bool {
    PAIRED.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_tag_is_text() {
        for (text, want) in [
            ("We show $a<b$ and x grows. Then more.", "We show $a&lt;b$ and x grows. Then more."),
            ("if a<b then c. End", "if a&lt;b then c. End"),
            ("<p>if a<b then c.</p><p><b>d</b></p>", "<p>if a&lt;b then c.</p><p><b>d</b></p>"),
            ("if a<b and c>d then", "if a&lt;b and c>d then"),
            ("x<y and y<z do", "x&lt;y and y&lt;z do"),
            ("a<b<c", "a&lt;b&lt;c"),
            ("Mail <ann@x.example>", "Mail &lt;ann@x.example>"),
            ("See <https://x.example/p> now", "See &lt;https://x.example/p> now"),
            ("Map<K, V> of List<String>", "Map&lt;K, V> of List&lt;String>"),
            ("<p>Run cp <path> dest</p>", "<p>Run cp &lt;path> dest</p>"),
            ("<p>x <thé> y</p>", "<p>x &lt;thé> y</p>"),
        ] {
            assert_eq!(strays(text), want);
        }
    }

    #[test]
    fn tags_are_tags() {
        for text in [
            "<text>a</text> <TEXT>b</Text>",
            "<p hidden>a<br\\>b<br/>c<custom/>",
            "<fb:like> <o:p>a</o:p> <widget data-a='b'>",
            "<a name=x>a",
            "<td nowrap>a<hr noshade>",
            "<b>a <i>b",
            "<p>a</p> <a href=\"https://x.ex",
            "<p>a</p> <a hre",
            "<p>a</p> <im",
            "<img alt='a > b' title=\"<b>c</b>\">",
            "<svg><g><path><text>a</svg> <math><mspace>b</math>",
            "<script>if(a<b && c){}</script><!-- a<b then -->",
            "<!-- <foo> -->",
            "<title>a<b c</title>",
        ] {
            assert!(matches!(strays(text), Cow::Borrowed(_)), "{text}: {}", strays(text));
        }
    }

    #[test]
    fn missing_quotes_are_added() {
        for (text, want) in [
            ("<a href=\"https://x.example/a>b</a> c", "<a href=\"https://x.example/a\">b</a> c"),
            ("<a href='/a>b</a> <a href='/c'>d</a>", "<a href='/a'>b</a> <a href='/c'>d</a>"),
            ("<a href=\"/a>b <a href=\"/c\">d", "<a href=\"/a\">b <a href=\"/c\">d"),
            ("<a href=\"/a>b</a> says \"c\"", "<a href=\"/a\">b</a> says \"c\""),
            ("<p class=\"a>b", "<p class=\"a\">b"),
        ] {
            assert_eq!(strays(text), want);
        }
    }

    #[test]
    fn hostile_texts_are_read_once() {
        // Each would take minutes if what follows were searched again for each mark.
        for part in [
            "<a b=\">x",
            "<a b='\">",
            "<svg>",
            "<x a",
            "<k ",
            "<a b='x>y</a>",
            "<b<",
            "<!--",
            "<script ",
            "<q x>",
            "</x>",
            "<z>",
        ] {
            let text = part.repeat(1_000_000 / part.len());
            assert!(strays(&text).len() <= 5 * text.len(), "{part}");
        }
    }
}
