//! Addresses: absolute, http or https, written as browsers would send them.

use std::borrow::Cow;
use url::Url;

/// Maximum length of an address that is kept, in bytes.
const LONGEST: usize = 8 * 1024;

/// Resolves `text` against `base`. Returns only http and https addresses.
pub(super) fn join(base: Option<&Url>, text: &str) -> Option<Url> {
    let text = tidy(text)?;
    let text = match text.get(..4) {
        // A relative address that begins with `www.` is meant as a host name.
        Some(www) if www.eq_ignore_ascii_case("www.") => {
            Cow::Owned(format!("{}://{text}", base.map_or("https", Url::scheme)))
        }
        _ => text,
    };
    let url = match Url::parse(&text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => base?.join(&text).ok()?,
        Err(_) => return None,
    };
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Resolves `text` as [`join`] does and returns it as a string.
pub(super) fn absolute(base: Option<&Url>, text: &str) -> Option<String> {
    join(base, text).map(String::from)
}

/// Removes white space (also `%20`) around an address and line breaks and tabs inside it, and decodes ampersands that were
/// escaped once too often. Returns `None` for an address that is empty or too long.
fn tidy(text: &str) -> Option<Cow<'_, str>> {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    let mut text = text.trim_matches(blank);
    while let Some(rest) = text.strip_prefix("%20").or_else(|| text.strip_suffix("%20")) {
        text = rest.trim_matches(blank);
    }
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let mut tidy = Cow::Borrowed(text);
    if text.contains(['\n', '\r', '\t']) {
        tidy = Cow::Owned(text.replace(['\n', '\r', '\t'], ""));
    }
    for escaped in ["&amp;", "&#38;", "&#038;"] {
        if tidy.contains(escaped) {
            tidy = Cow::Owned(tidy.replace(escaped, "&"));
        }
    }
    Some(tidy)
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
            ("www.x.example/story/7", Some("https://www.x.example/story/7")),
            ("WWW.x.example:8080/a", Some("https://www.x.example:8080/a")),
            ("%20https://x.example/a%20b%20", Some("https://x.example/a%20b")),
            ("https://x.example/a?b=1&amp;c=2&#038;d", Some("https://x.example/a?b=1&c=2&d")),
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
