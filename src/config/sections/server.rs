//! `[server]`.

use crate::{
    config::{
        keys,
        raw::{ConfigSource, Section, listed},
        requests::SecretFiles,
        values,
    },
    model::{Network, ReaderKey},
};
use jiff::tz::TimeZone;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use toml::de::DeTable;
use url::Url;

/// `[server]`: the HTTP server.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Address to listen on; port 0 selects a free port.
    pub listen: SocketAddr,
    /// Base of all addresses of this server as configured, with a slash at its end; use [`Server::public_url`].
    pub configured_url: Option<Url>,
    /// Networks whose clients may read `/metrics`.
    pub metrics_allow: Vec<Network>,
    /// Names that a `Host` header may contain, in lower case; empty for the loopback names. The host of `public_url` is always
    /// allowed.
    pub hosts: Vec<String>,
    /// Whether pages show the entries' pictures, which browsers load from the outlets.
    pub images: bool,
    /// Whether pages that stay open ask for new stories and say how many there are.
    pub live: bool,
    /// Keys for readers; `None` if everybody may read without one.
    pub keys: Option<Vec<ReaderKey>>,
    /// Time zone of the days and times on pages.
    pub time_zone: TimeZone,
}

impl Server {
    pub(super) const KEYS: [&'static str; 8] =
        ["listen", "public_url", "metrics_allow", "hosts", "images", "live", "token_file", "time_zone"];
    /// Default `listen`: loopback only. Serving the internet is a deliberate decision, best done behind a proxy.
    pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
    /// Default `images`: pictures are part of the news.
    pub const IMAGES: bool = true;
    /// Default `live`: a page that stays open says when there is something new.
    pub const LIVE: bool = true;
    /// Default `metrics_allow`: this machine.
    pub const METRICS_ALLOW: [&'static str; 2] = ["127.0.0.0/8", "::1/128"];

    pub(in crate::config) fn read(source: &ConfigSource<'_>, root: &DeTable<'_>, files: SecretFiles<'_>) -> Self {
        let section = Section::of(source, root, "server", &Self::KEYS);
        let default = || Self::METRICS_ALLOW.iter().filter_map(|text| Network::parse(text).ok()).collect();
        let given = section.has("metrics_allow").then(|| listed(&section, "metrics_allow", values::network));
        Self {
            listen: section.text("listen", values::listen).unwrap_or(Self::LISTEN),
            configured_url: section.text("public_url", values::public_url),
            metrics_allow: given.unwrap_or_else(default),
            hosts: listed(&section, "hosts", values::host_name),
            images: section.flag("images").unwrap_or(Self::IMAGES),
            live: section.flag("live").unwrap_or(Self::LIVE),
            keys: keys::read(&section, files),
            time_zone: section.text("time_zone", values::time_zone).unwrap_or(TimeZone::UTC),
        }
    }

    /// Returns the base of all addresses of this server: as configured, else `http://BOUND/`. `bound` is the address that the
    /// listener has bound, or `listen` if nothing is bound. An unspecified address (`0.0.0.0`, `::`) is replaced by loopback,
    /// because no client can use it.
    #[must_use]
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "an IP address and a port always make a URL")]
    pub fn public_url(&self, bound: SocketAddr) -> Url {
        let ip = match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let own =
            || Url::parse(&format!("http://{}/", SocketAddr::new(ip, bound.port()))).expect("an address is a host");
        self.configured_url.clone().unwrap_or_else(own)
    }
}
