//! Opens what polls need: database, HTTP client and poll queue. The daemon and `warraq poll` share it.

use super::{DaemonError, PollRunner, queue::PollQueue};
use crate::{
    clock::Clock,
    config::{Config, RequestSettings},
    fetch::{Access, FetchLimits, FetchPlan, Fetchers},
    model::{FeedRecord, FeedUrl, Outlet, Slug, WaitingPage},
    poll::Poller,
    store::{ConfigChanges, Reader, StoreConfig, StoreError, StoreErrorKind, Writer, WriterTask},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use std::{collections::HashSet, time::Duration};
use url::Url;

/// Most redirects followed in one poll. RFC 9110 15.4 sets no number; no outlet was seen to need more than four.
const MAX_REDIRECTS: u32 = 10;

/// How often a start looks whether the writer waits for the database.
const LOOK_AT_WRITER: Duration = Duration::from_millis(100);

/// Pause before a database is opened again that another program keeps locked even for readers.
const LOCKED: Duration = Duration::from_secs(2);

/// Pause before the entries that wait for their pages are read again, after the database could not be read.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

/// A configuration that is stored in the database.
#[derive(Debug)]
pub struct Adopted {
    /// What changed.
    pub changes: ConfigChanges,
    /// Every configured feed.
    feeds: Vec<FeedRecord>,
    /// After a start, the entries that waited for their pages when the last process ended.
    waiting: Vec<WaitingPage>,
}

/// The reply to a configuration that is to be stored.
pub type Adoption = Result<Adopted, StoreError>;

/// Everything that polls need, opened.
pub struct Services {
    /// The feeds and the running polls.
    pub runner: PollRunner,
    /// Handle of the writer.
    pub writer: Writer,
    /// The writer's task, which ends only when it is closed or with the error that stopped it.
    pub writer_task: WriterTask,
    /// Read-only connections.
    pub reader: Reader,
    /// The clock.
    pub clock: Clock,
    /// Whether there is an outlet that only readers with a key see.
    pub any_private: bool,
    /// The limits of requests, as last configured.
    plan: FetchPlan,
}

impl Services {
    /// Opens the database, stores the configuration in it, and fills the poll queue.
    ///
    /// # Errors
    /// Fails if the database cannot be opened or the HTTP client cannot be built.
    pub async fn open(config: &Config, public_url: &Url, clock: Clock) -> Result<Self, DaemonError> {
        Self::open_within(config, public_url, clock, None).await
    }

    /// Does the same for a command, which ends with an error once the database cannot be written for as long as `patience`.
    ///
    /// # Errors
    /// See [`Services::open`]; also if the patience ends.
    pub async fn open_within(
        config: &Config,
        public_url: &Url,
        clock: Clock,
        patience: Option<Duration>,
    ) -> Result<Self, DaemonError> {
        let mut services = Self::opened(config, public_url, clock).await?;
        if let Some(patience) = patience {
            services.writer.give_up_after(patience);
        }
        match services.adopt_now(config, public_url).await {
            Ok(()) => Ok(services),
            Err(error) => Err(services.why(error.into()).await),
        }
    }

    /// Stores a configuration in the database and takes it into the queue, and waits until that is complete.
    async fn adopt_now(&mut self, config: &Config, public_url: &Url) -> Result<(), StoreError> {
        let adopted = self.ask_adoption(config, public_url).await?;
        let waiting = self.reader.waiting().await?;
        self.adopt(config, public_url, adopted);
        self.runner.settled().await?;
        // What is decided without its page needs the window of stories; a command does not wait for that.
        self.resume(config, waiting);
        Ok(())
    }

    /// Does the same as [`Services::open`] for a daemon. While the database cannot be written (a full disk, another program's lock),
    /// it does not wait for the configuration to be stored: the feeds are served as they are, and the future that is returned ends
    /// when the configuration is stored. Only if an outlet is private now and was not before, nothing is served until then. The same
    /// holds while a lock keeps even readers out, and for as long as another process migrates the schema.
    ///
    /// # Errors
    /// See [`Services::open`].
    pub async fn open_to_serve(
        config: &Config,
        public_url: &Url,
        clock: Clock,
    ) -> Result<(Self, Option<BoxFuture<'static, Adoption>>), DaemonError> {
        let mut services = Self::opened_once_unlocked(config, public_url, &clock).await?;
        let mut asked = services.ask_first_adoption(config, public_url);
        let adoption = loop {
            tokio::select! {
                adoption = &mut asked => break adoption,
                () = tokio::time::sleep(LOOK_AT_WRITER) => {
                    if services.writer.trouble().is_none() {
                        continue;
                    }
                    if services.hides_enough(config).await? {
                        return Ok((services, Some(asked)));
                    }
                    // What is hidden changes only when the configuration is stored.
                    break asked.as_mut().await;
                }
            }
        };
        match adoption {
            Ok(adopted) => {
                services.adopt(config, public_url, adopted);
                Ok((services, None))
            }
            Err(error) => Err(services.why(error.into()).await),
        }
    }

    /// Opens the database and the HTTP client, and waits while another program keeps the database locked even for readers.
    async fn opened_once_unlocked(config: &Config, public_url: &Url, clock: &Clock) -> Result<Self, DaemonError> {
        let mut is_told = false;
        loop {
            match Self::opened(config, public_url, clock.clone()).await {
                Err(DaemonError::Store(error)) if error.kind() == StoreErrorKind::Busy => {
                    if !std::mem::replace(&mut is_told, true) {
                        tracing::error!(
                            error = error.with_causes(),
                            "the database is locked by another program; trying again"
                        );
                    }
                    tokio::time::sleep(LOCKED).await;
                }
                opened => return opened,
            }
        }
    }

    /// Opens the database and the HTTP client.
    async fn opened(config: &Config, public_url: &Url, clock: Clock) -> Result<Self, DaemonError> {
        let (writer, writer_task) = Writer::open(config.database.place(), config.stories.window).await?;
        let reader = Reader::open_beside(&writer, config.database.place()).await?;
        let plan = plan(config, public_url);
        let poller = Poller::new(Fetchers::new(&plan)?, reader.clone(), writer.clone(), clock.clone());
        let queue = PollQueue::new(config, clock.now());
        let runner = PollRunner::new(queue, poller, clock.clone(), writer.clone());
        Ok(Self { runner, writer, writer_task, reader, clock, any_private: false, plan })
    }

    /// Returns whether the database hides every outlet that the configuration hides, and learns whether there is one.
    async fn hides_enough(&mut self, config: &Config) -> Result<bool, StoreError> {
        let stored = self.reader.privacy().await?;
        self.any_private = stored.values().any(|is_private| *is_private);
        let is_hidden = |outlet: &Outlet| stored.get(outlet.slug.as_str()).is_none_or(|is_private| *is_private);
        Ok(config.outlets.iter().filter(|outlet| outlet.private).all(is_hidden))
    }

    /// Takes a configuration that was stored in the database into the queue. Returns what changed. Never waits:
    /// [`RunnerEvent::Settled`](super::RunnerEvent::Settled) reports when the new due times are stored.
    pub fn adopt(&mut self, config: &Config, public_url: &Url, adopted: Adopted) -> ConfigChanges {
        let Adopted { changes, feeds, waiting } = adopted;
        self.any_private = changes.any_private;
        self.apply(config, public_url, feeds);
        self.resume(config, waiting);
        changes
    }

    /// Asks for the pages again that entries waited for when the last process ended.
    fn resume(&mut self, config: &Config, waiting: Vec<WaitingPage>) {
        let wanted: HashSet<&Slug> =
            config.outlets.iter().filter(|o| o.full_text && o.enabled).map(|o| &o.slug).collect();
        self.runner.resume_pages(waiting, |outlet| wanted.contains(outlet));
    }

    /// Asks the writer to store a configuration. The future borrows nothing, so the loop can continue in the meantime.
    pub fn ask_adoption(&self, config: &Config, public_url: &Url) -> BoxFuture<'static, Adoption> {
        let (writer, store_config, now) = (self.writer.clone(), store_config(config, public_url), self.clock.now());
        let adopt = async move {
            let (changes, feeds) = writer.adopt(store_config, now).await?;
            Ok(Adopted { changes, feeds, waiting: Vec::new() })
        };
        adopt.boxed()
    }

    /// Does the same for the first configuration of a daemon, and then reads which entries waited for their pages when the last
    /// process ended. While the database cannot be read, it tries again.
    fn ask_first_adoption(&self, config: &Config, public_url: &Url) -> BoxFuture<'static, Adoption> {
        let (adoption, reader) = (self.ask_adoption(config, public_url), self.reader.clone());
        let adopt = async move {
            let adopted = adoption.await?;
            loop {
                match reader.waiting().await {
                    Err(error) if error.can_pass() => {
                        tracing::error!(%error, "cannot read which entries wait for their pages; trying again");
                        tokio::time::sleep(TROUBLE_PAUSE).await;
                    }
                    waiting => return Ok(Adopted { waiting: waiting?, ..adopted }),
                }
            }
        };
        adopt.boxed()
    }

    /// Takes feeds that the writer has stored into the queue, and rebuilds the HTTP client if its limits changed.
    fn apply(&mut self, config: &Config, public_url: &Url, records: Vec<FeedRecord>) {
        let plan = plan(config, public_url);
        if plan != self.plan {
            match Fetchers::new(&plan) {
                Ok(fetchers) => {
                    self.runner.set_fetchers(fetchers);
                    self.plan = plan;
                }
                Err(error) => tracing::error!(%error, "cannot apply the new [fetch] limits; keeping the current ones"),
            }
        }
        let updates = self.runner.queue.adopt(config, records, self.clock.now());
        self.runner.update_feeds(updates);
    }

    /// Does the same as [`Services::try_close`], for a daemon: if a passing trouble kept the last polls from being stored, that is only
    /// logged. They are lost, as after a crash, and the feeds are polled again.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub async fn close(self) -> Result<(), DaemonError> {
        match self.try_close().await {
            // A removed or replaced file does not come back by itself: the operator has to know.
            Err(DaemonError::Store(error)) if error.can_pass() && !matches!(error, StoreError::Moved(_)) => {
                tracing::warn!(
                    error = error.with_causes(),
                    "stopped while the database could not be written; feeds whose last polls are not stored are polled again after the \
                     next start"
                );
                Ok(())
            }
            closed => closed,
        }
    }

    /// Closes the readers first and then the writer, because the last connection to close checkpoints the WAL and removes it. A
    /// writer that waits for another process's lock, or for space on the disk, is given half a second.
    ///
    /// # Errors
    /// Fails if the store has failed, or if the last polls could not be stored.
    pub async fn try_close(self) -> Result<(), DaemonError> {
        self.reader.close().await;
        let closed = self.writer.close().await;
        match self.writer_task.await {
            Ok(Ok(())) => Ok(closed?),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(DaemonError::Died("writer")),
        }
    }

    /// Returns the writer's own error if `error` only says that the writer is gone.
    pub async fn why(self, error: DaemonError) -> DaemonError {
        if !matches!(error, DaemonError::Store(StoreError::WriterGone)) {
            return error;
        }
        match self.writer_task.await {
            Ok(Err(cause)) => cause.into(),
            Ok(Ok(())) => error,
            Err(_) => DaemonError::Died("writer"),
        }
    }
}

