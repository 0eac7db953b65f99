//! A restart, or loading the window again, changes no decision; nor does the order in which polls end.

use super::super::testing::*;
use super::super::*;
use crate::model::{EntryId, RawHash};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A store in memory: what a restart would find.
#[derive(Default)]
struct Kept {
    entries: BTreeMap<EntryId, StoredEntry>,
    known: Vec<(EntryId, Arrival)>,
}

impl Kept {
    fn recall(&self) -> KnownEntries {
        let mut known = KnownEntries::default();
        for (id, a) in &self.known {
            let sighted = KnownSighting { feed: a.feed, entry: Some(*id) };
            known.by_key.entry(a.entry.key.hash()).or_default().push(sighted);
            let kept = &self.entries[id];
            known.entries.entry(*id).or_insert_with(|| KnownEntry {
                link_key: None,
                folded_body: kept.body.clone(),
                ..KnownEntry::of(a, *id, kept.story, kept.story_members)
            });
        }
        for entry in known.entries.values_mut() {
            let latest = self.known.iter().rev().find(|(id, _)| *id == entry.id).map(|(_, a)| a);
            entry.shown = latest.map_or(0, |a| a.entry.shown);
            entry.title = latest.and_then(|a| a.entry.title.clone());
        }
        known
    }

    fn apply(&mut self, changes: Changes) -> Vec<String> {
        let decided = changes.into_decisions();
        let told = decided.iter().map(|d| in_short(&d.change)).collect();
        for Decision { arrival, change } in decided {
            match change {
                Change::New(new) => {
                    for other in self.entries.values_mut().filter(|e| e.story == new.story) {
                        other.story_members += 1;
                    }
                    let members = 1 + self.entries.values().filter(|e| e.story == new.story).count();
                    let remembered = StoredEntry {
                        language: arrival.entry.language.clone(),
                        source_id: arrival.entry.source_id.clone(),
                        files: crate::dedup::files(&arrival.entry),
                        id: new.id,
                        outlet: arrival.outlet,
                        feed: arrival.feed,
                        story: new.story,
                        story_members: u32::try_from(members).unwrap(),
                        believed: arrival.entry.believed,
                        first_seen_at: arrival.seen_at,
                        link: arrival.entry.link.clone(),
                        title: arrival.entry.folded.title.clone(),
                        body: arrival.entry.folded.body.clone(),
                        former_titles: Vec::new(),
                    };
                    self.entries.insert(new.id, remembered);
                    self.known.push((new.id, arrival));
                }
                Change::Revised(revision) => {
                    let kept = self.entries.get_mut(&revision.entry).unwrap();
                    kept.former_titles.extend(revision.old_title.map(crate::model::PlainText::into_string));
                    kept.title.clone_from(&arrival.entry.folded.title);
                    kept.body.clone_from(&arrival.entry.folded.body);
                    kept.believed = arrival.entry.believed;
                    kept.link.clone_from(&arrival.entry.link);
                    self.known.push((revision.entry, arrival));
                }
                Change::Unchanged { .. }
                | Change::Refreshed { .. }
                | Change::Duplicate { .. }
                | Change::Pruned
                | Change::Dropped => {}
            }
        }
        told
    }
}

fn run(batches: &[Vec<Arrival>], restarts: bool) -> Vec<String> {
    run_with(batches, restarts, usize::MAX)
}

/// Runs the batches with a window that holds this many texts.
fn run_with(batches: &[Vec<Arrival>], restarts: bool, texts: usize) -> Vec<String> {
    let empty = || Window::default().holding_texts(texts);
    let (mut kept, mut window, mut ids) = (Kept::default(), empty(), ids());
    let mut told = Vec::new();
    for batch in batches {
        let now = batch.iter().map(|a| a.seen_at).max().unwrap_or(Timestamp::UNIX_EPOCH);
        if restarts {
            window = empty();
            kept.entries.values().for_each(|entry| window.remember(now, &signature(entry)));
            window.loaded();
        }
        let mut deciding =
            Deciding::new(batch.clone(), kept.recall(), (&mut window, super::super::latest(batch)), &mut ids);
        loop {
            let wanted = deciding.advance().to_vec();
            if wanted.is_empty() {
                break;
            }
            deciding.supply(wanted.iter().filter_map(|id| kept.entries.get(id).cloned()));
        }
        let changes = deciding.finish();
        told.extend(kept.apply(changes));
    }
    told
}

