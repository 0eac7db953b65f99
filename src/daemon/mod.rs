//! The daemon: opens the database, binds the address, reports that it is ready, polls, publishes, reloads and shuts down.
//!
//! Its tasks are the writer (in `store`), the scheduler loop (in this module), the publisher, the server and retention. If one of
//! them fails, the daemon ends with its error. The first signal starts a graceful shutdown: no new poll starts, running polls
//! finish or are dropped as a whole, the writer commits, and the WAL is checkpointed, all in under five seconds. A second
//! signal aborts.

mod archiver;
mod feed_cache;
mod publish_settings;
mod publisher;
mod push;
mod queries;
pub mod queue;
mod reload;
mod runner;
mod service_manager;
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
    model::{
        Audience,
        push::{DeliveryGuard, PushedDocument},
    },
    serve::{self, AccessControl, App, KeyRules},
    store::{RetentionLimits, StoreError, Writer},
};
use futures_util::future::BoxFuture;
use publish_settings::PublishSettings;
use publisher::{Publisher, Shown, Tables};
use push::{PushParts, Pushing};
use reload::Reloads;
use service_manager::notify;
use services::Adoption;
use status_reporter::StatusReporter;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot, watch},
    task::{JoinError, JoinHandle},
};
use tokio_util::sync::CancellationToken;
use url::Url;

/// Time that running polls have to finish once the daemon is to stop.
const POLLS_DRAIN: Duration = Duration::from_secs(1);
/// Time after the start when retention first runs, and the interval at which it runs then.
const RETENTION_FIRST: Duration = Duration::from_mins(5);
const RETENTION_EVERY: Duration = Duration::from_hours(6);

