use super::*;
use jiff::ToSpan as _;

fn noon() -> Timestamp {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

fn request(mode: &str, callback: &str, rest: &str) -> SubscriptionRequest {
    let form = format!("hub.mode={mode}&hub.topic=https://a.example/feed.atom&hub.callback={callback}{rest}");
    SubscriptionRequest::parse(form.as_bytes()).unwrap()
}

fn path() -> String {
    "/feed.atom".to_owned()
}

fn tags(tag: &str) -> HashMap<String, String> {
    HashMap::from([("/feed.atom".to_owned(), tag.to_owned())])
}

/// Requests a subscription and confirms it.
fn join(hub: &mut HubState, callback: &str, more: &str, now: Timestamp) -> HubSubscription {
    let verification = hub.request(request("subscribe", callback, more), Some(path()), now).unwrap();
    match hub.verified(verification, Some("1".to_owned()), now) {
        Some(PushChange::Subscriber(row)) => row,
        other => panic!("{other:?}"),
    }
}

#[test]
fn leases_have_bounds_and_end() {
    let mut hub = HubState::default();
    for (more, seconds) in [
        ("", 864_000),
        ("&hub.lease_seconds=1", 300),
        ("&hub.lease_seconds=3600", 3_600),
        ("&hub.lease_seconds=99999999999", 1_296_000),
    ] {
        let row = join(&mut hub, "https://b.example/c", more, noon());
        assert_eq!(row.expires_at.duration_since(noon()).as_secs(), seconds, "{more}");
    }
    assert_eq!(hub.len(), 1, "the same pair is renewed");
    assert_eq!(hub.expire(noon() + 1_295_999.seconds()), []);
    assert_eq!(hub.expire(noon() + 1_296_000.seconds()).len(), 1);
    assert!(hub.is_empty());
}

#[test]
fn only_changes_are_delivered_and_failures_are_tried_again_later() {
    let mut hub = HubState::default();
    join(&mut hub, "https://b.example/c", "&hub.secret=s", noon());
    assert_eq!(hub.due(&tags("1"), noon()), [], "the edition of the subscription is known");
    let due = hub.due(&tags("2"), noon());
    assert_eq!((due.len(), due[0].secret.as_ref().unwrap().reveal()), (1, "s"));
    assert_eq!(hub.due(&tags("2"), noon()), [], "it is under way");
    hub.delivered(&due[0], Err(FailedRequest::new("500")), false, noon());
    assert_eq!((hub.failing(), hub.due(&tags("2"), noon() + 9.seconds())), (1, vec![]));
    let again = hub.due(&tags("3"), noon() + 13.seconds());
    assert_eq!(again, due);
    let written = hub.delivered(&again[0], Ok("3".to_owned()), false, noon() + 13.seconds());
    assert!(matches!(written, Some(PushChange::Subscriber(HubSubscription { failures: 0, .. }))));
    assert_eq!(hub.due(&tags("3"), noon() + 1.hour()), []);
    let last = hub.due(&tags("4"), noon() + 1.hour());
    assert!(matches!(
        hub.delivered(&last[0], Err(FailedRequest::new("410")), true, noon()),
        Some(PushChange::SubscriberLeft(..))
    ));
    assert!(hub.is_empty());
}

#[test]
fn one_host_takes_neither_all_places_nor_all_deliveries() {
    let mut hub = HubState::default();
    for n in 0..PER_HOST {
        let now = noon() + jiff::SignedDuration::from_mins(i64::try_from(n).unwrap());
        join(&mut hub, &format!("https://b.example:{}/c", 1_000 + n), "", now);
    }
    let later = noon() + 1.hour() * 5;
    let more = hub.request(request("subscribe", "https://b.example/more", ""), Some(path()), later);
    assert_eq!(more.unwrap_err(), HubRefusal::HostFull);
    join(&mut hub, "https://c.example/c", "", later);
    let due = hub.due(&tags("2"), later);
    let hosts: Vec<_> = due.iter().map(|delivery| delivery.callback.host()).collect();
    assert_eq!(hosts, ["b.example", "b.example", "c.example"]);
}

#[test]
fn requests_are_counted_by_host_and_in_all() {
    let mut hub = HubState::default();
    let mut ask =
        |host: &str, now| hub.request(request("subscribe", &format!("https://{host}/"), ""), Some(path()), now);
    for _ in 0..ASKED_PER_HOST {
        ask("b.example", noon()).unwrap();
    }
    assert_eq!(ask("b.example", noon() + 59.seconds()), Err(HubRefusal::TooMany));
    ask("b.example", noon() + 61.seconds()).unwrap();
    let taken = (0..ASKED).filter(|n| ask(&format!("c{n}.example"), noon() + 62.seconds()).is_ok()).count();
    assert_eq!(taken, ASKED - 1);
}

#[test]
fn what_is_not_a_topic_or_not_subscribed_is_refused() {
    let mut hub = HubState::default();
    let asked = hub.request(request("subscribe", "https://b.example/", ""), None, noon());
    assert_eq!((asked.clone().unwrap_err(), asked.unwrap_err().status()), (HubRefusal::UnknownTopic, 404));
    let asked = hub.request(request("unsubscribe", "https://b.example/", ""), Some(path()), noon());
    assert_eq!(asked.unwrap_err(), HubRefusal::NotSubscribed);
    join(&mut hub, "https://b.example/", "", noon());
    let leaving = hub.request(request("unsubscribe", "https://b.example/", ""), Some(path()), noon()).unwrap();
    assert!(matches!(hub.verified(leaving, None, noon()), Some(PushChange::SubscriberLeft(..))));
}

#[test]
fn subscribers_get_their_turns_although_the_first_ones_always_have_something_new() {
    let mut hub = HubState::default();
    for host in 0..30 {
        join(&mut hub, &format!("https://h{host}.example/c"), "", noon());
    }
    let mut served = std::collections::HashSet::new();
    for edition in 2..6 {
        let tags = tags(&edition.to_string());
        for delivery in hub.due(&tags, noon()) {
            served.insert(delivery.callback.clone());
            hub.delivered(&delivery, Ok(edition.to_string()), false, noon());
        }
    }
    assert_eq!(served.len(), 30, "four times eight");
}

#[test]
fn subscribers_at_one_host_get_their_turns_although_another_host_is_served_after_them() {
    let mut hub = HubState::default();
    for callback in ["https://a.example/1", "https://a.example/2", "https://a.example/3", "https://b.example/1"] {
        join(&mut hub, callback, "", noon());
    }
    let mut served = std::collections::HashSet::new();
    for edition in 2..4 {
        for delivery in hub.due(&tags(&edition.to_string()), noon()) {
            served.insert(delivery.callback.clone());
            hub.delivered(&delivery, Ok(edition.to_string()), false, noon());
        }
    }
    assert_eq!(served.len(), 4, "{served:?}");
}
