//! A small XML writer that never writes a character that XML forbids.

use super::clean::clean;

/// Builds an XML document in UTF-8, one element per line.
///
/// `&`, `<`, `>` and `"` are written as hexadecimal references. The RSS Advisory Board's profile asks for `&#x26;` and `&#x3C;`
/// in titles, because a reader that takes the title for HTML still shows them correctly.
pub(super) struct Xml(String);

/// Attributes of one element. Those whose value is `None` are left out.
pub(super) type Attributes<'a> = &'a [(&'a str, Option<&'a str>)];

impl Xml {
    /// Starts a document and allocates `capacity` bytes for it.
    pub(super) fn new(capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        Self(out)
    }

    /// Writes `<name …>`.
    pub(super) fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        self.tag(name, attributes);
        self.0.push_str(">\n");
    }

    /// Writes `</name>`.
    pub(super) fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push_str(">\n");
    }

    /// Writes `<name …/>`.
    pub(super) fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.tag(name, attributes);
        self.0.push_str("/>\n");
    }

    /// Writes `<name …>text</name>`.
    pub(super) fn text(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        self.tag(name, attributes);
        self.0.push('>');
        self.escaped(text);
        self.close(name);
    }

    /// Writes an element with HTML in a CDATA section.
    pub(super) fn html(&mut self, name: &str, attributes: Attributes<'_>, html: &str) {
        self.tag(name, attributes);
        self.0.push_str("><![CDATA[");
        let mut rest = &*clean(html);
        // A CDATA section ends at the first `]]>` (XML 1.0 2.7).
        while let Some(at) = rest.find("]]>") {
            self.0.push_str(&rest[..at + 2]);
            self.0.push_str("]]><![CDATA[");
            rest = &rest[at + 2..];
        }
        self.0.push_str(rest);
        self.0.push_str("]]>");
        self.close(name);
    }

    /// Returns the finished document.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    fn tag(&mut self, name: &str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(name);
        for (key, value) in attributes {
            if let Some(value) = value {
                self.0.push(' ');
                self.0.push_str(key);
                self.0.push_str("=\"");
                self.escaped(value);
                self.0.push('"');
            }
        }
    }

    fn escaped(&mut self, text: &str) {
        let text = &*clean(text);
        let mut from = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'&' => "&#x26;",
                b'<' => "&#x3C;",
                b'>' => "&#x3E;",
                b'"' => "&#x22;",
                // A parser turns these into spaces in attributes (XML 1.0 3.3.3).
                b'\n' => "&#xA;",
                b'\t' => "&#x9;",
                _ => continue,
            };
            self.0.push_str(&text[from..at]);
            self.0.push_str(escape);
            from = at + 1;
        }
        self.0.push_str(&text[from..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quick_xml::events::Event;

    fn read_back(xml: Xml) -> (String, String) {
        let bytes = xml.into_bytes();
        let text = std::str::from_utf8(&bytes).unwrap();
        let mut reader = quick_xml::Reader::from_str(text);
        let (mut attribute, mut content) = (String::new(), String::new());
        loop {
            match reader.read_event().unwrap() {
                Event::Start(e) => {
                    for a in e.attributes() {
                        attribute = quick_xml::escape::unescape(&a.unwrap().value).unwrap().into_owned();
                    }
                }
                Event::Text(t) => content.push_str(&t),
                Event::CData(t) => content.push_str(&t),
                Event::GeneralRef(r) => {
                    content.push_str(&quick_xml::escape::unescape(&format!("&{};", &*r)).unwrap());
                }
                Event::Eof => return (attribute, content.trim_start_matches('\n').trim_end_matches('\n').to_owned()),
                _ => {}
            }
        }
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn any_text_comes_back_cleaned(s in "\\PC*|[\\x00-\\x{ffff}]*|.*[\\]>&<\"]{3,9}.*") {
            let s = format!("x{s}x");
            let mut xml = Xml::new(0);
            xml.text("a", &[("b", Some(&s))], &s);
            prop_assert_eq!(read_back(xml), (clean(&s).into_owned(), clean(&s).into_owned()));
            let mut xml = Xml::new(0);
            xml.html("a", &[], &s);
            prop_assert_eq!(read_back(xml).1, clean(&s).into_owned());
        }
    }
}
