//! JSON that is written as a call of a JavaScript function ("JSONP": `callback({…});`) or behind a prefix that keeps it from being
//! run as a script (`)]}'`).

/// The usual prefixes. A browser that runs the text as a script stops at them.
const GUARDS: [&str; 3] = [")]}'", "while(1);", "for(;;);"];

/// Maximum length of the name of a function, in bytes.
const LONGEST_NAME: usize = 128;

/// Returns the object or array of such a text. Any other text is returned as it is. Of a truncated call, everything after the
/// opening parenthesis is returned.
pub(super) fn payload(text: &str) -> &str {
    if text.starts_with(['{', '[', '<']) {
        return text;
    }
    let whole = text;
    let text = without_comments(text);
    if text.starts_with(['{', '[']) {
        return text;
    }
    let inside = match GUARDS.iter().find_map(|guard| text.strip_prefix(guard)) {
        Some(rest) => rest.trim_start_matches(','),
        None => match call(text) {
            Some(inside) => inside,
            None => return whole,
        },
    };
    let inside = inside.trim();
    if inside.starts_with(['{', '[']) { inside } else { whole }
}

/// Returns a text without the comments of JavaScript that it begins with. An empty one is put first against attacks through the name
/// of the function (CVE-2014-4671).
fn without_comments(text: &str) -> &str {
    let mut text = text;
    while let Some((_, rest)) = match (text.strip_prefix("/*"), text.strip_prefix("//")) {
        (Some(comment), _) => comment.split_once("*/"),
        (_, Some(comment)) => comment.split_once(['\n', '\r']),
        _ => None,
    } {
        text = rest.trim_start();
    }
    text
}

/// Returns the arguments of a call: a name such as `callback` or `app.feeds.show`, parentheses, and perhaps a semicolon.
fn call(text: &str) -> Option<&str> {
    let (name, inside) = text.split_at(text.bytes().take(LONGEST_NAME).position(|b| b == b'(')?);
    let is_name = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '[' | ']'));
    let inside = inside[1..].trim_end();
    let inside = inside.strip_suffix(';').unwrap_or(inside).trim_end();
    is_name.then(|| inside.strip_suffix(')').unwrap_or(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_of_calls_and_guarded_texts() {
        for (text, wanted) in [
            ("callback({\"a\":1});", "{\"a\":1}"),
            ("/**/ app.feeds[0].show( [1] ) ;\n", "[1]"),
            ("jQuery_12$({\"a\":\")\"})", "{\"a\":\")\"}"),
            ("({\"a\":1})", "{\"a\":1}"),
            ("callback({\"a\":[1,", "{\"a\":[1,"),
            (")]}'\n{\"a\":1}", "{\"a\":1}"),
            (")]}',\n{\"a\":1}", "{\"a\":1}"),
            ("for(;;);{\"a\":1}", "{\"a\":1}"),
            ("/* a (b) */\n{\"a\":1}", "{\"a\":1}"),
            ("// a\r\n// b\n[1]", "[1]"),
        ] {
            assert_eq!(payload(text), wanted, "{text}");
        }
        for text in [
            "{\"a\":\"b(c)\"}",
            "<rss>(",
            "callback(1)",
            "two words({})",
            "callback",
            "é(",
            "",
            ")]}'",
            "/* {",
            "// {}",
            "/* a */ <rss>",
        ] {
            assert_eq!(payload(text), text);
        }
    }
}
