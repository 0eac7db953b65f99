//! Escapes text for HTML and XML.

/// Appends a text, escaped for element content and for quoted attributes of HTML and XML.
pub fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

/// Returns a text escaped for element content and for quoted attributes of HTML and XML.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    push_escaped(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_escaped_and_letters_are_not() {
        assert_eq!(escaped("<a href=\"x\">L'été & «أ»</a>"), "&lt;a href=&quot;x&quot;&gt;L'été &amp; «أ»&lt;/a&gt;");
    }
}
