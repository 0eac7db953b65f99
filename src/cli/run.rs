//! `warraq run`: the daemon.

use super::{CliError, manage::PidFile, out::say};
use crate::{
    clock::Clock,
    config::Config,
    daemon::{ControlCommands, Daemon, DaemonError},
    telemetry,
};
use std::{
    collections::BTreeMap,
    env,
    io::{self, IsTerminal as _},
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::CommandExt as _,
    path::Path,
    pin::Pin,
    process::Command,
    sync::Arc,
    time::Duration,
};
use tokio::sync::oneshot;
use url::Url;

/// How long a stop during the start waits for the database to open.
const OPENING: Duration = Duration::from_secs(3);

pub(super) async fn run(file: &Path, environment: &BTreeMap<String, String>) -> Result<(), CliError> {
    let load = |file: &Path, environment: &BTreeMap<String, String>| {
        let config = Config::load(file, environment)?;
        config.must_poll(file).map(|()| config)
    };
    let config = load(file, environment).map_err(CliError::Config)?;
    let database = config.database.name();
    let has_file = config.database.server.is_none();
    let public_url = config.server.configured_url.clone();
    telemetry::init_non_blocking(config.log.format, environment.get("WARRAQ_LOG").map(String::as_str))
        .map_err(CliError::environment)?;
    for warning in config.warnings() {
        tracing::warn!(%warning, "questionable setting in the configuration");
    }
    // Install the signal handlers before anything is opened, so that a signal during the start also shuts down in order.
    let mut commands = ControlCommands::signals()?;
    let (again, variables) = (file.to_owned(), environment.clone());
    let reread = Arc::new(move || load(&again, &variables));
    let opening = Box::pin(Daemon::open(config, reread, Clock::System));
    let opened = open_unless_stopped(&mut commands, opening).await.map_err(|error| with_hint(error, &database))?;
    let Some(daemon) = opened else { return Ok(()) };
    // Only after the database is open and locked. Without the file the daemon works, but `warraq add` cannot tell it to reload.
    let _pid_file = has_file.then(|| {
        PidFile::hold(&database)
            .inspect_err(|error| tracing::warn!(%error, "cannot write the process id file next to the database"))
    });
    if io::stdout().is_terminal() {
        say(welcome(public_url.as_ref(), daemon.address()))?;
    }
    let (ready, _) = oneshot::channel();
    let ended = Box::pin(daemon.run(commands, ready)).await;
    ended
        .map_err(|error| if error.is_rewound() { begin_again(error) } else { error })
        .map_err(|error| with_hint(error, &database))
}

/// Waits until a daemon is open, or until it is told to stop: a start waits as long as another process holds the lock of the database, or
/// its disk does not answer, and a stop must not wait for that. Returns `None` if it was told to stop.
pub(super) async fn open_unless_stopped(
    commands: &mut ControlCommands,
    mut opening: Pin<Box<impl Future<Output = Result<Daemon, DaemonError>>>>,
) -> Result<Option<Daemon>, DaemonError> {
    tokio::select! {
        opened = &mut opening => return opened.map(Some),
        () = commands.stop() => {}
    }
    if let Ok(opened) = tokio::time::timeout(OPENING, opening).await {
        Box::pin(opened?.close()).await?;
    } else {
        tracing::warn!("stopped before the database could be opened");
    }
    Ok(None)
}

/// Starts this program again in the same process: what it holds in memory, such as the validators of feeds, is newer than its database.
/// Returns the error if that fails.
fn begin_again(error: DaemonError) -> DaemonError {
    tracing::error!(%error, "starting again from what the database has; what it lacks is read from the feeds again");
    telemetry::flush();
    let mut arguments = env::args_os();
    if let (Some(name), Ok(program)) = (arguments.next(), env::current_exe()) {
        // Returns only if it fails.
        let failed = Command::new(program).arg0(name).args(arguments).exec();
        tracing::error!(error = %failed, "cannot start again");
    }
    error
}

/// Returns the message for a person at a terminal: the addresses of the pages and of the merged feed.
fn welcome(public_url: Option<&Url>, bound: SocketAddr) -> String {
    let here = bound.ip().is_unspecified().then(|| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), bound.port()));
    let here = format!("http://{}/", here.unwrap_or(bound));
    let public = public_url.map(Url::as_str).filter(|url| *url != here);
    let public = public.map(|url| format!("\n  public address {url}")).unwrap_or_default();
    format!(
        "Warraq is running. Press Ctrl-C to stop it.\n  front page     {here}{public}\n  merged feed    {here}feed.atom\n  \
         feed status    {here}status"
    )
}

/// Adds the hint for an error of the daemon.
pub(super) fn with_hint(error: DaemonError, database: &Path) -> CliError {
    match error {
        DaemonError::Listen { ref source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
            CliError::with_hint(
                error,
                "ports below 1024 need a privilege: choose a higher one in [server] listen, and put a proxy before it",
            )
        }
        DaemonError::Listen { .. } => CliError::with_hint(
            error,
            "another program uses the port, or the address does not belong to this machine; check [server] listen",
        ),
        other => CliError::from(other).of_database(database),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::ControlCommand;
    use tokio::sync::mpsc;

    #[tokio::test(start_paused = true)]
    async fn a_stop_does_not_wait_for_a_database_that_does_not_open() {
        let (orders, inbox) = mpsc::channel(2);
        let mut commands = ControlCommands::Channel(inbox);
        orders.send(ControlCommand::Reload).await.unwrap();
        orders.send(ControlCommand::Stop).await.unwrap();
        let opened = open_unless_stopped(&mut commands, Box::pin(std::future::pending()));
        let opened = tokio::time::timeout(2 * OPENING, Box::pin(opened)).await.expect("it waits");
        assert!(opened.unwrap().is_none());
    }
}
