//! The schedule's state for a feed: a few hundred bytes of JSON in the feed's row. This module defines its fields and how it is
//! stored; `schedule` updates and uses it.

use super::HourCounts;
use serde::{Deserialize, Serialize};

/// Range of valid times: 1970 to 9999.
const YEARS: std::ops::Range<i64> = 0..253_402_200_000;
/// Version of the stored format.
const VERSION: u32 = 1;

/// The state of one feed. Times are Unix seconds; 0 if there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// Version of the format. A text with another version, or none, is replaced by a new state.
    #[serde(default)]
    pub v: u32,
    /// The schedule by which the stored due time was decided. If the schedule differs, the time is decided again.
    pub plan: String,
    /// Start of the observed period.
    pub since: i64,
    /// End of the observed period: the last successful poll.
    pub until: i64,
    /// Entries by hour of the local week, in hundredths, decayed over time.
    pub bins: HourCounts,
    /// The feed's claim on the budget, in ten-thousandths.
    pub pull: u32,
    /// Number of entries the document lists, which is how many may be published before some are lost.
    pub window: u32,
    /// `max-age` of the last response, in seconds.
    pub max_age: u64,
    /// When the last gap was seen.
    pub gap_at: i64,
    /// When the server last sent a document.
    pub document_at: i64,
    /// Number of 304 responses since then.
    pub unchanged: u32,
    /// How many times an unconditional request found news that the 304s had hidden.
    pub lies: u32,
    /// Until when the server (429) wants no requests for any feed of the host.
    pub host_hold: i64,
    /// Why the stored text could not be used, so that this is a new state. It is added to the reason of the next due time.
    #[serde(skip)]
    pub set_aside: Option<String>,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            v: VERSION,
            plan: String::new(),
            since: 0,
            until: 0,
            bins: HourCounts::default(),
            pull: 0,
            window: 0,
            max_age: 0,
            gap_at: 0,
            document_at: 0,
            unchanged: 0,
            lies: 0,
            host_hold: 0,
            set_aside: None,
        }
    }
}

impl Rhythm {
    /// Parses a stored text. Returns `None` if it is empty, as it is before the first due time is decided. A text that cannot be
    /// used gives a new state that says why; it is never an error.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        Some(match serde_json::from_str::<Self>(text) {
            Ok(rhythm) if rhythm.v != VERSION => Self::fresh(format!("memory of version {} set aside", rhythm.v)),
            Ok(rhythm) if !rhythm.times().iter().all(|t| YEARS.contains(t)) => {
                Self::fresh("invalid schedule state discarded".to_owned())
            }
            Ok(rhythm) => rhythm,
            Err(e) => Self::fresh(format!("unreadable schedule state discarded ({e})")),
        })
    }

    fn fresh(why: String) -> Self {
        Self { set_aside: Some(why), ..Self::default() }
    }

    fn times(&self) -> [i64; 5] {
        [self.since, self.until, self.gap_at, self.document_at, self.host_hold]
    }

    /// Returns the text to store.
    #[must_use]
    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::WEEK, *};
    use proptest::prelude::*;

    #[test]
    fn unreadable_memories_are_a_fresh_start_with_a_note() {
        for text in [
            "x",
            "{}]",
            "{\"v\":99}",
            "{\"bins\":\"\u{e9}\"}",
            "[]",
            "null",
            "{}",
            "{\"v\":1,\"since\":-1}",
            "{\"v\":1,\"until\":9223372036854775807}",
        ] {
            let rhythm = Rhythm::read(text).unwrap();
            assert!(rhythm.set_aside.is_some(), "{text}");
            assert_eq!(Rhythm { set_aside: None, ..rhythm }, Rhythm::default(), "{text}");
        }
        assert_eq!(Rhythm::read(""), None);
        let long = format!("{{\"v\":1,\"bins\":\"{}\"}}", "1".repeat(169));
        assert!(Rhythm::read(&long).unwrap().set_aside.is_some());
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn writes_what_it_reads(bins in proptest::collection::vec(any::<u32>(), WEEK), pull: u32, since in 0i64..2_000_000_000) {
            let bins = HourCounts::of(bins.as_slice().try_into().unwrap());
            let rhythm = Rhythm { pull, since, bins, plan: "every 15m".to_owned(), ..Rhythm::default() };
            prop_assert_eq!(Rhythm::read(&rhythm.write()), Some(rhythm));
        }

        #[test]
        fn small(counts in proptest::collection::vec(0u32..500, WEEK)) {
            let bins = HourCounts::of(counts.as_slice().try_into().unwrap());
            let rhythm = Rhythm { bins, plan: "adaptive 48 600-43200".to_owned(), ..Rhythm::default() };
            prop_assert!(rhythm.write().len() < 700);
        }
    }
}
