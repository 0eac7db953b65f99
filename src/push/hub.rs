//! The WebSub hub: answers subscription requests, verifies them with the callbacks, delivers editions, and notifies another hub
//! of changes.

mod requests;

use super::{
    caught::{caught, panicked},
    form::SubscriptionRequest,
    hub_state::{Delivery, HubState, Verification},
    ping::PingState,
    retry::FailedRequest,
    topics::Topics,
};
use crate::{
    clock::Clock,
    fetch::Fetcher,
    model::push::{HUB_PATH, HubChoice, HubPing, PushAnswer, PushRequest},
    store::{PushChange, Reader, StoreError, Writer},
};
use requests::{deliver, ping, verify};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinSet};
use url::Url;

/// Maximum time between two checks for due deliveries.
const TURN: Duration = Duration::from_secs(1);
/// Time limit of a verification and of a ping. Deliveries have a longer one, because an edition may have megabytes.
const ASKING: Duration = Duration::from_secs(10);
const DELIVERING: Duration = Duration::from_secs(30);
/// Maximum number of verifications that wait.
const WAITING: usize = 64;
/// Maximum length of a verification response that is read, in bytes: a challenge has 64.
const ANSWER_MAX: usize = 1_024;

/// The settings of the hub. A reload replaces them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubSettings {
    /// `[server] public_url`, the base of all topics.
    pub base: Url,
    /// `[websub] hub`.
    pub hub: HubChoice,
}

impl HubSettings {
    /// Returns the address of the hub that editions name; `None` if they name none.
    #[must_use]
    pub fn address(&self) -> Option<Url> {
        match &self.hub {
            HubChoice::Own => self.base.join(&HUB_PATH[1..]).ok(),
            HubChoice::Other(hub) => Some(hub.url().clone()),
            HubChoice::Nobody => None,
        }
    }
}

/// The hub. It serves only the editions that everybody may read.
pub struct Hub {
    state: Mutex<HubState>,
    pings: Mutex<PingState>,
    topics: Arc<Topics>,
    /// The settings, and the client that sends requests.
    settings: RwLock<(HubSettings, Fetcher)>,
    asked: mpsc::Sender<Verification>,
    inbox: Mutex<Option<mpsc::Receiver<Verification>>>,
    clock: Clock,
}

/// The result of a request.
enum Ended {
    Verified(Verification, bool),
    Delivered(Delivery, Result<String, FailedRequest>, bool),
    Pinged(HubPing, Result<(), FailedRequest>),
}

impl Hub {
    /// Creates the hub with the subscriptions and pings stored in the database.
    ///
    /// # Errors
    /// Fails if the database cannot be read.
    pub async fn open(
        reader: &Reader,
        topics: Arc<Topics>,
        settings: HubSettings,
        fetcher: Fetcher,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let (asked, inbox) = mpsc::channel(WAITING);
        Ok(Self {
            state: Mutex::new(HubState::new(reader.hub_subscribers().await?)),
            pings: Mutex::new(PingState::new(reader.hub_pings().await?)),
            topics,
            settings: RwLock::new((settings, fetcher)),
            asked,
            inbox: Mutex::new(Some(inbox)),
            clock,
        })
    }

