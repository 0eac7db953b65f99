//! The WebSub subscriber: sends requests to hubs, answers their verifications, and passes on the documents that they deliver.

use super::{
    caught::{caught, panicked},
    deliveries::Deliveries,
    lease::{LEASE, LeaseRequest, Leases},
    random::token,
    retry::FailedRequest,
    signature::is_signed,
};
use crate::{
    clock::Clock,
    fetch::{Fetcher, OutgoingRequest},
    model::{
        Fault, FeedId, FeedUrl, Secret,
        push::{CALLBACK_PATH, DeliveryGuard, HubOffer, PushAnswer, PushLeases, PushRequest, PushedDocument},
    },
    store::{PushChange, Reader, StoreError, Writer},
};
use bytes::Bytes;
use jiff::Timestamp;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
};
use url::{Url, form_urlencoded};

/// Maximum time between two checks for due requests.
const TURN: Duration = Duration::from_secs(1);
/// Time limit of a request to a hub.
const ASKING: Duration = Duration::from_secs(15);
/// Maximum number of redirects of a hub that are followed (307 and 308 keep the method, RFC 9110 15.4.8).
const REDIRECTS: usize = 3;
/// Maximum number of delivered documents that wait to be read.
const WAITING: usize = 8;

/// The settings of the subscriber. A reload replaces them.
#[derive(Debug, Clone)]
pub struct SubscriberSettings {
    /// `[server] public_url`, the base of all callbacks.
    pub base: Url,
    /// Whether feeds are subscribed to: `[websub] subscribe` is true, and hubs can reach `base`.
    pub is_on: bool,
    /// Maximum size of a delivery, in bytes.
    pub max_body: usize,
}

/// The subscriber.
pub struct Subscriber {
    leases: Mutex<Leases>,
    /// Changes that are not stored yet.
    unsaved: Mutex<Vec<PushChange>>,
    wake: Notify,
    /// The settings, and the client that sends requests.
    settings: RwLock<(SubscriberSettings, Fetcher)>,
    /// The end of each feed's verified lease, for the schedule.
    shared: Arc<PushLeases>,
    pushed: mpsc::Sender<(PushedDocument, DeliveryGuard)>,
    deliveries: Deliveries,
    clock: Clock,
}

impl Subscriber {
    /// Creates the subscriber with the stored subscriptions. The receiver yields the documents that hubs deliver.
    ///
    /// # Errors
    /// Fails if the database cannot be read.
    pub async fn open(
        reader: &Reader,
        shared: Arc<PushLeases>,
        settings: SubscriberSettings,
        fetcher: Fetcher,
        clock: Clock,
    ) -> Result<(Self, mpsc::Receiver<(PushedDocument, DeliveryGuard)>), StoreError> {
        let leases = Leases::new(reader.hub_leases().await?);
        shared.replace(leases.verified());
        let (pushed, documents) = mpsc::channel(WAITING);
        let this = Self {
            leases: Mutex::new(leases),
            unsaved: Mutex::default(),
            wake: Notify::new(),
            settings: RwLock::new((settings, fetcher)),
            shared,
            pushed,
            deliveries: Deliveries::new(),
            clock,
        };
        Ok((this, documents))
    }

    /// Replaces the settings. `feeds` are the configured feeds that may be subscribed to.
    pub fn set(&self, settings: SubscriberSettings, fetcher: Fetcher, feeds: &HashSet<FeedId>) {
        let none = HashSet::new();
        let kept = if settings.is_on { feeds } else { &none };
        let has_moved = self.settings().0.base != settings.base;
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = (settings, fetcher);
        let now = self.clock.now();
        let mut changes = self.leases().keep_only(kept, now);
        if has_moved {
            changes.extend(self.leases().renew_all(now));
        }
        self.save(changes);
    }

