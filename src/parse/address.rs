//! Addresses: absolute, http or https, written as browsers would send them.

use std::borrow::Cow;
use url::Url;

/// Longest address that is kept, in bytes.
const LONGEST: usize = 8 * 1024;

/// `text` relative to `base`; only http and https come back.
pub(super) fn join(base: Option<&Url>, text: &str) -> Option<Url> {
    let text = tidy(text)?;
    let url = match Url::parse(&text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => base?.join(&text).ok()?,
        Err(_) => return None,
    };
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// As [`join`], as text. An absolute address that needs no change is not built anew.
pub(super) fn absolute(base: Option<&Url>, text: &str) -> Option<String> {
    join(base, text).map(String::from)
}

/// Without white space around it and line breaks inside it.
fn tidy(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    Some(if text.contains(['\n', '\r', '\t']) {
        Cow::Owned(text.replace(['\n', '\r', '\t'], ""))
    } else {
        Cow::Borrowed(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_and_absolute_ones() {
        let base = Url::parse("https://alalam.example/xml/feed.rss").unwrap();
        for (text, want) in [
            (" /a/1?x=ع \n", Some("https://alalam.example/a/1?x=%D8%B9")),
            ("b", Some("https://alalam.example/xml/b")),
            ("//cdn.example/i", Some("https://cdn.example/i")),
            ("HTTP://X.example", Some("http://x.example/")),
            ("javascript:alert(1)", None),
            ("tag:alalam,1", None),
            ("", None),
            ("http://", None),
        ] {
            assert_eq!(absolute(Some(&base), text).as_deref(), want, "{text}");
        }
        assert_eq!(absolute(None, "/a"), None);
    }
}
