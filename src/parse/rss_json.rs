//! RSS in JSON (github.com/scripting/Scripting-News, "rss-in-json"): RSS 2.0 with elements as JSON members. It is converted to
//! XML and read as such.

use serde_json::Value;
use std::fmt::Write as _;

/// Members that hold the text of their element.
const TEXT: [&str; 5] = ["#value", "#text", "$t", "_", "value"];

/// Maximum size of a document, in bytes.
const LONGEST: usize = 2_000_000;

/// Maximum nesting; deeper objects are left out. RSS needs five levels.
const DEPTH: usize = 12;

/// Returns the document as XML if it is RSS in JSON.
pub(super) fn as_xml(text: &str) -> Option<String> {
    let head = &text[..text.floor_char_boundary(256)];
    let rest = head.strip_prefix('{')?.trim_start();
    if !rest.starts_with("\"rss\"") {
        return None;
    }
    let Value::Object(root) = value(text)? else { return None };
    let rss = root.get("rss")?;
    rss.get("channel")?.as_object()?;
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    element(&mut out, "rss", rss, 0);
    Some(out)
}

/// Parses the whole document as one value. That takes some ten times its bytes, so a longer one is not read.
fn value(text: &str) -> Option<Value> {
    if text.len() > LONGEST {
        return None;
    }
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&super::json::without_lone_surrogates(text)?).ok())
}

fn element(out: &mut String, name: &str, value: &Value, depth: usize) {
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
    fn a_list_of_categories_is_categories() {
        let text = "<rss><channel><item><title>a</title><categories><category>b</category><category>c</category>\
            </categories></item></channel></rss>";
        let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
        let terms: Vec<_> = feed.listed[0].entry.as_ref().unwrap().categories.iter().map(|c| c.term.as_str()).collect();
        assert_eq!(terms, ["b", "c"]);
    }
}