fn signature(entry: &StoredEntry) -> StoredSignature<'_> {
    StoredSignature {
        id: entry.id,
        outlet: entry.outlet,
        feed: entry.feed,
        story: entry.story,
        story_members: entry.story_members,
        believed: entry.believed,
        first_seen_at: entry.first_seen_at,
        link: entry.link.as_deref(),
        title: &entry.title,
        body: &entry.body,
        former_titles: &entry.former_titles,
    }
}

fn text(words: &[&str], from: usize) -> String {
    (0..36).map(|n| words[(from + n * (1 + from % 3)) % words.len()]).collect::<Vec<_>>().join(" ")
}

const WORDS: &str = "port harbour crane strike union dockers wages council minister vote night train valley flood bridge school \
    teachers exam results north wind storm barley harvest price market cooperative saffron tonnes export river dam gate";

prop_compose! {
    fn any_report()(key in 0..9_u8, feed in prop_oneof![Just(1_i64), Just(2), Just(11), Just(21), Just(31)], from in 0..4_usize,
                    title in 0..4_usize, cut in prop_oneof![Just(0_usize), Just(30), Just(400)]) -> Arrival {
        let words: Vec<&str> = WORDS.split_whitespace().collect();
        let body: String = text(&words, from).chars().skip(cut).collect();
        let heading = words[title * 5..title * 5 + 6].join(" ");
        let mut a = arrival(&key.to_string(), &heading, &body).of_feed(feed);
        a.entry_mut().raw = RawHash::of(format!("{key} {heading} {body}").as_bytes());
        a
    }
}

/// Generates up to ten batches of a few entries each, four hours apart.
fn any_batches() -> impl Strategy<Value = Vec<Vec<Arrival>>> {
    let batch = proptest::collection::vec(any_report(), 0..5);
    proptest::collection::vec(batch, 1..10).prop_map(|batches| {
        let timed = |(n, batch): (i64, Vec<Arrival>)| {
            let place = |mut a: Arrival| {
                a.seen_at = at(1000 + n * 4);
                // An entry always has the same date, or never has one.
                let fixed = a.entry.key.hash().rem_euclid(36);
                a.entry_mut().believed = (fixed % 3 > 0).then(|| at(1000 + fixed));
                a
            };
            batch.into_iter().map(place).collect()
        };
        (0..).zip(batches).map(timed).collect()
    })
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn a_restart_before_every_batch_changes_nothing(batches in any_batches()) {
        prop_assert_eq!(run(&batches, false), run(&batches, true));
    }

    #[test]
    fn texts_that_are_read_again_change_nothing(batches in any_batches(), texts in 0..3_usize) {
        let all = run(&batches, false);
        prop_assert_eq!(&all, &run_with(&batches, false, texts));
        prop_assert_eq!(&all, &run_with(&batches, true, texts));
    }

    #[test]
    fn the_order_within_a_batch_changes_nothing(batches in any_batches()) {
        let reversed: Vec<Vec<Arrival>> = batches.iter().map(|b| b.iter().rev().cloned().collect()).collect();
        prop_assert_eq!(run(&batches, false), run(&reversed, false));
    }
}

#[test]
fn the_window_keeps_the_newest_entries_of_each_feed_only_before_and_after_a_restart() {
    let text = |n: usize| (0..20).map(|word| format!("word{word}of{n} ")).collect::<Vec<_>>().concat();
    let most = rules::OF_FEED;
    let arrivals = (0..most + 500).map(|n| arrival(&format!("k{n}"), &format!("title {n}"), &text(n)));
    let others = (0..10).map(|n| arrival(&format!("o{n}"), &format!("other {n}"), &text(100_000 + n)).of_feed(10));
    let (mut window, mut ids) = (Window::default(), ids());
    let mut kept = Kept::default();
    kept.apply(decide(arrivals.chain(others).collect(), KnownEntries::default(), &mut window, &mut ids));
    assert_eq!(kept.entries.len(), most + 510, "every entry is new");
    assert_eq!(window.len(), most + 10);
    let mut loaded = Window::default();
    loaded.load(at(1000), kept.entries.into_values());
    assert_eq!(loaded.len(), most + 10);
    let texts = |window: &Window| {
        let mut ids: Vec<EntryId> = (0..20_000).map(EntryId).filter(|id| window.text(*id).is_some()).collect();
        ids.sort();
        ids
    };
    assert_eq!(texts(&window), texts(&loaded), "the same entries");
}
