//! The configured outlets, feeds and channels, as the store is told of them.

use crate::model::{Channel, FeedId, FeedUrl, Outlet, push::Webhook};
use std::collections::HashMap;
use url::Url;

/// The part of the configuration that is stored.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `[server] public_url`.
    pub public_url: Url,
    /// The outlets, each with its schedule as text; schedules with equal texts are equal.
    pub outlets: Vec<(Outlet, String)>,
    /// The addresses shown instead of those of feeds, if configured.
    pub public_urls: HashMap<FeedUrl, FeedUrl>,
    /// The channels; `all` is first.
    pub channels: Vec<Channel>,
    /// Receivers of the channels' new stories.
    pub webhooks: Vec<Webhook>,
}

/// The changes made by a new configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigChanges {
    /// Feeds that are new, or configured again after they were removed.
    pub added: Vec<FeedId>,
    /// Feeds whose schedule changed.
    pub rescheduled: Vec<FeedId>,
    /// Number of feeds that were removed.
    pub removed: u64,
    /// Whether there is an outlet, configured or removed, that only readers with a key may see.
    pub any_private: bool,
}
