//! Starts what pushes, gives it new settings, and connects it with the server's addresses under `/websub/`.

use super::{Services, publish_settings::PublishSettings};
use crate::{
    clock::Clock,
    fetch::Fetcher,
    model::push::{PushAnswer, PushRequest, PushTarget},
    push::{Hub, HubSettings, Topics},
    serve::PushEndpoints,
    store::{Reader, StoreError, Writer},
};
use std::{future::Future, pin::Pin, sync::Arc};

/// What pushes.
pub(super) struct Pushing {
    /// The editions that the hub delivers.
    pub topics: Arc<Topics>,
    hub: Arc<Hub>,
}

impl Pushing {
    /// Creates it with what the database kept.
    ///
    /// # Errors
    /// Fails if the database cannot be read.
    pub(super) async fn open(
        (reader, fetcher, clock): (Reader, Fetcher, Clock),
        settings: HubSettings,
    ) -> Result<Arc<Self>, StoreError> {
        let topics = Arc::<Topics>::default();
        let hub = Hub::open(&reader, Arc::clone(&topics), settings, fetcher, clock).await?;
        Ok(Arc::new(Self { topics, hub: Arc::new(hub) }))
    }

    /// Applies the settings of a reload.
    pub(super) fn set(&self, services: &Services, settings: &PublishSettings) {
        self.hub.set(settings.hub.clone(), services.runner.fetchers().shared().clone());
    }

    /// Works until the future is dropped.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub(super) async fn run(self: Arc<Self>, writer: Writer) -> Result<(), StoreError> {
        Arc::clone(&self.hub).run(writer).await
    }
}

impl PushEndpoints for Pushing {
    fn answer(&self, request: PushRequest) -> Pin<Box<dyn Future<Output = PushAnswer> + Send>> {
        let answer = match &request.target {
            PushTarget::Hub => self.hub.answer(&request),
            PushTarget::Callback(_) => PushAnswer::new(410, "There is no such subscription.\n"),
        };
        Box::pin(std::future::ready(answer))
    }

    fn has_callback(&self, _token: &str) -> bool {
        false
    }

    fn body_max(&self) -> usize {
        0
    }
}
