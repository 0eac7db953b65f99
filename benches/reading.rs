//! Measures how fast documents are read: by feed-rs alone, by the whole parser, and what keeping the entries costs in addition.
//!
//! `cargo bench --bench reading [FOLDER]`: the documents of FOLDER that feed-rs accepts, else of `../shared/feeds/real`, else of
//! `tests/feeds` together with generated ones of the size that news outlets serve. One thread; the best of several rounds.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints a table and stops when it cannot")]

use std::{fmt::Write as _, fs, hint::black_box, path::Path, time::Instant};
use warraq::{model::ParsedFeed, normalise, parse};

/// Number of rounds over all documents. The fastest counts, because other programs can only slow a round down.
const ROUNDS: usize = 7;

fn main() {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let (from, mut documents) = match folder {
        Some(folder) => (folder.clone(), read(Path::new(&folder))),
        None => given(),
    };
    documents.retain(|bytes| feed_rs(bytes).is_some_and(|entries| entries > 0));
    let bytes = documents.iter().map(Vec::len).sum::<usize>();
    let context =
        parse::ParseContext { base: "https://outlet.example/feed.xml".parse().ok(), ..parse::ParseContext::default() };
    let whole = |bytes: &[u8]| parse::read(bytes, &context, &|_| false).unwrap();
    let entries = documents.iter().map(|bytes| whole(bytes).listed.len()).sum::<usize>();
    println!(
        "{} documents of {from} that feed-rs accepts, {entries} entries, {:.1} MB\n",
        documents.len(),
        mega(bytes)
    );
    println!("{:<44} {:>8} {:>14}", "", "MB/s", "µs an entry");
    let line = |what: &str, seconds: f64| {
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let each = seconds * 1e6 / entries as f64;
        println!("{what:<44} {:>8.1} {each:>14.1}", mega(bytes) / seconds);
        seconds
    };
    let alone = line("feed-rs alone", best(&documents, |bytes| feed_rs(bytes)));
    let way = line("the whole way: charset, repair, feed-rs", best(&documents, |bytes| whole(bytes)));
    line("the whole way, all entries known", best(&documents, |bytes| parse::read(bytes, &context, &|_| true)));
    let feeds: Vec<ParsedFeed> = documents.iter().map(|bytes| whole(bytes)).collect();
    let keep = line("keeping: sanitising, plain text, folding", best(&feeds, |feed| kept(feed.clone())));
    println!(
        "\nthe whole way at {:.2} of feed-rs's speed; keeping costs {:.2} of feed-rs's time",
        alone / way,
        keep / alone
    );
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// Returns the seconds of the fastest round.
fn best<D, T>(documents: &[D], work: impl Fn(&D) -> T) -> f64 {
    let round = || {
        let start = Instant::now();
        for document in documents {
            black_box(work(document));
        }
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}

fn feed_rs(bytes: &[u8]) -> Option<usize> {
    let parser = feed_rs::parser::Builder::new().sanitize_content(false).build();
    parser.parse(bytes).ok().map(|feed| feed.entries.len())
}

fn kept(feed: ParsedFeed) -> usize {
    let own =
        normalise::NormaliseContext { language: None, now: jiff::Timestamp::UNIX_EPOCH, link_shared: feed.link_shared };
    let entries = feed.listed.into_iter().filter_map(|listed| Some(normalise::entry(*listed.entry?, listed.raw, &own)));
    entries.map(|entry| entry.folded.body.len()).sum()
}

fn read(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().filter(|path| path.is_file()).map(|path| fs::read(path).unwrap()).collect()
}

fn given() -> (String, Vec<Vec<u8>>) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for shared in ["../shared/feeds/real", "../../shared/feeds/real"] {
        if home.join(shared).is_dir() {
            return (shared.to_owned(), read(&home.join(shared)));
        }
    }
    let mut documents = read(&home.join("tests/feeds"));
    documents.extend((0..40).map(made));
    ("tests/feeds and 40 made ones".to_owned(), documents)
}

/// Returns a feed of thirty entries of about 1 kB.
fn made(n: usize) -> Vec<u8> {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title>الميناء</title>");
    for entry in 0..30 {
        let _ = write!(
            out,
            "<item><title>سفينة رقم {entry} ترسو في الميناء</title><link>https://mina.example/{n}/{entry}</link>\
             <guid>https://mina.example/{n}/{entry}</guid><pubDate>Mon, 02 Nov 2026 09:{entry:02}:00 +0100</pubDate>\
             <description><![CDATA[<p>{}</p><p><a href=\"/s/{entry}\">المزيد</a></p>]]></description></item>",
            "رست السفينة صباح اليوم بعد رحلة طويلة من الشمال. ".repeat(8)
        );
    }
    out.push_str("</channel></rss>");
    out.into_bytes()
}
