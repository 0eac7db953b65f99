//! The proxies that variables of the environment name, as curl and most other programs read them.

use super::Secret;

/// `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvironmentProxies {
    /// For addresses that begin with `http://`.
    pub http: Option<Secret>,
    /// For addresses that begin with `https://`.
    pub https: Option<Secret>,
    /// Hosts, domains and networks that are reached without a proxy, separated by commas.
    pub no_proxy: String,
}
