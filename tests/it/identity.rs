//! A feed with random changes, and a model of what it really published, which says what must be stored: nothing lost, and nothing
//! duplicated that a reader could have recognised.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;
use warraq::dedup::{
    Arrival, Change, IdAllocator, KnownEntries, KnownEntry, KnownSighting, Listing, Window, decide, files,
};
use warraq::model::{EntryId, FeedId, OutletId, StoryId};
use warraq::{normalise, parse};

/// Random numbers without a crate, by splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }
}

/// How an outlet writes its feed: the properties that are the same for all of its entries.
#[expect(clippy::struct_excessive_bools, reason = "independent habits, drawn one by one")]
struct Habits {
    guid: Guid,
    constant_title: bool,
    constant_text: bool,
    constant_link: bool,
    dated: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Guid {
    Own,
    Link,
    Missing,
    OneForAll,
    Rotating,
}

impl Habits {
    /// Draws habits under which a reader can tell the entries apart and recognise them.
    fn any(dice: &mut Dice) -> Self {
        let guid = [Guid::Own, Guid::Link, Guid::Missing, Guid::OneForAll, Guid::Rotating]
            [usize::try_from(dice.roll(5)).unwrap()];
        let own = guid == Guid::Own;
        Self {
            guid,
            constant_title: own && dice.chance(30),
            constant_text: dice.chance(30),
            constant_link: own && dice.chance(30),
            dated: !matches!(guid, Guid::OneForAll | Guid::Rotating) && dice.chance(20),
        }
        .with_dates()
    }

    /// Turns the drawn value, which means "undated", into `dated`.
    fn with_dates(self) -> Self {
        Self { dated: !self.dated, ..self }
    }
}

/// An entry as its outlet means it.
#[derive(Clone)]
struct Truth {
    number: usize,
    edits: u32,
    title_edits: u32,
    at: Timestamp,
}

fn document(entries: &[Truth], habits: &Habits, host: &str, poll: usize) -> String {
    let mut out = String::from("<rss version=\"2.0\"><channel><title>F</title>");
    for Truth { number, edits, title_edits, at } in entries {
        let link =
            if habits.constant_link { format!("https://{host}/show") } else { format!("https://{host}/a/p{number}x") };
        let guid = match habits.guid {
            Guid::Own => Some(format!("own-{number}")),
            Guid::Link => Some(link.clone()),
            Guid::Missing => None,
            Guid::OneForAll => Some("the-feed".to_owned()),
            Guid::Rotating => Some(format!("r{poll}-{number}")),
        };
        let title =
            if habits.constant_title { "Evening news".to_owned() } else { format!("Report w{number}a v{title_edits}") };
        let words: String = (0..20)
            .map(|n| format!("w{}q{n} ", if habits.constant_text { 0 } else { *number }))
            .collect::<Vec<_>>()
            .concat();
        write!(out, "<item><title>{title}</title><link>{link}</link>").unwrap();
        if let Some(guid) = guid {
            write!(out, "<guid isPermaLink=\"false\">{guid}</guid>").unwrap();
        }
        write!(out, "<description>{words} edit{edits}</description>").unwrap();
        if habits.dated {
            write!(out, "<pubDate>{}</pubDate>", at.strftime("%a, %d %b %Y %H:%M:%S +0000")).unwrap();
        }
        out.push_str("</item>");
    }
    out + "</channel></rss>"
}

/// The store, as far as decisions need it.
struct Shelf {
    window: Window,
    ids: IdAllocator,
    known: KnownEntries,
    void: bool,
}

impl Shelf {
    fn new() -> Self {
        let mut window = Window::default();
        window.load(Timestamp::MIN, []);
        let ids = IdAllocator { next_entry: EntryId(1), next_story: StoryId(1) };
        Self { window, ids, known: KnownEntries::default(), void: false }
    }

    /// Polls a document. Returns the entry that each item became, in the order of the document.
    fn poll(&mut self, document: &str, now: Timestamp) -> Vec<Option<EntryId>> {
        let context = parse::ParseContext { guids_void: self.void, ..parse::ParseContext::default() };
        let feed = parse::read(document.as_bytes(), &context, &|_| false).unwrap();
        if feed.guids_void && !self.void {
            self.void = true;
            return self.poll(document, now);
        }
        let own = normalise::NormaliseContext { language: None, now, link_shared: feed.link_shared };
        let keys: Vec<i64> = feed.listed.iter().map(|l| l.key).collect();
        let mut links = HashSet::new();
        let mut entries = Vec::new();
        for listed in feed.listed {
            let entry = normalise::entry(*listed.entry.unwrap(), listed.raw, &own);
            links.extend(entry.link_key.filter(|_| listed.link_repeats));
            entries.push(entry);
        }
        let raws: Vec<_> = entries.iter().map(|e| e.raw).collect();
        let listing = Arc::new(Listing::of(keys, &entries, links, self.void, TimeZone::UTC));
        let arrivals = entries.into_iter().map(|entry| Arrival {
            poll: 0,
            feed: FeedId(1),
            feed_url: "https://x.example/f".into(),
            outlet: OutletId(1),
            seen_at: now,
            previous_success: Some(now),
            link_repeats: entry.link_key.is_some_and(|key| listing.link_repeats(key)),
            listing: Arc::clone(&listing),
            returns: false,
            entry: entry.into(),
            page: warraq::dedup::ArrivalPage::Unwanted,
        });
        let known = self.recall();
        let changes = decide(arrivals.collect(), known, &mut self.window, &mut self.ids);
        let mut became = HashMap::new();
        for decided in changes.into_decisions() {
            let id = match &decided.change {
                Change::New(new) => new.id,
                Change::Revised(revision) => revision.entry,
                Change::Refreshed { entry } | Change::Unchanged { entry } | Change::Duplicate { entry, .. } => *entry,
                Change::Pruned | Change::Dropped => continue,
            };
            became.insert(decided.arrival.entry.raw, id);
            self.keep(id, &decided.arrival, &decided.change);
        }
        raws.iter().map(|raw| became.get(raw).copied()).collect()
    }

