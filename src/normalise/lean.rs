//! A lean road for the HTML that most entries have: well-nested everyday elements with plain attributes. It gives, byte for
//! byte, what the sanitiser would give, at a fraction of the cost; whatever it is not sure of, it leaves to the sanitiser.
//!
//! Safe by its form: it writes only tags and attributes of its own tables, and everything else escaped.

use std::fmt::Write as _;

/// An element of the lean road.
struct Element {
    name: &'static str,
    kind: Kind,
    /// Attributes it may keep beside `dir`, `lang` and `title`; an address is checked.
    attributes: &'static [&'static str],
}

/// How an element nests, as far as this road goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Stands alone.
    Void,
    /// May be inside anything; never inside its own like.
    Inline,
    /// Not inside a paragraph, nor inside a heading.
    Block,
    /// As a block, and holds no block.
    Leaf,
    /// Only directly inside a list.
    Item,
}

const ELEMENTS: [Element; 26] = [
    Element { name: "p", kind: Kind::Leaf, attributes: &[] },
    Element { name: "a", kind: Kind::Inline, attributes: &["href", "hreflang"] },
    Element { name: "br", kind: Kind::Void, attributes: &[] },
    Element { name: "img", kind: Kind::Void, attributes: &["src", "alt", "width", "height", "align"] },
    Element { name: "strong", kind: Kind::Inline, attributes: &[] },
    Element { name: "b", kind: Kind::Inline, attributes: &[] },
    Element { name: "em", kind: Kind::Inline, attributes: &[] },
    Element { name: "i", kind: Kind::Inline, attributes: &[] },
    Element { name: "u", kind: Kind::Inline, attributes: &[] },
    Element { name: "small", kind: Kind::Inline, attributes: &[] },
    Element { name: "span", kind: Kind::Inline, attributes: &[] },
    Element { name: "sub", kind: Kind::Inline, attributes: &[] },
    Element { name: "sup", kind: Kind::Inline, attributes: &[] },
    Element { name: "cite", kind: Kind::Inline, attributes: &[] },
    Element { name: "div", kind: Kind::Block, attributes: &[] },
    Element { name: "blockquote", kind: Kind::Block, attributes: &["cite"] },
    Element { name: "figure", kind: Kind::Block, attributes: &[] },
    Element { name: "figcaption", kind: Kind::Block, attributes: &[] },
    Element { name: "ul", kind: Kind::Block, attributes: &[] },
    Element { name: "ol", kind: Kind::Block, attributes: &["start"] },
    Element { name: "li", kind: Kind::Item, attributes: &[] },
    Element { name: "h2", kind: Kind::Leaf, attributes: &[] },
    Element { name: "h3", kind: Kind::Leaf, attributes: &[] },
    Element { name: "h4", kind: Kind::Leaf, attributes: &[] },
    Element { name: "h5", kind: Kind::Leaf, attributes: &[] },
    Element { name: "hr", kind: Kind::Void, attributes: &["align", "size", "width"] },
];

/// Elements open at once: more go the long way.
const DEPTH: usize = 32;

/// `html` sanitised, or `None` when it is not of this road.
pub(super) fn clean(html: &str) -> Option<String> {
    let mut lean = Lean { out: String::with_capacity(html.len() + html.len() / 8), open: Vec::new() };
    let mut rest = html;
    loop {
        // A line end that XML let through, or a NUL, is for the sanitiser.
        let Some(at) = memchr::memchr3(b'<', b'&', b'>', rest.as_bytes()) else {
            lean.text(rest)?;
            break;
        };
        lean.text(&rest[..at])?;
        rest = match rest.as_bytes()[at] {
            b'<' => lean.tag(&rest[at + 1..])?,
            b'&' => lean.reference(&rest[at..])?,
            _ => {
                lean.out.push_str("&gt;");
                &rest[at + 1..]
            }
        };
    }
    lean.open.is_empty().then_some(lean.out)
}

struct Lean {
    out: String,
    open: Vec<&'static Element>,
}

impl Lean {
    fn text(&mut self, text: &str) -> Option<()> {
        if memchr::memchr2(b'\r', 0, text.as_bytes()).is_some() {
            return None;
        }
        let mut rest = text;
        // The serialiser writes a no-break space by its name.
        while let Some(at) = memchr::memmem::find(rest.as_bytes(), "\u{A0}".as_bytes()) {
            self.out.push_str(&rest[..at]);
            self.out.push_str("&nbsp;");
            rest = &rest[at + 2..];
        }
        self.out.push_str(rest);
        Some(())
    }

