//! Starts the hub, the subscriber and the webhooks, passes them new settings, and connects them with the server's addresses under
//! `/websub/`.

use super::{Services, publish_settings::PublishSettings};
use crate::{
    clock::Clock,
    config::Config,
    fetch::{self, Fetcher},
    model::push::{
        DeliveryGuard, HubSighting, PushAnswer, PushLeases, PushRequest, PushTarget, PushedDocument, WebhookState,
    },
    poll::PollResult,
    push::{Hub, HubSettings, Subscriber, SubscriberSettings, Topics, WebhookSettings, Webhooks, can_be_reached},
    serve::PushEndpoints,
    store::{Reader, StoreError, Writer},
};
use std::{future::Future, pin::Pin, sync::Arc};
use tokio::sync::mpsc;
use url::Url;

/// The services that hub, subscriber and webhooks need.
pub(super) struct PushParts {
    reader: Reader,
    fetcher: Fetcher,
    clock: Clock,
    leases: Arc<PushLeases>,
}

impl PushParts {
    /// Clones them from the services.
    pub(super) fn of(services: &Services) -> Self {
        Self {
            reader: services.reader.clone(),
            fetcher: services.runner.fetchers().shared().clone(),
            clock: services.clock.clone(),
            leases: Arc::clone(services.runner.leases()),
        }
    }
}

/// The hub, the subscriber and the webhooks.
pub(super) struct Pushing {
    /// The editions that the hub delivers.
    pub topics: Arc<Topics>,
    hub: Arc<Hub>,
    subscriber: Arc<Subscriber>,
    webhooks: Arc<Webhooks>,
}

impl Pushing {
    /// Creates hub, subscriber and webhooks with their stored state. The receiver yields the documents that hubs deliver.
    ///
    /// # Errors
    /// Fails if the database cannot be read.
    pub(super) async fn open(
        PushParts { reader, fetcher, clock, leases }: PushParts,
        hub: HubSettings,
        subscribing: SubscriberSettings,
        hooks: WebhookSettings,
    ) -> Result<(Arc<Self>, mpsc::Receiver<(PushedDocument, DeliveryGuard)>), StoreError> {
        let topics = Arc::<Topics>::default();
        let hub = Hub::open(&reader, Arc::clone(&topics), hub, fetcher.clone(), clock.clone()).await?;
        let opened = Subscriber::open(&reader, leases, subscribing, fetcher.clone(), clock.clone()).await?;
        let (subscriber, documents) = opened;
        let (hub, subscriber) = (Arc::new(hub), Arc::new(subscriber));
        let webhooks = Arc::new(Webhooks::new(hooks, fetcher, reader, clock));
        Ok((Arc::new(Self { topics, hub, subscriber, webhooks }), documents))
    }

    /// Applies the settings of a reload.
    pub(super) fn set(&self, services: &Services, config: &Config, settings: &PublishSettings) {
        let fetcher = services.runner.fetchers().shared();
        self.hub.set(settings.hub.clone(), fetcher.clone());
        let (subscribing, feeds) = (subscribing(config, &settings.public_url), services.runner.queue.open_feeds());
        self.subscriber.set(subscribing, fetcher.clone(), &feeds);
        self.webhooks.set(hooks(config, &settings.public_url), fetcher.clone());
    }

    /// Returns the states of the webhooks when they were last read.
    pub(super) fn webhooks(&self) -> Vec<WebhookState> {
        self.webhooks.states()
    }

    /// Returns the number of subscribers of the hub, and the number of those whose last delivery failed.
    pub(super) fn subscribers(&self) -> (usize, usize) {
        self.hub.figures()
    }

    /// Tells the subscriber which hub a polled document names, if the poll read a document.
    pub(super) fn polled(&self, report: &PollResult) {
        let feed = report.written.feed.id;
        match &report.hub {
            HubSighting::Unread => {}
            HubSighting::Nobody => self.subscriber.seen(feed, None),
            HubSighting::Named(offer) => self.subscriber.seen(feed, Some(offer.clone())),
        }
    }

    /// Runs hub, subscriber and webhooks until the future is dropped.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub(super) async fn run(self: Arc<Self>, writer: Writer) -> Result<(), StoreError> {
        let hub = Arc::clone(&self.hub).run(writer.clone());
        let subscriber = Arc::clone(&self.subscriber).run(writer.clone());
        let webhooks = Arc::clone(&self.webhooks).run(writer);
        tokio::try_join!(hub, subscriber, webhooks).map(drop)
    }
}

/// Returns the settings of the subscriber. It is off if hubs cannot reach this server.
pub(super) fn subscribing(config: &Config, public_url: &Url) -> SubscriberSettings {
    let is_reached = can_be_reached(public_url, &config.fetch.allow_networks, fetch::is_public);
    SubscriberSettings {
        base: public_url.clone(),
        is_on: config.websub.subscribe && is_reached,
        max_body: usize::try_from(config.fetch.max_body).unwrap_or(usize::MAX),
    }
}

/// Returns the settings of the webhooks.
pub(super) fn hooks(config: &Config, public_url: &Url) -> WebhookSettings {
    WebhookSettings { base: public_url.clone(), hooks: Arc::new(config.webhooks.clone()) }
}

impl PushEndpoints for Pushing {
    fn answer(
        &self,
        request: PushRequest,
        reserved: Option<DeliveryGuard>,
    ) -> Pin<Box<dyn Future<Output = PushAnswer> + Send>> {
        let answer = match &request.target {
            PushTarget::Hub => self.hub.answer(&request),
            PushTarget::Callback(token) => {
                let token = token.clone();
                self.subscriber.answer(&token, request, reserved)
            }
        };
        Box::pin(std::future::ready(answer))
    }

    fn reserve(&self, token: &str, bytes: usize) -> Result<DeliveryGuard, PushAnswer> {
        self.subscriber.reserve(token, bytes)
    }

    fn body_max(&self) -> usize {
        self.subscriber.body_max()
    }
}