/// Error with which the daemon could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The HTTP client could not be built.
    #[error(transparent)]
    Fetcher(#[from] FetcherError),
    /// The address cannot be bound: it is in use or not one of this machine.
    #[error("cannot listen on {address}")]
    Listen {
        /// `[server] listen`.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The listener was lost.
    #[error("the HTTP server stopped")]
    Server(#[source] io::Error),
    /// A task panicked, which is a bug.
    #[error("the {0} task panicked (a bug in Warraq)")]
    Died(&'static str),
    /// A second signal arrived.
    #[error("aborted by a second signal; running polls were dropped")]
    Aborted,
}

impl DaemonError {
    /// Returns whether the database lacks what this process wrote last, so that a daemon has to begin again from what it has.
    #[must_use]
    pub fn is_rewound(&self) -> bool {
        matches!(self, Self::Store(StoreError::Rewound))
    }
}

/// Function that reads the configuration again, for a reload. It may block.
pub type LoadConfig = Arc<dyn Fn() -> Result<Config, ConfigFaults> + Send + Sync>;

/// A daemon that is ready to run.
pub struct Daemon {
    services: Services,
    config: Config,
    load_config: LoadConfig,
    listener: TcpListener,
    address: SocketAddr,
    /// The writer's reply to the configuration, if it could not be stored yet.
    adoption: Option<BoxFuture<'static, Adoption>>,
    settings: PublishSettings,
    pushing: Arc<Pushing>,
    /// The documents that hubs deliver.
    pushed: mpsc::Receiver<(PushedDocument, DeliveryGuard)>,
}

/// The daemon's tasks other than the writer.
struct Tasks {
    server: JoinHandle<io::Result<()>>,
    publisher: JoinHandle<Result<(), StoreError>>,
    pushing: JoinHandle<Result<(), StoreError>>,
    retention: JoinHandle<Result<(), StoreError>>,
}

impl Daemon {
    /// Binds the address, opens the database and reads from it what the daemon needs. Nothing is polled yet. This may take as long as
    /// the database keeps it waiting, so a caller that is told to stop does not wait for it.
    ///
    /// # Errors
    /// Fails if the database cannot be opened or read, the address cannot be bound or the HTTP client cannot be built.
    pub async fn open(config: Config, load_config: LoadConfig, clock: Clock) -> Result<Self, DaemonError> {
        let taken = |source| DaemonError::Listen { address: config.server.listen, source };
        let listener = TcpListener::bind(config.server.listen).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let public_url = config.server.public_url(address);
        let (services, adoption) = Services::open_to_serve(&config, &public_url, clock).await?;
        let settings = PublishSettings::of(&config, public_url, services.any_private);
        let (parts, url) = (PushParts::of(&services), &settings.public_url);
        let (subscribing, hooks) = (push::subscribing(&config, url), push::hooks(&config, url));
        match Pushing::open(parts, settings.hub.clone(), subscribing, hooks).await {
            Ok((pushing, pushed)) => {
                Ok(Self { services, config, load_config, listener, address, adoption, settings, pushing, pushed })
            }
            Err(error) => Err(services.why(error.into()).await),
        }
    }

    /// Closes the database, for a daemon that is not run after all.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub async fn close(self) -> Result<(), DaemonError> {
        self.services.close().await
    }

    /// Returns the address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until it is told to stop or a task fails. `ready` receives the address once everything has started.
    ///
    /// # Errors
    /// Fails if a task failed, or if a second signal aborted the shutdown.
    pub async fn run(
        self,
        mut commands: ControlCommands,
        ready: oneshot::Sender<SocketAddr>,
    ) -> Result<(), DaemonError> {
        let Self { mut services, config, load_config, listener, address, adoption, settings, pushing, mut pushed } =
            self;
        let mut reporter =
            StatusReporter::new(config.database.path.clone(), config.metrics.outlets, services.clock.now());
        let stop = CancellationToken::new();
        let access = Arc::<AccessControl>::default();
        access.set(key_rules(&config, &settings.public_url));
        pushing.set(&services, &config, &settings);
        reporter.loop_ran(&services, &pushing);
        let (republish, settings) = watch::channel(settings);
        let (keep, keeping) = watch::channel(config.retention.clone());
        let mut tasks = tasks(&services, &config, listener, (settings, &access, &pushing), keeping, &reporter, &stop);
        tracing::info!(%address, feeds = services.runner.queue.feeds(), database = %config.database.place(), "ready");
        let (load, shared) = ((load_config, services.clock.clone()), (republish, access, Arc::clone(&pushing)));
        let mut reloads = Reloads::new(load, config, address, shared, keep);
        if let Some(adoption) = adoption {
            reloads.wait_for(adoption);
        }
        reporter.tell_ready();
        // It is not an error if the caller does not wait for it.
        let _ = ready.send(address);
        let ended = loop {
            tokio::select! {
                event = services.runner.event() => {
                    if let Err(error) = turn(&mut services, &mut reporter, &pushing, event) { break Err(error.into()) }
                }
                Some((document, guard)) = pushed.recv(), if services.runner.takes_pushes() => services.runner.push(document, guard),
                command = commands.next() => match command {
                    ControlCommand::Stop => break Ok(()),
                    ControlCommand::Reload => reloads.ask(),
                },
                event = reloads.event() => {
                    if let Err(error) = reloads.take(&mut services, event, &reporter.meters) { break Err(error.into()) }
                }
                end = &mut services.writer_task => break Err(ended_early("writer", end)),
                end = &mut tasks.publisher => break Err(ended_early("publisher", end)),
                end = &mut tasks.pushing => break Err(ended_early("push", end)),
                end = &mut tasks.retention => break Err(ended_early("retention", end)),
                end = &mut tasks.server => break Err(match end {
                    Ok(Err(error)) => DaemonError::Server(error),
                    _ => DaemonError::Died("server"),
                }),
            }
        };
        if let Err(error) = ended {
            stop.cancel();
            let error = services.why(error).await;
            // A daemon that begins again in the same process does not stop for its service manager.
            if !error.is_rewound() {
                notify(&sd_notify::NotifyState::Stopping);
            }
            return Err(error);
        }
        notify(&sd_notify::NotifyState::Stopping);
        tracing::info!(polls = services.runner.running(), "stopping: running polls have one second to finish");
        tokio::select! {
            drained = drain(services, tasks, stop) => drained,
            () = commands.stop_again() => Err(DaemonError::Aborted),
        }
    }
}

/// Returns who may read what; `None` if nobody needs a key.
fn key_rules(config: &Config, public_url: &Url) -> Option<KeyRules> {
    let keys = config.server.keys.as_ref()?;
    Some(KeyRules::new(keys, &config.channels, public_url.scheme() == "https"))
}

/// Starts the server, the publisher and retention.
fn tasks(
    services: &Services,
    config: &Config,
    listener: TcpListener,
    (settings, access, pushing): (watch::Receiver<PublishSettings>, &Arc<AccessControl>, &Arc<Pushing>),
    retention: watch::Receiver<Retention>,
    reporter: &StatusReporter,
    stop: &CancellationToken,
) -> Tasks {
    let tables = Tables::default();
    let Shown { editions, pages } = tables.of(Audience::Everyone).clone();
    let for_holders = tables.of(Audience::KeyHolder).clone();
    let archive_renderer =
        archiver::ArchiveRenderer::new(services.reader.clone(), services.writer.clone(), services.clock.clone());
    let health = Arc::clone(&reporter.health);
    let queries = queries::StoreQueries {
        archive_renderer: archive_renderer.clone(),
        settings: settings.clone(),
        feeds: Arc::default(),
        health: Arc::clone(&health),
    };
    let app = App::new(editions, pages, Arc::clone(&health), services.clock.clone())
        .with_queries(queries)
        .with_push(pushing)
        .with_keys(access, for_holders.editions, &for_holders.pages)
        .with_meters(Arc::clone(&reporter.meters), &config.server.metrics_allow);
    let publisher = Publisher { archive: archive_renderer, tables, topics: Arc::clone(&pushing.topics), health };
    Tasks {
        server: tokio::spawn(serve::run(listener, app, stop.clone())),
        publisher: tokio::spawn(publisher.run(settings)),
        pushing: tokio::spawn(Arc::clone(pushing).run(services.writer.clone())),
        retention: tokio::spawn(retain(services.writer.clone(), retention, services.clock.clone())),
    }
}

/// Runs one iteration of the loop: handles the event, checks the clock and reports the state. Never waits.
fn turn(
    services: &mut Services,
    reporter: &mut StatusReporter,
    pushing: &Pushing,
    event: RunnerEvent,
) -> Result<(), StoreError> {
    match event {
        RunnerEvent::Polled(ended) => {
            if let Some(report) = services.runner.take(*ended, true)? {
                reporter.polled(&report);
                pushing.polled(&report);
            }
        }
        RunnerEvent::Pushed(ended) => {
            if let Some(report) = services.runner.take_push(*ended)? {
                reporter.pushed(&report);
            }
        }
        RunnerEvent::Settled(updates) => updates?,
        RunnerEvent::Turned => {}
    }
    services.runner.check_clock();
    reporter.loop_ran(services, pushing);
    Ok(())
}

/// Deletes what is older than retention allows, every few hours.
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

/// Stops everything in order: polls, server, readers, writer. Afterwards, the WAL is checkpointed into the database file.
async fn drain(mut services: Services, tasks: Tasks, stop: CancellationToken) -> Result<(), DaemonError> {
    stop.cancel();
    tasks.retention.abort();
    services.runner.drain(POLLS_DRAIN).await;
    tasks.publisher.abort();
    tasks.pushing.abort();
    // The server began its own shutdown together with the polls, and has its own time limit.
    let _ = tasks.server.await;
    services.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Returns the error of a task that ended although it should not have.
fn ended_early(task: &'static str, end: Result<Result<(), StoreError>, JoinError>) -> DaemonError {
    match end {
        Ok(Err(error)) => error.into(),
        Ok(Ok(())) | Err(_) => DaemonError::Died(task),
    }
}
