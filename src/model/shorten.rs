//! Cuts safe HTML to a length. The result is still safe and well-formed.

/// Elements after which a text may be cut, because what follows begins a new line.
const BLOCKS: [&str; 20] = [
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "dl",
    "dd",
    "table",
    "tr",
    "blockquote",
    "pre",
    "figure",
    "section",
    "article",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
];

/// Elements without an end tag.
const VOID: [&str; 7] = ["br", "hr", "img", "wbr", "source", "col", "area"];

/// Returns the beginning of `html`, followed by `tail`, in at most `max` bytes. The beginning is cut after a paragraph, else
/// between words, and open elements are closed. `html` was written by the sanitiser: attributes are quoted and elements closed,
/// unless its end is missing.
pub(super) fn shorten(html: &str, max: usize, tail: &str) -> String {
    let room = max.saturating_sub(tail.len());
    let cut = place_of_cut(html, room);
    let mut out = html[..cut].to_owned();
    let mut open = Vec::new();
    for token in TextTokens(&html[..cut]) {
        track(&mut open, token);
    }
    for name in open.iter().rev() {
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
    out + tail
}

/// Returns the position of the cut. The beginning and the end tags of the elements open there fit into `room` bytes.
fn place_of_cut(html: &str, room: usize) -> usize {
    let (mut block, mut word, mut at) = (0, 0, 0);
    let mut open = Vec::new();
    for token in TextTokens(html) {
        if token.starts_with('<') && !token.ends_with('>') {
            break;
        }
        let closing: usize = open.iter().map(|name: &&str| name.len() + 3).sum();
        if !token.starts_with('<') {
            let left = room.saturating_sub(at + closing);
            word = word.max(at + words_within(token, left));
            if token.len() > left {
                break;
            }
            at += token.len();
            continue;
        }
        at += token.len();
        let is_end = track(&mut open, token);
        let closing: usize = open.iter().map(|name| name.len() + 3).sum();
        if at + closing > room {
            break;
        }
        if is_end && BLOCKS.contains(&name(token)) {
            block = at;
        }
    }
    // If a cut after a paragraph would leave less than half, the text is cut between words.
    if block * 2 >= word { block } else { word }
}

/// Returns how many bytes of `text`, up to the end of a word, fit into `left` bytes; 0 if not even one word fits.
fn words_within(text: &str, left: usize) -> usize {
    if text.len() <= left {
        return text.len();
    }
    let fits = &text[..text.floor_char_boundary(left)];
    fits.rfind(char::is_whitespace).unwrap_or(0)
}

/// Updates the list of open elements with a token. Returns whether the token ends an element.
fn track<'a>(open: &mut Vec<&'a str>, token: &'a str) -> bool {
    if !token.starts_with('<') || token.starts_with("<!") {
        return false;
    }
    let name = name(token);
    if token.starts_with("</") {
        if let Some(at) = open.iter().rposition(|other| *other == name) {
            open.truncate(at);
        }
        return true;
    }
    if VOID.contains(&name) {
        return matches!(name, "br" | "hr");
    }
    open.push(name);
    false
}

/// Returns the element name of a tag.
fn name(tag: &str) -> &str {
    let name = tag.trim_start_matches(['<', '/']);
    &name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())]
}

/// Iterator over tags and the texts between them, in order.
struct TextTokens<'a>(&'a str);

impl<'a> Iterator for TextTokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0;
        if rest.is_empty() {
            return None;
        }
        let end = if rest.starts_with('<') { tag_end(rest) } else { rest.find('<').unwrap_or(rest.len()) };
        let (token, rest) = rest.split_at(end);
        self.0 = rest;
        Some(token)
    }
}

/// Returns the position where the tag at the beginning of `rest` ends. A `>` inside quotes does not end it.
fn tag_end(rest: &str) -> usize {
    let mut quoted = false;
    for (at, b) in rest.bytes().enumerate() {
        match b {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TAIL: &str = "<p>…</p>";

    #[test]
    fn a_text_ends_behind_a_paragraph() {
        let html = "<div><p>one two</p><p>three four</p><p>five six</p></div>";
        assert_eq!(shorten(html, 56, TAIL), "<div><p>one two</p><p>three four</p></div><p>…</p>");
        let long = "<p>a b c</p><p title=\"x>y\">one <b>two three</b> four</p>";
        assert_eq!(shorten(long, 56, TAIL), "<p>a b c</p><p title=\"x>y\">one <b>two</b></p><p>…</p>");
        assert_eq!(shorten("abc", 1, TAIL), TAIL, "the way to the rest is always there");
        assert_eq!(
            shorten("<p>one two <a href=\"https://a.exam", 60, TAIL),
            "<p>one two </p><p>…</p>",
            "an end that is missing"
        );
    }

    /// Generates well-formed HTML, as the sanitiser writes it.
    fn html() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec!["خبر ", "a&amp;b ", "<br>", "word", " "]).prop_map(str::to_owned);
        leaf.prop_recursive(5, 60, 8, |inner| {
            (prop::sample::select(vec!["p", "b", "li", "div"]), prop::collection::vec(inner, 0..8))
                .prop_map(|(name, parts)| format!("<{name}>{}</{name}>", parts.concat()))
        })
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn what_is_left_fits_and_is_closed(html in html(), max in 0_usize..300) {
            let short = shorten(&html, max, TAIL);
            prop_assert!(short.len() <= max.max(TAIL.len()));
            prop_assert!(short.ends_with(TAIL));
            for name in ["p", "b", "li", "div"] {
                let (opened, closed) = (format!("<{name}>"), format!("</{name}>"));
                prop_assert_eq!(short.matches(&opened).count(), short.matches(&closed).count());
            }
        }
    }
}
