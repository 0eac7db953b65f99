//! `warraq run`: the daemon.

use super::{Failure, copies};
use crate::{
    clock::Clock,
    config::Config,
    daemon::{Daemon, DaemonError, Orders},
    telemetry,
};
use std::{collections::BTreeMap, path::Path, time::Duration};
use tokio::sync::oneshot;

/// How long a start that is to stop may take to get that far.
const OPENING: Duration = Duration::from_secs(3);

pub(super) async fn run(file: &Path, environment: &BTreeMap<String, String>) -> Result<(), Failure> {
    let config = Config::load(file, environment).map_err(Failure::Config)?;
    telemetry::init(config.log.format, environment.get("WARRAQ_LOG").map(String::as_str))?;
    // Before anything is opened: a signal during the start drains like any other.
    let mut orders = Orders::signals()?;
    let (again, variables) = (file.to_owned(), environment.clone());
    let reread = Box::new(move || Config::load(&again, &variables));
    let mut opening = Box::pin(Daemon::open(config, reread, Clock::System));
    let daemon = tokio::select! {
        opened = &mut opening => opened.map_err(with_hint)?,
        () = orders.stop_again() => {
            // A start waits as long as another process holds the database's lock; a stop does not wait for that.
            if let Ok(opened) = tokio::time::timeout(OPENING, opening).await {
                return opened.map_err(with_hint)?.close().await.map_err(with_hint);
            }
            tracing::warn!("stopped before the database could be opened");
            return Ok(());
        }
    };
    let (ready, _) = oneshot::channel();
    daemon.run(orders, ready).await.map_err(with_hint)
}

/// Adds the hint that goes with an error of the daemon.
pub(super) fn with_hint(error: DaemonError) -> Failure {
    match error {
        DaemonError::Store(error) => copies::with_hint(error),
        DaemonError::Listen { .. } => Failure::with_hint(
            error,
            "another program has the port, or the address is not this machine's; see [server] listen",
        ),
        other => other.into(),
    }
}
