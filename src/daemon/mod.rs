//! The daemon: opens the file, binds the address, says that it is ready, polls, publishes, reloads, drains.
//!
//! Tasks: the writer (in `store`), the scheduler loop (here), the publisher, the server, retention. When one dies the daemon
//! ends with its error. The first signal drains: no new poll starts, running polls finish or are dropped whole, the writer
//! commits, the WAL is brought into the file, all in under five seconds. A second signal aborts.

mod archiver;
mod publish_settings;
mod publisher;
mod queries;
pub mod queue;
mod reload;
mod runner;
mod services;
mod signals;
mod status_reporter;
mod summary;

pub use runner::{PollRunner, RunnerEvent};
pub use services::{Services, limits, store_config};
pub use signals::{ControlCommand, ControlCommands};

use crate::{
    clock::Clock,
    config::{Config, ConfigFaults, Retention},
    fetch::FetcherError,
    serve::{self, App, ChannelPages, EditionTable},
    store::{RetentionLimits, StoreError, Writer},
};
use publish_settings::PublishSettings;
use publisher::Publisher;
use reload::Reloads;
use status_reporter::{StatusReporter, notify};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::{JoinError, JoinHandle},
};
use tokio_util::sync::CancellationToken;

/// How long running polls may take to finish once the daemon is to stop.
const POLLS_DRAIN: Duration = Duration::from_secs(2);
/// Retention runs this long after the start, and then this often.
const RETENTION_FIRST: Duration = Duration::from_mins(5);
const RETENTION_EVERY: Duration = Duration::from_hours(6);

