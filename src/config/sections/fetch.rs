//! `[fetch]`.

use super::{MINUTE, SECOND};
use crate::{
    config::{
        raw::{ConfigSource, Section, listed},
        requests::{RequestSettings, SecretFiles},
        values,
    },
    model::Network,
};
use std::{ops::RangeInclusive, time::Duration};
use toml::de::DeTable;

/// `[fetch]`: settings and limits of requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetch {
    /// The User-Agent as configured; use [`crate::config::Config::user_agent`].
    pub user_agent: Option<String>,
    /// Time limit of a whole request, including redirects and body.
    pub timeout: Duration,
    /// Largest body, in bytes after decompression.
    pub max_body: u64,
    /// Most concurrent polls.
    pub concurrency: usize,
    /// Most concurrent polls of one host.
    pub per_host: usize,
    /// Pause between the starts of two polls of one host.
    pub host_pause: Duration,
    /// Networks that are not public but may be polled nevertheless.
    pub allow_networks: Vec<Network>,
    /// Proxy, headers and credentials.
    pub requests: RequestSettings,
}

impl Fetch {
    pub(super) const KEYS: [&'static str; 12] = [
        "user_agent",
        "timeout",
        "max_body",
        "concurrency",
        "per_host",
        "host_pause",
        "allow_networks",
        "proxy",
        "proxy_dns",
        "ca_file",
        "headers",
        "auth",
    ];
    /// Default `timeout`. Slow newsrooms respond within ten seconds; this is three times as long.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
    pub(in crate::config) const TIMEOUT_BOUNDS: RangeInclusive<Duration> = SECOND..=Duration::from_mins(10);
    /// Default `max_body`, in bytes. The largest of 187 captured feeds has a tenth of this.
    pub const MAX_BODY: u64 = 10_000_000;
    pub(in crate::config) const MAX_BODY_BOUNDS: RangeInclusive<u64> = 1_000..=100_000_000;
    /// Default `concurrency`. Polls mostly wait; 32 of them keep a core busy.
    pub const CONCURRENCY: u32 = 32;
    /// Default `per_host`: a third of what a browser would use at most.
    pub const PER_HOST: u32 = 2;
    /// Default `host_pause`: at most two requests per second to one host.
    pub const HOST_PAUSE: Duration = Duration::from_millis(500);
    const HOST_PAUSE_BOUNDS: RangeInclusive<Duration> = Duration::ZERO..=MINUTE;

    pub(in crate::config) fn read(source: &ConfigSource<'_>, root: &DeTable<'_>, files: SecretFiles<'_>) -> Self {
        let section = Section::of(source, root, "fetch", &Self::KEYS);
        let host_pause = section.text("host_pause", |text| values::duration(text, Self::HOST_PAUSE_BOUNDS));
        let mut requests = RequestSettings::read(&section, files);
        Self {
            user_agent: requests.user_agent.take(),
            timeout: requests.timeout.take().unwrap_or(Self::TIMEOUT),
            max_body: requests.max_body.take().unwrap_or(Self::MAX_BODY),
            concurrency: section.number("concurrency", 1..=1_024).unwrap_or(Self::CONCURRENCY) as usize,
            per_host: section.number("per_host", 1..=64).unwrap_or(Self::PER_HOST) as usize,
            host_pause: host_pause.unwrap_or(Self::HOST_PAUSE),
            allow_networks: listed(&section, "allow_networks", values::network),
            requests,
        }
    }
}