/// Returns the part of a configuration that is stored in the database.
#[must_use]
pub fn store_config(config: &Config, public_url: &Url) -> StoreConfig {
    StoreConfig {
        public_url: public_url.clone(),
        outlets: config.outlets.iter().map(|o| (o.clone(), config.schedule_of(&o.slug).to_string())).collect(),
        public_urls: config.public_urls().clone(),
        channels: config.channels.clone(),
        webhooks: config.webhooks.clone(),
    }
}

/// What requests may cost and who makes them, of an outlet that says nothing of its own.
#[must_use]
pub fn limits(config: &Config, public_url: &Url) -> FetchLimits {
    let all = config.outlets.iter().flat_map(addresses);
    FetchLimits {
        user_agent: config.user_agent(public_url),
        timeout: config.fetch.timeout,
        max_body: config.fetch.max_body,
        allow_networks: config.fetch.allow_networks.clone(),
        max_redirects: MAX_REDIRECTS,
        access: access(config, &config.fetch.requests, None, all),
    }
}

/// As [`limits`], with those of the outlets that say something of their own.
fn plan(config: &Config, public_url: &Url) -> FetchPlan {
    let shared = limits(config, public_url);
    let own = config.outlets.iter().filter_map(|outlet| {
        let own = config.own_requests().get(&outlet.slug)?;
        let limits = FetchLimits {
            user_agent: own.user_agent.clone().unwrap_or_else(|| shared.user_agent.clone()),
            timeout: own.timeout.unwrap_or(shared.timeout),
            max_body: own.max_body.unwrap_or(shared.max_body),
            access: access(config, own, Some(&config.fetch.requests), addresses(outlet)),
            ..shared.clone()
        };
        Some((outlet.slug.clone(), limits))
    });
    FetchPlan { own: own.collect(), shared }
}