/// Why the daemon could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The HTTP client.
    #[error(transparent)]
    Fetcher(#[from] FetcherError),
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// `[server] listen`.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The listener was lost.
    #[error("the HTTP server stopped")]
    Server(#[source] io::Error),
    /// A task panicked: a bug.
    #[error("the {0} task panicked (a bug in Warraq)")]
    Died(&'static str),
    /// A second signal came.
    #[error("aborted by a second signal; running polls were dropped")]
    Aborted,
}

/// Reads the configuration again, for a reload.
pub type LoadConfig = Box<dyn Fn() -> Result<Config, ConfigFaults> + Send + Sync>;

/// A daemon that is about to run.
pub struct Daemon {
    services: Services,
    config: Config,
    load_config: LoadConfig,
    listener: TcpListener,
    address: SocketAddr,
}

/// The daemon's tasks beside the writer.
struct Tasks {
    server: JoinHandle<io::Result<()>>,
    publisher: JoinHandle<Result<(), StoreError>>,
    retention: JoinHandle<Result<(), StoreError>>,
}

impl Daemon {
    /// Opens the database and binds the address; nothing is polled yet.
    ///
    /// # Errors
    /// When the database or the address cannot be had.
    pub async fn open(config: Config, load_config: LoadConfig, clock: Clock) -> Result<Self, DaemonError> {
        let taken = |source| DaemonError::Listen { address: config.server.listen, source };
        let listener = TcpListener::bind(config.server.listen).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let services = Services::open(&config, &config.server.public_url(address), clock).await?;
        Ok(Self { services, config, load_config, listener, address })
    }

    /// Closes what was opened, for a daemon that is not to run after all.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn close(self) -> Result<(), DaemonError> {
        self.services.close().await
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until it is told to stop, or a task dies. `ready` learns when everything stands.
    ///
    /// # Errors
    /// When a task died, or a second signal aborted the drain.
    pub async fn run(
        self,
        mut commands: ControlCommands,
        ready: oneshot::Sender<SocketAddr>,
    ) -> Result<(), DaemonError> {
        let Self { mut services, config, load_config, listener, address } = self;
        let public_url = config.server.public_url(address);
        let mut reporter =
            StatusReporter::new(config.database.path.clone(), config.metrics.outlets, services.clock.now());
        reporter.turned(&services);
        let stop = CancellationToken::new();
        let settings = PublishSettings::of(&config, public_url);
        let (republish, settings) = watch::channel(settings);
        let (keep, keeping) = watch::channel(config.retention.clone());
        let mut tasks = tasks(&services, &config, listener, settings, keeping, &reporter, &stop);
        tracing::info!(%address, feeds = services.runner.queue.feeds(), database = %config.database.path.display(), "ready");
        let mut reloads = Reloads::new(load_config, config, address, republish, keep);
        notify(sd_notify::NotifyState::Ready);
        // A caller that does not wait for it is no fault.
        let _ = ready.send(address);
        let ended = loop {
            tokio::select! {
                event = services.runner.event() => {
                    if let Err(error) = turn(&mut services, &mut reporter, event) { break Err(error.into()) }
                }
                command = commands.next() => match command {
                    ControlCommand::Stop => break Ok(()),
                    ControlCommand::Reload => reloads.ask(&services),
                },
                answered = reloads.answered() => {
                    if let Err(error) = reloads.finish(&mut services, answered) { break Err(error.into()) }
                }
                end = &mut services.writer_task => break Err(died("writer", end)),
                end = &mut tasks.publisher => break Err(died("publisher", end)),
                end = &mut tasks.retention => break Err(died("retention", end)),
                end = &mut tasks.server => break Err(match end {
                    Ok(Err(error)) => DaemonError::Server(error),
                    _ => DaemonError::Died("server"),
                }),
            }
        };
        notify(sd_notify::NotifyState::Stopping);
        if let Err(error) = ended {
            stop.cancel();
            return Err(services.why(error).await);
        }
        tracing::info!(polls = services.runner.running(), "stopping: running polls have two seconds to finish");
        tokio::select! {
            drained = drain(services, tasks, stop) => drained,
            () = commands.stop_again() => Err(DaemonError::Aborted),
        }
    }
}

/// Starts server, publisher and retention.
fn tasks(
    services: &Services,
    config: &Config,
    listener: TcpListener,
    settings: watch::Receiver<PublishSettings>,
    retention: watch::Receiver<Retention>,
    reporter: &StatusReporter,
    stop: &CancellationToken,
) -> Tasks {
    let (edition_table, channel_pages) = (Arc::new(EditionTable::default()), Arc::new(ChannelPages::default()));
    let archive_renderer = archiver::ArchiveRenderer {
        reader: services.reader.clone(),
        writer: services.writer.clone(),
        clock: services.clock.clone(),
    };
    let queries = queries::StoreQueries { archive_renderer: archive_renderer.clone(), settings: settings.clone() };
    let health = Arc::clone(&reporter.health);
    let app =
        App::new(Arc::clone(&edition_table), Arc::clone(&channel_pages), Arc::clone(&health), services.clock.clone())
            .with_queries(queries)
            .with_meters(Arc::clone(&reporter.meters), &config.server.metrics_allow);
    let publisher = Publisher { archive: archive_renderer, edition_table, channel_pages, health };
    Tasks {
        server: tokio::spawn(serve::run(listener, app, stop.clone())),
        publisher: tokio::spawn(publisher.run(settings)),
        retention: tokio::spawn(retain(services.writer.clone(), retention, services.clock.clone())),
    }
}

/// One turn of the loop: takes what happened, minds the clock, shows that it lives. Waits for nothing.
fn turn(services: &mut Services, reporter: &mut StatusReporter, event: RunnerEvent) -> Result<(), StoreError> {
    match event {
        RunnerEvent::Polled(ended) => {
            if let Some(report) = services.runner.take(*ended, true)? {
                reporter.polled(&report);
            }
        }
        RunnerEvent::Settled(updates) => updates?,
        RunnerEvent::Turned => {}
    }
    services.runner.check_clock();
    reporter.turned(services);
    Ok(())
}

/// Forgets what retention no longer keeps, every few hours.
async fn retain(writer: Writer, retention: watch::Receiver<Retention>, clock: Clock) -> Result<(), StoreError> {
    tokio::time::sleep(RETENTION_FIRST).await;
    loop {
        let Retention { keep, polls } = retention.borrow().clone();
        match writer.prune(RetentionLimits::as_of(clock.now(), keep, polls, false)).await {
            Ok(pruned) => {
                tracing::info!(entries = pruned.entries, stories = pruned.stories, polls = pruned.polls, "retention");
            }
            Err(refused @ StoreError::NothingLeft { .. }) => {
                tracing::error!(%refused, "check the system clock and [retention] keep; `warraq prune --force` deletes them anyway");
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(RETENTION_EVERY).await;
    }
}

/// Ends in order: polls, server, readers, writer; the WAL is in the file afterwards.
async fn drain(mut services: Services, tasks: Tasks, stop: CancellationToken) -> Result<(), DaemonError> {
    stop.cancel();
    tasks.retention.abort();
    services.runner.drain(POLLS_DRAIN).await;
    tasks.publisher.abort();
    // The server has a limit of its own, and began to drain together with the polls.
    let _ = tasks.server.await;
    services.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Why a task ended that should not have.
fn died(task: &'static str, end: Result<Result<(), StoreError>, JoinError>) -> DaemonError {
    match end {
        Ok(Err(error)) => error.into(),
        Ok(Ok(())) | Err(_) => DaemonError::Died(task),
    }
}
