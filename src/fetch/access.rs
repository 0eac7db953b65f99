//! How an outlet is reached and what is sent only to its servers: proxy, certificates, headers, credentials. These go to the
//! origins (RFC 6454) that the operator configured, and to no other, wherever redirects lead.

use super::FetcherError;
use super::tunnel::Tunnels;
use crate::model::{EnvironmentProxies, FeedUrl, Secret};
use reqwest::{
    ClientBuilder, NoProxy, Proxy,
    header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue},
};
use rustls::ClientConfig;
use url::Url;

/// The settings for reaching an outlet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Access {
    /// `proxy`: http, https or socks5; the address may contain a password.
    pub proxy: Option<Secret>,
    /// The proxies of the environment, used if `proxy` is not set.
    pub environment: EnvironmentProxies,
    /// `proxy_dns`: the proxy resolves names, and the guard checks literal addresses only.
    pub proxy_dns: bool,
    /// `ca_file`: certificates trusted in addition to the system's, as PEM.
    pub ca: Option<Vec<u8>>,
    /// `headers`.
    pub headers: Vec<(String, Secret)>,
    /// Value of `Authorization`.
    pub authorization: Option<Secret>,
    /// The origins that get headers and credentials, such as `https://host:port`, in the form of
    /// [`url::Origin::ascii_serialization`].
    pub origins: Vec<String>,
}

/// The proxies of a client.
#[derive(Default)]
pub(super) struct Proxies {
    used: Vec<Proxy>,
    /// The tasks that open tunnels. They run as long as the client is used.
    tunnels: Vec<Tunnels>,
}

impl std::fmt::Debug for Proxies {
    // Their addresses may contain passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxies").field("used", &self.used.len()).finish_non_exhaustive()
    }
}

impl Proxies {
    /// Returns the address of a proxy that is passed to the HTTP client.
    fn address(&mut self, proxy: &Secret, resolves: bool, tls: &ClientConfig) -> Result<String, FetcherError> {
        let address = proxy.reveal();
        if is_socks(proxy) {
            return Ok(if resolves { address.replacen("socks5://", "socks5h://", 1) } else { address.to_owned() });
        }
        if resolves {
            return Ok(address.to_owned());
        }
        let tunnels = Tunnels::start(proxy, tls.clone())?;
        let address = tunnels.address();
        self.tunnels.push(tunnels);
        Ok(address)
    }

    /// Adds the proxies to a client. The client's own search for proxies in the environment is switched off, because it would
    /// send names to them.
    pub(super) fn added_to(&self, builder: ClientBuilder) -> ClientBuilder {
        self.used.iter().cloned().fold(builder.no_proxy(), ClientBuilder::proxy)
    }
}

fn is_socks(proxy: &Secret) -> bool {
    proxy.reveal().starts_with("socks5://")
}

impl Access {
    /// Returns the proxies in the form of the HTTP client. `tls` is for connections to https proxies.
    pub(super) fn proxies(&self, tls: &ClientConfig) -> Result<Proxies, FetcherError> {
        let wrong = |_| FetcherError::Access("the proxy's address cannot be used");
        let mut proxies = Proxies::default();
        if let Some(proxy) = &self.proxy {
            let address = proxies.address(proxy, self.proxy_dns, tls)?;
            proxies.used.push(Proxy::all(address).map_err(wrong)?);
            return Ok(proxies);
        }
        let EnvironmentProxies { http, https, no_proxy } = &self.environment;
        let except = || NoProxy::from_string(no_proxy);
        if let Some(proxy) = http {
            let address = proxies.address(proxy, self.proxy_dns, tls)?;
            proxies.used.push(Proxy::http(address).map_err(wrong)?.no_proxy(except()));
        }
        if let Some(proxy) = https {
            let address = proxies.address(proxy, self.proxy_dns, tls)?;
            proxies.used.push(Proxy::https(address).map_err(wrong)?.no_proxy(except()));
        }
        Ok(proxies)
    }

    /// Returns whether both use the same proxy and trust the same certificates.
    pub(super) fn shares_client_with(&self, other: &Self) -> bool {
        (&self.proxy, &self.environment, &self.proxy_dns, &self.ca)
            == (&other.proxy, &other.environment, &other.proxy_dns, &other.ca)
    }

    /// Returns the hosts of the proxies whose names the HTTP client resolves.
    pub(super) fn proxy_hosts(&self) -> Vec<String> {
        let EnvironmentProxies { http, https, .. } = &self.environment;
        let environment = [http, https].into_iter().flatten().filter(|_| self.proxy.is_none());
        let resolved = self.proxy.iter().chain(environment).filter(|proxy| self.proxy_dns || is_socks(proxy));
        resolved.filter_map(|proxy| Some(Url::parse(proxy.reveal()).ok()?.domain()?.to_ascii_lowercase())).collect()
    }

    /// Returns the headers for the origins.
    pub(super) fn credentials(&self) -> Result<Credentials, FetcherError> {
        let wrong = || FetcherError::Access("a header of the configuration cannot be sent");
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            headers.push((name, sensitive(value).ok_or_else(wrong)?));
        }
        if let Some(value) = &self.authorization {
            headers.push((AUTHORIZATION, sensitive(value).ok_or_else(wrong)?));
        }
        Ok(Credentials { headers, origins: self.origins.clone() })
    }
}

/// Creates a header value that debug output hides and that HPACK never indexes (RFC 7541 7.1.3).
fn sensitive(value: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value.reveal().as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Headers for certain origins.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    headers: Vec<(HeaderName, HeaderValue)>,
    origins: Vec<String>,
}

impl Credentials {
    /// Adds the headers to a request if `url` is in one of the origins. A configured cookie is sent along with those of the poll.
    pub(super) fn add(&self, url: &FeedUrl, headers: &mut HeaderMap) {
        if self.headers.is_empty() || !self.origins.contains(&url.url().origin().ascii_serialization()) {
            return;
        }
        for (name, value) in &self.headers {
            let joined = headers.get(COOKIE).filter(|_| *name == COOKIE).and_then(|of_poll| {
                let both = [value.as_bytes(), b"; ", of_poll.as_bytes()].concat();
                let mut both = HeaderValue::from_bytes(&both).ok()?;
                both.set_sensitive(true);
                Some(both)
            });
            headers.insert(name.clone(), joined.unwrap_or_else(|| value.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_to_their_origins_alone_and_are_not_printed() {
        let access = Access {
            headers: vec![("Cookie".to_owned(), Secret::new("sid=canary".to_owned()))],
            authorization: Some(Secret::new("Bearer canary".to_owned())),
            origins: vec!["https://a.example".to_owned(), "http://a.example:8080".to_owned()],
            ..Access::default()
        };
        let credentials = access.credentials().unwrap();
        let sent = |url: &str| {
            let mut headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("gate=1"))]);
            credentials.add(&FeedUrl::parse(url).unwrap(), &mut headers);
            let text = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            assert!(!format!("{headers:?}").contains("canary"));
            (text(AUTHORIZATION), text(COOKIE).unwrap())
        };
        for url in ["https://a.example/feed", "https://A.example:443/x", "http://a.example:8080/"] {
            assert_eq!(sent(url), (Some("Bearer canary".to_owned()), "sid=canary; gate=1".to_owned()), "{url}");
        }
        for url in ["http://a.example/", "https://a.example:8443/", "https://www.a.example/", "https://a.example.evil/"]
        {
            assert_eq!(sent(url), (None, "gate=1".to_owned()), "{url}");
        }
        assert!(!format!("{access:?}{credentials:?}").contains("canary"));
    }
}
