//! Which channels were changed by commits, for the code that renders them.

use std::collections::HashMap;

/// Counts the commits that changed stories. For each channel it knows the last commit that changed it.
#[derive(Debug, Clone, Default)]
pub struct ChannelChanges {
    commits: u64,
    /// The last commit that may have changed all channels.
    all: u64,
    /// For each channel, by slug, the last commit that changed it.
    channels: HashMap<String, u64>,
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
}
