//! Sizes in bytes, as people read them.

use std::{fmt, time::Duration};

/// A size in bytes, displayed in the unit that keeps two digits: `9999 B`, `10 MB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        for unit in ["B", "kB", "MB", "GB"] {
            if rest < 10_000 {
                return write!(f, "{rest} {unit}");
            }
            rest /= 1000;
        }
        write!(f, "{rest} TB")
    }
}

/// A duration, displayed in the largest unit that divides it, as it is written in the configuration: `90d`, `36h`, `500ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenDuration(pub Duration);

impl fmt::Display for WrittenDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if self.0.subsec_millis() > 0 {
            return write!(f, "{}ms", self.0.as_millis());
        }
        for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
            if seconds > 0 && seconds.is_multiple_of(length) {
                return write!(f, "{}{unit}", seconds / length);
            }
        }
        write!(f, "{seconds}s")
    }
}

/// Says that a document is larger than the limit of this many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargerThanMaxBody(pub u64);

impl LargerThanMaxBody {
    /// The name of this among the repairs of a document.
    pub const REPAIR: &'static str = "larger-than-max-body";
}

impl fmt::Display for LargerThanMaxBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "longer than max_body ({}); the rest was not read", ByteSize(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_two_digits_at_least() {
        let said = [0, 9_999, 10_000, 12_345_678, 99_000_000_000, 20_000_000_000_000].map(|n| ByteSize(n).to_string());
        assert_eq!(said, ["0 B", "9999 B", "10 kB", "12 MB", "99 GB", "20 TB"]);
    }
}
