//! A tolerant tokeniser: any text is a sequence of tags, texts, and parts to skip. It never fails; a document that ends inside a
//! tag, a comment or a CDATA section yields one [`Token::Cut`]. This is the hot path: it borrows and never copies.

mod unended;

use memchr::{memchr, memchr3, memmem};
use unended::Ahead;

/// One token of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<name attrs>` or `<name attrs/>`.
    Start {
        /// As written, prefix included.
        name: &'a str,
        /// Everything between the name and the end of the tag.
        attrs: &'a str,
        /// Whether it ends in `/>`.
        empty: bool,
    },
    /// `</name>`.
    End(&'a str),
    /// Characters, with references not yet decoded.
    Text(&'a str),
    /// The contents of a CDATA section.
    Cdata(&'a str),
    /// The contents of `<!DOCTYPE …>`.
    Doctype(&'a str),
    /// The document ends inside a tag, a comment or a CDATA section.
    Cut,
}

/// Iterates over the tokens of a document.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    ahead: Ahead,
    /// Whether a CDATA section without an end occurred in a document that is otherwise complete.
    pub unclosed_cdata: bool,
    /// Whether a comment without an end did.
    pub unclosed_comment: bool,
    /// Whether a `<` occurred that begins no tag.
    pub bare_less_than: bool,
}

impl<'a> Tokens<'a> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        let ahead = Ahead::default();
        Self { text, at: 0, ahead, unclosed_cdata: false, unclosed_comment: false, bare_less_than: false }
    }

    /// Returns the byte offset of the next token.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Returns the next token. `open` is the innermost open element; its end tag ends a CDATA section
    /// or a comment that has no end of its own.
    pub fn next(&mut self, open: Option<&str>) -> Option<Token<'a>> {
        loop {
            let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
            if !rest.starts_with('<') {
                return Some(self.characters(rest, 0));
            }
            return match rest.as_bytes().get(1) {
                Some(b'/') => Some(self.end_tag(rest)),
                Some(b'!') => match self.declaration(rest, open) {
                    Some(token) => Some(token),
                    None => continue,
                },
                Some(b'?') => {
                    let Some(end) = memchr(b'>', rest.as_bytes()) else { return Some(self.cut()) };
                    self.at += end + 1;
                    continue;
                }
                Some(b) if b.is_ascii_alphabetic() || *b == b'_' || *b >= 0x80 => Some(self.start_tag(rest)),
                Some(_) => {
                    self.bare_less_than = true;
                    Some(self.characters(rest, 1))
                }
                None => Some(self.cut()),
            };
        }
    }

    fn characters(&mut self, rest: &'a str, from: usize) -> Token<'a> {
        let end = memchr(b'<', &rest.as_bytes()[from..]).map_or(rest.len(), |at| at + from);
        self.at += end;
        Token::Text(&rest[..end])
    }

    fn cut(&mut self) -> Token<'a> {
        self.at = self.text.len();
        Token::Cut
    }

    fn end_tag(&mut self, rest: &'a str) -> Token<'a> {
        let Some(end) = memchr::memchr2(b'>', b'<', &rest.as_bytes()[1..]).map(|at| at + 1) else { return self.cut() };
        // In `</title<link>` the tag ends where the next one begins.
        self.at += if rest.as_bytes()[end] == b'>' { end + 1 } else { end };
        Token::End(rest[2..end].trim())
    }

    fn start_tag(&mut self, rest: &'a str) -> Token<'a> {
        let Some(end) = tag_end(rest.as_bytes()) else { return self.cut() };
        self.at += end + 1;
        let inside = &rest[1..end];
        let (inside, empty) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
        let name_end = inside.bytes().position(|b| b.is_ascii_whitespace() || b == b'/').unwrap_or(inside.len());
        Token::Start { name: &inside[..name_end], attrs: &inside[name_end..], empty }
    }

    /// Reads a `<!…`: a comment (skipped), a CDATA section, or a document type.
    fn declaration(&mut self, rest: &'a str, open: Option<&str>) -> Option<Token<'a>> {
        if rest.starts_with("<!--") {
            return self.comment(open);
        }
        if let Some(inside) = strip_prefix_ignore_case(rest, "<![CDATA[") {
            return Some(self.cdata(inside, open));
        }
        let bytes = rest.as_bytes();
        let end = match memchr::memchr2(b'>', b'[', bytes) {
            // An internal subset ends at its bracket.
            Some(at) if bytes[at] == b'[' => memchr(b']', &bytes[at..])
                .and_then(|close| memchr(b'>', &bytes[at + close..]).map(|end| at + close + end)),
            found => found,
        };
        let Some(end) = end else { return Some(self.cut()) };
        self.at += end + 1;
        Some(Token::Doctype(&rest[2..end]))
    }

    fn comment(&mut self, open: Option<&str>) -> Option<Token<'a>> {
        let (text, start) = (self.text, self.at + 4);
        let end = self.ahead.comment_end(text, start);
        if let Some(at) = self.ahead.end_of_open_comment(text, start, end, open) {
            self.unclosed_comment = true;
            self.at = at;
            return None;
        }
        let Some(end) = end else { return Some(self.cut()) };
        self.at = end + 3;
        None
    }

    fn cdata(&mut self, inside: &'a str, open: Option<&str>) -> Token<'a> {
        let (text, start) = (self.text, self.text.len() - inside.len());
        let end = self.ahead.cdata_end(text, start);
        if let Some(at) = self.ahead.end_of_open_section(text, start, end, open) {
            self.unclosed_cdata = true;
            self.at = at;
            return Token::Cdata(&text[start..at]);
        }
        let Some(end) = end else { return self.cut() };
        self.at = end + 3;
        Token::Cdata(&text[start..end])
    }

    /// Returns the contents of the element `name`, whose start tag was the last token, if they are characters with `<` as HTML
    /// allows them (`script`, `style`): up to its end tag. `of_page` says whether the document is a web page.
    pub fn raw_contents(&mut self, name: &str, of_page: bool) -> Option<Token<'a>> {
        let (text, start) = (self.text, self.at);
        let end = self.ahead.raw_end(text, start, name, of_page)?;
        self.at = end;
        Some(Token::Text(&text[start..end]))
    }
}

fn strip_prefix_ignore_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// Returns whether a document ends with the end tag of its root. A document that was cut inside a section does not.
pub(super) fn ends_with_root(text: &str) -> bool {
    let text = text.trim_end();
    let last = &text[memmem::rfind(text.as_bytes(), b"</").unwrap_or(text.len())..];
    ["</rss>", "</feed>", "</rdf:RDF>", "</channel>", "</html>"].iter().any(|root| last.eq_ignore_ascii_case(root))
}

/// Returns the end of the tag that `bytes` begins with: its `>` outside quoted values. A quote counts only after `=`, and a value
/// that takes other tags with it was never closed.
pub(super) fn tag_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr3(b'>', b'"', b'\'', bytes.get(at..)?)?;
        let quote = bytes[at];
        if quote == b'>' {
            return Some(at);
        }
        let opens = bytes[..at].iter().rfind(|b| !b.is_ascii_whitespace()) == Some(&b'=');
        at += 1;
        if !opens {
            continue;
        }
        match memchr(quote, &bytes[at..]) {
            Some(close) if !swallows_tags(&bytes[at..at + close], &bytes[at + close + 1..]) => at += close + 1,
            // The quote is never closed: the tag ends at the first `>`.
            _ => return memchr(b'>', &bytes[at..]).map(|end| at + end),
        }
    }
}

