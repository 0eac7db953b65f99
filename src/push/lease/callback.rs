//! What a hub sends to a callback: verifications, refusals and deliveries.

use super::{LEASE, LONGEST_LEASE, Leases, MINUTE, PAUSES, PUSHES, SHORTEST_LEASE, VERIFYING, later};
use crate::{
    model::{
        FeedId, FeedUrl,
        push::{LeaseState, PushAnswer},
    },
    push::retry::retry_at,
    store::PushChange,
};
use jiff::{SignedDuration, Timestamp};
use std::{collections::HashMap, time::Duration};
use url::form_urlencoded;

impl Leases {
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

    /// Decides whether a delivery is to be received, before its body is read.
    ///
    /// # Errors
    /// Fails with the answer if it is not.
    pub fn admits(&mut self, token: &str, now: Timestamp) -> Result<(), PushAnswer> {
        let held = self.tokens.get(token).and_then(|feed| self.held.get_mut(feed)).ok_or_else(unknown)?;
        let is_over = held.lease.valid_until().is_none_or(|until| until <= now);
        match held.lease.state {
            LeaseState::Leaving => return Err(unknown()),
            _ if is_over => return Err(PushAnswer::new(404, "The subscription is not verified.\n")),
            LeaseState::Asking | LeaseState::Active => {}
        }
        held.pushes.retain(|at| now.duration_since(*at).abs() < MINUTE);
        if held.pushes.len() >= PUSHES {
            return Err(PushAnswer::new(429, "Too many deliveries; try again in a minute.\n"));
        }
        Ok(())
    }

    /// Answers a delivery. Returns the feed if the delivery is to be read. A delivery with a wrong or missing signature gets the
    /// same answer as a valid one (WebSub 7.1.1), so that nobody can find out a valid signature by trial.
    pub fn delivered(
        &mut self,
        token: &str,
        is_signed: impl FnOnce(&str) -> bool,
        now: Timestamp,
    ) -> (PushAnswer, Option<FeedId>, Option<PushChange>) {
        if let Err(refusal) = self.admits(token, now) {
            return (refusal, None, None);
        }
        let held = self.tokens.get(token).and_then(|feed| Some((*feed, self.held.get_mut(feed)?)));
        let Some((feed, held)) = held else { return (unknown(), None, None) };
        let accepted = PushAnswer::new(202, "Accepted.\n");
        held.pushes.push_back(now);
        if !is_signed(held.lease.secret.reveal()) {
            return (accepted, None, None);
        }
        (accepted, Some(feed), self.change(feed, |lease| lease.last_push_at = Some(now)))
    }
}

/// Returns the answer for an unknown callback: 410 tells a hub that the subscription has ended (WebSub 7).
fn unknown() -> PushAnswer {
    PushAnswer::new(410, "There is no such subscription.\n")
}
