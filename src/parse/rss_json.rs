//! RSS in JSON (github.com/scripting/Scripting-News, "rss-in-json"): RSS 2.0 with elements as JSON members. It is converted to
//! XML and read as such.

use serde_json::Value;
use std::fmt::Write as _;

/// Members that hold the text of their element.
const TEXT: [&str; 5] = ["#value", "#text", "$t", "_", "value"];

/// Number of bytes of a document that are parsed. Parsing takes some ten times as much memory.
const LONGEST: usize = 2_000_000;

/// Maximum nesting; deeper objects are left out. RSS needs five levels.
const DEPTH: usize = 12;

/// Nesting of the list of items: the document, `rss`, `channel`, `item`.
const ITEMS: usize = 4;

/// Returns the document as XML if it is RSS in JSON. The XML of a truncated document has no end either, so that its reader
/// notices.
pub(super) fn as_xml(text: &str) -> Option<String> {
    let head = &text[..text.floor_char_boundary(256)];
    // Converters from XML put the declaration before it.
    if !head.strip_prefix('{')?.contains("\"rss\"") {
        return None;
    }
    let (Value::Object(root), whole) = value(text)? else { return None };
    let rss = root.get("rss")?;
    // Some converters make a list of each element.
    let channel = rss.get("channel")?;
    channel.as_array().map_or(Some(channel), |list| list.first())?.as_object()?;
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    element(&mut out, "rss", rss, 0);
    if !whole {
        out.truncate(out.len() - "</channel></rss>".len());
    }
    Some(out)
}

/// Parses the document as one value, and returns whether it was complete. A longer one is read like one that was cut off there.
fn value(text: &str) -> Option<(Value, bool)> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let parse = |text: &str| match serde_json::from_str(text) {
        Ok(value) => Some((value, true)),
        Err(error) if error.is_eof() => Some((serde_json::from_str(&closed(text)?).ok()?, false)),
        Err(_) => None,
    };
    parse(text).or_else(|| parse(&super::json::mended(text)?))
}

/// Returns a truncated document up to the end of its last complete item, with all brackets closed.
fn closed(text: &str) -> Option<String> {
    let (mut open, mut in_string, mut is_escaped) = (Vec::new(), false, false);
    let mut last = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => open.push('}'),
            b'[' => open.push(']'),
            b'}' | b']' => {
                open.pop();
                if (1..=ITEMS).contains(&open.len()) {
                    last = Some((at + 1, open.clone()));
                }
            }
            _ => {}
        }
    }
    let (end, open) = last?;
    Some(text[..end].chars().chain(open.into_iter().rev()).collect())
}

