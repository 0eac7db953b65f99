//! Tests of [`decide`]: every kind of change, and every case in which names mislead.

mod reports;
mod restart;

use super::testing::*;
use super::*;
use crate::model::RawHash;
use proptest::prelude::*;

const PAGE: &str = "https://outlet1.example/a/1";

#[test]
fn a_known_key_is_the_same_entry_whatever_else_changed() {
    let old = arrival("k", "A title", "some text").link(PAGE);
    let edited = arrival("k", "Another", "all new words").link("https://outlet1.example/new-slug").dated(998);
    assert_eq!(decided(recalled([old.clone()]), vec![old.clone()]), ["unchanged 1"]);
    assert_eq!(decided(recalled([old]), vec![edited.clone(), edited]), ["revised 1 materially", "unchanged 1"]);
}

#[test]
fn a_key_belongs_to_its_feed() {
    let old = arrival("7", "A title", "");
    let other = arrival("7", "Another report", "").of_feed(11);
    assert_eq!(decided(recalled([old.clone()]), vec![other]), ["new 100 in 100 by first"]);
    let same_number = arrival("7", "Another report", "").of_feed(2);
    assert_eq!(decided(recalled([old.clone()]), vec![same_number]), ["new 100 in 100 by first"]);
    let same_title = arrival("7", "A title", "").of_feed(2);
    assert_eq!(decided(recalled([old]), vec![same_title]), ["duplicate of 1 by key"]);
}

#[test]
fn a_link_finds_an_entry_whose_id_changed() {
    let old = arrival("http://outlet1.example/a/1", "A title", "text").link("http://outlet1.example/a/1");
    let moved = arrival("https://outlet1.example/a/1", "A title", "text").link(PAGE);
    assert_eq!(decided(recalled([old.clone()]), vec![moved.clone(), moved]), ["duplicate of 1 by link", "unchanged 1"]);
    let edited = arrival("new", "Corrected", "text").link(PAGE);
    assert_eq!(decided(recalled([old]), vec![edited]), ["revised 1 materially"]);
}

#[test]
fn a_link_that_is_shared_is_no_identity() {
    let pair = [arrival("1", "One", "").link(PAGE), arrival("2", "Two", "").link(PAGE)];
    let twice = pair.clone().map(|mut a| {
        a.link_repeats = true;
        a
    });
    assert_eq!(
        decided(KnownEntries::default(), twice.to_vec()),
        ["new 100 in 100 by first", "new 101 in 101 by first"]
    );
    let third = arrival("3", "Three", "").link(PAGE);
    assert_eq!(decided(recalled(pair.clone()), vec![third.clone().of_feed(2)]), ["new 100 in 100 by first"]);
    assert_eq!(decided(recalled(pair.clone()), vec![third.of_feed(11)]), ["new 100 in 100 by first"]);
    let home = |key, title| arrival(key, title, "").link("https://www.outlet1.example/");
    assert_eq!(decided(recalled([home("1", "One")]), vec![home("2", "Two")]), ["new 100 in 100 by first"]);
}

#[test]
fn another_feed_of_the_outlet_adds_a_sighting_and_rewrites_nothing() {
    let full = arrival("1", "A title", "the whole long text").link(PAGE);
    let short = arrival("x1", "A title", "the").link(PAGE).of_feed(2);
    assert_eq!(decided(recalled([full.clone()]), vec![short.clone()]), ["duplicate of 1 by link"]);
    assert_eq!(decided(recalled([full]), vec![short.clone(), short]), ["duplicate of 1 by link", "unchanged 1"]);
}

#[test]
fn another_outlet_at_the_same_link_joins_the_story() {
    let first = arrival("1", "A title", "").link(PAGE);
    let planet = arrival("p1", "A title", "").link(PAGE).of_feed(11);
    assert_eq!(decided(recalled([first.clone()]), vec![planet.clone()]), ["new 100 in 1 by link"]);
    assert_eq!(
        decided(KnownEntries::default(), vec![planet.clone().dated(990), first, planet.of_feed(21).dated(995)]),
        ["new 100 in 100 by first", "new 101 in 100 by link", "new 102 in 100 by link"]
    );
}

