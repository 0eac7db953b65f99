//! RSS in JSON (github.com/scripting/Scripting-News, "rss-in-json"): RSS 2.0 with elements as JSON members, and what converters
//! make of RSS and Atom. It is converted to XML and read as such.

use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Members that hold the text of their element, as the converters between XML and JSON name them.
const TEXT: [&str; 14] = [
    "#value",
    "#text",
    "$t",
    "_",
    "value",
    "$",
    "$value",
    "_text",
    "__text",
    "#cdata-section",
    "#cdata",
    "_cdata",
    "__cdata",
    "text",
];

/// Members that hold the attributes of their element: of xml2js, PHP's SimpleXML, xml-js and others.
const ATTRIBUTES: [&str; 6] = ["$", "@attributes", "_attributes", "attributes", "attr", "@"];

/// What converters put before the name of an attribute.
const MARKS: [&str; 3] = ["@_", "@", "-"];

/// Elements whose members are elements too, if they are not marked as attributes. The members of others are attributes.
const HOLDERS: [&str; 15] = [
    "rss",
    "channel",
    "rdf:RDF",
    "item",
    "image",
    "textInput",
    "skipHours",
    "skipDays",
    "feed",
    "entry",
    "author",
    "contributor",
    "categories",
    "itunes:owner",
    "media:group",
];

/// Number of bytes of a document that are parsed. Parsing takes some ten times as much memory.
const LONGEST: usize = 2_000_000;

/// Maximum nesting; deeper objects are left out. RSS needs five levels.
const DEPTH: usize = 12;

/// Returns the document as XML if it is RSS or Atom in JSON. The XML of a truncated document has no end either, so that its reader
/// notices.
pub(super) fn as_xml(text: &str) -> Option<String> {
    let head = text[..text.floor_char_boundary(256)].strip_prefix('{')?;
    // Converters from XML put the declaration before the root.
    if head.contains("jsonfeed.org") || !ROOTS.iter().any(|(root, _)| head.contains(&format!("\"{root}\""))) {
        return None;
    }
    let (Value::Object(root), whole) = value(text)? else { return None };
    let (name, end, root) = feed(root)?;
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    element(&mut out, name, &root, 0);
    if !whole && let Some(at) = out.strip_suffix(end).map(str::len).or_else(|| out.rfind("</")) {
        out.truncate(at);
    }
    Some(out)
}

/// Members of the document that may be the feed, and how the feed ends in XML.
const ROOTS: [(&str, &str); 4] =
    [("rss", "</channel></rss>"), ("channel", "</channel></rss>"), ("feed", "</feed>"), ("rdf:RDF", "</rdf:RDF>")];

/// Returns the root element that a document contains: its name, how it ends, and its value.
fn feed(mut root: Map<String, Value>) -> Option<(&'static str, &'static str, Value)> {
    // Some converters make a list of each element.
    let is_element = |value: Option<&Value>| {
        let value = value.and_then(|value| value.as_array().map_or(Some(value), |list| list.first()));
        value.is_some_and(Value::is_object)
    };
    if root.get("items").is_some_and(Value::is_array) && is_element(root.get("feed")) {
        return Some((ROOTS[0].0, ROOTS[0].1, from_rss2json(root)));
    }
    if is_element(root.get("rss").and_then(|rss| rss.get("channel"))) {
        return Some((ROOTS[0].0, ROOTS[0].1, root.remove("rss")?));
    }
    // PHP leaves out the root.
    if is_element(root.get("channel")) {
        return Some((ROOTS[0].0, ROOTS[0].1, Value::Object(root)));
    }
    let (name, end) = ROOTS.into_iter().skip(2).find(|(name, _)| is_element(root.get(*name)))?;
    let inner = root.remove(name)?;
    ["entry", "entries", "item"].iter().any(|list| inner.get(*list).is_some()).then_some((name, end, inner))
}

/// Converts an answer of rss2json.com, whose names are not those of RSS.
fn from_rss2json(mut root: Map<String, Value>) -> Value {
    let mut items = root.remove("items").unwrap_or_default();
    for item in items.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        if let Some(content) = item.remove("content") {
            item.insert("content:encoded".to_owned(), content);
        }
        if let Some(url) = item.remove("thumbnail").filter(|url| url.as_str().is_some_and(|url| !url.is_empty())) {
            item.insert("media:thumbnail".to_owned(), json!({ "url": url }));
        }
        if let Some(file) = item.get_mut("enclosure").and_then(Value::as_object_mut)
            && let Some(url) = file.remove("link")
        {
            file.insert("url".to_owned(), url);
        }
    }
    let mut channel = root.remove("feed").unwrap_or_default();
    if let Some(channel) = channel.as_object_mut() {
        channel.insert("item".to_owned(), items);
    }
    json!({ "channel": channel })
}

