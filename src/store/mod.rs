//! The only SQL: one file, one writer, readers that never wait for it.
//!
//! The writer takes finished polls in order, recalls what is known, lets `dedup` decide, applies the decision and commits
//! several polls in one transaction when they queue up. A poll is in the file whole or not at all; validators and due
//! times are stored only in the transaction that stores the entries they stand for.
//!
//! An `Err` here means the disk, the database or a bug; it ends the writer, and with it the process.

mod apply;
mod archive;
mod backup;
mod batch;
mod cell;
mod checkpoint;
mod directory;
mod edition;
mod error;
mod feeds;
mod ledger;
mod location;
mod open;
mod place;
mod progress;
mod read;
mod recall;
mod remember;
mod retain;
mod roster;
mod scribe;
mod search;
mod transaction;
mod visit;
mod writer;

pub use backup::{backup, restore};
pub use checkpoint::WalState;
pub use edition::Printed;
pub use error::{StoreError, StoreErrorKind};
pub use progress::{Progress, Teller, Unit};
pub use read::{
    EntryNow, EntryStory, FeedHealth, FeedNow, FeedStory, KeptEdition, Leaf, PlaceNow, PollThen, Reader, RevisionThen,
    Shelved, SightingThen, StoryStory, Subscribed,
};
pub use retain::{Keep, Pruned};
pub use roster::{Adopted, Roster};
pub use transaction::Trouble;
pub use visit::{Brought, Document, Settle, Settled, Visit, Written};
pub use writer::{Writer, WriterTask};
