//! Row ids as newtypes, so that the id of a story cannot be mistaken for that of an entry.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// Row id of an outlet; it stays when the outlet is removed from the configuration.
    OutletId,
    /// Row id of a feed, which is looked up by its configured address.
    FeedId,
    /// Row id of one poll in the history.
    PollId,
    /// Row id of an entry; never reused.
    EntryId,
    /// Row id of a story, which is part of public addresses (`/stories/N`); never reused.
    StoryId,
}
