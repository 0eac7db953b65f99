//! `warraq prune`.

use super::{Failure, out::say, progress};
use crate::{
    clock::Clock,
    config::Config,
    store::{Keep, Writer},
};

pub(super) async fn prune(config: &Config, dry_run: bool) -> Result<(), Failure> {
    if !config.database.path.exists() {
        return Err(crate::store::StoreError::Missing(config.database.path.clone()).into());
    }
    let (writer, task) = Writer::open(&config.database.path, config.stories.window).await?;
    let keep = Keep::as_of(Clock::System.now(), config.retention.keep, config.retention.polls, dry_run);
    let pruned = progress::shown(async |tell| writer.prune_telling(keep, tell).await).await;
    let closed = writer.close().await;
    // The task's own error says why; the handle only knows that the writer is gone.
    task.await??;
    let (pruned, ()) = (pruned?, closed?);
    let would = if dry_run { "would forget" } else { "forgot" };
    say(format_args!("{would} {} entries of {} stories, and {} polls", pruned.entries, pruned.stories, pruned.polls))?;
    Ok(())
}
