//! Outlets and channels as the writer needs them at every new entry: names, and who belongs where. Kept in memory.

use crate::model::{Channel, OutletId};
use std::collections::{HashMap, HashSet};

/// What a channel needs to know of an outlet; also of outlets that are no longer configured.
#[derive(Debug, Clone)]
pub(super) struct KnownOutlet {
    pub slug: String,
    pub name: String,
    pub tags: Vec<String>,
}

/// Outlets by row id, and the configured channels with theirs.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    pub outlets: HashMap<OutletId, KnownOutlet>,
    pub channels: Vec<(i64, Channel)>,
    /// Channels whose places are being laid anew.
    pub rebuilding: HashSet<i64>,
}

impl Catalog {
    /// What readers call the outlet.
    pub(super) fn outlet_name(&self, outlet: OutletId) -> &str {
        self.outlets.get(&outlet).map_or("", |known| known.name.as_str())
    }

    /// Whether the channel takes what this outlet says in this language.
    pub(super) fn takes(&self, channel: &Channel, outlet: OutletId, language: Option<&str>) -> bool {
        self.outlets.get(&outlet).is_some_and(|known| channel.takes(&known.slug, &known.tags, language))
    }
}
