//! The hub's subscribers, and the deliveries that are due. Pure: time is an argument, and `hub.rs` sends the requests.

use super::{
    form::{HubMode, SubscriptionRequest},
    retry::{FailedRequest, Pauses},
};
use crate::{
    model::{FeedUrl, Secret, push::HubSubscription},
    store::PushChange,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

/// Maximum number of subscriptions.
const TOTAL: usize = 1_000;
/// Maximum number of subscriptions of callbacks at one host.
const PER_HOST: usize = 100;
/// Maximum number of requests a minute for callbacks at one host. Each makes the hub contact the callback, which may belong to
/// anybody.
const ASKED_PER_HOST: usize = 30;
/// Maximum number of requests a minute.
const ASKED: usize = 300;
const MINUTE: SignedDuration = SignedDuration::from_secs(60);
/// Shortest and longest lease, and the lease of requests that state none (WebSub 5.1 recommends ten days).
const SHORTEST_LEASE: Duration = Duration::from_mins(5);
const LONGEST_LEASE: Duration = Duration::from_hours(15 * 24);
const LEASE: Duration = Duration::from_hours(10 * 24);
/// Maximum number of concurrent deliveries, in total and to one host.
const AT_ONCE: usize = 8;
const AT_ONCE_PER_HOST: usize = 2;
/// Pauses after a failed delivery. It is repeated, with the then current edition, until the lease ends.
const PAUSES: Pauses = Pauses { first: Duration::from_secs(10), longest: Duration::from_hours(6) };

/// A subscription request that the callback must confirm (WebSub 5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The subscription request.
    pub request: SubscriptionRequest,
    /// Path of the edition.
    pub path: String,
    /// The lease that is granted.
    pub lease: Duration,
}

/// An edition to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Path of the edition.
    pub path: String,
    /// The address of the subscriber.
    pub callback: FeedUrl,
    /// The key of the signature; `None`: the delivery is not signed.
    pub secret: Option<Secret>,
}

/// The reason why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HubRefusal {
    /// The topic is not an edition that the hub delivers.
    #[error("hub.topic is not a public feed of this server")]
    UnknownTopic,
    /// The subscription to end does not exist.
    #[error("there is no such subscription")]
    NotSubscribed,
    /// The hub has the maximum number of subscriptions.
    #[error("this hub has the maximum number of subscriptions")]
    Full,
    /// The callback's host has the maximum number of subscriptions.
    #[error("this hub has the maximum number of subscriptions for that host")]
    HostFull,
    /// Too many requests came in the last minute.
    #[error("too many requests; try again in a minute")]
    TooMany,
}

impl HubRefusal {
    /// Returns the HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::UnknownTopic | Self::NotSubscribed => 404,
            Self::Full | Self::HostFull => 403,
            Self::TooMany => 429,
        }
    }
}

struct HeldSubscriber {
    row: HubSubscription,
    /// Whether a delivery is in progress.
    is_busy: bool,
    /// Number of the last delivery that was started; 0 if there was none.
    turn: u64,
}

/// The subscribers of the hub.
#[derive(Default)]
pub struct HubState {
    /// By path and callback.
    subscribers: BTreeMap<(String, FeedUrl), HeldSubscriber>,
    /// Times of the requests in the last minute, by the callback's host.
    asked: HashMap<String, VecDeque<Timestamp>>,
    /// Number of deliveries that were started. Who was served longest ago comes first, so that none waits while others get every
    /// edition.
    turns: u64,
}

impl HubState {
    /// Creates the state from the stored subscriptions.
    #[must_use]
    pub fn new(rows: Vec<HubSubscription>) -> Self {
        let held = |row: HubSubscription| {
            let key = (row.topic.clone(), row.callback.clone());
            (key, HeldSubscriber { row, is_busy: false, turn: 0 })
        };
        Self { subscribers: rows.into_iter().map(held).collect(), asked: HashMap::new(), turns: 0 }
    }

