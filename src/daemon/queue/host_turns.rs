//! When the next page of each host may be requested. Each host has one turn at most.

use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// The turns of hosts, by time and by host.
#[derive(Debug, Default)]
pub(super) struct HostTurns {
    by_time: BTreeSet<(Timestamp, String)>,
    by_host: HashMap<String, Timestamp>,
}

impl HostTurns {
    /// Gives a host its turn at this time, unless it has an earlier one.
    pub(super) fn insert(&mut self, at: Timestamp, host: String) {
        if let Some(before) = self.by_host.get(&host).copied() {
            if before <= at {
                return;
            }
            self.by_time.remove(&(before, host.clone()));
        }
        self.by_host.insert(host.clone(), at);
        self.by_time.insert((at, host));
    }

    /// Returns the time of the next turn.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Removes and returns the host whose turn comes next, if its time has come.
    pub(super) fn pop(&mut self, now: Timestamp) -> Option<String> {
        if self.first()? > now {
            return None;
        }
        let (_, host) = self.by_time.pop_first()?;
        self.by_host.remove(&host);
        Some(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn a_host_has_one_turn_the_earliest() {
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let mut turns = HostTurns::default();
        for (seconds, host) in [(5, "a"), (3, "b"), (2, "a"), (9, "a"), (4, "b")] {
            turns.insert(at(seconds), host.to_owned());
        }
        assert_eq!(turns.first(), Some(at(2)));
        assert_eq!(turns.pop(at(1)), None);
        assert_eq!([turns.pop(at(9)), turns.pop(at(9)), turns.pop(at(9))], [Some("a".into()), Some("b".into()), None]);
        turns.insert(at(7), "a".to_owned());
        assert_eq!((turns.pop(at(6)), turns.pop(at(7))), (None, Some("a".to_owned())));
    }
}
