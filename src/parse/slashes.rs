//! Removes the backslashes that programs put before quotation marks when they write HTML into a string (`addslashes` of PHP, JSON
//! encoded twice): `<a href=\"https://…\">`.

use crate::model::Markup;
use memchr::memmem;

/// Removes the backslashes of a text in which all quoted attributes have them.
pub(super) fn without_slashes(markup: Markup) -> Markup {
    match markup {
        Markup::Html(html) if is_slashed(&html) => Markup::Html(bare(&html)),
        markup => markup,
    }
}

/// Returns whether a tag has an attribute in escaped quotation marks, and no tag has one in others.
fn is_slashed(html: &str) -> bool {
    let bytes = html.as_bytes();
    if memmem::find(bytes, b"=\\\"").is_none() && memmem::find(bytes, b"=\\'").is_none() {
        return false;
    }
    let mut found = false;
    for at in memchr::memchr_iter(b'<', bytes) {
        let tag = &html[at + 1..];
        if !tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let tag = &tag[..memchr::memchr2(b'<', b'>', tag.as_bytes()).unwrap_or(tag.len())];
        for sign in memchr::memchr_iter(b'=', tag.as_bytes()) {
            match &tag.as_bytes()[sign + 1..] {
                [b'\\', b'"' | b'\'', ..] => found = true,
                [b'"' | b'\'', ..] => return false,
                _ => {}
            }
        }
    }
    found
}

fn bare(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut chars = html.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some('"' | '\'' | '\\') if c == '\\' => out.extend(chars.next()),
            // JSON may escape the slash of an end tag.
            Some('/') if c == '\\' && out.ends_with('<') => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_before_the_marks_of_attributes_go() {
        for (html, want) in [
            (
                r#"<img src=\"https://x.example/p\" alt=\"L\'a b\"> it\'s"#,
                r#"<img src="https://x.example/p" alt="L'a b"> it's"#,
            ),
            (r"<a href=\'/a\'>b<\/a>", "<a href='/a'>b</a>"),
            (r#"<a href="/a">x=\"b\"</a>"#, r#"<a href="/a">x=\"b\"</a>"#),
            (r#"<code>print(x=\"a\")</code>"#, r#"<code>print(x=\"a\")</code>"#),
            (r#"<a href="/a"></a><a title=\"b\">"#, r#"<a href="/a"></a><a title=\"b\">"#),
            (r"Poincar\'e", r"Poincar\'e"),
        ] {
            assert_eq!(without_slashes(Markup::Html(html.to_owned())).as_str(), want, "{html}");
        }
    }
}
