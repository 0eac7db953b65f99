//! A tolerant tokeniser: any text is a sequence of tags, texts, and parts to skip. It never fails; a document that ends inside a
//! tag, a comment or a CDATA section yields one [`Token::Cut`]. This is the hot path: it borrows and never copies.

use memchr::{memchr, memchr3, memmem};

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
    /// Whether no `]]>` follows from here on.
    no_cdata_end: bool,
    /// Whether the document ends with the end tag of its root. Computed once, because many sections may need it.
    ends_with_root: Option<bool>,
    /// Whether a CDATA section without an end occurred in a document that is otherwise complete.
    pub unclosed_cdata: bool,
    /// Whether a `<` occurred that begins no tag.
    pub bare_less_than: bool,
}

impl<'a> Tokens<'a> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, no_cdata_end: false, ends_with_root: None, unclosed_cdata: false, bare_less_than: false }
    }

    /// Returns the byte offset of the next token.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Returns the next token. `open` is the innermost open element; its end tag ends a CDATA section that has no end of its own.
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
        if let Some(comment) = rest.strip_prefix("<!--") {
            return match memmem::find(comment.as_bytes(), b"-->") {
                Some(end) => {
                    self.at += 4 + end + 3;
                    None
                }
                None => Some(self.cut()),
            };
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

    fn cdata(&mut self, inside: &'a str, open: Option<&str>) -> Token<'a> {
        let start = self.text.len() - inside.len();
        if !self.no_cdata_end
            && let Some(end) = memmem::find(inside.as_bytes(), b"]]>")
        {
            self.at = start + end + 3;
            return Token::Cdata(&inside[..end]);
        }
        self.no_cdata_end = true;
        let whole = *self.ends_with_root.get_or_insert_with(|| ends_with_root(self.text));
        let end = open.filter(|_| whole).and_then(|name| find_end_tag(inside, name));
        match end {
            Some(end) => {
                self.unclosed_cdata = true;
                self.at = start + end;
                Token::Cdata(&inside[..end])
            }
            None => self.cut(),
        }
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

fn find_end_tag(text: &str, name: &str) -> Option<usize> {
    memmem::find_iter(text.as_bytes(), b"</").find(|at| {
        strip_prefix_ignore_case(&text[at + 2..], name).is_some_and(|rest| rest.trim_start().starts_with('>'))
    })
}

/// Returns the end of the tag that `bytes` begins with: its `>` outside quoted values. A quote counts only after `=`, and a value
/// that contains another tag was never closed.
fn tag_end(bytes: &[u8]) -> Option<usize> {
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
            Some(close) if !swallows_tags(&bytes[at..at + close]) => at += close + 1,
            // The quote is never closed: the tag ends at the first `>`.
            _ => return memchr(b'>', &bytes[at..]).map(|end| at + end),
        }
    }
}

fn swallows_tags(value: &[u8]) -> bool {
    memchr(b'>', value).is_some_and(|at| memmem::find(&value[at..], b"</").is_some())
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
    fn quotes_that_never_close() {
        let open = "<a href=\"x>y</a><b c=\"d\">";
        assert_eq!(all(open)[0], Token::Start { name: "a", attrs: " href=\"x", empty: false });
        assert_eq!(all("<a it's>")[0], Token::Start { name: "a", attrs: " it's", empty: false });
    }
}
