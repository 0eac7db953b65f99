//! Dates: any text is an instant or none; a date in RFC 3339 is read as it stands.
#![no_main]

use jiff::{Timestamp, tz::TimeZone};
use libfuzzer_sys::fuzz_target;
use warraq::parse::instant;

fuzz_target!(|text: &str| {
    let read = instant(text, &TimeZone::UTC);
    if let Some(instant_read) = read {
        let written = format!("{instant_read:.0}");
        let again: Timestamp = written.parse().expect("written by jiff");
        if (1970..2100).contains(&instant_read.to_zoned_datetime(TimeZone::UTC).year()) {
            assert_eq!(instant(&written, &TimeZone::UTC), Some(again), "{text:?}");
        }
    }
});
