//! Outlets and channels as the writer needs them at every new entry: names, and who belongs where. Kept in memory.

use crate::{
    dedup::Arrival,
    model::{Channel, EntryId, OutletId, StoryId},
    store::{
        error::{ErrorContext, StoreError},
        rows::{BatchRows, PlaceRow},
        sqlite::row,
    },
};
use sqlx::SqliteConnection;
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
    pub relaying: HashSet<i64>,
}

impl Catalog {
    /// Reads the outlets; the channels are the configuration's.
    pub(super) async fn load(
        connection: &mut SqliteConnection,
        channels: Vec<(i64, Channel)>,
    ) -> Result<Self, StoreError> {
        let rows: Vec<(i64, String, String, String)> = sqlx::query_as("SELECT id, slug, name, tags FROM outlet")
            .fetch_all(connection)
            .await
            .while_doing("reading outlets")?;
        let mut outlets = HashMap::with_capacity(rows.len());
        for (id, slug, name, tags) in rows {
            let tags = row::RowRef { table: "outlet", row: id }.json("tags", &tags)?;
            outlets.insert(OutletId(id), KnownOutlet { slug, name, tags });
        }
        Ok(Self { outlets, channels, relaying: HashSet::new() })
    }

    /// What readers call the outlet.
    pub(super) fn outlet_name(&self, outlet: OutletId) -> &str {
        self.outlets.get(&outlet).map_or("", |known| known.name.as_str())
    }

    /// Whether the channel takes what this outlet says in this language.
    pub(super) fn takes(&self, channel: &Channel, outlet: OutletId, language: Option<&str>) -> bool {
        self.outlets.get(&outlet).is_some_and(|known| channel.takes(&known.slug, &known.tags, language))
    }

    /// Gives a new entry its place in every channel that takes it.
    pub(super) fn places(
        &self,
        arrival: &Arrival,
        entry: EntryId,
        story: StoryId,
        (order_at, published_at): (&str, &str),
        batch_rows: &mut BatchRows,
    ) {
        for (id, channel) in &self.channels {
            if !self.takes(channel, arrival.outlet, arrival.entry.language.as_deref()) {
                continue;
            }
            batch_rows.touched.insert(*id);
            let by_lookup = channel.min_outlets > 1 || !channel.prefer.is_empty() || self.relaying.contains(id);
            if channel.collapse && by_lookup {
                batch_rows.candidates.insert((*id, story.0));
                continue;
            }
            batch_rows.places.push(PlaceRow {
                channel: *id,
                order_at: order_at.to_owned(),
                published_at: published_at.to_owned(),
                story: story.0,
                entry: entry.0,
                each: !channel.collapse,
            });
        }
    }
}
