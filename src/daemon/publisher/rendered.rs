//! What was last rendered, so that only changes are rendered again.

use super::tables::ServedDocument;
use crate::{
    model::{Channel, ChannelView},
    publish::Edition,
    store::ChannelChanges,
};
use std::{
    collections::{HashMap, HashSet},
    hash::{Hash as _, Hasher},
};

/// What was last rendered.
#[derive(Default)]
pub(super) struct Rendered {
    /// Fingerprint of the rules and settings.
    pub(super) fingerprint: String,
    /// Number of commits that had changed channels at that time.
    pub(super) commits: u64,
    pub(super) channels: Vec<RenderedChannel>,
    /// Channels whose archive pages may be due: those that commits changed since their pages were last checked.
    pub(super) uncut: HashSet<String>,
    /// Channels for which more archive pages are due. Their editions are not rendered again for each page.
    pub(super) behind: HashSet<String>,
    /// Channels with new archive pages, to which their editions do not link yet.
    pub(super) unlinked: HashSet<String>,
    /// The names under which the database keeps the editions that are shown, as of the last time when it was told to forget others.
    pub(super) kept: Vec<String>,
    /// The OPML lists of feeds, by whether private outlets are left out.
    pub(super) lists: HashMap<bool, RenderedList>,
}

/// A list of feeds as last rendered.
pub(super) struct RenderedList {
    /// The channel of all stories, whose readers the list is for.
    pub(super) channel: Channel,
    /// Hash of its bytes.
    pub(super) hash: blake3::Hash,
}

/// A channel as last rendered.
#[derive(Clone)]
pub(super) struct RenderedChannel {
    pub(super) channel: Channel,
    /// Hash of its view. The view itself may have megabytes.
    pub(super) hash: blake3::Hash,
    /// Number of the newest archive page to which its editions link.
    pub(super) newest_page: Option<u32>,
}

/// A rendered edition, to be stored and put into the edition table.
pub(super) struct NewEdition {
    pub(super) document: ServedDocument,
    pub(super) edition: Edition,
    /// Fingerprint of the rules and settings by which it was rendered.
    pub(super) fingerprint: String,
}

impl Rendered {
    /// Returns a channel as last rendered if nothing changed in it, so that nothing has to be read for it.
    pub(super) fn untouched(&self, channel: &Channel, changes: &ChannelChanges) -> Option<&RenderedChannel> {
        let slug = channel.slug.as_str();
        let is_current =
            !changes.touched_since(slug, self.commits) && (self.behind.contains(slug) || !self.unlinked.contains(slug));
        self.channels.iter().find(|before| is_current && before.channel == *channel)
    }

    /// Returns whether the list of feeds for the readers of this channel is as it was last rendered, so that nothing has to be read
    /// for it.
    pub(super) fn is_list_current(&self, all: &Channel, changes: &ChannelChanges) -> bool {
        let before = self.lists.get(&all.hides_private);
        before.is_some_and(|before| before.channel == *all) && !changes.feeds_touched_since(self.commits)
    }
}

/// Hashes a view. Equal hashes mean equal views.
pub(super) fn hash(view: &ChannelView) -> blake3::Hash {
    struct Bytes(blake3::Hasher);
    impl Hasher for Bytes {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        // The hash itself is longer.
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut bytes = Bytes(blake3::Hasher::new());
    view.hash(&mut bytes);
    bytes.0.finalize()
}
