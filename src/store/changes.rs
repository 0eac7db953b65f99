//! Which channels were changed by commits, and whether feeds were, for the code that renders them.

use std::collections::{HashMap, HashSet};

/// What a transaction changed of what is published.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Ids of the channels whose stories changed.
    pub(super) channels: HashSet<i64>,
    /// Whether a feed says something else about itself than before.
    pub(super) feeds: bool,
}

/// Counts the commits that changed what is published. For each channel it knows the last commit that changed it.
#[derive(Debug, Clone, Default)]
pub struct ChannelChanges {
    commits: u64,
    /// The last commit that may have changed all channels.
    all: u64,
    /// For each channel, by slug, the last commit that changed it.
    channels: HashMap<String, u64>,
    /// The last commit that changed what a feed says about itself: its title, its page or its language.
    feeds: u64,
}

impl ChannelChanges {
    /// Records a commit that may have changed all channels.
    pub(super) fn touch_all(&mut self) {
        self.commits += 1;
        self.all = self.commits;
        self.channels.clear();
    }

    /// Records a commit that changed these channels.
    pub(super) fn touch<'a>(&mut self, slugs: impl IntoIterator<Item = &'a str>) {
        self.commits += 1;
        self.channels.extend(slugs.into_iter().map(|slug| (slug.to_owned(), self.commits)));
    }

    /// Records a commit after which a feed says something else about itself.
    pub(super) fn touch_feeds(&mut self) {
        self.commits += 1;
        self.feeds = self.commits;
    }

    /// Returns the number of commits so far.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// Returns whether a channel may have changed after the first `commits` commits.
    #[must_use]
    pub fn touched_since(&self, slug: &str, commits: u64) -> bool {
        self.channels.get(slug).copied().unwrap_or(0).max(self.all) > commits
    }

    /// Returns whether the list of feeds may have changed after the first `commits` commits.
    #[must_use]
    pub fn feeds_touched_since(&self, commits: u64) -> bool {
        self.feeds.max(self.all) > commits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_touched_channels_have_changed_until_all_have() {
        let mut changes = ChannelChanges::default();
        assert!(!changes.touched_since("all", 0));
        changes.touch(["all", "maroc"]);
        let first = changes.commits();
        changes.touch(["all"]);
        assert!(changes.touched_since("all", first) && !changes.touched_since("maroc", first));
        assert!(changes.touched_since("maroc", 0), "whoever rendered before has to render it");
        let second = changes.commits();
        changes.touch_all();
        assert!(["all", "maroc", "new"].iter().all(|slug| changes.touched_since(slug, second)));
        assert!(!changes.touched_since("all", changes.commits()));
    }

    #[test]
    fn the_list_of_feeds_changes_with_feeds_and_with_everything() {
        let mut changes = ChannelChanges::default();
        for (touch, has_changed) in [
            (ChannelChanges::touch_feeds as fn(&mut ChannelChanges), true),
            (|changes| changes.touch(["all"]), false),
            (ChannelChanges::touch_all, true),
        ] {
            let before = changes.commits();
            touch(&mut changes);
            assert_eq!(changes.feeds_touched_since(before), has_changed);
            assert!(!changes.feeds_touched_since(changes.commits()));
        }
        let before = changes.commits();
        changes.touch_feeds();
        assert!(!changes.touched_since("all", before), "no channel has changed");
    }
}