    /// Replaces the settings.
    pub fn set(&self, settings: HubSettings, fetcher: Fetcher) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = (settings, fetcher);
    }

    fn settings(&self) -> (HubSettings, Fetcher) {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn state(&self) -> MutexGuard<'_, HubState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pings(&self) -> MutexGuard<'_, PingState> {
        self.pings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of subscribers, and the number of those whose last delivery failed.
    #[must_use]
    pub fn figures(&self) -> (usize, usize) {
        let state = self.state();
        (state.len(), state.failing())
    }

    /// Answers a subscription request. The callback is asked for confirmation afterwards.
    pub fn answer(&self, request: &PushRequest) -> PushAnswer {
        let (settings, _) = self.settings();
        if settings.hub != HubChoice::Own {
            return PushAnswer::new(404, "This server has no WebSub hub.\n");
        }
        if !request.is_post {
            let text = "This is a WebSub hub (www.w3.org/TR/websub). Subscribers send a POST with hub.mode, hub.topic and hub.callback.\n";
            return PushAnswer::new(405, text);
        }
        let asked = match SubscriptionRequest::parse(&request.body) {
            Ok(asked) => asked,
            Err(why) => return PushAnswer::new(400, format!("{why}\n")),
        };
        let path = asked.topic.as_str().strip_prefix(settings.base.as_str()).map(|rest| format!("/{rest}"));
        let path = path.filter(|path| self.topics.get(path).is_some());
        let verification = match self.state().request(asked, path, self.clock.now()) {
            Ok(verification) => verification,
            Err(why) => return PushAnswer::new(why.status(), format!("{why}\n")),
        };
        match self.asked.try_send(verification) {
            Ok(()) => PushAnswer::new(202, "Accepted. The hub will ask the callback for confirmation.\n"),
            Err(_) => PushAnswer::new(503, "Too many requests are waiting; try again in a minute.\n"),
        }
    }

    /// Sends verifications, deliveries and pings until the future is dropped.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub async fn run(self: Arc<Self>, writer: Writer) -> Result<(), StoreError> {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut inbox) = inbox else { return Ok(()) };
        let mut work = JoinSet::new();
        loop {
            let mut changes = self.start(&mut work);
            if changes.is_empty() {
                changes = tokio::select! {
                    Some(verification) = inbox.recv() => {
                        let lost = Ended::Verified(verification.clone(), false);
                        work.spawn(caught(verify(self.settings().1, verification, self.clock.now()), lost));
                        Vec::new()
                    }
                    Some(ended) = work.join_next() => ended.ok().and_then(|ended| self.take(ended)).into_iter().collect(),
                    () = self.topics.changed() => Vec::new(),
                    () = tokio::time::sleep(TURN) => Vec::new(),
                };
            }
            while let Some(Ok(ended)) = work.try_join_next() {
                changes.extend(self.take(ended));
            }
            if !changes.is_empty() {
                writer.push(changes).await?;
            }
        }
    }

    /// Starts the deliveries and pings that are due. Returns the subscriptions whose lease has ended.
    fn start(&self, work: &mut JoinSet<Ended>) -> Vec<PushChange> {
        let (now, (settings, fetcher)) = (self.clock.now(), self.settings());
        let left = self.state().expire(now);
        match &settings.hub {
            HubChoice::Own if self.state().is_empty() => {}
            HubChoice::Own => {
                for delivery in self.state().due(&self.topics.tags(), now) {
                    let (fetcher, settings, topics) = (fetcher.clone(), settings.clone(), Arc::clone(&self.topics));
                    let lost = Ended::Delivered(delivery.clone(), Err(panicked()), false);
                    work.spawn(caught(deliver(fetcher, settings, topics, delivery, now), lost));
                }
            }
            HubChoice::Other(hub) => {
                for (topic, sent) in self.pings().due(hub.as_str(), &self.topics.tags(), now) {
                    let row = HubPing { topic, hub: hub.as_str().to_owned(), sent };
                    let lost = Ended::Pinged(row.clone(), Err(panicked()));
                    work.spawn(caught(ping(fetcher.clone(), hub.clone(), settings.base.clone(), row, now), lost));
                }
            }
            HubChoice::Nobody => {}
        }
        left
    }

    /// Records the result of a request. Returns the change to store.
    fn take(&self, ended: Ended) -> Option<PushChange> {
        let now = self.clock.now();
        match ended {
            Ended::Verified(verification, true) => {
                let tag = self.topics.get(&verification.path).map(|edition| edition.etag().to_owned());
                self.state().verified(verification, tag, now)
            }
            Ended::Verified(_, false) => None,
            Ended::Delivered(delivery, result, is_gone) => self.state().delivered(&delivery, result, is_gone, now),
            Ended::Pinged(row, result) => self.pings().ended(row, result, now),
        }
    }
}

/// Returns the value of `Link` for a document at address `this` with this hub (WebSub 4, RFC 8288).
#[must_use]
pub fn link_header(hub: &Url, this: &Url) -> String {
    format!("<{hub}>; rel=\"hub\", <{this}>; rel=\"self\"")
}