fn element(out: &mut String, name: &str, value: &Value, depth: usize) {
    let name = if name == "items" { "item" } else { name };
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_'));
    if !plain || depth > DEPTH {
        return;
    }
    match value {
        Value::Null => {}
        Value::Array(values) => values.iter().for_each(|value| element(out, name, value, depth + 1)),
        Value::Object(members) => {
            let _ = write!(out, "<{name}");
            // Elements that have no child elements have only attributes.
            let holds = matches!(name, "rss" | "channel" | "item" | "image" | "textInput" | "skipHours" | "skipDays");
            for (member, value) in members {
                let attribute = member.strip_prefix('@').unwrap_or(member);
                let named = attribute.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':');
                if named
                    && (!holds || attribute != member || attribute == "version")
                    && let Some(text) = scalar(value)
                {
                    let _ = write!(out, " {attribute}=\"{}\"", quick_xml::escape::escape(text.as_str()));
                }
            }
            out.push('>');
            if let Some(text) = TEXT.iter().find_map(|name| members.get(*name).and_then(scalar)) {
                out.push_str(&quick_xml::escape::escape(text.as_str()));
            }
            if holds {
                members.iter().for_each(|(member, value)| element(out, member, value, depth + 1));
            }
            let _ = write!(out, "</{name}>");
        }
        scalar_value => {
            let text = scalar(scalar_value).unwrap_or_default();
            let _ = write!(out, "<{name}>{}</{name}>", quick_xml::escape::escape(text.as_str()));
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::DocumentFormat;
    use crate::parse::{ParseContext, read};

    #[test]
    fn rss_in_json_is_rss() {
        let text = r##"{"rss": {"version": "2.0", "channel": {"title": "Scripting", "link": "https://s.example/",
            "item": [{"title": "A & B", "description": "<p>x</p>", "link": "https://s.example/1", "categories": ["n"],
            "guid": {"isPermaLink": false, "#value": "g1"}, "pubDate": "Mon, 02 Nov 2026 10:30:00 GMT",
            "enclosure": {"url": "https://s.example/a.mp3", "type": "audio/mpeg", "length": 5}}, {"title": "C"}]}}}"##;
        let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
        assert_eq!((feed.format, feed.listed.len()), (DocumentFormat::Rss20, 2));
        let entry = feed.listed[0].entry.as_ref().unwrap();
        assert_eq!(entry.title.as_ref().unwrap().as_str(), "A & B");
        assert_eq!((entry.id.as_deref(), entry.link.as_deref()), (Some("g1"), Some("https://s.example/1")));
        assert_eq!((entry.enclosures[0].length, entry.categories[0].term.as_str()), (Some(5), "n"));
        assert!(entry.published.is_some());
    }

    #[test]
    fn of_a_long_document_the_beginning_is_read() {
        let body = "x".repeat(99_900);
        let items: Vec<_> =
            (10..40).map(|n| format!("{{\"title\": \"A {n}\", \"description\": \"{body}\"}}")).collect();
        let text = format!("{{\"rss\": {{\"channel\": {{\"item\": [{}]}}}}}}", items.join(","));
        let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
        assert_eq!((feed.listed.len(), feed.partial), (20, true));
    }

    #[test]
    fn converters_from_xml_write_it_in_their_own_ways() {
        for text in [
            r#"{"?xml": {"@version": "1.0"}, "rss": {"@version": "2.0", "channel": {"item": {"title": "A"}}}}"#,
            r#"{"rss": {"$": {"version": "2.0"}, "channel": [{"title": ["S"], "item": [{"title": ["A"]}]}]}}"#,
            r##"{"rss": {"channel": {"title": "S", "items": [{"title": {"#text": "A"}}]}}}"##,
        ] {
            let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
            let titles: Vec<_> =
                feed.listed.iter().map(|l| l.entry.as_ref().unwrap().title.as_ref().unwrap()).collect();
            assert_eq!(titles.iter().map(|t| t.as_str()).collect::<Vec<_>>(), ["A"], "{text}");
        }
    }

    #[test]
    fn a_truncated_document_yields_its_complete_items() {
        let text = r##"{"rss": {"version": "2.0", "channel": {"title": "S", "image": {"url": "https://s.example/i.png"}, "item": [
            {"title": "A ] \" {", "guid": {"#value": "g1"}}, {"title": "B", "enclosure": {"url": "https://s.example/b"}, "guid": "g2"},
            {"title": "C", "enclosure": {"url": "https://s.example/c"}, "guid": "g3"}]}}}"##;
        let read_up_to = |end: usize| read(&text.as_bytes()[..end], &ParseContext::default(), &|_| false);
        let titles = |end: usize| -> Vec<String> {
            let feed = read_up_to(end).unwrap();
            assert_eq!(feed.partial, end < text.len(), "at {end}");
            feed.listed.iter().map(|l| l.entry.as_ref().unwrap().title.as_ref().unwrap().as_str().to_owned()).collect()
        };
        assert_eq!(titles(text.len()), ["A ] \" {", "B", "C"]);
        let (a, c) = (text.find("{\"title\": \"B").unwrap(), text.find("\"guid\": \"g3").unwrap());
        assert_eq!(titles(c), ["A ] \" {", "B"]);
        assert_eq!(titles(a + 40), ["A ] \" {"]);
        assert!(
            (0..text.len())
                .filter(|&end| text.is_char_boundary(end))
                .all(|end| read_up_to(end).is_err() || titles(end).len() <= 3)
        );
    }

    #[test]
    fn a_list_of_categories_is_categories() {
        let text = "<rss><channel><item><title>a</title><categories><category>b</category><category>c</category>\
            </categories></item></channel></rss>";
        let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
        let terms: Vec<_> = feed.listed[0].entry.as_ref().unwrap().categories.iter().map(|c| c.term.as_str()).collect();
        assert_eq!(terms, ["b", "c"]);
    }
}
