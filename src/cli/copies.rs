//! `warraq backup` and `warraq restore`.

use super::{Failure, out::say, progress};
use crate::{
    config::Config,
    store::{self, StoreError},
};
use std::path::Path;

/// What to do when another warraq has the database.
pub(super) const STOP_FIRST: &str = "stop the daemon first (systemctl stop warraq), or let it do the work";

/// Adds the hint that goes with an error of the store.
pub(super) fn with_hint(error: StoreError) -> Failure {
    match error {
        StoreError::InUse(_) => Failure::with_hint(error, STOP_FIRST),
        StoreError::Open { .. } => {
            Failure::with_hint(error, "see [database] path; a damaged file is replaced by `warraq restore BACKUP`")
        }
        StoreError::Lock { .. } => {
            Failure::with_hint(error, "the folder of [database] path must be there, and this user may write to it")
        }
        StoreError::Foreign { .. } => Failure::with_hint(error, "name another file in [database] path"),
        StoreError::BadBackup { .. } => {
            Failure::with_hint(error, "name a file that `warraq backup` wrote; the database is as it was")
        }
        StoreError::Newer { .. } => Failure::with_hint(
            error,
            "use the newer warraq, or put a backup of before in its place with `warraq restore BACKUP`",
        ),
        other => other.into(),
    }
}

pub(super) async fn backup(config: &Config, file: &Path) -> Result<(), Failure> {
    let copied = progress::shown(async |tell| store::backup(&config.database.path, file, &tell).await).await;
    let bytes = copied.map_err(|error| match error {
        StoreError::File { .. } | StoreError::Sql { .. } => Failure::with_hint(
            error,
            "the folder must be there with room for a whole copy, and this user may write to it; the file must be new",
        ),
        other => with_hint(other),
    })?;
    say(format_args!(
        "{}: {:.1} MB, a whole copy of {}",
        file.display(),
        megabytes(bytes),
        config.database.path.display()
    ))?;
    Ok(())
}

pub(super) async fn restore(config: &Config, file: &Path) -> Result<(), Failure> {
    let restored = progress::shown(async |tell| store::restore(&config.database.path, file, &tell).await).await;
    let kept = restored.map_err(with_hint)?;
    say(format_args!("{} is {} now", config.database.path.display(), file.display()))?;
    if let Some(kept) = kept {
        say(format_args!("what was there before is kept at {}", kept.display()))?;
    }
    Ok(())
}

/// Bytes for people.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
