//! Cookies of one poll. A server that sets a cookie with a redirect gets it back in the following requests of the same poll, and
//! never afterwards.

use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};
use url::Url;

/// Maximum number of cookies kept in one poll.
const MOST: usize = 20;

/// Maximum length of a name with its value, in bytes.
const LONGEST: usize = 4_096;

/// The cookies of one poll.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Cookies(Vec<Cookie>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    /// The host that set it. Only this host gets it back.
    host: String,
    /// Whether it was set over TLS or has the `Secure` attribute.
    secure: bool,
    path: String,
    name: String,
    value: String,
}

impl Cookies {
    /// Returns whether no cookie was set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Stores the cookies that the response of `url` sets (RFC 6265 5.2, without domains and dates: a poll lasts seconds).
    pub(super) fn keep(&mut self, url: &Url, headers: &HeaderMap) {
        for header in headers.get_all(SET_COOKIE) {
            let Some(cookie) = header.to_str().ok().and_then(|text| parse(url, text)) else { continue };
            self.0
                .retain(|known| (&known.host, &known.name, &known.path) != (&cookie.host, &cookie.name, &cookie.path));
            if self.0.len() < MOST && !cookie.value.is_empty() {
                self.0.push(cookie);
            }
        }
    }

    /// Returns the `Cookie` header for a request to `url`, if any cookie applies.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let fits = |cookie: &&Cookie| {
            let below = url.path().strip_prefix(cookie.path.as_str());
            Some(cookie.host.as_str()) == url.host_str()
                && (!cookie.secure || url.scheme() == "https")
                && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie.path.ends_with('/'))
        };
        let pairs: Vec<String> = self.0.iter().filter(fits).map(|c| format!("{}={}", c.name, c.value)).collect();
        if pairs.is_empty() { None } else { HeaderValue::from_str(&pairs.join("; ")).ok() }
    }
}

fn parse(url: &Url, text: &str) -> Option<Cookie> {
    let mut parts = text.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, mut value) = (name.trim(), value.trim());
    if name.is_empty() || name.len() + value.len() > LONGEST {
        return None;
    }
    let (mut secure, mut path) = (url.scheme() == "https", "/");
    for part in parts {
        let (key, stated) = part.split_once('=').unwrap_or((part, ""));
        match key.trim().to_ascii_lowercase().as_str() {
            "secure" => secure = true,
            "path" if stated.trim().starts_with('/') => path = stated.trim(),
            "max-age" if stated.trim().parse::<i64>().is_ok_and(|seconds| seconds <= 0) => value = "",
            _ => {}
        }
    }
    let (host, path) = (url.host_str()?.to_owned(), path.to_owned());
    Some(Cookie { host, secure, path, name: name.to_owned(), value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_goes_back_to_its_host_alone() {
        let url = |text: &str| Url::parse(text).unwrap();
        let set = |text: &'static str| HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static(text))]);
        let mut cookies = Cookies::default();
        cookies.keep(&url("http://a.example/gate"), &set("ok=1; Path=/feeds; HttpOnly"));
        cookies.keep(&url("https://b.example/"), &set("s=2; Domain=example"));
        let returned = |to: &str| cookies.header(&url(to)).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(returned("http://a.example/feeds/1").as_deref(), Some("ok=1"));
        assert_eq!(returned("http://a.example/feedsx"), None);
        assert_eq!(returned("http://x.a.example/feeds"), None);
        assert_eq!(returned("https://b.example/x").as_deref(), Some("s=2"));
        assert_eq!(returned("http://b.example/x"), None, "set over TLS");
        cookies.keep(&url("http://a.example/"), &set("ok=0; Path=/feeds; Max-Age=0"));
        assert_eq!(cookies.header(&url("http://a.example/feeds")), None);
        cookies.keep(&url("http://a.example/"), &set("=; broken"));
    }
}
