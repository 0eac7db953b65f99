//! Measures how long reports wait for their poll: Warraq's scheduler against others with equal numbers of polls.
//!
//! A simulation over the pure scheduler, deterministic and without network: `cargo bench --bench freshness`. Feeds publish by
//! inhomogeneous Poisson processes with day and week profiles, or in batches. Warraq learns these through
//! [`warraq::schedule::next`] as the daemon does; the intervals of the others are scaled by one common factor, so that they make
//! as many polls in total. `benches/README.md` contains the table and its interpretation.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "a simulation in hours and counts that are all small"
)]

use jiff::{Timestamp, tz::TimeZone};
use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};
use warraq::{
    model::{FeedId, FeedRecord, FeedState, FeedUrl, Freshness, Hints, Outcome, OutletId, Slug, Tally, Validators},
    schedule::{self, Bounds, Fleet, PolledFeed, Schedule},
};

const DAY: f64 = 24.0;
/// Hours published before the first poll, so that the first windows are full.
const BEFORE: f64 = 28.0 * DAY;
/// Hours of polling that are not measured, in which Warraq learns.
const WARM: f64 = 28.0 * DAY;
/// Number of hours that are measured.
const MEASURED: f64 = 28.0 * DAY;
/// Number of older pages that are read into a gap (`poll::backfill`), each as long as the window.
const PAGES: usize = 5;
/// 2026-10-05, a Monday, 00:00 UTC: hour 0 of the simulation.
const EPOCH: i64 = 1_791_158_400;

/// Bounds that every schedule here respects or could respect; they are miniflux's own.
const COMMON: Bounds =
    Bounds { budget: 48.0, min_interval: Duration::from_mins(5), max_interval: Duration::from_hours(24) };

fn main() {
    let mixed = mixed();
    equal_polls("mixed, defaults", &mixed, &Bounds::default());
    equal_polls("mixed, half the budget, 5 min to 24 h", &mixed, &Bounds { budget: 24.0, ..COMMON });
    let real = real();
    if !real.is_empty() {
        equal_polls("rates and hours of recorded feeds, 5 min to 24 h", &real, &COMMON);
    }
    as_shipped(&mixed);
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, seeded, the same on every machine.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }

    /// Draws from a log-uniform distribution, because rates differ by factors.
    fn scale(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }
}

/// The true behaviour of a feed.
struct Feed {
    /// Entries per hour, for each quarter of an hour of the UTC week.
    rates: Vec<f64>,
    /// Times of publication, in hours, ascending.
    published: Vec<f64>,
    /// Number of entries that its document lists.
    window: usize,
    zone: TimeZone,
}

/// Number of quarters of an hour in a week.
const WEEK: usize = 672;

impl Feed {
    fn rate(&self, hour: f64) -> f64 {
        self.rates[((hour + BEFORE) * 4.0) as usize % WEEK]
    }

    /// Creates independent entries, `daily` a day on average, with a rate of this `shape` over the local hour and weekday.
    fn steady(rng: &mut Rng, daily: f64, window: usize, offset_h: i32, shape: impl Fn(f64, usize) -> f64) -> Self {
        let local = |q: usize| (q + WEEK).wrapping_add_signed(4 * offset_h as isize) % WEEK;
        let mut rates: Vec<f64> = (0..WEEK).map(|q| shape((local(q) % 96) as f64 / 4.0, local(q) / 96)).collect();
        let mean = rates.iter().sum::<f64>() / WEEK as f64;
        for rate in &mut rates {
            *rate *= daily / DAY / mean;
        }
        let most = rates.iter().fold(0.0, |a: f64, b| a.max(*b));
        let mut feed = Self { rates, published: Vec::new(), window, zone: zone(offset_h) };
        let mut hour = -BEFORE;
        while hour < WARM + MEASURED {
            hour -= (1.0 - rng.next()).ln() / most;
            if rng.next() * most < feed.rate(hour) {
                feed.published.push(hour);
            }
        }
        feed
    }

