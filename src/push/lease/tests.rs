use super::*;
use crate::model::push::PushAnswer;
use jiff::ToSpan as _;

const FEED: FeedId = FeedId(7);

fn noon() -> Timestamp {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

fn offer(hub: &str) -> HubOffer {
    HubOffer { hub: FeedUrl::parse(hub).unwrap(), topic: FeedUrl::parse("https://a.example/feed").unwrap() }
}

fn asking() -> (Leases, LeaseRequest) {
    let mut leases = Leases::default();
    let mut random = ["token", "secret"].iter();
    let changes =
        leases.offered(FEED, offer("https://h.example/"), noon(), || Ok::<_, ()>((*random.next().unwrap()).to_owned()));
    assert_eq!(changes.unwrap().len(), 1);
    let (mut requests, _) = leases.due(noon());
    (leases, requests.remove(0))
}

fn query(mode: &str, topic: &str, rest: &str) -> String {
    format!("hub.mode={mode}&hub.topic={topic}&hub.challenge=c1{rest}")
}

fn active(lease: &str) -> Leases {
    let (mut leases, request) = asking();
    leases.asked(&request, Ok(()), noon());
    let (answer, _) = leases.verify("token", &query("subscribe", "https://a.example/feed", lease), noon());
    assert_eq!(answer, PushAnswer::new(200, "c1"));
    leases
}

#[test]
fn only_what_was_asked_for_is_confirmed() {
    let (mut leases, request) = asking();
    assert_eq!((request.token.as_str(), request.secret.as_ref().unwrap().reveal()), ("token", "secret"));
    assert_eq!(leases.due(noon()).0, [], "it is under way");
    let good = query("subscribe", "https://a.example/feed", "");
    for (token, query, status) in [
        ("other", good.as_str(), 410),
        ("token", &query("subscribe", "https://a.example/other", ""), 404),
        ("token", &query("unsubscribe", "https://a.example/feed", ""), 404),
        ("token", "hub.mode=subscribe&hub.topic=https://a.example/feed", 404),
        ("token", "", 404),
        ("token", &good, 200),
        ("token", &good, 404),
    ] {
        assert_eq!(leases.verify(token, query, noon()).0.status, status, "{token} {query}");
    }
    assert!(leases.valid_until(FEED).is_some());
}

#[test]
fn leases_are_renewed_before_they_end() {
    for (lease, renewed, ended) in [
        ("", 9 * 24 * 60, 10 * 24 * 60),
        ("&hub.lease_seconds=36000", 540, 600),
        ("&hub.lease_seconds=1", 0, 1),
        ("&hub.lease_seconds=99999999999", 29 * 24 * 60, 30 * 24 * 60),
        ("&hub.lease_seconds=x", 9 * 24 * 60, 10 * 24 * 60),
    ] {
        let mut leases = active(lease);
        assert_eq!(leases.valid_until(FEED), Some(noon() + SignedDuration::from_mins(ended)), "{lease}");
        assert_eq!(leases.due(noon() + SignedDuration::from_mins(renewed) - 1.second()).0, []);
        let (requests, _) = leases.due(noon() + SignedDuration::from_mins(renewed) + 54.seconds());
        assert_eq!((requests.len(), &*requests[0].token), (1, "token"), "{lease}");
        assert!(leases.valid_until(FEED).is_some(), "the old lease still counts");
    }
}

#[test]
fn a_hub_that_fails_refuses_or_forgets_is_asked_again_later() {
    let (mut leases, request) = asking();
    leases.asked(&request, Err(FailedRequest::new("500")), noon());
    assert_eq!(leases.due(noon() + 59.seconds()).0, []);
    let again = leases.due(noon() + 76.seconds()).0;
    assert_eq!(again, std::slice::from_ref(&request));
    leases.asked(&request, Ok(()), noon());
    assert_eq!(leases.due(noon() + 15.minutes()).0, []);
    assert_eq!(leases.due(noon() + 17.minutes()).0.len(), 1, "it never verified");
    let denied = query("denied", "https://a.example/feed", "&hub.reason=no");
    assert_eq!(leases.verify("token", &denied, noon()).0.status, 200);
    leases.asked(&request, Ok(()), noon());
    assert_eq!((leases.valid_until(FEED), leases.due(noon() + 23.hours()).0.len()), (None, 0));
    assert_eq!(leases.due(noon() + 31.hours()).0.len(), 1);
}

#[test]
fn only_signed_deliveries_of_a_lease_are_read() {
    let (mut leases, _) = asking();
    assert_eq!(leases.delivered("token", |_| true, noon()).0.status, 404, "not verified yet");
    let mut leases = active("&hub.lease_seconds=3600");
    let read = |leases: &mut Leases, token: &str, good, at| {
        let (answer, feed, _) = leases.delivered(token, |secret| good && secret == "secret", at);
        (answer.status, feed)
    };
    assert_eq!(read(&mut leases, "token", true, noon()), (202, Some(FEED)));
    assert_eq!(read(&mut leases, "token", false, noon()), (202, None));
    assert_eq!(read(&mut leases, "other", true, noon()), (410, None));
    for _ in 2..PUSHES {
        assert_eq!(read(&mut leases, "token", true, noon()).0, 202);
    }
    assert_eq!(read(&mut leases, "token", true, noon()), (429, None));
    assert_eq!(read(&mut leases, "token", true, noon() + 61.seconds()), (202, Some(FEED)));
    assert_eq!(read(&mut leases, "token", true, noon() + 1.hour()), (404, None), "the lease has ended");
}

#[test]
fn a_feed_that_names_no_hub_any_more_is_given_up() {
    let mut leases = active("");
    assert!(leases.keep_only(&HashSet::from([FEED]), noon()).is_empty());
    assert_eq!(leases.keep_only(&HashSet::new(), noon()).len(), 1);
    assert_eq!(leases.give_up(FEED, noon()), None, "it is leaving already");
    assert_eq!(leases.delivered("token", |_| true, noon()).0.status, 410);
    let (requests, _) = leases.due(noon());
    assert_eq!((requests.len(), &requests[0].secret), (1, &None));
    leases.asked(&requests[0], Ok(()), noon());
    let leaving = query("unsubscribe", "https://a.example/feed", "");
    assert_eq!(
        leases.verify("token", &leaving, noon()),
        (PushAnswer::new(200, "c1"), Some(PushChange::LeaseEnded(FEED)))
    );
    assert!(!leases.has("token"));
    // The hub does not verify the end of the subscription: it is not asked a second time.
    let mut leases = active("");
    leases.give_up(FEED, noon());
    let (requests, _) = leases.due(noon());
    leases.asked(&requests[0], Err(FailedRequest::new("500")), noon());
    assert_eq!(leases.due(noon() + 16.minutes()), (vec![], vec![PushChange::LeaseEnded(FEED)]));
}

#[test]
fn another_hub_replaces_the_first() {
    let mut leases = active("");
    let mut random = ["t2", "s2"].iter();
    let mut next = || Ok::<_, ()>((*random.next().unwrap()).to_owned());
    assert!(leases.offered(FEED, offer("https://h.example/"), noon(), &mut next).unwrap().is_empty());
    let changes = leases.offered(FEED, offer("https://i.example/"), noon(), &mut next).unwrap();
    assert!(matches!(&changes[..], [PushChange::LeaseEnded(FEED), PushChange::Lease(_)]));
    assert!(leases.has("t2") && !leases.has("token"));
}
