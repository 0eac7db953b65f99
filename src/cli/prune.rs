//! `warraq prune`.

use super::{Failure, copies};
use crate::{
    clock::Clock,
    config::{Config, Retention},
    store::{Keep, Writer},
};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// What retention keeps as of now.
pub(crate) fn keep(retention: &Retention, now: Timestamp, dry_run: bool) -> Keep {
    let since = |keep: Duration| {
        let keep = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
        now.checked_sub(keep).unwrap_or(Timestamp::MIN)
    };
    Keep { entries_since: since(retention.keep), polls_since: since(retention.polls), dry_run }
}

pub(super) async fn prune(config: &Config, dry_run: bool) -> Result<(), Failure> {
    if !config.database.path.exists() {
        return Err(crate::store::StoreError::Missing(config.database.path.clone()).into());
    }
    let (writer, task) = Writer::open(&config.database.path, config.stories.window).await.map_err(copies::with_hint)?;
    let pruned = writer.prune(keep(&config.retention, Clock::System.now(), dry_run)).await;
    let closed = writer.close().await;
    // The task's own error says why; the handle only knows that the writer is gone.
    task.await??;
    let (pruned, ()) = (pruned?, closed?);
    let would = if dry_run { "would forget" } else { "forgot" };
    println!("{would} {} entries of {} stories, and {} polls", pruned.entries, pruned.stories, pruned.polls);
    Ok(())
}