#[test]
fn a_story_takes_64_members_and_no_more() {
    let arrivals = (0..70).map(|n| arrival("k", "t", "").link(PAGE).of_feed(n * 10 + 1)).collect();
    let decided = decided(KnownEntries::default(), arrivals);
    let in_story = |story: &str| decided.iter().filter(|d| d.contains(&format!("in {story} by"))).count();
    assert_eq!((in_story("100"), in_story("101")), (64, 6), "the others are together in another story");
}

#[test]
fn a_report_whose_story_has_no_room_says_so() {
    let arrivals = (0..65).map(|n| arrival("k", "t", "").link(PAGE).of_feed(n * 10 + 1)).collect();
    let changes = decide(arrivals, KnownEntries::default(), &mut Window::default(), &mut ids());
    let last = changes.into_decisions().pop().unwrap();
    let Change::New(new) = last.change else { panic!("{:?}", last.change) };
    assert_eq!(new.evidence.words, "first report: the story of the matching entry 100 has all 64 entries it may have");
}

#[test]
fn a_story_that_looks_like_a_template_is_named_once() {
    let arrivals = (0..20).map(|n| arrival("k", "t", "").link(PAGE).of_feed(n * 10 + 1)).collect();
    let changes = decide(arrivals, KnownEntries::default(), &mut Window::default(), &mut ids());
    assert_eq!(changes.crowded(), [StoryId(100)]);
}

#[test]
fn what_was_pruned_never_returns() {
    let mut known = recalled([]);
    let a = arrival("k", "t", "").link(PAGE);
    known.by_key.insert(a.entry.key.hash(), vec![KnownSighting { feed: a.feed, entry: None }]);
    assert_eq!(decided(known, vec![a]), ["pruned"]);
}

#[test]
fn an_own_id_is_published_by_its_first_holder_alone() {
    let a = arrival("https://outlet1.example/?p=1", "One", "");
    let b = a.clone().of_feed(11).dated(1000);
    let changes = decide(vec![b, a], KnownEntries::default(), &mut Window::default(), &mut ids());
    let iris: Vec<_> = changes
        .into_decisions()
        .into_iter()
        .filter_map(|d| match d.change {
            Change::New(new) => Some((d.arrival.feed.0, new.iri)),
            _ => None,
        })
        .collect();
    assert_eq!(iris[0], (1, "https://outlet1.example/?p=1".to_owned()));
    assert!(iris[1].0 == 11 && iris[1].1.starts_with("urn:uuid:"));
}

prop_compose! {
    /// Uses few names, so that arrivals collide.
    fn any_arrival()(key in 0..5_u8, feed in prop_oneof![Just(1_i64), Just(2), Just(11), Just(21)], link in 0..4_u8,
                     title in 0..3_u8, hour in 996..1000_i64, dated in any::<bool>(), seen in 1000..1003_i64) -> Arrival {
        let mut a = arrival(&key.to_string(), &format!("title {title}"), "").of_feed(feed).dated(hour);
        if link > 0 { a = a.link(&format!("https://page.example/{link}")); }
        if !dated { a.entry_mut().believed = None; }
        a.seen_at = at(seen);
        a.entry_mut().raw = RawHash::of(format!("{key} {link} {title} {hour} {dated}").as_bytes());
        a
    }
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn the_order_in_which_polls_end_changes_nothing(
        (before, batch, shuffled) in (proptest::collection::vec(any_arrival(), 0..6), proptest::collection::vec(any_arrival(), 0..12))
            .prop_flat_map(|(k, b)| (Just(k), Just(b.clone()), Just(b).prop_shuffle()))
    ) {
        prop_assert_eq!(decided(recalled(before.clone()), batch), decided(recalled(before.clone()), shuffled));
    }

    #[test]
    fn a_second_poll_brings_nothing_new(batch in proptest::collection::vec(any_arrival(), 0..12)) {
        let twice = batch.iter().cloned().chain(batch.iter().cloned().map(|mut a| {
            a.entry_mut().believed = None;
            a.seen_at = at(2000);
            a
        }));
        let changes = decide(twice.collect(), KnownEntries::default(), &mut Window::default(), &mut ids());
        for d in changes.into_decisions().iter().filter(|d| d.arrival.seen_at == at(2000)) {
            let earlier = |a: &Arrival| a.feed == d.arrival.feed && a.entry.key == d.arrival.entry.key && a.entry.believed.is_some();
            prop_assert!(!batch.iter().any(earlier) || !matches!(d.change, Change::New(_)), "{d:?}");
        }
    }
}