    /// Creates `size` reports at once, each day around each of `hours` local time, up to half an hour early or late.
    fn batch(rng: &mut Rng, size: f64, hours: &[f64], window: usize, offset_h: i32) -> Self {
        let mut feed = Self { rates: vec![1e-3; WEEK], published: Vec::new(), window, zone: zone(offset_h) };
        for day in 0..((BEFORE + WARM + MEASURED) / DAY) as usize {
            for hour in hours {
                let start = day as f64 * DAY + hour - f64::from(offset_h);
                let at = start - 0.5 + rng.next() - BEFORE;
                let n = rng.between(size * 0.7, size * 1.3) as usize;
                feed.published.extend((0..n).map(|k| at + k as f64 / 120.0));
                // The true rate: report k appears anywhere within an hour that begins k half minutes late.
                for k in (0..size as usize).filter(|_| day < 7) {
                    let begin = (start - 0.5) * 4.0 + k as f64 / 30.0;
                    for quarter in 0..5 {
                        let q = begin.floor() + f64::from(quarter);
                        let share = (begin + 4.0).min(q + 1.0) - begin.max(q);
                        feed.rates[(q as i64).rem_euclid(WEEK as i64) as usize] += share;
                    }
                }
            }
        }
        feed.published.sort_by(f64::total_cmp);
        feed
    }
}

fn zone(offset_h: i32) -> TimeZone {
    TimeZone::fixed(jiff::tz::Offset::constant(offset_h as i8))
}

/// Returns the day of a newsroom: quiet nights, a peak in the morning and one in the evening. `night` is the rate left at 3
/// o'clock.
fn newsroom(night: f64) -> impl Fn(f64, usize) -> f64 {
    move |hour, day| {
        let awake = |middle: f64, wide: f64| (-((hour - middle) / wide).powi(2)).exp();
        let weekend = if day >= 5 { 0.55 } else { 1.0 };
        (night + awake(10.5, 3.0) + 0.9 * awake(17.0, 4.0)) * weekend
    }
}

/// Returns blogs, papers, batch papers and agencies, in the proportions of a national list of outlets.
fn mixed() -> Vec<Feed> {
    let mut rng = Rng(42);
    let mut feeds = Vec::new();
    for n in 0..120 {
        let offset = [0, 1, 3][n % 3];
        let feed = match n % 20 {
            0..=8 => {
                let daily = rng.scale(0.3, 4.0);
                Feed::steady(&mut rng, daily, 10, offset, newsroom(0.05))
            }
            9..=14 => {
                let daily = rng.scale(10.0, 60.0);
                Feed::steady(&mut rng, daily, 20, offset, newsroom(0.05))
            }
            15..=17 => {
                let (size, hour) = (rng.between(12.0, 18.0), rng.between(5.0, 22.0).floor());
                Feed::batch(&mut rng, size, &[hour, (hour + 9.0) % 24.0][..=n % 2], 30 - 20 * (n / 20 % 2), offset)
            }
            _ => {
                let daily = rng.scale(100.0, 300.0);
                Feed::steady(&mut rng, daily, 50, offset, newsroom(0.25))
            }
        };
        feeds.push(feed);
    }
    feeds
}

/// Returns feeds with the rates and hours of recorded documents, if these are available.
fn real() -> Vec<Feed> {
    let folder = |up: &str| std::fs::read_dir(format!("{up}/shared/feeds/real"));
    let Ok(folder) = folder("..").or_else(|_| folder("../..")) else { return Vec::new() };
    let mut paths: Vec<_> = folder.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let (mut rates, mut hours) = (Vec::new(), [1.0; 24]);
    for path in paths {
        let times = stated(&String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()));
        let Some((first, last)) = times.first().zip(times.last()) else { continue };
        let days = (last.as_second() - first.as_second()) as f64 / 86_400.0;
        if times.len() >= 5 && days > 0.05 {
            rates.push((((times.len() - 1) as f64 / days).clamp(0.05, 500.0), times.len()));
            for time in &times {
                hours[time.as_second().rem_euclid(86_400) as usize / 3_600] += 1.0;
            }
        }
    }
    let mut rng = Rng(7);
    rates.iter().map(|(daily, window)| Feed::steady(&mut rng, *daily, *window, 0, |h, _| hours[h as usize])).collect()
}

/// Returns the publication times that a document states, ascending.
fn stated(document: &str) -> Vec<Timestamp> {
    let mut times = Vec::new();
    for tag in ["pubDate", "published", "dc:date"] {
        for part in document.split(&format!("<{tag}>")).skip(1) {
            let text = part.split('<').next().unwrap_or_default().trim();
            let mail = jiff::fmt::rfc2822::parse(text).map(|z| z.timestamp());
            times.extend(mail.or_else(|_| text.parse()));
        }
    }
    times.sort();
    times
}

/// The results of a schedule over the measured weeks.
struct Score {
    polls: usize,
    delays: Vec<f64>,
    lost: usize,
    /// Lost entries that older pages do not contain either.
    out_of_reach: usize,
    /// Polls that lost entries, and (`noticed`) those of them whose document shared nothing with the last one.
    losing: usize,
    noticed: usize,
}

