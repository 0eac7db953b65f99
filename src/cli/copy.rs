//! `warraq copy`: moves everything to the other store.

use super::{
    CliError,
    backup::or_signal,
    out::{counted, say},
    progress,
};
use crate::{
    config::Config,
    model::{Channel, DatabasePlace, DatabaseServer},
    publish::{self, Format},
    store::{self, CopyError, Reader},
};
use anyhow::ensure;
use std::path::{Path, PathBuf};

pub(super) async fn copy(config: &Config, to: &str) -> Result<(), CliError> {
    let (from, to) = (config.database.place(), place(to)?);
    let work = progress::shown(async |progress_sender| store::copy(&from, &to, &progress_sender).await);
    let copied = or_signal(work, "nothing was copied").await?.map_err(|error| match error {
        CopyError::Source(error) => CliError::from(error).of_database(&config.database.name()),
        CopyError::Target(error) => CliError::from(error).of_database(Path::new(&to.to_string())),
    })?;
    let compared = Box::pin(compare_editions(config, &from, &to));
    let editions = or_signal(compared, "the copy is complete, but its feeds were not compared").await??;
    say(format_args!(
        "{to}: {} in {} rows of {} tables, and {}, the same as in {from}",
        counted(copied.entries, "entry", "entries"),
        copied.rows,
        copied.tables,
        counted(editions, "edition", "editions"),
    ))
}

/// Reads where to copy to.
fn place(text: &str) -> Result<DatabasePlace, CliError> {
    if !text.contains("://") {
        return Ok(DatabasePlace::File(PathBuf::from(text)));
    }
    // The address is not repeated: it may have a password.
    DatabaseServer::parse(text)
        .map(DatabasePlace::Server)
        .map_err(|why| CliError::Usage(format!("--to {why}; allowed: a file, or postgres://USER@HOST/DATABASE")))
}

/// Renders each channel from both databases and compares the bytes. Returns the number of editions.
async fn compare_editions(config: &Config, from: &DatabasePlace, to: &DatabasePlace) -> Result<usize, CliError> {
    let (source, target) = (Reader::open(from).await?, Reader::open(to).await?);
    let compared = async {
        let public_url = config.server.public_url(config.server.listen);
        let any_private = config.outlets.iter().any(|outlet| outlet.private);
        let mut editions = 0;
        for channel in Channel::with_variants(&config.channels, any_private) {
            let views = (source.channel(&channel, &public_url).await?, target.channel(&channel, &public_url).await?);
            for format in [Format::Atom, Format::Rss, Format::Json] {
                let (original, copy) = (publish::edition(&views.0, format)?, publish::edition(&views.1, format)?);
                let name = channel.public_slug();
                ensure!(
                    original.bytes() == copy.bytes(),
                    "the copy has every row, but its {format:?} edition of {name} differs: do not use it"
                );
                editions += 1;
            }
        }
        Ok(editions)
    };
    let editions = compared.await;
    source.close().await;
    target.close().await;
    editions.map_err(|error: anyhow::Error| CliError::from(error))
}
