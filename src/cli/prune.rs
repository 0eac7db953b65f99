//! `warraq prune`.

use super::{
    CliError,
    database::PATIENCE,
    out::{counted, say},
    progress,
};
use crate::{
    clock::Clock,
    config::Config,
    store::{RetentionLimits, StoreError, Writer},
};

/// The flags of the command.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    pub dry_run: bool,
    pub force: bool,
    pub compact: bool,
}

pub(super) async fn prune(config: &Config, how: How) -> Result<(), CliError> {
    if how.compact && config.database.server.is_some() {
        let instead = "the server reuses free space by itself (autovacuum); VACUUM FULL returns it to the disk";
        return Err(StoreError::NotForServer { what: "prune --compact", instead }.into());
    }
    if config.database.server.is_none() && !config.database.path.exists() {
        return Err(StoreError::Missing(config.database.path.clone()).into());
    }
    let (writer, task) = Writer::open(config.database.place(), config.stories.window).await?;
    writer.give_up_after(PATIENCE);
    let keep = RetentionLimits::as_of(Clock::System.now(), config.retention.keep, config.retention.polls, how.dry_run)
        .forced(how.force);
    let pruned = progress::shown(async |progress_sender| writer.prune_with_progress(keep, progress_sender).await).await;
    let compacted = match (how.compact, &pruned) {
        (true, Ok(_)) => progress::shown(async |progress_sender| writer.compact(progress_sender).await).await,
        _ => Ok(()),
    };
    let closed = writer.close().await;
    // The error of the task names the cause; the handle only knows that the writer has stopped.
    task.await??;
    let pruned = pruned?;
    compacted?;
    closed?;
    let would = if how.dry_run { "would delete" } else { "deleted" };
    let dropped = match pruned.dropped {
        0 => String::new(),
        count => format!(", {}", counted(count, "dropped entry", "dropped entries")),
    };
    say(format_args!(
        "{would} {} of {}{dropped}, and {}",
        counted(pruned.entries, "entry", "entries"),
        counted(pruned.stories, "story", "stories"),
        counted(pruned.polls, "poll", "polls")
    ))?;
    Ok(())
}