impl Score {
    fn new() -> Self {
        Self { polls: 0, delays: Vec::new(), lost: 0, out_of_reach: 0, losing: 0, noticed: 0 }
    }

    /// Polls a feed at `hour` whose entries up to `seen` are known. Returns how many are known now.
    fn poll(&mut self, feed: &Feed, seen: usize, hour: f64, from: f64, to: f64) -> usize {
        self.polls += usize::from((from..to).contains(&hour));
        let now = seen + feed.published[seen..].partition_point(|p| *p <= hour);
        let listed = now.saturating_sub(feed.window);
        let paged = now.saturating_sub(feed.window * (1 + PAGES));
        if listed > seen && (from..to).contains(&hour) {
            self.losing += 1;
            self.noticed += usize::from(leaves_gap(feed, seen, now));
        }
        for (index, published) in feed.published.iter().enumerate().take(now).skip(seen) {
            if (from..to).contains(published) {
                self.out_of_reach += usize::from(index < paged);
                if index < listed { self.lost += 1 } else { self.delays.push(hour - published) }
            }
        }
        now
    }

    fn mean_min(&self) -> f64 {
        60.0 * self.delays.iter().sum::<f64>() / self.delays.len() as f64
    }

    fn p95_min(&mut self) -> f64 {
        self.delays.sort_by(f64::total_cmp);
        60.0 * self.delays[self.delays.len() * 95 / 100]
    }

    fn lost_share(&self) -> f64 {
        self.lost as f64 / (self.lost + self.delays.len()) as f64
    }
}

/// Returns whether Warraq notices a gap: nothing that is listed now was listed when `seen` entries had been published.
fn leaves_gap(feed: &Feed, seen: usize, now: usize) -> bool {
    let listed_before = seen.saturating_sub(feed.window)..seen;
    seen > 0 && !(now.saturating_sub(feed.window)..now).any(|index| listed_before.contains(&index))
}

/// Polls every feed after the wait in hours that `wait` returns for the feed, its number of published entries, and the hour.
fn poll_by(feeds: &[Feed], from: f64, to: f64, wait: impl Fn(&Feed, usize, f64) -> f64) -> Score {
    let mut score = Score::new();
    for (index, feed) in feeds.iter().enumerate() {
        let mut seen = feed.published.partition_point(|p| *p <= 0.0);
        let mut hour = from - 2.0 * DAY + index as f64 / feeds.len() as f64;
        while hour < to + DAY {
            seen = score.poll(feed, seen, hour, from, to);
            hour += wait(feed, seen, hour).max(1.0 / 60.0);
        }
    }
    score
}

/// Does the same with one factor on all waits, chosen so that the number of polls is `polls`.
fn fitted(feeds: &[Feed], polls: usize, from: f64, to: f64, wait: impl Fn(&Feed, usize, f64, f64) -> f64) -> Score {
    let (mut low, mut high) = (0.001f64, 1_000.0f64);
    for _ in 0..18 {
        let middle = (low * high).sqrt();
        let score = poll_by(feeds, from, to, |f, n, h| wait(f, n, h, middle));
        if score.polls > polls { low = middle } else { high = middle }
    }
    poll_by(feeds, from, to, |f, n, h| wait(f, n, h, high))
}

