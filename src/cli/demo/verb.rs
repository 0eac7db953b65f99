//! `warraq demo`: runs the real daemon over the invented outlets and leaves nothing behind.

use super::{
    Demo,
    ticker::{DemoCounts, follow},
};
use crate::{
    cli::{
        CliError,
        out::say,
        run::{open_unless_stopped, with_hint},
    },
    clock::Clock,
    config::{Config, LogFormat, Server},
    daemon::{ControlCommands, Daemon},
    store::Reader,
    telemetry,
};
use anyhow::Context as _;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, IsTerminal as _},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};
use tokio::{net::TcpListener, sync::oneshot};

/// A temporary folder that is removed when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    /// Creates a folder that belongs to this process and is readable only by its user.
    fn make() -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::env::temp_dir().join(format!("warraq-demo-{}", std::process::id()));
        // A folder of this name can only be left over from a process that was killed. Another user's folder cannot be removed and
        // causes an error.
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // If the folder cannot be removed, it stays in the system's temporary directory, which the system cleans.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Returns the default address, or one with a free port if the default is in use.
async fn free_address() -> SocketAddr {
    match TcpListener::bind(Server::LISTEN).await {
        Ok(_) => Server::LISTEN,
        Err(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    }
}

pub(in crate::cli) async fn demo(environment: &BTreeMap<String, String>) -> Result<(), CliError> {
    let filter = environment.get("WARRAQ_LOG").map_or("warn", String::as_str);
    telemetry::init(LogFormat::Text, Some(filter)).map_err(CliError::environment)?;
    let mut commands = ControlCommands::signals()?;
    let clock = Clock::System;
    let outlets = Demo::start(&clock).await.context("loopback has no free port for the demo's outlets")?;
    let scratch = Scratch::make().context("cannot make a temporary folder")?;
    let file = scratch.0.join("config.toml");
    let text = outlets.configuration(free_address().await, &scratch.0.join("warraq.db"));
    fs::write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    let read = {
        let file = file.clone();
        move || Config::load(&file, &BTreeMap::new())
    };
    let config = read().map_err(CliError::Config)?;
    let database = config.database.path.clone();
    let opening = Box::pin(Daemon::open(config, Arc::new(read), clock));
    let opened = open_unless_stopped(&mut commands, opening).await.map_err(|error| with_hint(error, &database))?;
    let Some(daemon) = opened else { return Ok(()) };
    let address = daemon.address();
    say(format_args!("http://{address}/"))?;
    say("")?;
    say(format_args!(
        "Invented outlets in Arabic, French and English, polled every two seconds: what you see is the real daemon."
    ))?;
    say(format_args!("  the merged feed      http://{address}/feed.atom"))?;
    say(format_args!(
        "  the database         sqlite3 -readonly {} \"SELECT * FROM latest LIMIT 5\"",
        database.display()
    ))?;
    say(format_args!(
        "  who copied whom      sqlite3 -readonly {} \"SELECT * FROM duplicates LIMIT 5\"",
        database.display()
    ))?;
    say(format_args!("  search               http://{address}/search?q=%22wadi+zitoun%22+OR+barrage"))?;
    say(format_args!("  several outlets      http://{address}/channels/front-page"))?;
    say(format_args!("Ctrl-C ends it and leaves nothing behind."))?;
    let (ready, _) = oneshot::channel();
    let mut running = Box::pin(daemon.run(commands, ready));
    if !io::stdout().is_terminal() {
        return running.await.map_err(|error| with_hint(error, &database));
    }
    let mut seen = DemoCounts::default();
    let reader = tokio::select! {
        ended = &mut running => return ended.map_err(|error| with_hint(error, &database)),
        reader = Reader::open(&database) => reader?,
    };
    let ended = tokio::select! {
        ended = &mut running => ended,
        stopped = follow(&reader, &mut seen) => {
            if let Err(error) = stopped {
                tracing::warn!(?error, "cannot show new stories on the terminal any more; the daemon keeps running");
            }
            running.await
        }
    };
    reader.close().await;
    ended.map_err(|error| with_hint(error, &database))?;
    say(format_args!(
        "\nGoodbye. {seen}: each story was listed once, with all outlets that reported it. All files of the demo were deleted."
    ))
}
