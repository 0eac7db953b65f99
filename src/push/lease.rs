//! Subscriptions to feeds at the hubs that they name, and the requests that are due. Pure: time and random texts are arguments,
//! and `subscriber.rs` sends the requests.

use super::retry::{Pauses, retry_at};
use crate::{
    model::{
        FeedId, FeedUrl, Secret,
        push::{HubLease, HubOffer, LeaseState, PushAnswer},
    },
    store::PushChange,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    time::Duration,
};
use url::form_urlencoded;

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
    pub fn asked(&mut self, request: &LeaseRequest, result: Result<(), String>, now: Timestamp) -> Option<PushChange> {
        let held = self.held.get_mut(&request.feed).filter(|held| held.lease.token == request.token)?;
        if std::mem::take(&mut held.is_busy) {
            self.busy -= 1;
        }
        // A hub may verify before it answers.
        if held.lease.state != LeaseState::Asking {
            return None;
        }
        let why = result.err()?;
        self.change(request.feed, |lease| {
            lease.failures = lease.failures.saturating_add(1);
            lease.next_try_at = retry_at(now, lease.failures, PAUSES, &lease.token);
            lease.last_error = Some(why);
        })
    }

    /// Answers a hub's verification of a request (WebSub 5.3), or its refusal (5.2). Confirms only what Warraq requested.
    pub fn verify(&mut self, token: &str, query: &str, now: Timestamp) -> (PushAnswer, Option<PushChange>) {
        let Some(&feed) = self.tokens.get(token) else { return (unknown(), None) };
        let pairs: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let value = |name: &str| pairs.get(name).map_or("", String::as_str);
        let no = (PushAnswer::new(404, "This server did not request this.\n"), None);
        let Some(held) = self.held.get(&feed) else { return no };
        let (state, topic) = (held.lease.state, &held.lease.topic);
        if FeedUrl::parse(value("hub.topic")).ok().as_ref() != Some(topic) {
            return no;
        }
        let yes = PushAnswer::new(200, value("hub.challenge"));
        match (value("hub.mode"), state) {
            ("denied", LeaseState::Asking | LeaseState::Active) => {
                let why: String = value("hub.reason").chars().take(200).collect();
                let change = self.change(feed, |lease| {
                    (lease.state, lease.expires_at) = (LeaseState::Asking, None);
                    lease.failures = lease.failures.saturating_add(1);
                    lease.next_try_at = retry_at(now, u32::MAX, PAUSES, &lease.token);
                    lease.last_error = Some(format!("the hub refused: {why}"));
                });
                (PushAnswer::new(200, "Noted.\n"), change)
            }
            ("subscribe", LeaseState::Asking) if !value("hub.challenge").is_empty() => {
                let lease = value("hub.lease_seconds").parse().map_or(LEASE, Duration::from_secs);
                (yes, self.lease(feed, lease.clamp(SHORTEST_LEASE, LONGEST_LEASE), now))
            }
            ("unsubscribe", LeaseState::Leaving) if !value("hub.challenge").is_empty() => (yes, self.remove(feed)),
            _ => no,
        }
    }

    /// Records a verified lease. It is renewed after nine tenths of its time, but no earlier than a day before its end.
    fn lease(&mut self, feed: FeedId, lease: Duration, now: Timestamp) -> Option<PushChange> {
        let lease = SignedDuration::try_from(lease).unwrap_or(VERIFYING);
        let early = (lease / 10).min(SignedDuration::from_hours(24));
        self.change(feed, |held| {
            (held.state, held.failures, held.last_error) = (LeaseState::Active, 0, None);
            held.expires_at = Some(later(now, lease));
            held.next_try_at = later(now, lease - early);
        })
    }

    /// Answers a delivery. Returns the feed if the delivery is to be read. A delivery with a wrong or missing signature gets the
    /// same answer as a valid one (WebSub 7.1.1), so that nobody can find out a valid signature by trial.
    pub fn delivered(
        &mut self,
        token: &str,
        is_signed: impl FnOnce(&str) -> bool,
        now: Timestamp,
    ) -> (PushAnswer, Option<FeedId>, Option<PushChange>) {
        let Some(&feed) = self.tokens.get(token) else { return (unknown(), None, None) };
        let Some(held) = self.held.get_mut(&feed) else { return (unknown(), None, None) };
        let accepted = PushAnswer::new(202, "Taken.\n");
        let is_over = held.lease.valid_until().is_none_or(|until| until <= now);
        match held.lease.state {
            LeaseState::Leaving => return (unknown(), None, None),
            _ if is_over => return (PushAnswer::new(404, "The subscription is not verified.\n"), None, None),
            LeaseState::Asking | LeaseState::Active => {}
        }
        held.pushes.retain(|at| now.duration_since(*at).abs() < MINUTE);
        if held.pushes.len() >= PUSHES {
            return (PushAnswer::new(429, "Too many deliveries; try again in a minute.\n"), None, None);
        }
        held.pushes.push_back(now);
        if !is_signed(held.lease.secret.reveal()) {
            return (accepted, None, None);
        }
        (accepted, Some(feed), self.change(feed, |lease| lease.last_push_at = Some(now)))
    }
}

