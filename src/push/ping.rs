//! The changes of editions of which another hub must be notified, and when. Pure.

use super::retry::{FailedRequest, Pauses};
use crate::{model::push::HubPing, store::PushChange};
use jiff::Timestamp;
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// Maximum number of concurrent pings.
const AT_ONCE: usize = 4;
/// Pauses after a failed ping. They apply to the hub, so the pings of all editions wait.
const PAUSES: Pauses = Pauses { first: Duration::from_secs(10), longest: Duration::from_hours(1) };

/// The editions of which another hub was notified, and its failures.
#[derive(Default)]
pub struct PingState {
    /// By path: the hub that was notified, and the entity tag of the edition.
    told: HashMap<String, (String, String)>,
    under_way: HashSet<String>,
    failures: u32,
    next_try_at: Option<Timestamp>,
}

impl PingState {
    /// Creates the state from the stored pings.
    #[must_use]
    pub fn new(rows: Vec<HubPing>) -> Self {
        Self { told: rows.into_iter().map(|row| (row.topic, (row.hub, row.sent))).collect(), ..Self::default() }
    }

    /// Returns the paths and tags of the editions of which `hub` is to be notified now; [`PingState::ended`] must be called for
    /// each. `tags` are the tags of the current editions.
    pub fn due(&mut self, hub: &str, tags: &HashMap<String, String>, now: Timestamp) -> Vec<(String, String)> {
        if self.next_try_at.is_some_and(|at| at > now) {
            return Vec::new();
        }
        // After a failure only one edition is tried.
        let most = if self.failures > 0 { 1 } else { AT_ONCE };
        let is_told =
            |path: &String, tag: &String| self.told.get(path).is_some_and(|(to, sent)| to == hub && sent == tag);
        let new = tags.iter().filter(|(path, tag)| !self.under_way.contains(*path) && !is_told(path, tag));
        let due: Vec<_> = new
            .take(most.saturating_sub(self.under_way.len()))
            .map(|(path, tag)| (path.clone(), tag.clone()))
            .collect();
        self.under_way.extend(due.iter().map(|(path, _)| path.clone()));
        due
    }

    /// Records the result of a ping.
    pub fn ended(&mut self, ping: HubPing, result: Result<(), FailedRequest>, now: Timestamp) -> Option<PushChange> {
        self.under_way.remove(&ping.topic);
        if let Err(failed) = result {
            self.failures = self.failures.saturating_add(1);
            self.next_try_at = Some(failed.next_try(now, self.failures, PAUSES, &ping.hub));
            return None;
        }
        (self.failures, self.next_try_at) = (0, None);
        self.told.insert(ping.topic.clone(), (ping.hub.clone(), ping.sent.clone()));
        Some(PushChange::Pinged(ping))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;

    #[test]
    fn a_hub_is_told_of_each_change_once_and_less_often_while_it_fails() {
        let noon: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
        let ping = |tag: &str, hub: &str| HubPing { topic: "/a".into(), hub: hub.into(), sent: tag.into() };
        let tags = |tag: &str| HashMap::from([("/a".to_owned(), tag.to_owned())]);
        let mut state = PingState::new(vec![ping("1", "h")]);
        assert_eq!(state.due("h", &tags("1"), noon), []);
        assert_eq!(state.due("h", &tags("2"), noon).len(), 1);
        assert_eq!(state.due("h", &tags("2"), noon), [], "under way");
        assert_eq!(state.ended(ping("2", "h"), Err(FailedRequest::new("500")), noon), None);
        assert_eq!(state.due("h", &tags("2"), noon + 9.seconds()), []);
        assert_eq!(state.due("h", &tags("3"), noon + 13.seconds()).len(), 1);
        assert!(state.ended(ping("3", "h"), Ok(()), noon).is_some());
        assert_eq!(state.due("h", &tags("3"), noon), []);
        assert_eq!(state.due("other", &tags("3"), noon).len(), 1, "another hub knows nothing");
    }
}
