//! The schedule's state for a feed: a few hundred bytes of JSON in the feed's row. This module defines its fields and how it is
//! stored; `schedule` updates and uses it.

use serde::{Deserialize, Serialize};

/// Hours in a week. Hour 0 is the first hour of Monday.
pub const WEEK: usize = 168;
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
    #[serde(with = "bins")]
    pub bins: [u32; WEEK],
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
            bins: [0; WEEK],
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

/// Serialises the counts as text: five bits per character, lowest first, and a sixth bit if more follow. Most take one or two
/// characters.
mod bins {
    use super::WEEK;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    const DIGITS: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZwxyz-_";

    pub(super) fn serialize<S: Serializer>(counts: &[u32; WEEK], to: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(2 * WEEK);
        for count in counts {
            let mut rest = *count;
            loop {
                let more = rest > 31;
                let digit = (rest & 31) | if more { 32 } else { 0 };
                text.push(DIGITS.get(digit as usize).map_or('0', |d| char::from(*d)));
                rest >>= 5;
                if !more {
                    break;
                }
            }
        }
        let end = text.trim_end_matches('0').len();
        // Only the number 0 ends in the digit 0, so only empty hours are cut off.
        to.serialize_str(text.get(..end).unwrap_or(&text))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u32; WEEK], D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        let mut counts = [0u32; WEEK];
        let (mut index, mut shift) = (0, 0);
        for byte in text.bytes() {
            let digit = DIGITS.iter().position(|d| *d == byte).ok_or_else(|| D::Error::custom("not a count"))?;
            let count = counts.get_mut(index).ok_or_else(|| D::Error::custom("more than a week"))?;
            let bits = u32::try_from(digit & 31).unwrap_or(0);
            *count |= bits.checked_shl(shift).filter(|_| shift < 32).ok_or_else(|| D::Error::custom("too large"))?;
            shift = if digit > 31 { shift + 5 } else { 0 };
            index += usize::from(digit < 32);
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            let mut rhythm = Rhythm { pull, since, plan: "every 15m".to_owned(), ..Rhythm::default() };
            rhythm.bins.copy_from_slice(&bins);
            prop_assert_eq!(Rhythm::read(&rhythm.write()), Some(rhythm));
        }

        #[test]
        fn small(counts in proptest::collection::vec(0u32..500, WEEK)) {
            let mut rhythm = Rhythm { plan: "adaptive 48 600-43200".to_owned(), ..Rhythm::default() };
            rhythm.bins.copy_from_slice(&counts);
            prop_assert!(rhythm.write().len() < 700);
        }
    }
}
