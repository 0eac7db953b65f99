//! `warraq backup` and `warraq restore`.

use super::{
    CliError,
    out::{megabytes, say},
    progress,
};
use crate::{
    config::Config,
    store::{self, StoreError, StoreErrorKind},
};
use anyhow::anyhow;
use std::path::Path;
use tokio::signal::unix::{SignalKind, signal};

pub(super) async fn backup(config: &Config, file: &Path) -> Result<(), CliError> {
    of_a_file(config, "backup", "use pg_dump, which copies the database while the daemon runs")?;
    let work =
        progress::shown(async |progress_sender| store::backup(&config.database.path, file, &progress_sender).await);
    let bytes = or_signal(work, "no copy was written").await?.map_err(|error| match error {
        StoreError::File { .. } => CliError::with_hint(
            error,
            "the folder must exist, be writable and have space for a complete copy; the file must not exist",
        ),
        // Writing the copy failed: the original is only read.
        StoreError::Sql { .. }
            if matches!(error.kind(), StoreErrorKind::Full | StoreErrorKind::ReadOnly | StoreErrorKind::Disk) =>
        {
            CliError::with_hint(error, "the folder needs space for a complete copy and must be writable for this user")
        }
        other => other.into(),
    })?;
    say(format_args!(
        "{}: {:.1} MB, a complete copy of {}",
        file.display(),
        megabytes(bytes),
        config.database.path.display()
    ))?;
    Ok(())
}

pub(super) async fn restore(config: &Config, file: &Path) -> Result<(), CliError> {
    of_a_file(config, "restore", "stop the daemon and use pg_restore")?;
    let work =
        progress::shown(async |progress_sender| store::restore(&config.database.path, file, &progress_sender).await);
    let kept = or_signal(work, "the database was not changed").await??;
    say(format_args!("{} is {} now", config.database.path.display(), file.display()))?;
    if let Some(kept) = kept {
        say(format_args!("the previous database was kept as {}", kept.display()))?;
    }
    Ok(())
}

/// Runs a task until it ends or a signal arrives. A dropped task removes what it wrote.
pub(super) async fn or_signal<T>(work: impl Future<Output = T>, state: &str) -> Result<T, CliError> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        done = work => Ok(done),
        _ = interrupt.recv() => Err(anyhow!("stopped by SIGINT; {state}").into()),
        _ = terminate.recv() => Err(anyhow!("stopped by SIGTERM; {state}").into()),
        _ = hangup.recv() => Err(anyhow!("stopped by SIGHUP; {state}").into()),
    }
}

/// Rejects a command that copies the file if the database is on a server.
fn of_a_file(config: &Config, what: &'static str, instead: &'static str) -> Result<(), StoreError> {
    if config.database.server.is_some() { Err(StoreError::NotForServer { what, instead }) } else { Ok(()) }
}
