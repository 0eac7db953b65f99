//! Counts for each hour of a week, kept as the text that is stored: a number takes four bytes in an array, and most take one or two
//! in the text. A daemon holds the counts of every feed.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::borrow::Cow;

/// Hours in a week. Hour 0 is the first hour of Monday.
pub const WEEK: usize = 168;

/// Digits of the text: five bits of a number each, lowest first, and a sixth bit if more follow.
const DIGITS: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZwxyz-_";

/// The value of each ASCII character that is a digit; [`NO_DIGIT`] for the others.
const VALUES: [u8; 128] = {
    let mut values = [NO_DIGIT; 128];
    let mut value = 0_u8;
    while value < 64 {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};

/// Stands for characters that are no digits.
const NO_DIGIT: u8 = u8::MAX;

/// A count for each hour of the week. Empty hours at the end of the week are not written, so no count at all is an empty text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct HourCounts(Box<str>);

impl HourCounts {
    /// Writes the counts of the hours from Monday on.
    #[must_use]
    pub fn of(counts: &[u32; WEEK]) -> Self {
        let used = counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let mut text = String::with_capacity(2 * used);
        for count in counts.iter().take(used) {
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
        Self(text.into_boxed_str())
    }

    /// Returns the counts of the hours from Monday on.
    #[must_use]
    pub fn counts(&self) -> [u32; WEEK] {
        // Every text was written by `of`.
        read(&self.0).unwrap_or([0; WEEK])
    }

    /// Returns whether all counts are 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for HourCounts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        read(&text).map(|counts| Self::of(&counts)).map_err(D::Error::custom)
    }
}

fn read(text: &str) -> Result<[u32; WEEK], &'static str> {
    let mut counts = [0u32; WEEK];
    let (mut hour, mut shift) = (0, 0);
    for byte in text.bytes() {
        let digit = VALUES.get(usize::from(byte)).copied().filter(|digit| *digit != NO_DIGIT).ok_or("not a count")?;
        let count = counts.get_mut(hour).ok_or("more than a week")?;
        *count |= u32::from(digit & 31).checked_shl(shift).ok_or("too large")?;
        shift = if digit > 31 { shift + 5 } else { 0 };
        hour += usize::from(digit < 32);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_without_entries_takes_nothing() {
        let empty = HourCounts::of(&[0; WEEK]);
        assert!(empty.is_empty() && size_of_val(&*empty.0) == 0);
        assert_eq!((empty, HourCounts::default().counts()), (HourCounts::default(), [0; WEEK]));
    }

    #[test]
    fn a_text_with_empty_hours_at_its_end_is_shortened() {
        let counts: HourCounts = serde_json::from_str("\"0A100\"").unwrap();
        assert_eq!(serde_json::to_string(&counts).unwrap(), "\"0A1\"");
        assert_eq!(counts.counts()[..3], [0, 32, 0]);
    }
}