/// Polls all feeds with Warraq's scheduler, in order of time, as the daemon does.
fn warraq(feeds: &[Feed], bounds: &Bounds, spans: &[(f64, f64)]) -> (Vec<Score>, Duration, usize) {
    let schedule = Schedule::Adaptive;
    let (hints, freshness) = (Hints::default(), Freshness::default());
    let mut records: Vec<FeedRecord> = (1..=feeds.len()).map(|id| record(id as i64)).collect();
    let mut fleet = Fleet::of(records.iter().map(|r| r.rhythm.as_deref()));
    let mut seen = vec![0; feeds.len()];
    let mut scores: Vec<Score> = spans.iter().map(|_| Score::new()).collect();
    let mut queue: BinaryHeap<Reverse<(Timestamp, usize)>> = records
        .iter()
        .enumerate()
        .map(|(n, r)| Reverse((schedule::first(r.id, instant(0.0), feeds.len()).at, n)))
        .collect();
    let (mut spent, mut calls) = (Duration::ZERO, 0);
    while let Some(Reverse((now, n))) = queue.pop() {
        let hour = (now.as_second() - EPOCH) as f64 / 3_600.0;
        if hour > WARM + MEASURED {
            continue;
        }
        let feed = &feeds[n];
        let before = seen[n];
        let mut after = before;
        for (score, (from, to)) in scores.iter_mut().zip(spans) {
            after = score.poll(feed, before, hour, *from, *to);
        }
        seen[n] = after;
        let new = after - before;
        let listed = feed.window.min(after);
        let stamps: Vec<Timestamp> =
            feed.published[after - new.min(listed)..after].iter().map(|p| instant(*p)).collect();
        let outcome = if new > 0 { Outcome::Fresh } else { Outcome::NotModified };
        let tally = Tally { new: stamps.len() as u32, listed: listed as u32, ..Tally::default() };
        let start = Instant::now();
        let due = schedule::next(&PolledFeed {
            now,
            feed: &records[n],
            schedule: &schedule,
            zone: &feed.zone,
            bounds,
            fleet,
            outcome: &outcome,
            tally,
            hints: &hints,
            freshness: &freshness,
            stamps: &stamps,
            gap: new > 0 && leaves_gap(feed, before, after),
            pushed_until: None,
            older_fault: None,
        });
        fleet.replace(records[n].rhythm.as_deref(), Some(&due.rhythm));
        spent += start.elapsed();
        calls += 1;
        records[n].rhythm = Some(due.rhythm);
        records[n].last_poll_at = Some(now);
        records[n].last_success_at = Some(now);
        queue.push(Reverse((due.at, n)));
    }
    (scores, spent, calls)
}

fn instant(hour: f64) -> Timestamp {
    Timestamp::from_second(EPOCH + (hour * 3_600.0) as i64).unwrap_or(Timestamp::MAX)
}

fn record(id: i64) -> FeedRecord {
    let url = FeedUrl::parse("https://news.example/feed").unwrap_or_else(|e| panic!("{e}"));
    FeedRecord {
        id: FeedId(id),
        outlet_id: OutletId(id),
        outlet: Slug::parse("news").unwrap_or_else(|e| panic!("{e}")),
        url: url.clone(),
        ask: url,
        validators: Validators::default(),
        body_hash: None,
        state: FeedState::New,
        failures: 0,
        hold_until: None,
        last_poll_at: None,
        last_success_at: None,
        next_poll_at: instant(0.0),
        hints: Hints::default(),
        rhythm: None,
        moving: None,
        guids_void: false,
    }
}

/// miniflux's `entry_frequency` (internal/model/feed.go, `CalculateNextCheck`): a week divided by the week's entries, times a
/// factor, 5 minutes to 24 hours; 24 hours for a silent feed.
fn miniflux(feed: &Feed, seen: usize, hour: f64, factor: f64) -> f64 {
    let week = seen - feed.published.partition_point(|p| *p <= hour - 7.0 * DAY);
    let wait = if week == 0 { DAY } else { 7.0 * DAY / week as f64 };
    (wait * factor).clamp(5.0 / 60.0, DAY)
}

/// miniflux takes due feeds only at a tick (`POLLING_FREQUENCY`, 60 minutes by default), and a poll ends after the tick.
fn tick(hour: f64, wait: f64, minutes: f64) -> f64 {
    let every = minutes / 60.0;
    ((hour + wait + 1.0 / 3_600.0) / every).ceil() * every - hour
}

/// CommaFeed (FeedRefreshIntervalCalculator): from the age of the newest entry and half the average gap of the window, 5 minutes
/// to an hour; here scaled as a whole.
fn commafeed(feed: &Feed, seen: usize, hour: f64, factor: f64) -> f64 {
    let window = &feed.published[seen.saturating_sub(feed.window)..seen];
    let Some((oldest, newest)) = window.first().zip(window.last()) else { return factor };
    let wait = match (hour - newest) / DAY {
        age if age >= 30.0 => 4.0,
        age if age >= 14.0 => 2.0,
        age if age >= 7.0 => 1.0,
        _ => ((newest - oldest) / (window.len().max(2) - 1) as f64 / 2.0).clamp(5.0 / 60.0, 1.0),
    };
    wait * factor
}

/// Knows the true rates: polls when the integral of their square root has grown by `factor`, within Warraq's bounds.
fn optimum(feed: &Feed, hour: f64, factor: f64, bounds: &Bounds) -> f64 {
    let (least, most) = (bounds.min_interval.as_secs_f64() / 3_600.0, bounds.max_interval.as_secs_f64() / 3_600.0);
    let step = 1.0 / 60.0;
    let (mut wait, mut sum) = (0.0, 0.0);
    while wait < most && (wait < least || sum < factor) {
        sum += feed.rate(hour + wait).sqrt() * step;
        wait += step;
    }
    wait
}

