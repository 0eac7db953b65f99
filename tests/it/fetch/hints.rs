//! What servers say about the next request: Retry-After, freshness.

use super::{DATE, HOUR_LATER, NOW, get, get_since, xml};
use crate::fake_outlet::{FakeOutlet, Reply};
use jiff::Timestamp;
use std::time::Duration;
use warraq::model::{Fault, Validators};

#[tokio::test]
async fn a_server_that_asks_for_time_is_heard() {
    let outlet = FakeOutlet::start().await;
    let at = |second: i64| Some(Timestamp::from_second(NOW + second).unwrap());
    let ten_years = 10 * 366 * 86_400;
    for (value, until) in [
        ("120", at(120)),
        (" 120 ", at(120)),
        ("Mon, 02 Nov 2026 10:30:00 GMT", at(3600)),
        ("Tue, 02 Nov 2026 10:30:00 +0000", at(3600)),
        ("Monday, 02-Nov-26 10:30:00 GMT", at(3600)),
        ("Mon Nov  2 10:30:00 2026", at(3600)),
        ("99999999999999999999999", at(ten_years)),
        ("Fri, 31 Dec 9990 23:59:59 GMT", at(ten_years)),
        ("Mon, 02 Nov 2026 08:30:00 GMT", None),
        ("0", None),
        ("-60", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ] {
        for status in [403, 429, 503] {
            outlet.set("/feed", Reply::status(status).header("Retry-After", value));
            let answer = get(&outlet.url("/feed")).await;
            assert_eq!(answer.freshness.retry_after, until, "{status} {value:?}");
            let held = until.is_some() || status == 429;
            assert_eq!(answer.result == Err(Fault::Held { status }), held, "{status} {value:?}");
        }
    }
    outlet.set("/feed", Reply::status(500).header("Retry-After", "120"));
    let answer = get(&outlet.url("/feed")).await;
    assert_eq!((answer.result, answer.freshness.retry_after), (Err(Fault::Status(500)), None));
}

#[tokio::test]
async fn freshness_is_read_as_caches_read_it() {
    let outlet = FakeOutlet::start().await;
    for (cache_control, date, expires, seconds) in [
        ("max-age=60", "", "", Some(60)),
        ("Max-Age=\"60\", public", "", "", Some(60)),
        ("public,max-age=60,max-age=90", DATE, HOUR_LATER, Some(60)),
        ("s-maxage=60", "", "", None),
        ("s-maxage=60", DATE, HOUR_LATER, Some(3600)),
        ("max-age=60, no-cache", DATE, HOUR_LATER, None),
        ("no-store", DATE, HOUR_LATER, None),
        ("max-age=-1", DATE, HOUR_LATER, None),
        ("max-age", "", "", None),
        ("max-age=99999999999999999999", "", "", Some(10 * 366 * 86_400)),
        ("", DATE, HOUR_LATER, Some(3600)),
        ("", HOUR_LATER, DATE, None),
        ("", DATE, "0", None),
        // A response without a date counts as generated when it arrived.
        ("", "", HOUR_LATER, Some(1800)),
        ("", "", DATE, None),
    ] {
        let headers = [("Cache-Control", cache_control), ("Date", date), ("Expires", expires)];
        let reply = headers.iter().filter(|(_, value)| !value.is_empty());
        let reply = reply.fold(Reply::feed(xml()).etag("\"1\""), |reply, (name, value)| reply.header(name, value));
        outlet.set("/feed", reply);
        let since = Validators { etag: Some(b"\"1\"".to_vec()), last_modified: None };
        for answer in [get(&outlet.url("/feed")).await, get_since(&outlet.url("/feed"), &since).await] {
            assert_eq!(answer.freshness.max_age, seconds.map(Duration::from_secs), "{headers:?}");
        }
    }
}

#[tokio::test]
async fn a_response_may_have_hundreds_of_headers() {
    let outlet = FakeOutlet::start().await;
    let reply = (0..300).fold(Reply::feed(xml()), |reply, n| reply.header(&format!("X-Hop-{n}"), "of a proxy"));
    outlet.set("/feed", reply);
    let answer = get(&outlet.url("/feed")).await;
    assert!(answer.result.is_ok(), "{answer:?}");
}
