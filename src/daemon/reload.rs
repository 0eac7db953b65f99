//! Reloads the configuration while polls continue. The writer is asked to adopt it, and the loop does not block on the reply,
//! which may take as long as another process holds the database's lock.

use super::{LoadConfig, Services, publish_settings::PublishSettings, push::Pushing, services::Adoption};
use crate::{
    config::{Config, Database, Log, Metrics, Retention, Stories},
    model::Network,
    serve::{AccessControl, Meters},
    store::StoreError,
};
use futures_util::future::BoxFuture;
use std::{net::SocketAddr, sync::Arc};
use tokio::sync::watch;
use url::Url;

/// Handles reloads: at most one at a time, and one more if another was requested in the meantime.
pub(super) struct Reloads {
    load_config: LoadConfig,
    /// The settings with which the daemon was started, and which stay until the next start.
    started: Fixed,
    /// The configuration that was last adopted.
    adopted: Config,
    address: SocketAddr,
    republish: watch::Sender<PublishSettings>,
    access: Arc<AccessControl>,
    pushing: Arc<Pushing>,
    keep: watch::Sender<Retention>,
    pending: Option<PendingReload>,
    /// Whether another reload was requested while one was pending.
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
struct PendingReload {
    config: Config,
    public_url: Url,
    answer: BoxFuture<'static, Adoption>,
}

/// A configuration with the writer's reply.
pub(super) type Answered = (Config, Url, Adoption);

impl Reloads {
    pub(super) fn new(
        load_config: LoadConfig,
        started: Config,
        address: SocketAddr,
        (republish, access, pushing): (watch::Sender<PublishSettings>, Arc<AccessControl>, Arc<Pushing>),
        keep: watch::Sender<Retention>,
    ) -> Self {
        let (started, adopted) = (Fixed::of(&started), started);
        Self { load_config, started, adopted, address, republish, access, pushing, keep, pending: None, again: false }
    }

    /// Reads the configuration again and asks the writer to adopt it. If it is faulty, logs why and changes nothing. While a
    /// reload is pending, the file is only read once more after that one is done.
    pub(super) fn ask(&mut self, services: &Services, meters: &Meters) {
        if self.pending.is_some() {
            self.again = true;
            tracing::info!(
                "the previous reload is still waiting for the database; the configuration will be read again after it"
            );
            return;
        }
        let loaded = (self.load_config)();
        meters.reloaded(loaded.is_ok());
        let config = match loaded {
            Ok(config) => config,
            Err(faults) => {
                // The faults' own text begins with "error:".
                let faults = faults.to_string();
                let faults = faults.trim_start_matches("error: ");
                tracing::error!(faults, "the new configuration is invalid; keeping the current one");
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
        self.pending = Some(PendingReload { config, public_url, answer });
    }

    /// Waits for the writer's reply to the configuration with which the daemon was started.
    pub(super) fn wait_for(&mut self, answer: BoxFuture<'static, Adoption>) {
        tracing::warn!("the configuration cannot be stored yet: feeds are served as they were, and polls begin later");
        let (config, public_url) = (self.adopted.clone(), self.adopted.server.public_url(self.address));
        self.pending = Some(PendingReload { config, public_url, answer });
    }

    /// Waits for the writer's reply, or for ever if no reload is pending. Cancel safe.
    pub(super) async fn answered(&mut self) -> Answered {
        let Some(pending) = &mut self.pending else { return std::future::pending().await };
        let adoption = (&mut pending.answer).await;
        match self.pending.take() {
            Some(PendingReload { config, public_url, .. }) => (config, public_url, adoption),
            None => std::future::pending().await,
        }
    }

    /// Applies an adopted configuration, and reads the file once more if that was requested in the meantime.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub(super) fn finish(
        &mut self,
        services: &mut Services,
        answered: Answered,
        meters: &Meters,
    ) -> Result<(), StoreError> {
        let (config, public_url, adoption) = answered;
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
        if std::mem::take(&mut self.again) {
            self.ask(services, meters);
        }
        Ok(())
    }
}
