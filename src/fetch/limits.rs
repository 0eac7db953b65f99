//! The limits of requests, and why a client cannot be made with them.

use super::Access;
use crate::model::Network;
use std::time::Duration;

/// Limits of a poll, and its user agent.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchLimits {
    /// `[fetch] user_agent`: value of the User-Agent header.
    pub user_agent: String,
    /// `[fetch] timeout`: limit for the whole poll, including redirects and body.
    pub timeout: Duration,
    /// `[fetch] max_body`: maximum size of a body in bytes, before and after decompression.
    pub max_body: u64,
    /// `[fetch] allow_networks`: networks that are polled although they are not public.
    pub allow_networks: Vec<Network>,
    /// Maximum number of redirects followed in one poll.
    pub max_redirects: u32,
    /// Proxy, certificates, and what is sent to the outlet alone.
    pub access: Access,
}

impl Default for FetchLimits {
    /// The defaults of the configuration's `[fetch]`, and ten redirects.
    fn default() -> Self {
        Self {
            user_agent: concat!("Warraq/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeout: Duration::from_secs(30),
            max_body: 10_000_000,
            allow_networks: Vec::new(),
            max_redirects: 10,
            access: Access::default(),
        }
    }
}

impl FetchLimits {
    /// Returns whether one client can make the requests of both: they differ only in the size of a document, the number of
    /// redirects and the headers.
    pub(super) fn shares_client_with(&self, other: &Self) -> bool {
        let Self { user_agent, timeout, allow_networks, .. } = other;
        (&self.user_agent, &self.timeout, &self.allow_networks) == (user_agent, timeout, allow_networks)
            && self.access.shares_client_with(&other.access)
    }
}

/// Why a [`Fetcher`](super::Fetcher) could not be created.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    /// The user agent is not a valid header value.
    #[error("user_agent has characters that are not allowed in a header; allowed: printable ASCII")]
    UserAgent,
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
    /// TLS could not be set up; usually the system's certificates could not be read.
    #[error("TLS cannot be set up (are the system's CA certificates installed, and may this process open more files?)")]
    Tls(#[source] rustls::Error),
    /// A header or certificate of the configuration cannot be used.
    #[error("{0}")]
    Access(&'static str),
}