    /// Returns the number of subscriptions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.subscribers.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subscribers.is_empty()
    }

    /// Returns the number of subscribers whose last delivery failed.
    #[must_use]
    pub fn failing(&self) -> usize {
        self.subscribers.values().filter(|subscriber| subscriber.row.failures > 0).count()
    }

    /// Checks a request. `path` is the path of the edition; `None` if the topic is none. Nothing changes until the callback
    /// confirms it.
    ///
    /// # Errors
    /// Fails if the hub does not serve the topic, or a limit is reached.
    pub fn request(
        &mut self,
        request: SubscriptionRequest,
        path: Option<String>,
        now: Timestamp,
    ) -> Result<Verification, HubRefusal> {
        let host = request.callback.host().to_owned();
        self.count(&host, now)?;
        let path = path.ok_or(HubRefusal::UnknownTopic)?;
        let is_known = self.subscribers.contains_key(&(path.clone(), request.callback.clone()));
        if request.mode == HubMode::Unsubscribe && !is_known {
            return Err(HubRefusal::NotSubscribed);
        }
        if !is_known {
            self.has_room(&host)?;
        }
        let lease = request.lease.unwrap_or(LEASE).clamp(SHORTEST_LEASE, LONGEST_LEASE);
        Ok(Verification { request, path, lease })
    }

    fn has_room(&self, host: &str) -> Result<(), HubRefusal> {
        if self.subscribers.len() >= TOTAL {
            return Err(HubRefusal::Full);
        }
        let there = self.subscribers.keys().filter(|(_, callback)| callback.host() == host).count();
        if there >= PER_HOST { Err(HubRefusal::HostFull) } else { Ok(()) }
    }

    /// Counts a request. Fails if there were too many in the last minute.
    fn count(&mut self, host: &str, now: Timestamp) -> Result<(), HubRefusal> {
        self.asked.retain(|_, times| {
            times.retain(|at| now.duration_since(*at).abs() < MINUTE);
            !times.is_empty()
        });
        let all: usize = self.asked.values().map(VecDeque::len).sum();
        let times = self.asked.entry(host.to_owned()).or_default();
        if all >= ASKED || times.len() >= ASKED_PER_HOST {
            return Err(HubRefusal::TooMany);
        }
        times.push_back(now);
        Ok(())
    }

    /// Records that the callback confirmed a request. `tag` is the entity tag of the current edition: a new subscriber receives
    /// the editions after it.
    pub fn verified(&mut self, verification: Verification, tag: Option<String>, now: Timestamp) -> Option<PushChange> {
        let Verification { request, path, lease } = verification;
        let key = (path, request.callback);
        if request.mode == HubMode::Unsubscribe {
            return self.subscribers.remove(&key).map(|_| PushChange::SubscriberLeft(key.0, key.1));
        }
        let lease = SignedDuration::try_from(lease).unwrap_or(SignedDuration::MAX);
        let expires_at = now.saturating_add(lease).unwrap_or(Timestamp::MAX);
        let before = self.subscribers.get(&key);
        // The limits may have been reached since the request.
        if before.is_none() && self.has_room(key.1.host()).is_err() {
            return None;
        }
        let row = HubSubscription {
            topic: key.0.clone(),
            callback: key.1.clone(),
            secret: request.secret,
            expires_at,
            sent: before.map_or(tag, |before| before.row.sent.clone()),
            failures: 0,
            next_try_at: None,
            last_error: None,
        };
        let (is_busy, turn) = before.map_or((false, 0), |before| (before.is_busy, before.turn));
        self.subscribers.insert(key, HeldSubscriber { row: row.clone(), is_busy, turn });
        Some(PushChange::Subscriber(row))
    }

    /// Removes the subscriptions whose lease has ended.
    pub fn expire(&mut self, now: Timestamp) -> Vec<PushChange> {
        let ended = self.subscribers.extract_if(.., |_, subscriber| subscriber.row.expires_at <= now);
        ended.map(|((path, callback), _)| PushChange::SubscriberLeft(path, callback)).collect()
    }

    /// Returns the deliveries to start now; [`HubState::delivered`] must be called when each ends. `tags` are the entity tags of
    /// the current editions, by path.
    pub fn due(&mut self, tags: &HashMap<String, String>, now: Timestamp) -> Vec<Delivery> {
        let mut busy: HashMap<String, usize> = HashMap::new();
        for ((_, callback), _) in self.subscribers.iter().filter(|(_, subscriber)| subscriber.is_busy) {
            *busy.entry(callback.host().to_owned()).or_default() += 1;
        }
        let mut free = AT_ONCE.saturating_sub(busy.values().sum());
        let is_due = |(path, _): &(String, FeedUrl), HeldSubscriber { row, is_busy, .. }: &HeldSubscriber| {
            let is_new = tags.get(path).is_some_and(|tag| row.sent.as_ref() != Some(tag));
            is_new && !is_busy && row.next_try_at.is_none_or(|at| at <= now)
        };
        let mut waiting: Vec<_> =
            self.subscribers.iter_mut().filter(|(key, subscriber)| is_due(key, subscriber)).collect();
        waiting.sort_by_key(|(_, subscriber)| subscriber.turn);
        let mut due = Vec::new();
        for ((path, callback), subscriber) in waiting {
            let there = busy.entry(callback.host().to_owned()).or_default();
            if free == 0 || *there >= AT_ONCE_PER_HOST {
                continue;
            }
            *there += 1;
            free -= 1;
            self.turns += 1;
            (subscriber.is_busy, subscriber.turn) = (true, self.turns);
            let secret = subscriber.row.secret.clone();
            due.push(Delivery { path: path.clone(), callback: callback.clone(), secret });
        }
        due
    }

    /// Records the result of a delivery: the entity tag of the delivered edition, or the reason for the failure. `is_gone`: the
    /// callback answered 410, which ends the subscription.
    pub fn delivered(
        &mut self,
        delivery: &Delivery,
        result: Result<String, FailedRequest>,
        is_gone: bool,
        now: Timestamp,
    ) -> Option<PushChange> {
        let key = (delivery.path.clone(), delivery.callback.clone());
        if is_gone {
            return self.subscribers.remove(&key).map(|_| PushChange::SubscriberLeft(key.0, key.1));
        }
        let subscriber = self.subscribers.get_mut(&key)?;
        subscriber.is_busy = false;
        let row = &mut subscriber.row;
        match result {
            Ok(tag) => (row.sent, row.failures, row.next_try_at, row.last_error) = (Some(tag), 0, None, None),
            Err(failed) => {
                row.failures = row.failures.saturating_add(1);
                row.next_try_at = Some(failed.next_try(now, row.failures, PAUSES, key.1.as_str()));
                row.last_error = Some(failed.why);
            }
        }
        Some(PushChange::Subscriber(row.clone()))
    }
}

#[cfg(test)]
mod tests;