/// Parses the document as one value, and returns whether it was complete. A longer one is read like one that was cut off there.
fn value(text: &str) -> Option<(Value, bool)> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let parse = |text: &str| match serde_json::from_str(text) {
        Ok(value) => Some((value, true)),
        Err(error) if error.is_eof() => Some((serde_json::from_str(&closed(text)?).ok()?, false)),
        Err(_) => None,
    };
    parse(text).or_else(|| parse(&super::json::mended(text, super::json::Quotes::End)?))
}

/// Returns a truncated document up to the end of its last complete item, with all brackets closed.
fn closed(text: &str) -> Option<String> {
    let (mut open, mut in_string, mut is_escaped) = (Vec::new(), false, false);
    // Where the last text began and ended, and how many brackets are open inside the list of items.
    let (mut key, mut depth, mut last) = ((0, 0), None, None);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => {
                in_string = !in_string;
                key = if in_string { (at + 1, at + 1) } else { (key.0, at) };
            }
            _ if in_string => {}
            b'{' => open.push('}'),
            b'[' => {
                open.push(']');
                let is_list = matches!(&text[key.0..key.1], "item" | "items" | "entry" | "entries");
                depth = depth.or(is_list.then_some(open.len()));
            }
            b'}' | b']' => {
                open.pop();
                if !open.is_empty() && depth.is_some_and(|depth| open.len() <= depth) {
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
    let name = match name {
        "items" => "item",
        "entries" => "entry",
        name => name,
    };
    // Google writes a dollar sign for the colon.
    let name = &*if name.starts_with('$') { name.into() } else { Cow::from(name.replacen('$', ":", 1)) };
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_'));
    if !plain || name.starts_with(['-', ':', '_']) || depth > DEPTH {
        return;
    }
    match value {
        Value::Null => {}
        Value::Array(values) => values.iter().for_each(|value| element(out, name, value, depth + 1)),
        Value::Object(members) => {
            let _ = write!(out, "<{name}");
            let holds = HOLDERS.contains(&name) || name == "source" && members.contains_key("title");
            for (container, members) in members.iter().filter_map(|(name, value)| Some((name, value.as_object()?))) {
                if ATTRIBUTES.contains(&container.as_str()) {
                    members.iter().for_each(|(name, value)| attribute(out, name, value));
                }
            }
            for (member, value) in members {
                let marked = MARKS.iter().find_map(|mark| member.strip_prefix(mark));
                if marked.is_some() || is_attribute(holds, member) {
                    attribute(out, marked.unwrap_or(member), value);
                }
            }
            out.push('>');
            if let Some(text) = TEXT.iter().find_map(|name| members.get(*name).and_then(joined)) {
                out.push_str(&quick_xml::escape::escape(text.as_str()));
            }
            for (member, value) in members {
                let is_text = TEXT.contains(&member.as_str()) && !HOLDERS.contains(&name);
                let is_inner = value.is_object() || value.is_array() || !is_attribute(holds, member);
                if is_inner && !is_text && !ATTRIBUTES.contains(&member.as_str()) {
                    element(out, member, value, depth + 1);
                }
            }
            let _ = write!(out, "</{name}>");
        }
        scalar_value => {
            let text = scalar(scalar_value).unwrap_or_default();
            let _ = write!(out, "<{name}>{}</{name}>", quick_xml::escape::escape(text.as_str()));
        }
    }
}

/// Returns whether a member without a mark is an attribute: elements that hold no others have only attributes, except those of
/// another vocabulary.
fn is_attribute(holds: bool, member: &str) -> bool {
    if holds { member == "version" } else { member.starts_with("xml") || !member.contains([':', '$']) }
}

fn attribute(out: &mut String, name: &str, value: &Value) {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':');
    if let Some(text) = scalar(value).filter(|_| is_name) {
        let _ = write!(out, " {name}=\"{}\"", quick_xml::escape::escape(text.as_str()));
    }
}

/// Returns a text that may be in pieces.
fn joined(value: &Value) -> Option<String> {
    match value {
        Value::Array(pieces) => Some(pieces.iter().filter_map(scalar).collect()),
        value => scalar(value),
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
mod tests;