/// Returns whether a value goes beyond its tag because its quote was never closed. `after` is what follows the next quote. A value
/// may have tags of its own (`title="a <i>b</i>"`), but then its quote is followed by the end of the tag or by another attribute, and
/// it is not the quote that opens another value.
fn swallows_tags(value: &[u8], after: &[u8]) -> bool {
    let has_tags = memchr(b'>', value).is_some_and(|at| memmem::find(&value[at..], b"</").is_some());
    has_tags && (value.trim_ascii_end().ends_with(b"=") || !continues_tag(after))
}

/// Returns whether a text begins with the end of a tag or with an attribute that has a value.
fn continues_tag(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.');
    let name = text.iter().take_while(|b| is_name(b)).count();
    match text {
        [b'>', ..] | [b'/' | b'?', b'>', ..] => true,
        _ => name > 0 && text[name..].trim_ascii_start().starts_with(b"="),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Token<'_>> {
        let mut tokens = Tokens::new(text);
        std::iter::from_fn(|| tokens.next(Some("d"))).collect()
    }

    #[test]
    fn tags_texts_and_sections() {
        assert_eq!(
            all("<?xml version='1.0'?><!-- <x> --><a b='>' c=\"/\">1 < 2<![CDATA[<b>]]></a\n><e/>"),
            [
                Token::Start { name: "a", attrs: " b='>' c=\"/\"", empty: false },
                Token::Text("1 "),
                Token::Text("< 2"),
                Token::Cdata("<b>"),
                Token::End("a"),
                Token::Start { name: "e", attrs: "", empty: true },
            ]
        );
    }

    #[test]
    fn what_is_broken_off_is_cut() {
        for text in ["<a", "<a b='c", "</a", "<!-- x", "<![CDATA[x", "<?xml", "<", "<!DOCTYPE a [ <!ENTITY"] {
            assert_eq!(all(text), [Token::Cut], "{text}");
        }
    }

    #[test]
    fn a_section_without_an_end_stops_at_the_end_tag() {
        assert_eq!(all("<![CDATA[x <b></d ></rss>"), [Token::Cdata("x <b>"), Token::End("d"), Token::End("rss")]);
    }

    #[test]
    fn a_section_that_takes_another_stops_at_the_end_tag() {
        let text = "<![CDATA[a</d> <e><![CDATA[b]]></e>";
        assert_eq!(all(text)[..2], [Token::Cdata("a"), Token::End("d")]);
        for whole in ["a</d> b", "a</d> and <![CDATA[ b", "code: <d>a</d><e><![CDATA[b", "</d>", "a</dd><e><![CDATA[b"]
        {
            assert_eq!(all(&format!("<![CDATA[{whole}]]></d>")), [Token::Cdata(whole), Token::End("d")], "{whole}");
        }
    }

    #[test]
    fn a_comment_without_an_end_stops_at_the_end_tag() {
        let rest = [Token::Text("a"), Token::End("d"), Token::End("item"), Token::End("rss")];
        assert_eq!(all("a<!-- b</d></item></rss>"), rest);
        assert_eq!(all("a<!-- b</d></item><!-- c --></rss>"), rest);
        let start = Token::Start { name: "item", attrs: "", empty: true };
        assert_eq!(all("<!-- b<item/></rss>"), [start, Token::End("rss")]);
        for comment in ["<d>x</d><item></item>", "</d>", "<item><title>x</title></item>", "</d><item>"] {
            assert_eq!(all(&format!("<!--{comment}--></d></rss>")), [Token::End("d"), Token::End("rss")], "{comment}");
        }
    }

    #[test]
    fn scripts_hold_characters() {
        let raw = |text: &'static str| {
            let mut tokens = Tokens::new(text);
            tokens.next(None);
            tokens.raw_contents("script", false)
        };
        assert_eq!(raw("<script>a<b && c</SCRIPT>d"), Some(Token::Text("a<b && c")));
        for text in
            ["<script>a</script>", "<script>a<b", "<script><![CDATA[<]]></script>", "<script><b></item></script>"]
        {
            assert_eq!(raw(text), None, "{text}");
        }
    }

    #[test]
    fn hostile_documents_are_looked_ahead_once() {
        // Each would take minutes if what follows were searched again for each part.
        for (part, end) in [
            ("<![CDATA[x</d><e>", "<![CDATA[]]></rss>"),
            ("<![CDATA[x</d>", "]]></rss>"),
            ("<!-- x</d>", "--></item></rss>"),
            ("<!-- x</d>", "</rss>"),
            ("<!-- <item>", "</rss>"),
            ("<!-- <item>", "--></rss>"),
            ("<script><![CDATA[]]>", "</script></rss>"),
            ("<script><", "</rss>"),
            ("<script><x>", "</item></script></rss>"),
            ("<script><x>", "<![CDATA[]]></script></rss>"),
            ("<script>", "</script></rss>"),
        ] {
            let text = part.repeat(1_000_000 / part.len()) + end;
            let mut tokens = Tokens::new(&text);
            while tokens.next(Some("d")).is_some() {
                tokens.raw_contents("script", false);
            }
        }
    }

    #[test]
    fn quotes_that_never_close() {
        let open = "<a href=\"x>y</a><b c=\"d\">";
        assert_eq!(all(open)[0], Token::Start { name: "a", attrs: " href=\"x", empty: false });
        assert_eq!(all("<a it's>")[0], Token::Start { name: "a", attrs: " it's", empty: false });
        for rest in ["<b c='1' d=\"2\">", " said \"hi\" x=1", " a \" b"] {
            let text = format!("<a href=\"x>y</a>{rest}");
            assert_eq!(all(&text)[0], Token::Start { name: "a", attrs: " href=\"x", empty: false }, "{text}");
        }
    }

    #[test]
    fn a_value_may_have_tags() {
        for attrs in [
            " title=\"a <i>x</i> b\" href=\"u\"",
            " title='a <i>x</i> b'href='u'",
            " title=\"end</p><p>next\" href=\"u\"",
            " href='u' title = \"<a href='v'>x</a>\" ",
            " title=\"5 < 6\" href=\"u\"",
        ] {
            for empty in [false, true] {
                let text = format!("<link{attrs}{}><d>", if empty { "/" } else { "" });
                let want =
                    [Token::Start { name: "link", attrs, empty }, Token::Start { name: "d", attrs: "", empty: false }];
                assert_eq!(all(&text), want, "{text}");
            }
        }
    }
}
