//! Outlets and channels in memory, as the writer needs them for every new entry: names, and which outlet belongs to which
//! channel.

use crate::model::{Channel, OutletId};
use std::collections::{HashMap, HashSet};

/// What a channel needs to know about an outlet. Outlets that are no longer configured are included.
#[derive(Debug, Clone)]
pub(super) struct KnownOutlet {
    pub slug: String,
    pub name: String,
    pub tags: Vec<String>,
}

/// Outlets and configured channels, by row id.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    pub outlets: HashMap<OutletId, KnownOutlet>,
    pub channels: Vec<(i64, Channel)>,
    /// Channels whose stories are being placed again because their definition changed.
    pub rebuilding: HashSet<i64>,
}

impl Catalog {
    /// Returns the name of the outlet that readers see.
    pub(super) fn outlet_name(&self, outlet: OutletId) -> &str {
        self.outlets.get(&outlet).map_or("", |known| known.name.as_str())
    }

    /// Returns whether the channel takes entries of this outlet in this language.
    pub(super) fn takes(&self, channel: &Channel, outlet: OutletId, language: Option<&str>) -> bool {
        self.outlets.get(&outlet).is_some_and(|known| channel.takes(&known.slug, &known.tags, language))
    }
}
