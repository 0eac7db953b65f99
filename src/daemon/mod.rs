//! The daemon: opens the file, binds the address, says that it is ready, polls, publishes, reloads, drains.
//!
//! Tasks: the writer (in `store`), the scheduler loop (here), the press, the server, retention. When one dies the daemon
//! ends with its error. The first signal drains: no new poll starts, running polls finish or are dropped whole, the writer
//! commits, the WAL is brought into the file, all in under five seconds. A second signal aborts.

pub mod agenda;
mod press;
mod signals;

pub use signals::{Order, Orders};

use crate::{
    clock::Clock,
    config::{Config, ConfigFaults},
    fetch::{Fetcher, FetcherError, Limits},
    model::Networks,
    poll::{Conveyor, Job, Report},
    serve::{self, App, Health, Rivers, Shelf},
    store::{Keep, Reader, Roster, StoreError, Writer, WriterTask},
};
use agenda::{Agenda, Step};
use jiff::{SignedDuration, Timestamp};
use press::{Imprint, Press};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use url::Url;

/// The loop looks at the clock at least this often: a clock that jumps and a machine that slept are noticed, and the
/// service manager's watchdog is fed.
const TURN: Duration = Duration::from_secs(1);
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
pub type Reread = Box<dyn Fn() -> Result<Config, ConfigFaults> + Send>;

/// A daemon that is about to run.
pub struct Daemon {
    config: Config,
    reread: Reread,
    clock: Clock,
    conveyor: Conveyor,
    reader: Reader,
    writer: Writer,
    writer_task: WriterTask,
    listener: TcpListener,
    address: SocketAddr,
    agenda: Agenda,
}

impl Daemon {
    /// Opens the database and binds the address; nothing is polled yet.
    ///
    /// # Errors
    /// When the database or the address cannot be had.
    pub async fn open(config: Config, reread: Reread, clock: Clock) -> Result<Self, DaemonError> {
        // The address first: a second daemon is told by whatever it meets first, and leaves no lock behind.
        let listener = TcpListener::bind(config.server.listen)
            .await
            .map_err(|source| DaemonError::Listen { address: config.server.listen, source })?;
        let address =
            listener.local_addr().map_err(|source| DaemonError::Listen { address: config.server.listen, source })?;
        let public_url = config.server.public_url(address);
        let (writer, writer_task) = Writer::open(&config.database.path, config.stories.window).await?;
        let reader = Reader::open(&config.database.path).await?;
        let fetcher = Fetcher::new(&limits(&config, &public_url))?;
        let conveyor = Conveyor::new(fetcher, reader.clone(), writer.clone(), clock.clone());
        let agenda = agenda(&config, &public_url, &writer, clock.now()).await?;
        Ok(Self { config, reread, clock, conveyor, reader, writer, writer_task, listener, address, agenda })
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
        let Self { config, reread, clock, conveyor, reader, writer, mut writer_task, listener, address, agenda } = self;
        let public_url = config.server.public_url(address);
        let (shelf, rivers, health) = (Arc::new(Shelf::default()), Arc::new(Rivers::default()), Arc::new(Health::default()));
        health.turned(clock.now());
        health.writable(true);
        let stop = CancellationToken::new();
        let app = App::new(Arc::clone(&shelf), Arc::clone(&rivers), Arc::clone(&health), clock.clone());
        let mut server = tokio::spawn(serve::run(listener, app, stop.clone()));
        let imprint = Imprint { public_url: public_url.clone(), channels: Arc::new(config.channels.clone()) };
        let (republish, imprint) = watch::channel(imprint);
        let press = Press {
            reader: reader.clone(),
            writer: writer.clone(),
            shelf,
            rivers,
            health: Arc::clone(&health),
            clock: clock.clone(),
        };
        let mut press = tokio::spawn(press.run(imprint));
        let mut rounds = Rounds {
            agenda,
            conveyor,
            clock: clock.clone(),
            writer: writer.clone(),
            health: Arc::clone(&health),
            polls: JoinSet::new(),
            watchdog: sd_notify::watchdog_enabled().is_some(),
        };
        let mut retention = tokio::spawn(retain(writer.clone(), config.retention.clone(), clock.clone()));
        notify(&[sd_notify::NotifyState::Ready]);
        tracing::info!(%address, feeds = rounds.agenda.feeds(), database = %config.database.path.display(), "ready");
        // A caller that does not wait for it is no fault.
        let _ = ready.send(address);
        let ended = loop {
            tokio::select! {
                end = rounds.turn() => if let Err(error) = end { break Err(error) },
                order = orders.next() => match order {
                    Order::Reload => {
                        notify(&[sd_notify::NotifyState::Reloading]);
                        reload(&reread, &config, &mut rounds, &republish, address).await?;
                        notify(&[sd_notify::NotifyState::Ready]);
                    }
                    Order::Stop => break Ok(()),
                },
                end = &mut writer_task => break Err(writer_end(end)),
                end = &mut press => break Err(match end {
                    Ok(Err(error)) => error.into(),
                    _ => DaemonError::Died("press"),
                }),
                end = &mut server => break Err(match end {
                    Ok(Err(error)) => DaemonError::Server(error),
                    _ => DaemonError::Died("server"),
                }),
                end = &mut retention => break Err(match end {
                    Ok(Err(error)) => error.into(),
                    _ => DaemonError::Died("retention"),
                }),
            }
        };
        notify(&[sd_notify::NotifyState::Stopping]);
        if let Err(error) = ended {
            stop.cancel();
            // The writer knows why it is gone; its handle only that it is.
            return Err(match error {
                DaemonError::Store(StoreError::WriterGone) if !writer_task.is_finished() => error,
                DaemonError::Store(StoreError::WriterGone) => writer_end(writer_task.await),
                other => other,
            });
        }
        tracing::info!(polls = rounds.polls.len(), "stopping: no new poll starts, running ones have two seconds");
        retention.abort();
        let drain = async {
            let polls = rounds.drain();
            stop.cancel();
            polls.await;
            press.abort();
            let _ = server.await;
            reader.close().await;
            writer.close().await?;
            writer_task.await.map_err(|_| DaemonError::Died("writer"))??;
            Ok(())
        };
        tokio::select! {
            drained = drain => drained,
            () = orders.stop_again() => Err(DaemonError::Aborted),
        }
    }
}
