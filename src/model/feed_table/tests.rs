use super::*;

fn feed(id: i64, outlet: &str, outcome: Option<&str>) -> FeedSummary {
    FeedSummary {
        id,
        outlet: outlet.to_owned(),
        host: format!("{outlet}.example"),
        state: FeedState::Active,
        last_outcome: outcome.map(str::to_owned),
        last_poll: Timestamp::from_second(1_000 - id).ok(),
        failures: 0,
        next_poll: Timestamp::from_second(2_000 + id).unwrap(),
        gaps: 0,
        host_hold: None,
        entries: u32::try_from(id).unwrap(),
    }
}

#[test]
fn each_selection_has_its_feeds() {
    let now = Timestamp::from_second(1_500).unwrap();
    let mut feeds = vec![
        feed(1, "a", Some("fresh")),
        feed(2, "b", Some("not_modified")),
        feed(3, "b", None),
        feed(4, "c", Some("failed")),
        feed(5, "d", Some("gone")),
        feed(6, "e", Some("failed")),
        feed(7, "f", Some("moved")),
    ];
    feeds[1].host_hold = Timestamp::from_second(1_600).ok();
    feeds[3].next_poll = Timestamp::from_second(1_500 - OVERDUE_AFTER).unwrap();
    (feeds[4].state, feeds[4].next_poll) = (FeedState::Gone, Timestamp::UNIX_EPOCH);
    feeds[5].next_poll = Timestamp::UNIX_EPOCH;
    feeds[6].gaps = 2;
    let disabled = HashSet::from(["e".to_owned()]);
    let overview = FeedOverview::new(&feeds, &disabled, now);
    let ids = |word: &str| -> Vec<i64> {
        let selection = FeedsShown::parse(word).unwrap();
        overview.select(selection, FeedOrder::Outlet).iter().map(|feed| feed.id).collect()
    };
    for (word, expected) in [
        ("all", &[1, 2, 3, 4, 5, 6, 7][..]),
        ("failing", &[4, 5]),
        ("overdue", &[4]),
        ("held", &[2, 3]),
        ("gone", &[5]),
        ("new", &[3]),
        ("fresh", &[1, 7]),
        ("unchanged", &[2]),
        ("gaps", &[7]),
        ("disabled", &[6]),
    ] {
        assert_eq!(ids(word), expected, "{word}");
        assert_eq!(overview.counts()[word], expected.len(), "{word}");
    }
    let until = Timestamp::from_second(1_600).unwrap();
    assert_eq!(overview.held_hosts(), [PausedHost { host: "b.example".to_owned(), until, feeds: 2 }]);
    let later = Timestamp::from_second(1_600).unwrap();
    assert!(FeedOverview::new(&feeds, &disabled, later).held_hosts().is_empty(), "the pause is over");
}

#[test]
fn the_table_is_ordered_as_asked() {
    let mut feeds: Vec<FeedSummary> = (1..=3).map(|id| feed(id, "a", Some("fresh"))).collect();
    feeds[1].failures = 9;
    feeds[2].last_poll = None;
    let disabled = HashSet::new();
    let overview = FeedOverview::new(&feeds, &disabled, Timestamp::UNIX_EPOCH);
    for (word, expected) in [
        ("outlet", [1, 2, 3]),
        ("last", [1, 2, 3]),
        ("next", [1, 2, 3]),
        ("failures", [2, 1, 3]),
        ("entries", [3, 2, 1]),
    ] {
        let order = FeedOrder::parse(word).unwrap();
        let ids: Vec<i64> = overview.select(FeedsShown::All, order).iter().map(|feed| feed.id).collect();
        assert_eq!(ids, expected, "{word}");
    }
    assert_eq!((FeedOrder::parse("colour"), FeedsShown::parse("Failing")), (None, None));
}