/// Knows the true rates and waits for the end of busy hours: Warraq's own rule with perfect knowledge.
fn placed(feed: &Feed, hour: f64, factor: f64, bounds: &Bounds) -> f64 {
    let (least, most) = (bounds.min_interval.as_secs_f64() / 3_600.0, bounds.max_interval.as_secs_f64() / 3_600.0);
    let step = 1.0 / 60.0;
    let (mut wait, mut sum) = (0.0, 0.0);
    while wait < most && (wait < least || sum < factor * feed.rate(hour + wait).sqrt()) {
        sum += feed.rate(hour + wait) * step;
        wait += step;
    }
    wait
}

/// Compares every schedule with as many polls in total as Warraq made.
fn equal_polls(name: &str, feeds: &[Feed], bounds: &Bounds) {
    let (from, to) = (WARM, WARM + MEASURED);
    let (mut scores, spent, calls) = warraq(feeds, bounds, &[(from, to), (0.0, 3.0 * DAY)]);
    let early = scores.pop().map(|s| s.mean_min()).unwrap_or_default();
    let own = scores.remove(0);
    let Score { polls, lost, out_of_reach, losing, noticed, .. } = own;
    let rows = [
        ("uniform", fitted(feeds, polls, from, to, |_, _, _, k| k)),
        ("miniflux, without tick", fitted(feeds, polls, from, to, miniflux)),
        ("miniflux, tick 5 min", fitted(feeds, polls, from, to, |f, n, h, k| tick(h, miniflux(f, n, h, k), 5.0))),
        ("CommaFeed", fitted(feeds, polls, from, to, commafeed)),
        ("√ of the true rates", fitted(feeds, polls, from, to, |f, _, h, k| optimum(f, h, k, bounds))),
        ("√ of the true rates, placed", fitted(feeds, polls, from, to, |f, _, h, k| placed(f, h, k, bounds))),
        ("Warraq", own),
    ];
    let (uniform, best) = (rows[0].1.mean_min(), rows[4].1.mean_min().min(rows[5].1.mean_min()));
    let (entries, each) = (rows[0].1.delays.len() + rows[0].1.lost, polls as f64 / feeds.len() as f64 / MEASURED * DAY);
    println!("\n**{name}**: {} feeds, {entries} entries in four weeks, {each:.1} polls a feed and day\n", feeds.len());
    println!("| schedule | mean min | of uniform | of the best with true rates | p95 min | lost |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (name, mut score) in rows {
        let (mean, p95, lost) = (score.mean_min(), score.p95_min(), 100.0 * score.lost_share());
        println!("| {name} | {mean:.1} | {:.2} | {:.2} | {p95:.1} | {lost:.2} % |", mean / uniform, mean / best);
    }
    let cost = 1e6 * spent.as_secs_f64() / calls as f64;
    println!(
        "\nWarraq loses {lost} entries in {losing} polls, and notices a gap at {noticed} of them; where there are older \
         pages, {out_of_reach} are lost."
    );
    println!("\nWarraq in its first three days: mean {early:.1} min. One decision costs {cost:.0} µs.");
}

/// Compares readers in their default configuration with Warraq making as many polls.
fn as_shipped(feeds: &[Feed]) {
    let (from, to) = (WARM, WARM + MEASURED);
    println!("\n**mixed, others as shipped, Warraq with as many polls**\n");
    println!("| reader | polls a feed and day | mean min | p95 min | lost | Warraq: mean | p95 | lost |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let readers = [
        ("miniflux", poll_by(feeds, from, to, |f, n, h| tick(h, miniflux(f, n, h, 1.0), 60.0))),
        ("CommaFeed", poll_by(feeds, from, to, |f, n, h| commafeed(f, n, h, 1.0))),
    ];
    for (name, mut score) in readers {
        let each = score.polls as f64 / feeds.len() as f64 / MEASURED * DAY;
        let mut own = warraq(feeds, &Bounds { budget: each, ..COMMON }, &[(from, to)]).0.remove(0);
        let (lost, own_lost) = (100.0 * score.lost_share(), 100.0 * own.lost_share());
        print!("| {name} | {each:.1} | {:.1} | {:.1} | {lost:.2} % ", score.mean_min(), score.p95_min());
        println!("| {:.1} | {:.1} | {own_lost:.2} % |", own.mean_min(), own.p95_min());
    }
}
