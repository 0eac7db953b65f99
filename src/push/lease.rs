//! Subscriptions to feeds at the hubs that they name, and the requests that are due. Pure: time and random texts are arguments,
//! and `subscriber.rs` sends the requests.

mod callback;

use super::retry::{FailedRequest, Pauses};
use crate::{
    model::{
        FeedId, FeedUrl, Secret,
        push::{HubLease, HubOffer, LeaseState},
    },
    store::PushChange,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    time::Duration,
};

/// The lease that Warraq requests (WebSub 5.1 recommends ten days).
pub const LEASE: Duration = Duration::from_hours(10 * 24);
/// Longest lease; a longer one is cut to this. Otherwise a hub that forgot its subscribers would never be asked again.
const LONGEST_LEASE: Duration = Duration::from_hours(30 * 24);
/// Shortest lease; a shorter one is extended to this, so that renewals do not flood the hub.
const SHORTEST_LEASE: Duration = Duration::from_mins(1);
/// Time that a hub has to verify a request that it accepted. After it the request is repeated.
const VERIFYING: SignedDuration = SignedDuration::from_mins(15);
/// How long the callback of a cancelled subscription still confirms its end.
const LEAVING: SignedDuration = SignedDuration::from_mins(15);
/// Pauses after a failed request. After a refusal by the hub the longest one applies.
const PAUSES: Pauses = Pauses { first: Duration::from_mins(1), longest: Duration::from_hours(24) };
/// Maximum number of concurrent requests to hubs.
const AT_ONCE: usize = 8;
/// Maximum number of deliveries a minute for one feed.
const PUSHES: usize = 30;
const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// A request to a hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRequest {
    /// The feed.
    pub feed: FeedId,
    /// The hub.
    pub hub: FeedUrl,
    /// The address by which the hub knows the feed.
    pub topic: FeedUrl,
    /// Last part of the callback's address.
    pub token: String,
    /// The key with which the hub must sign deliveries; `None`: the request ends the subscription.
    pub secret: Option<Secret>,
}

struct Held {
    lease: HubLease,
    /// Whether a request is in progress.
    is_busy: bool,
    /// Times of the deliveries in the last minute.
    pushes: VecDeque<Timestamp>,
}

/// The subscriptions. An operation takes time logarithmic in the number of feeds that name a hub.
#[derive(Default)]
pub struct Leases {
    held: HashMap<FeedId, Held>,
    tokens: HashMap<String, FeedId>,
    /// Feeds in the order of their next requests.
    due: BTreeSet<(Timestamp, FeedId)>,
    busy: usize,
}

impl Leases {
    /// Creates the state from the stored subscriptions.
    #[must_use]
    pub fn new(rows: Vec<HubLease>) -> Self {
        let mut leases = Self::default();
        for lease in rows {
            leases.insert(lease);
        }
        leases
    }

    fn insert(&mut self, lease: HubLease) {
        self.tokens.insert(lease.token.clone(), lease.feed);
        self.due.insert((lease.next_try_at, lease.feed));
        self.held.insert(lease.feed, Held { lease, is_busy: false, pushes: VecDeque::new() });
    }

    fn remove(&mut self, feed: FeedId) -> Option<PushChange> {
        let held = self.held.remove(&feed)?;
        self.tokens.remove(&held.lease.token);
        self.due.remove(&(held.lease.next_try_at, feed));
        self.busy -= usize::from(held.is_busy);
        Some(PushChange::LeaseEnded(feed))
    }

    /// Changes a lease, and updates its position in the order of next requests.
    fn change(&mut self, feed: FeedId, change: impl FnOnce(&mut HubLease)) -> Option<PushChange> {
        let held = self.held.get_mut(&feed)?;
        self.due.remove(&(held.lease.next_try_at, feed));
        change(&mut held.lease);
        self.due.insert((held.lease.next_try_at, feed));
        Some(PushChange::Lease(held.lease.clone()))
    }

    /// Returns each feed with a verified subscription and the end of its lease.
    pub fn verified(&self) -> impl Iterator<Item = (FeedId, Timestamp)> {
        self.held.values().filter_map(|held| Some((held.lease.feed, held.lease.valid_until()?)))
    }

    /// Returns the end of a feed's verified lease; `None` without one.
    #[must_use]
    pub fn valid_until(&self, feed: FeedId) -> Option<Timestamp> {
        self.held.get(&feed)?.lease.valid_until()
    }

    /// Returns whether there is a callback with this token.
    #[must_use]
    pub fn has(&self, token: &str) -> bool {
        self.tokens.contains_key(token)
    }

