//! The daemon: opens the file, binds the address, says that it is ready, polls, publishes, reloads, drains.
//!
//! Tasks: the writer (in `store`), the scheduler loop (here), the press, the server, retention. When one dies the daemon
//! ends with its error. The first signal drains: no new poll starts, running polls finish or are dropped whole, the writer
//! commits, the WAL is brought into the file, all in under five seconds. A second signal aborts.

pub mod agenda;
mod desk;
mod history;
mod press;
mod reload;
mod rounds;
mod show;
mod signals;
mod wire;

pub use rounds::{Event, Rounds};
pub use signals::{Order, Orders};
pub use wire::{House, limits, roster};

use crate::{
    clock::Clock,
    config::{Config, ConfigFaults, Retention},
    fetch::FetcherError,
    serve::{self, App, Rivers, Shelf},
    store::{Keep, StoreError, Writer},
};
use press::{Imprint, Press};
use reload::Reloads;
use show::{Show, notify};
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
    #[error("the {0} died of a bug")]
    Died(&'static str),
    /// A second signal came.
    #[error("stopped at once by a second signal; polls under way were dropped")]
    Aborted,
}

/// Reads the configuration again, for a reload.
pub type Reread = Box<dyn Fn() -> Result<Config, ConfigFaults> + Send + Sync>;

/// A daemon that is about to run.
pub struct Daemon {
    house: House,
    config: Config,
    reread: Reread,
    listener: TcpListener,
    address: SocketAddr,
}

/// The daemon's tasks beside the writer.
struct Tasks {
    server: JoinHandle<io::Result<()>>,
    press: JoinHandle<Result<(), StoreError>>,
    retention: JoinHandle<Result<(), StoreError>>,
}

impl Daemon {
    /// Opens the database and binds the address; nothing is polled yet.
    ///
    /// # Errors
    /// When the database or the address cannot be had.
    pub async fn open(config: Config, reread: Reread, clock: Clock) -> Result<Self, DaemonError> {
        let taken = |source| DaemonError::Listen { address: config.server.listen, source };
        let listener = TcpListener::bind(config.server.listen).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let house = House::open(&config, &config.server.public_url(address), clock).await?;
        Ok(Self { house, config, reread, listener, address })
    }

    /// Closes what was opened, for a daemon that is not to run after all.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn close(self) -> Result<(), DaemonError> {
        self.house.close().await
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
    pub async fn run(self, mut orders: Orders, ready: oneshot::Sender<SocketAddr>) -> Result<(), DaemonError> {
        let Self { mut house, config, reread, listener, address } = self;
        let public_url = config.server.public_url(address);
        let mut show = Show::new(config.database.path.clone());
        show.turned(&house);
        let stop = CancellationToken::new();
        let imprint = Imprint::of(&config, public_url);
        let (republish, imprint) = watch::channel(imprint);
        let (keep, keeping) = watch::channel(config.retention.clone());
        let mut tasks = tasks(&house, &config, listener, imprint, keeping, &show, &stop);
        tracing::info!(%address, feeds = house.rounds.agenda.feeds(), database = %config.database.path.display(), "ready");
        let mut reloads = Reloads::new(reread, config, address, republish, keep);
        notify(sd_notify::NotifyState::Ready);
        // A caller that does not wait for it is no fault.
        let _ = ready.send(address);
        let ended = loop {
            tokio::select! {
                event = house.rounds.event() => {
                    if let Err(error) = turn(&mut house, &mut show, event) { break Err(error.into()) }
                }
                order = orders.next() => match order {
                    Order::Stop => break Ok(()),
                    Order::Reload => reloads.ask(&house),
                },
                answered = reloads.answered() => {
                    if let Err(error) = reloads.finish(&mut house, answered) { break Err(error.into()) }
                }
                end = &mut house.writer_task => break Err(died("writer", end)),
                end = &mut tasks.press => break Err(died("press", end)),
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
            return Err(house.why(error).await);
        }
        tracing::info!(polls = house.rounds.running(), "stopping: no new poll starts, running ones have two seconds");
        tokio::select! {
            drained = drain(house, tasks, stop) => drained,
            () = orders.stop_again() => Err(DaemonError::Aborted),
        }
    }
}

/// Starts server, press and retention.
fn tasks(
    house: &House,
    config: &Config,
    listener: TcpListener,
    imprint: watch::Receiver<Imprint>,
    retention: watch::Receiver<Retention>,
    show: &Show,
    stop: &CancellationToken,
) -> Tasks {
    let (shelf, rivers) = (Arc::new(Shelf::default()), Arc::new(Rivers::default()));
    let archivist =
        history::Archivist { reader: house.reader.clone(), writer: house.writer.clone(), clock: house.clock.clone() };
    let desk = desk::desk(archivist, &imprint);
    let health = Arc::clone(&show.health);
    let app = App::new(Arc::clone(&shelf), Arc::clone(&rivers), Arc::clone(&health), house.clock.clone())
        .with_desk(desk)
        .with_meters(Arc::clone(&show.meters), &config.server.metrics_allow);
    let press = Press {
        reader: house.reader.clone(),
        writer: house.writer.clone(),
        shelf,
        rivers,
        health,
        clock: house.clock.clone(),
    };
    Tasks {
        server: tokio::spawn(serve::run(listener, app, stop.clone())),
        press: tokio::spawn(press.run(imprint)),
        retention: tokio::spawn(retain(house.writer.clone(), retention, house.clock.clone())),
    }
}

/// One turn of the loop: takes what happened, minds the clock, shows that it lives. Waits for nothing.
fn turn(house: &mut House, show: &mut Show, event: Event) -> Result<(), StoreError> {
    match event {
        Event::Polled(ended) => {
            if let Some(report) = house.rounds.take(*ended, true)? {
                show.polled(&report);
            }
        }
        Event::Settled(settled) => settled?,
        Event::Turned => {}
    }
    house.rounds.mind_clock();
    show.turned(house);
    Ok(())
}

/// Forgets what retention no longer keeps, every few hours.
async fn retain(writer: Writer, retention: watch::Receiver<Retention>, clock: Clock) -> Result<(), StoreError> {
    tokio::time::sleep(RETENTION_FIRST).await;
    loop {
        let Retention { keep, polls } = retention.borrow().clone();
        match writer.prune(Keep::as_of(clock.now(), keep, polls, false)).await {
            Ok(pruned) => {
                tracing::info!(entries = pruned.entries, stories = pruned.stories, polls = pruned.polls, "retention");
            }
            Err(refused @ StoreError::NothingLeft { .. }) => {
                tracing::error!(%refused, "check the system clock and [retention] keep; `warraq prune --force` forgets them");
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(RETENTION_EVERY).await;
    }
}

/// Ends in order: polls, server, readers, writer; the WAL is in the file afterwards.
async fn drain(mut house: House, tasks: Tasks, stop: CancellationToken) -> Result<(), DaemonError> {
    stop.cancel();
    tasks.retention.abort();
    house.rounds.drain(POLLS_DRAIN).await;
    tasks.press.abort();
    // The server has a limit of its own, and began to drain together with the polls.
    let _ = tasks.server.await;
    house.close().await?;
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