/// Returns the answer for an unknown callback: 410 tells a hub that the subscription has ended (WebSub 7).
pub(super) fn unknown() -> PushAnswer {
    PushAnswer::new(410, "There is no such subscription.\n")
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;

    const FEED: FeedId = FeedId(7);

    fn noon() -> Timestamp {
        "2026-11-02T12:00:00Z".parse().unwrap()
    }

    fn offer(hub: &str) -> HubOffer {
        HubOffer { hub: FeedUrl::parse(hub).unwrap(), topic: FeedUrl::parse("https://a.example/feed").unwrap() }
    }

    fn asking() -> (Leases, LeaseRequest) {
        let mut leases = Leases::default();
        let mut random = ["token", "secret"].iter();
        let changes = leases
            .offered(FEED, offer("https://h.example/"), noon(), || Ok::<_, ()>((*random.next().unwrap()).to_owned()));
        assert_eq!(changes.unwrap().len(), 1);
        let (mut requests, _) = leases.due(noon());
        (leases, requests.remove(0))
    }

    fn query(mode: &str, topic: &str, rest: &str) -> String {
        format!("hub.mode={mode}&hub.topic={topic}&hub.challenge=c1{rest}")
    }

    fn active(lease: &str) -> Leases {
        let (mut leases, request) = asking();
        leases.asked(&request, Ok(()), noon());
        let (answer, _) = leases.verify("token", &query("subscribe", "https://a.example/feed", lease), noon());
        assert_eq!(answer, PushAnswer::new(200, "c1"));
        leases
    }

    #[test]
    fn only_what_was_asked_for_is_confirmed() {
        let (mut leases, request) = asking();
        assert_eq!((request.token.as_str(), request.secret.as_ref().unwrap().reveal()), ("token", "secret"));
        assert_eq!(leases.due(noon()).0, [], "it is under way");
        let good = query("subscribe", "https://a.example/feed", "");
        for (token, query, status) in [
            ("other", good.as_str(), 410),
            ("token", &query("subscribe", "https://a.example/other", ""), 404),
            ("token", &query("unsubscribe", "https://a.example/feed", ""), 404),
            ("token", "hub.mode=subscribe&hub.topic=https://a.example/feed", 404),
            ("token", "", 404),
            ("token", &good, 200),
            ("token", &good, 404),
        ] {
            assert_eq!(leases.verify(token, query, noon()).0.status, status, "{token} {query}");
        }
        assert!(leases.valid_until(FEED).is_some());
    }

    #[test]
    fn leases_are_renewed_before_they_end() {
        for (lease, renewed, ended) in [
            ("", 9 * 24 * 60, 10 * 24 * 60),
            ("&hub.lease_seconds=36000", 540, 600),
            ("&hub.lease_seconds=1", 0, 1),
            ("&hub.lease_seconds=99999999999", 29 * 24 * 60, 30 * 24 * 60),
            ("&hub.lease_seconds=x", 9 * 24 * 60, 10 * 24 * 60),
        ] {
            let mut leases = active(lease);
            assert_eq!(leases.valid_until(FEED), Some(noon() + SignedDuration::from_mins(ended)), "{lease}");
            assert_eq!(leases.due(noon() + SignedDuration::from_mins(renewed) - 1.second()).0, []);
            let (requests, _) = leases.due(noon() + SignedDuration::from_mins(renewed) + 54.seconds());
            assert_eq!((requests.len(), &*requests[0].token), (1, "token"), "{lease}");
            assert!(leases.valid_until(FEED).is_some(), "the old lease still counts");
        }
    }

    #[test]
    fn a_hub_that_fails_refuses_or_forgets_is_asked_again_later() {
        let (mut leases, request) = asking();
        leases.asked(&request, Err("500".to_owned()), noon());
        assert_eq!(leases.due(noon() + 59.seconds()).0, []);
        let again = leases.due(noon() + 76.seconds()).0;
        assert_eq!(again, std::slice::from_ref(&request));
        leases.asked(&request, Ok(()), noon());
        assert_eq!(leases.due(noon() + 15.minutes()).0, []);
        assert_eq!(leases.due(noon() + 17.minutes()).0.len(), 1, "it never verified");
        let denied = query("denied", "https://a.example/feed", "&hub.reason=no");
        assert_eq!(leases.verify("token", &denied, noon()).0.status, 200);
        leases.asked(&request, Ok(()), noon());
        assert_eq!((leases.valid_until(FEED), leases.due(noon() + 23.hours()).0.len()), (None, 0));
        assert_eq!(leases.due(noon() + 31.hours()).0.len(), 1);
    }

    #[test]
    fn only_signed_deliveries_of_a_lease_are_read() {
        let (mut leases, _) = asking();
        assert_eq!(leases.delivered("token", |_| true, noon()).0.status, 404, "not verified yet");
        let mut leases = active("&hub.lease_seconds=3600");
        let read = |leases: &mut Leases, token: &str, good, at| {
            let (answer, feed, _) = leases.delivered(token, |secret| good && secret == "secret", at);
            (answer.status, feed)
        };
        assert_eq!(read(&mut leases, "token", true, noon()), (202, Some(FEED)));
        assert_eq!(read(&mut leases, "token", false, noon()), (202, None));
        assert_eq!(read(&mut leases, "other", true, noon()), (410, None));
        for _ in 2..PUSHES {
            assert_eq!(read(&mut leases, "token", true, noon()).0, 202);
        }
        assert_eq!(read(&mut leases, "token", true, noon()), (429, None));
        assert_eq!(read(&mut leases, "token", true, noon() + 61.seconds()), (202, Some(FEED)));
        assert_eq!(read(&mut leases, "token", true, noon() + 1.hour()), (404, None), "the lease has ended");
    }

    #[test]
    fn a_feed_that_names_no_hub_any_more_is_given_up() {
        let mut leases = active("");
        assert!(leases.keep_only(&HashSet::from([FEED]), noon()).is_empty());
        assert_eq!(leases.keep_only(&HashSet::new(), noon()).len(), 1);
        assert_eq!(leases.give_up(FEED, noon()), None, "it is leaving already");
        assert_eq!(leases.delivered("token", |_| true, noon()).0.status, 410);
        let (requests, _) = leases.due(noon());
        assert_eq!((requests.len(), &requests[0].secret), (1, &None));
        leases.asked(&requests[0], Ok(()), noon());
        let leaving = query("unsubscribe", "https://a.example/feed", "");
        assert_eq!(
            leases.verify("token", &leaving, noon()),
            (PushAnswer::new(200, "c1"), Some(PushChange::LeaseEnded(FEED)))
        );
        assert!(!leases.has("token"));
        // The hub does not verify the end of the subscription: it is not asked a second time.
        let mut leases = active("");
        leases.give_up(FEED, noon());
        let (requests, _) = leases.due(noon());
        leases.asked(&requests[0], Err("500".to_owned()), noon());
        assert_eq!(leases.due(noon() + 16.minutes()), (vec![], vec![PushChange::LeaseEnded(FEED)]));
    }

    #[test]
    fn another_hub_replaces_the_first() {
        let mut leases = active("");
        let mut random = ["t2", "s2"].iter();
        let mut next = || Ok::<_, ()>((*random.next().unwrap()).to_owned());
        assert!(leases.offered(FEED, offer("https://h.example/"), noon(), &mut next).unwrap().is_empty());
        let changes = leases.offered(FEED, offer("https://i.example/"), noon(), &mut next).unwrap();
        assert!(matches!(&changes[..], [PushChange::LeaseEnded(FEED), PushChange::Lease(_)]));
        assert!(leases.has("t2") && !leases.has("token"));
    }
}
