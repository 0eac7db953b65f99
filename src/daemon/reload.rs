//! Reloads the configuration while polls continue. The files are read on a thread of their own, because a pipe or a file system on
//! a network may keep it waiting for ever; the writer's reply may take as long as another process holds the database's lock. The
//! loop waits for neither.

mod readings;

use super::{LoadConfig, Services, publish_settings::PublishSettings, push::Pushing, services::Adoption};
use crate::{
    clock::Clock,
    config::{Config, Database, Log, Metrics, Retention, Stories},
    model::Network,
    serve::{AccessControl, Meters},
    store::StoreError,
};
use futures_util::future::BoxFuture;
use readings::{ConfigReadings, Loaded};
use std::{net::SocketAddr, sync::Arc};
use tokio::{sync::watch, task::JoinError};
use url::Url;

/// Handles reloads: at most one at a time that does not hang, and one more if another was requested in the meantime.
pub(super) struct Reloads {
    readings: ConfigReadings,
    /// The settings with which the daemon was started, and which stay until the next start.
    started: Fixed,
    /// The configuration that was last adopted.
    adopted: Config,
    address: SocketAddr,
    republish: watch::Sender<PublishSettings>,
    access: Arc<AccessControl>,
    pushing: Arc<Pushing>,
    keep: watch::Sender<Retention>,
    /// What the writer was asked to adopt.
    storing: Option<Box<PendingReload>>,
    /// Whether another reload was requested while one was in progress.
    again: bool,
}

/// Settings that a reload does not change.
#[derive(PartialEq)]
struct Fixed {
    listen: SocketAddr,
    metrics_allow: Vec<Network>,
    database: Database,
    stories: Stories,
    metrics: Metrics,
    log: Log,
}

impl Fixed {
    fn of(config: &Config) -> Self {
        Self {
            listen: config.server.listen,
            metrics_allow: config.server.metrics_allow.clone(),
            database: config.database.clone(),
            stories: config.stories.clone(),
            metrics: config.metrics,
            log: config.log.clone(),
        }
    }
}

/// A configuration that the writer was asked to adopt.
pub(super) struct PendingReload {
    config: Config,
    public_url: Url,
    answer: BoxFuture<'static, Adoption>,
}

/// The end of a step of a reload.
pub(super) enum ReloadEvent {
    /// The configuration was read.
    Read(Box<Result<Loaded, JoinError>>),
    /// Reading the configuration hangs. A reload that was requested since need not wait for it.
    Hung,
    /// The writer has replied to the configuration.
    Stored(Box<PendingReload>, Adoption),
}

impl Reloads {
    pub(super) fn new(
        (load_config, clock): (LoadConfig, Clock),
        started: Config,
        address: SocketAddr,
        (republish, access, pushing): (watch::Sender<PublishSettings>, Arc<AccessControl>, Arc<Pushing>),
        keep: watch::Sender<Retention>,
    ) -> Self {
        let (started, adopted) = (Fixed::of(&started), started);
        let readings = ConfigReadings::new(load_config, clock);
        Self { readings, started, adopted, address, republish, access, pushing, keep, storing: None, again: false }
    }

    /// Begins to read the configuration again. While a reload is in progress, it is only read once more after that one is done.
    pub(super) fn ask(&mut self) {
        if self.storing.is_none() && self.readings.begin() {
            tracing::info!("reading the configuration");
        } else {
            self.again = true;
            tracing::info!("the previous reload is not done yet; the configuration will be read again after it");
        }
    }

    /// Waits for the end of the current step, or for ever if there is none. Cancel safe.
    pub(super) async fn event(&mut self) -> ReloadEvent {
        let Some(pending) = &mut self.storing else {
            let ended = self.readings.ended().await;
            return ended.map_or(ReloadEvent::Hung, |read| ReloadEvent::Read(Box::new(read)));
        };
        let adoption = (&mut pending.answer).await;
        match self.storing.take() {
            Some(pending) => ReloadEvent::Stored(pending, adoption),
            None => std::future::pending().await,
        }
    }

    /// Takes the next step of the reload. After the last one, the configuration is read once more if that was requested in the
    /// meantime.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub(super) fn take(
        &mut self,
        services: &mut Services,
        event: ReloadEvent,
        meters: &Meters,
    ) -> Result<(), StoreError> {
        match event {
            ReloadEvent::Hung => {}
            ReloadEvent::Read(read) => self.read(services, *read, meters),
            ReloadEvent::Stored(pending, adoption) => self.stored(services, *pending, adoption)?,
        }
        if self.storing.is_none() && std::mem::take(&mut self.again) {
            self.ask();
        }
        Ok(())
    }

    /// Asks the writer to adopt a configuration that was read. If it is faulty, logs why and changes nothing.
    fn read(&mut self, services: &Services, read: Result<Loaded, JoinError>, meters: &Meters) {
        meters.reloaded(matches!(read, Ok(Ok(_))));
        let config = match read {
            Ok(Ok(config)) => config,
            Ok(Err(faults)) => {
                // The faults' own text begins with "error:".
                let faults = faults.to_string();
                let faults = faults.trim_start_matches("error: ");
                tracing::error!(faults, "the new configuration is invalid; keeping the current one");
                return;
            }
            Err(error) => {
                tracing::error!(%error, "reading the configuration panicked (a bug in Warraq); keeping the current one");
                return;
            }
        };
        if Fixed::of(&config) != self.started {
            tracing::warn!(
                "[server] listen and metrics_allow, [database], [stories], [metrics] and [log] take effect only after a restart"
            );
        }
        for warning in config.warnings() {
            tracing::warn!(%warning, "questionable setting in the configuration");
        }
        let public_url = config.server.public_url(self.address);
        tracing::info!("configuration read; waiting for the database to store it");
        let answer = services.ask_adoption(&config, &public_url);
        self.storing = Some(Box::new(PendingReload { config, public_url, answer }));
    }

    /// Waits for the writer's reply to the configuration with which the daemon was started.
    pub(super) fn wait_for(&mut self, answer: BoxFuture<'static, Adoption>) {
        tracing::warn!("the configuration cannot be stored yet: feeds are served as they were, and polls begin later");
        let (config, public_url) = (self.adopted.clone(), self.adopted.server.public_url(self.address));
        self.storing = Some(Box::new(PendingReload { config, public_url, answer }));
    }

    /// Applies an adopted configuration.
    fn stored(
        &mut self,
        services: &mut Services,
        PendingReload { config, public_url, .. }: PendingReload,
        adoption: Adoption,
    ) -> Result<(), StoreError> {
        let changes = services.adopt(&config, &public_url, adoption?);
        self.keep.send_replace(config.retention.clone());
        // Before anything is rendered for those who may read it now.
        self.access.set(super::key_rules(&config, &public_url));
        let settings = PublishSettings::of(&config, public_url, services.any_private);
        self.pushing.set(services, &config, &settings);
        self.republish.send_replace(settings);
        let sections = config.changed_sections(&self.adopted);
        self.adopted = config;
        tracing::info!(
            changed = if sections.is_empty() { "nothing".to_owned() } else { sections.join(", ") },
            feeds = services.runner.queue.feeds(),
            added = changes.added.len(),
            removed = changes.removed,
            rescheduled = changes.rescheduled.len(),
            "reloaded"
        );
        Ok(())
    }
}
