//! Reading the configuration again while polls go on: the writer is asked to adopt it, and the loop does not wait for the
//! answer, which may take as long as another process holds the database's lock.

use super::{LoadConfig, Services, publish_settings::PublishSettings, services::Adoption};
use crate::{
    config::{Config, Retention},
    store::StoreError,
};
use futures_util::future::BoxFuture;
use std::net::SocketAddr;
use tokio::sync::watch;
use url::Url;

/// Where a new configuration goes once it is adopted.
pub(super) struct Reloads {
    load_config: LoadConfig,
    /// What the daemon was started with: some of it stays until the next start.
    started: Config,
    /// What was adopted last.
    adopted: Config,
    address: SocketAddr,
    republish: watch::Sender<PublishSettings>,
    keep: watch::Sender<Retention>,
    pending: Option<PendingReload>,
    /// Asked for while one was pending.
    again: bool,
}

/// A configuration that the writer is asked to adopt.
struct PendingReload {
    config: Config,
    public_url: Url,
    answer: BoxFuture<'static, Adoption>,
}

/// A configuration with what the writer answered.
pub(super) type Answered = (Config, Url, Adoption);

impl Reloads {
    pub(super) fn new(
        load_config: LoadConfig,
        started: Config,
        address: SocketAddr,
        republish: watch::Sender<PublishSettings>,
        keep: watch::Sender<Retention>,
    ) -> Self {
        let adopted = started.clone();
        Self { load_config, started, adopted, address, republish, keep, pending: None, again: false }
    }

    /// Reads the configuration again and asks the writer to adopt it. A faulty one changes nothing and says why. While one
    /// is pending, the file is read once more when that is done.
    pub(super) fn ask(&mut self, services: &Services) {
        if self.pending.is_some() {
            self.again = true;
            tracing::info!(
                "the previous reload is still waiting for the database; the configuration will be read again after it"
            );
            return;
        }
        let config = match (self.load_config)() {
            Ok(config) => config,
            Err(faults) => {
                tracing::error!(%faults, "the new configuration is invalid; keeping the current one");
                return;
            }
        };
        let fixed =
            |c: &Config| (c.server.listen, c.server.metrics_allow.clone(), c.stories.window, c.metrics, c.log.clone());
        if fixed(&config) != fixed(&self.started) || config.database != self.started.database {
            tracing::warn!(
                "[server] listen and metrics_allow, [database], [stories], [metrics] and [log] take effect only after a restart"
            );
        }
        let public_url = config.server.public_url(self.address);
        tracing::info!("configuration read; waiting for the database to store it");
        let answer = services.ask_adoption(&config, &public_url);
        self.pending = Some(PendingReload { config, public_url, answer });
    }

    /// Waits for the writer's answer, for ever when none is due. May be dropped at any time.
    pub(super) async fn answered(&mut self) -> Answered {
        let Some(pending) = &mut self.pending else { return std::future::pending().await };
        let adoption = (&mut pending.answer).await;
        match self.pending.take() {
            Some(PendingReload { config, public_url, .. }) => (config, public_url, adoption),
            None => std::future::pending().await,
        }
    }

    /// Puts an adopted configuration to work, and reads the file once more if that was asked for meanwhile.
    ///
    /// # Errors
    /// When the store has failed.
    pub(super) fn finish(&mut self, services: &mut Services, answered: Answered) -> Result<(), StoreError> {
        let (config, public_url, adoption) = answered;
        let (adopted, records) = adoption?;
        services.take_in(&config, &public_url, records);
        self.keep.send_replace(config.retention.clone());
        self.republish.send_replace(PublishSettings::of(&config, public_url));
        let sections = config.changed_sections(&self.adopted);
        self.adopted = config;
        tracing::info!(
            changed = if sections.is_empty() { "nothing".to_owned() } else { sections.join(", ") },
            feeds = services.runner.queue.feeds(),
            added = adopted.added.len(),
            removed = adopted.removed,
            rescheduled = adopted.rescheduled.len(),
            "reloaded"
        );
        if std::mem::take(&mut self.again) {
            self.ask(services);
        }
        Ok(())
    }
}