    fn settings(&self) -> (SubscriberSettings, Fetcher) {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn leases(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues changes for [`Subscriber::run`], which stores them.
    fn save(&self, changes: impl IntoIterator<Item = PushChange>) {
        let mut unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match &change {
                PushChange::Lease(lease) => self.shared.set(lease.feed, lease.valid_until()),
                PushChange::LeaseEnded(feed) => self.shared.set(*feed, None),
                _ => {}
            }
            unsaved.push(change);
        }
        self.wake.notify_one();
    }

    /// Returns the maximum size of a delivery, in bytes.
    #[must_use]
    pub fn body_max(&self) -> usize {
        self.settings().0.max_body
    }

    /// Decides whether a delivery of at most this many bytes is to be received, before its body is read.
    ///
    /// # Errors
    /// Fails with the answer if it is not. A hub repeats a delivery that gets a 503.
    pub fn reserve(&self, token: &str, bytes: usize) -> Result<DeliveryGuard, PushAnswer> {
        self.leases().admits(token, self.clock.now())?;
        let share = self.deliveries.reserve(token, bytes);
        share.map_or_else(|| Err(busy()), |share| Ok(Box::new(share) as DeliveryGuard))
    }

    /// Records that a document of a feed names this hub, or none. Never waits.
    pub fn seen(&self, feed: FeedId, offer: Option<HubOffer>) {
        let (settings, _) = self.settings();
        let now = self.clock.now();
        let changes = match offer.filter(|_| settings.is_on) {
            Some(offer) => match self.leases().offered(feed, offer, now, token) {
                Ok(changes) => changes,
                Err(error) => {
                    tracing::error!(%error, "cannot subscribe to a feed");
                    return;
                }
            },
            None => self.leases().give_up(feed, now).into_iter().collect(),
        };
        if !changes.is_empty() {
            self.save(changes);
        }
    }

    /// Answers a request to a callback. A delivery comes with what [`Subscriber::reserve`] returned for it.
    pub fn answer(&self, token: &str, request: PushRequest, guard: Option<DeliveryGuard>) -> PushAnswer {
        let now = self.clock.now();
        let Some(guard) = guard.filter(|_| request.is_post) else {
            let (answer, change) = self.leases().verify(token, &request.query, now);
            self.save(change);
            return answer;
        };
        // Reserves a slot before anything else.
        let Ok(place) = self.pushed.try_reserve() else { return busy() };
        let PushRequest { body, signature, content_type, .. } = request;
        let signed = |secret: &str| is_signed(secret, &body, signature.as_deref().unwrap_or_default());
        let (answer, feed, change) = self.leases().delivered(token, signed, now);
        self.save(change);
        match feed {
            Some(feed) => place.send((PushedDocument { feed, body, content_type }, guard)),
            None if answer.status == 202 => tracing::debug!("dropped a delivery without a valid signature"),
            None => {}
        }
        answer
    }

    /// Sends requests and stores changes until the future is dropped.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub async fn run(self: Arc<Self>, writer: Writer) -> Result<(), StoreError> {
        let mut work = JoinSet::new();
        loop {
            let (requests, changes) = self.leases().due(self.clock.now());
            if !changes.is_empty() {
                self.save(changes);
            }
            let (settings, fetcher) = self.settings();
            for request in requests {
                let lost = (request.clone(), Err(panicked()));
                work.spawn(caught(ask(fetcher.clone(), settings.base.clone(), request, self.clock.now()), lost));
            }
            let unsaved = std::mem::take(&mut *self.unsaved.lock().unwrap_or_else(PoisonError::into_inner));
            if !unsaved.is_empty() {
                writer.push(unsaved).await?;
            }
            tokio::select! {
                Some(ended) = work.join_next() => if let Ok((request, result)) = ended {
                    let change = self.leases().asked(&request, result, self.clock.now());
                    self.save(change);
                },
                () = self.wake.notified() => {}
                () = tokio::time::sleep(TURN) => {}
            }
        }
    }
}

fn busy() -> PushAnswer {
    PushAnswer::new(503, "Too many deliveries are waiting; try again in a minute.\n")
}

/// Asks a hub to start or to end a subscription (WebSub 5.1).
async fn ask(
    fetcher: Fetcher,
    base: Url,
    request: LeaseRequest,
    now: Timestamp,
) -> (LeaseRequest, Result<(), FailedRequest>) {
    let result = match form(&base, &request) {
        Some(form) => post(&fetcher, &request.hub, form.into(), now).await,
        None => Err(FailedRequest::new("public_url cannot be the base of a callback address")),
    };
    let (hub, topic, ends) = (request.hub.host(), request.topic.shown(), request.secret.is_none());
    match &result {
        Ok(()) => tracing::debug!(hub, %topic, ends, "asked a hub"),
        Err(failed) => tracing::info!(hub, %topic, ends, error = failed.why, "a hub did not accept a request"),
    }
    (request, result)
}

fn form(base: &Url, request: &LeaseRequest) -> Option<String> {
    let callback = base.join(&format!("{}{}", &CALLBACK_PATH[1..], request.token)).ok()?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("hub.callback", callback.as_str()).append_pair("hub.topic", request.topic.as_str());
    match request.secret.as_ref().map(Secret::reveal) {
        Some(secret) => {
            form.append_pair("hub.mode", "subscribe").append_pair("hub.secret", secret);
            form.append_pair("hub.lease_seconds", &LEASE.as_secs().to_string());
        }
        None => drop(form.append_pair("hub.mode", "unsubscribe")),
    }
    Some(form.finish())
}

/// Posts a form and follows redirects that keep the method (WebSub 5.2).
async fn post(fetcher: &Fetcher, hub: &FeedUrl, form: Bytes, now: Timestamp) -> Result<(), FailedRequest> {
    let mut url = hub.clone();
    for _ in 0..=REDIRECTS {
        let asked = OutgoingRequest {
            url,
            headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
            body: Some(form.clone()),
            timeout: ASKING,
            answer_max: 0,
        };
        let answer = fetcher.send(&asked, now).await?;
        match (answer.status, answer.location) {
            (307 | 308, Some(target)) => url = target,
            (200..=299, _) => return Ok(()),
            (status, _) => return Err(FailedRequest::status(status, answer.retry_after)),
        }
    }
    Err(Fault::Redirects(4).into())
}
