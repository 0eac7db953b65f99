//! Row ids as newtypes, so that a story's number is never taken for an entry's.

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
    /// Row id of an outlet; outlives the outlet's place in the configuration.
    OutletId,
    /// Row id of a feed, found by its configured address.
    FeedId,
    /// Row id of one poll in the history.
    PollId,
    /// Row id of an entry; never reused.
    EntryId,
    /// Row id of a story, part of public addresses (`/stories/N`); minted once and never reused.
    StoryId,
}
