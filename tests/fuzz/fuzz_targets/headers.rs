//! The headers of a response: any bytes that HTTP allows are read or ignored, and no wait is longer than ten years.
#![no_main]

use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use warraq::fetch::headers;

const NAMES: [&str; 9] =
    ["cache-control", "content-type", "date", "etag", "expires", "last-modified", "link", "location", "retry-after"];

fuzz_target!(|bytes: &[u8]| {
    let now = Timestamp::from_second(1_793_611_800).expect("in range");
    let mut map = HeaderMap::new();
    // The first byte of each line chooses the header.
    for line in bytes.split(|byte| *byte == b'\n').take(50) {
        let Some((choice, value)) = line.split_first() else { continue };
        let name = NAMES[usize::from(*choice) % NAMES.len()];
        let Ok(value) = HeaderValue::from_bytes(value) else { continue };
        map.append(HeaderName::from_static(name), value);
    }
    let longest = SignedDuration::from_hours(10 * 366 * 24);
    let found = headers::freshness(503, &map, now);
    assert!(found.max_age.is_none_or(|age| age.as_secs() <= longest.as_secs().unsigned_abs()));
    assert!(found.retry_after.is_none_or(|at| at > now && at.duration_since(now) <= longest));
    assert!(headers::location(&map).is_none_or(|text| text.is_ascii()));
    assert!(headers::announced(&map).len() <= 50 * 50);
    let _ = headers::validators(&map);
    let _ = headers::content_type(&map);
});