    /// A reference in a text; what comes after it.
    fn reference<'a>(&mut self, rest: &'a str) -> Option<&'a str> {
        let (decoded, after) = reference(rest)?;
        match decoded {
            '&' => self.out.push_str("&amp;"),
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            '\u{A0}' => self.out.push_str("&nbsp;"),
            c => self.out.push(c),
        }
        Some(after)
    }

    /// A tag behind its `<`; what comes after it.
    fn tag<'a>(&mut self, rest: &'a str) -> Option<&'a str> {
        let closing = rest.starts_with('/');
        let rest = &rest[usize::from(closing)..];
        let end = rest.bytes().position(|b| !b.is_ascii_lowercase() && !b.is_ascii_digit())?;
        let element = ELEMENTS.iter().find(|element| element.name == &rest[..end])?;
        if closing {
            let inner = self.open.pop()?;
            let after = rest[end..].strip_prefix('>')?;
            self.out.push_str("</");
            self.out.push_str(element.name);
            self.out.push('>');
            return (inner.name == element.name).then_some(after);
        }
        self.may_open(element)?;
        self.out.push('<');
        self.out.push_str(element.name);
        let after = self.attributes(element, &rest[end..])?;
        if element.name == "a" {
            self.out.push_str(" rel=\"noopener noreferrer\"");
        }
        self.out.push('>');
        if element.kind != Kind::Void {
            self.open.push(element);
        }
        Some(after)
    }

    /// Whether the tree builder would put `element` right here (HTML 13.2.6.4.7).
    fn may_open(&self, element: &Element) -> Option<()> {
        let leaf = self.open.iter().any(|open| open.kind == Kind::Leaf);
        // Blocks inside formatting elements are moved about; inside links they are not, but that is rare.
        let inline = self.open.iter().any(|open| open.kind == Kind::Inline);
        let fits = match element.kind {
            Kind::Void => element.name != "hr" || !leaf && !inline,
            Kind::Inline => self.open.iter().all(|open| open.name != element.name),
            Kind::Block | Kind::Leaf => !leaf && !inline,
            Kind::Item => self.open.last().is_some_and(|open| matches!(open.name, "ul" | "ol")),
        };
        (fits && self.open.len() < DEPTH).then_some(())
    }

    /// The attributes of a tag, up to its end; what comes after it.
    fn attributes<'a>(&mut self, element: &Element, rest: &'a str) -> Option<&'a str> {
        let mut rest = rest;
        let mut seen: Vec<&str> = Vec::new();
        loop {
            let trimmed = rest.trim_start_matches([' ', '\n', '\t']);
            if let Some(after) = trimmed.strip_prefix('>') {
                return Some(after);
            }
            if let Some(after) = trimmed.strip_prefix("/>") {
                // On other elements the slash means nothing, and the element would stay open.
                return (element.kind == Kind::Void).then_some(after);
            }
            // Attributes are apart.
            if trimmed.len() == rest.len() {
                return None;
            }
            let end = trimmed.bytes().position(|b| !b.is_ascii_lowercase() && b != b'-')?;
            let (name, after) = trimmed.split_at(end);
            let after = after.strip_prefix('=')?;
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (value, after) = after[1..].split_once(quote)?;
            if name.is_empty() || seen.contains(&name) {
                return None;
            }
            seen.push(name);
            self.attribute(element, name, value)?;
            rest = after;
        }
    }

    fn attribute(&mut self, element: &Element, name: &str, value: &str) -> Option<()> {
        let global = matches!(name, "dir" | "lang" | "title");
        if !global && !element.attributes.contains(&name) {
            return Some(());
        }
        let address = matches!(name, "href" | "src" | "cite");
        if address && !is_plain_address(value) {
            return None;
        }
        let _ = write!(self.out, " {name}=\"");
        let mut rest = value;
        while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
            self.value(&rest[..at])?;
            let (decoded, after) = reference(&rest[at..])?;
            self.value(decoded.encode_utf8(&mut [0; 4]))?;
            rest = after;
        }
        self.value(rest)?;
        self.out.push('"');
        Some(())
    }

    fn value(&mut self, text: &str) -> Option<()> {
        if text.contains(['\r', '\0']) {
            return None;
        }
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\u{A0}' => self.out.push_str("&nbsp;"),
                c => self.out.push(c),
            }
        }
        Some(())
    }
}

/// An absolute address of the web without anything that could make it another: ASCII, no blanks, no quotes. Its references, if
/// any, are ampersands.
fn is_plain_address(value: &str) -> bool {
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    let host = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'.' | b'-');
    rest.is_some_and(|rest| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        // A host of letters and dots only: no port, no user, no number that the URL parser might refuse.
        let named = rest[..end].bytes().all(host) && rest[..end].bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let top = rest[..end].rsplit('.').next().unwrap_or_default();
        named
            && !top.is_empty()
            && top.bytes().all(|b| b.is_ascii_lowercase())
            && !rest[..end].contains("xn--")
            && rest.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`'))
    })
}

/// The character of the reference that `rest` begins with, and what comes after: the few names that feeds use, and numbers that
/// HTML reads as they are (13.2.5.80).
fn reference(rest: &str) -> Option<(char, &str)> {
    let end = rest.find(';').filter(|end| (2..=10).contains(end))?;
    let decoded = match &rest[1..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        "hellip" => '…',
        "laquo" => '«',
        "raquo" => '»',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            let number = number.bytes().all(|b| b.is_ascii_hexdigit() || b == b'x');
            char::from_u32(code).filter(|c| number && (' '..='~').contains(c) || ('\u{A0}'..='\u{FDCF}').contains(c))?
        }
    };
    Some((decoded, &rest[end + 1..]))
}
