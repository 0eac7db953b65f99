//! Outlets and channels in memory, as the writer needs them for every new entry: names, and which outlet belongs to which
//! channel.

use crate::{
    dedup::Arrival,
    model::{Channel, EntryRules, OutletId},
    rules::{self, RuleSubject},
};
use jiff::tz::TimeZone;
use std::collections::{HashMap, HashSet};

/// What a channel needs to know about an outlet. Outlets that are no longer configured are included.
#[derive(Debug, Clone)]
pub(super) struct KnownOutlet {
    pub slug: String,
    pub name: String,
    pub tags: Vec<String>,
    /// Whether only readers with a key see its entries.
    pub private: bool,
    /// The rules that its entries must pass; none if the outlet is no longer configured.
    pub rules: EntryRules,
    /// Its time zone, in which dates without a time are midnight.
    pub zone: TimeZone,
}

/// Outlets and configured channels, by row id.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    pub outlets: HashMap<OutletId, KnownOutlet>,
    pub channels: Vec<(i64, Channel)>,
    /// Channels whose stories are being placed again because their definition changed.
    pub rebuilding: HashSet<i64>,
    /// The webhooks.
    pub hooks: Vec<QueuedHook>,
}

/// The parts of a webhook that the writer needs for each new entry.
#[derive(Debug)]
pub(super) struct QueuedHook {
    /// Row id.
    pub id: i64,
    /// The channel, with `min_outlets` raised to that of the webhook.
    pub channel: Channel,
}

impl Catalog {
    /// Returns the name of the outlet that readers see.
    pub(super) fn outlet_name(&self, outlet: OutletId) -> &str {
        self.outlets.get(&outlet).map_or("", |known| known.name.as_str())
    }

    /// Returns whether the channel takes entries of this outlet in this language.
    pub(super) fn takes(&self, channel: &Channel, outlet: OutletId, language: Option<&str>) -> bool {
        self.outlets.get(&outlet).is_some_and(|known| {
            !(known.private && channel.hides_private) && channel.takes(&known.slug, &known.tags, language)
        })
    }

    /// Returns the rules of an outlet.
    pub(super) fn rules(&self, outlet: OutletId) -> EntryRules {
        self.outlets.get(&outlet).map(|known| known.rules.clone()).unwrap_or_default()
    }

    /// Checks an entry by the current rules of its outlet. A poll that began before they changed used other rules.
    pub(super) fn reapply_rules(&self, arrival: &mut Arrival) {
        let rules = self.rules(arrival.outlet);
        let dropped = rules::left_out(&rules, &RuleSubject::of(&arrival.entry));
        if arrival.entry.dropped != dropped {
            arrival.entry_mut().dropped = dropped;
        }
    }

    /// Returns whether an outlet is seen only by readers with a key.
    pub(super) fn any_private(&self) -> bool {
        self.outlets.values().any(|known| known.private)
    }
}