    /// Records that a document of the feed names this hub. Replaces a subscription at another hub. `random` returns the token and
    /// the secret.
    ///
    /// # Errors
    /// Fails if `random` does.
    pub fn offered<E>(
        &mut self,
        feed: FeedId,
        offer: HubOffer,
        now: Timestamp,
        mut random: impl FnMut() -> Result<String, E>,
    ) -> Result<Vec<PushChange>, E> {
        let same = |lease: &HubLease| lease.hub == offer.hub && lease.topic == offer.topic;
        if self.held.get(&feed).is_some_and(|held| same(&held.lease) && held.lease.state != LeaseState::Leaving) {
            return Ok(Vec::new());
        }
        let (token, secret) = (random()?, Secret::new(random()?));
        let mut changes: Vec<_> = self.remove(feed).into_iter().collect();
        let lease = HubLease {
            feed,
            hub: offer.hub,
            topic: offer.topic,
            token,
            secret,
            state: LeaseState::Asking,
            expires_at: None,
            next_try_at: now,
            failures: 0,
            last_error: None,
            last_push_at: None,
        };
        changes.push(PushChange::Lease(lease.clone()));
        self.insert(lease);
        Ok(changes)
    }

    /// Ends the subscription of a feed that no longer names a hub, or that is no longer to be subscribed to.
    pub fn give_up(&mut self, feed: FeedId, now: Timestamp) -> Option<PushChange> {
        let held = self.held.get(&feed)?;
        match held.lease.state {
            LeaseState::Leaving => None,
            // No request was sent to the hub.
            LeaseState::Asking if held.lease.expires_at.is_none() && !held.is_busy => self.remove(feed),
            LeaseState::Asking | LeaseState::Active => self.change(feed, |lease| {
                (lease.state, lease.next_try_at) = (LeaseState::Leaving, now);
            }),
        }
    }

    /// Ends the subscriptions of all feeds that are not in `feeds`.
    pub fn keep_only(&mut self, feeds: &HashSet<FeedId>, now: Timestamp) -> Vec<PushChange> {
        let others: Vec<FeedId> = self.held.keys().filter(|feed| !feeds.contains(feed)).copied().collect();
        others.into_iter().filter_map(|feed| self.give_up(feed, now)).collect()
    }

    /// Makes every subscription due for renewal, because the addresses of the callbacks have changed.
    pub fn renew_all(&mut self, now: Timestamp) -> Vec<PushChange> {
        let all: Vec<FeedId> = self.held.keys().copied().collect();
        all.into_iter().filter_map(|feed| self.change(feed, |lease| lease.next_try_at = now)).collect()
    }

    /// Returns the requests to send now; [`Leases::asked`] must be called when each ends. Also returns what changed.
    pub fn due(&mut self, now: Timestamp) -> (Vec<LeaseRequest>, Vec<PushChange>) {
        let (mut requests, mut changes) = (Vec::new(), Vec::new());
        while self.busy < AT_ONCE
            && let Some(&(at, feed)) = self.due.first()
            && at <= now
        {
            let Some(held) = self.held.get_mut(&feed) else {
                self.due.pop_first();
                continue;
            };
            if held.lease.state == LeaseState::Leaving && held.lease.failures > 0 {
                changes.extend(self.remove(feed));
                continue;
            }
            let HubLease { hub, topic, token, secret, .. } = held.lease.clone();
            let secret = (held.lease.state != LeaseState::Leaving).then_some(secret);
            if !held.is_busy {
                held.is_busy = true;
                self.busy += 1;
                requests.push(LeaseRequest { feed, hub, topic, token, secret });
            }
            // If the hub does not verify the request in this time, it is repeated.
            changes.extend(self.change(feed, |lease| {
                lease.next_try_at = later(now, VERIFYING);
                match lease.state {
                    LeaseState::Leaving => (lease.failures, lease.next_try_at) = (1, later(now, LEAVING)),
                    LeaseState::Asking | LeaseState::Active => lease.state = LeaseState::Asking,
                }
            }));
        }
        (requests, changes)
    }

    /// Records the result of a request: the hub accepted it, or it failed for this reason.
    pub fn asked(
        &mut self,
        request: &LeaseRequest,
        result: Result<(), FailedRequest>,
        now: Timestamp,
    ) -> Option<PushChange> {
        let held = self.held.get_mut(&request.feed).filter(|held| held.lease.token == request.token)?;
        if std::mem::take(&mut held.is_busy) {
            self.busy -= 1;
        }
        // A hub may verify before it answers.
        if held.lease.state != LeaseState::Asking {
            return None;
        }
        let failed = result.err()?;
        self.change(request.feed, |lease| {
            lease.failures = lease.failures.saturating_add(1);
            lease.next_try_at = failed.next_try(now, lease.failures, PAUSES, &lease.token);
            lease.last_error = Some(failed.why);
        })
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