/// Every configured address of an outlet.
fn addresses(outlet: &Outlet) -> impl Iterator<Item = &FeedUrl> {
    outlet.feeds.iter().chain(outlet.alternatives.iter().flat_map(|(_, others)| others))
}

/// What is said of requests to these addresses; what `own` leaves open, `shared` says.
fn access<'a>(
    config: &Config,
    own: &RequestSettings,
    shared: Option<&RequestSettings>,
    addresses: impl Iterator<Item = &'a FeedUrl>,
) -> Access {
    let none = RequestSettings::default();
    let shared = shared.unwrap_or(&none);
    let (proxy, proxy_dns) = if own.proxy.is_some() { (own, own) } else { (shared, shared) };
    let mut access = Access {
        proxy: proxy.proxy.clone(),
        environment: config.environment_proxies().clone(),
        proxy_dns: proxy_dns.proxy_dns.unwrap_or(false),
        ca: own.ca.clone().or_else(|| shared.ca.clone()),
        headers: own.headers.clone().or_else(|| shared.headers.clone()).unwrap_or_default(),
        authorization: own.authorization.clone().or_else(|| shared.authorization.clone()),
        origins: Vec::new(),
    };
    // Only who sends something to the outlets alone has to know them.
    if !access.headers.is_empty() || access.authorization.is_some() {
        access.origins = addresses.map(|url| url.url().origin().ascii_serialization()).collect();
        access.origins.sort_unstable();
        access.origins.dedup();
    }
    access
}