    fn recall(&self) -> KnownEntries {
        let mut dated: HashMap<OutletId, BTreeSet<EntryId>> = HashMap::new();
        for entry in self.known.entries.values() {
            dated.entry(entry.outlet).or_default().insert(entry.id);
        }
        KnownEntries {
            by_key: self.known.by_key.clone(),
            by_link: self.known.by_link.clone(),
            entries: self.known.entries.clone(),
            dated,
            late: HashMap::new(),
            with_article: std::collections::BTreeSet::new(),
        }
    }

    fn keep(&mut self, id: EntryId, arrival: &Arrival, change: &Change) {
        let (feed, entry) = (arrival.feed, &arrival.entry);
        let sighted = self.known.by_key.entry(entry.key.hash()).or_default();
        if !sighted.iter().any(|s| s.feed == feed) {
            sighted.push(KnownSighting { feed, entry: Some(id) });
        }
        if !matches!(change, Change::New(_) | Change::Revised(_) | Change::Refreshed { .. }) {
            return;
        }
        let kept = KnownEntry {
            id,
            outlet: arrival.outlet,
            feed,
            feed_removed: false,
            source_id: self.known.entries.get(&id).map_or(entry.source_id.clone(), |e| e.source_id.clone()),
            link: entry.link.clone(),
            language: entry.language.clone(),
            believed: entry.believed,
            files: files(entry),
            story: StoryId(id.0),
            shown: entry.shown,
            title: entry.title.clone(),
            link_key: entry.link_key,
            folded_body: entry.folded.body.clone(),
            story_members: 1,
        };
        self.known.entries.insert(id, kept);
        self.known.by_link.values_mut().for_each(|ids| ids.retain(|i| *i != id));
        if let Some(link) = entry.link_key {
            self.known.by_link.entry(link).or_default().push(id);
        }
    }
}

/// Plays one sequence. Returns which entries were lost and which were duplicated.
fn play(seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut dice = Dice(seed);
    let habits = Habits::any(&mut dice);
    let mut now: Timestamp = "2026-11-02T09:31:07Z".parse().unwrap();
    let mut shelf = Shelf::new();
    let (mut listed, mut host, mut next): (Vec<Truth>, usize, usize) = (Vec::new(), 0, 1);
    let mut stored: BTreeMap<usize, HashSet<EntryId>> = BTreeMap::new();
    let mut holders: HashMap<EntryId, HashSet<usize>> = HashMap::new();
    let mut fresh = 2 + dice.roll(4);
    for poll in 0..8 {
        for _ in 0..fresh {
            let at = now - SignedDuration::from_secs(i64::try_from(60 + dice.roll(3000)).unwrap());
            // No two entries in the same second, and none at midnight: these no reader could tell apart.
            let at = at + SignedDuration::from_secs(i64::try_from(next).unwrap() * 7200);
            listed
                .insert(0, Truth { number: next, edits: 0, title_edits: 0, at: at - SignedDuration::from_hours(200) });
            next += 1;
        }
        listed.truncate(usize::try_from(3 + dice.roll(6)).unwrap());
        // The host changes only in polls without edits, because an undated entry is then recognised only by title and text.
        let moves = dice.chance(15) && (habits.dated || habits.guid == Guid::Own);
        host += usize::from(moves);
        if !moves {
            for entry in &mut listed {
                entry.edits += u32::from(dice.chance(15));
                let known_by_name = habits.guid != Guid::OneForAll && !habits.constant_title;
                entry.title_edits += u32::from(known_by_name && dice.chance(10));
            }
        }
        if dice.chance(20) {
            let n = usize::try_from(dice.roll(u64::try_from(listed.len()).unwrap())).unwrap();
            listed.rotate_left(n);
        }
        let text = document(&listed, &habits, &format!("h{host}.example"), poll);
        for (truth, became) in listed.iter().zip(shelf.poll(&text, now)) {
            let Some(id) = became else { continue };
            stored.entry(truth.number).or_default().insert(id);
            holders.entry(id).or_default().insert(truth.number);
        }
        fresh = dice.roll(3);
        now += SignedDuration::from_mins(47);
    }
    let lost = holders.values().filter(|h| h.len() > 1).flat_map(|h| h.iter().copied().skip(1)).collect();
    let doubled = stored.iter().filter(|(_, ids)| ids.len() > 1).map(|(number, _)| *number).collect();
    (lost, doubled)
}

#[test]
fn a_feed_that_plays_at_random_loses_and_doubles_nothing() {
    let sequences = std::env::var("IDENTITY_SEQUENCES").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let (mut lost, mut doubled) = (Vec::new(), Vec::new());
    for seed in 0..sequences {
        let (l, d) = play(seed);
        lost.extend(l.into_iter().map(|n| (seed, n)));
        doubled.extend(d.into_iter().map(|n| (seed, n)));
    }
    let habits = |seed| {
        let Habits { guid, constant_title, constant_text, constant_link, dated } = Habits::any(&mut Dice(seed));
        (guid as u8, constant_title, constant_text, constant_link, dated)
    };
    let show =
        |all: &[(u64, usize)]| all.iter().take(8).map(|(s, n)| format!("{s}/{n} {:?}", habits(*s))).collect::<Vec<_>>();
    assert!(
        lost.is_empty() && doubled.is_empty(),
        "lost {} {:?}, doubled {} {:?}",
        lost.len(),
        show(&lost),
        doubled.len(),
        show(&doubled)
    );
}
