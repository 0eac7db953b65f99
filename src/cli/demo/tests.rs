//! The script is complete, its documents are feeds, and the outlets are served.

use super::{
    report::{Dialect, When},
    *,
};
use std::collections::{BTreeMap, BTreeSet, HashSet};

fn stage() -> Stage {
    Stage { began: "2026-11-23T12:00:00Z".parse().unwrap(), base: Url::parse("http://127.0.0.1:4000/").unwrap() }
}

fn feeds(script: &DemoScript) -> impl Iterator<Item = &DemoFeed> {
    script.outlets.iter().flat_map(|outlet| &outlet.feeds)
}

fn read(script: &DemoScript, feed: &DemoFeed, step: u64) -> feed_rs::model::Feed {
    let (document, media_type) = document(script, feed, &stage(), step);
    let read = feed_rs::parser::parse(document.as_bytes()).unwrap_or_else(|why| panic!("{}: {why}", feed.path));
    assert_eq!(matches!(read.feed_type, feed_rs::model::FeedType::Atom), media_type.contains("atom"));
    read
}

#[test]
fn every_block_is_a_report_with_a_text() {
    let script = DemoScript::written();
    let written = [
        include_str!("texts/almarfa.txt"),
        include_str!("texts/courrier.txt"),
        include_str!("texts/lantern.txt"),
        include_str!("texts/mijhar.txt"),
        include_str!("texts/nakhil.txt"),
        include_str!("texts/nouvelle.txt"),
        include_str!("texts/waha.txt"),
        include_str!("texts/waha-en.txt"),
        include_str!("texts/waha-fr.txt"),
    ];
    let blocks: usize = written.iter().map(|text| text.matches("\n== ").count()).sum();
    let reports: Vec<&DemoReport> = feeds(&script).flat_map(|feed| &feed.reports).collect();
    assert_eq!(reports.len(), blocks);
    assert!(reports.len() >= 60);
    assert_eq!(reports.iter().map(|report| &report.id).collect::<HashSet<_>>().len(), reports.len());
    for report in reports {
        let sentences = report.paragraphs.concat().matches(['.', '؟', '?', ':', '؛']).count();
        assert!(report.paragraphs.len() >= 2 && sentences >= 3, "{}", report.id);
        assert!(report.paragraphs.iter().all(|text| text.len() > 60), "{}", report.id);
        let revised_later =
            |from| matches!(report.when, When::Before(_)) || matches!(report.when, When::Step(at) if at < from);
        assert!(report.revised.as_ref().is_none_or(|(from, title)| revised_later(*from) && *title != report.title));
    }
}

#[test]
fn partners_share_the_link_and_wire_copies_the_text() {
    let script = DemoScript::written();
    let reports: BTreeMap<&str, &DemoReport> =
        feeds(&script).flat_map(|feed| &feed.reports).map(|report| (report.id.as_str(), report)).collect();
    let (mut partners, mut copies) = (0, 0);
    for (id, report) in &reports {
        let slug = id.split_once('/').unwrap().1;
        if slug.starts_with("partner-") {
            let original = reports[report.link.as_str()];
            assert!(original.id.starts_with("waha") && original.title != report.title, "{id}");
            assert_eq!(original.paragraphs, report.paragraphs, "{id}");
            let feed = script.feed(id.split_once('/').unwrap().0).unwrap();
            let (marked, plain) =
                (document::link(feed, report, &stage()), format!("http://127.0.0.1:4000/{}", original.id));
            assert_ne!(marked, plain);
            assert_eq!(crate::model::link::link_key(&marked), crate::model::link::link_key(&plain));
            partners += 1;
        } else {
            assert_eq!(report.link, **id);
        }
        if slug.starts_with("wire-") {
            let kept = &report.paragraphs[1];
            let original = reports
                .values()
                .find(|other| other.id != **id && other.id.starts_with("waha") && other.paragraphs.contains(kept));
            let original = original.unwrap_or_else(|| panic!("{id}"));
            assert!(
                original.paragraphs[0].ends_with(&report.paragraphs[0])
                    && original.paragraphs[0] != report.paragraphs[0]
            );
            assert_ne!(original.paragraphs.last(), report.paragraphs.last(), "{id}");
            assert_ne!(original.title, report.title);
            copies += 1;
        }
    }
    assert!(partners >= 6 && copies >= 8, "{partners} {copies}");
}

#[test]
fn every_document_is_a_feed_at_every_step() {
    let script = DemoScript::written();
    for feed in feeds(&script).filter(|feed| feed.dialect != Dialect::Sitemap) {
        let first = read(&script, feed, 0);
        assert!(first.entries.len() >= 2, "{}", feed.path);
        for step in 0..script.last_step + 100 {
            let read = read(&script, feed, step);
            assert!(read.entries.len() <= report::WINDOW);
            for entry in &read.entries {
                let title = &entry.title.as_ref().unwrap().content;
                assert!(!title.is_empty() && !entry.id.is_empty() && entry.links.len() == 1);
                let published = entry.published.unwrap().timestamp();
                assert!(published <= stage().at(step).as_second() && published > stage().began.as_second() - 172_800);
                let pictures =
                    entry.media.iter().flat_map(|media| &media.content).filter_map(|content| content.url.as_ref());
                assert!(pictures.into_iter().all(|url| illustration(&script, &url.path()[1..]).is_some()));
                assert!(entry.content.as_ref().unwrap().body.as_ref().unwrap().starts_with("<p>"), "{title}");
            }
        }
    }
}

#[test]
fn one_outlet_has_only_a_sitemap() {
    let script = DemoScript::written();
    let feed = feeds(&script).find(|feed| feed.dialect == Dialect::Sitemap).unwrap();
    for (step, entries) in [(0, 2), (7, 3), (script.last_step, 3)] {
        let (document, _) = document(&script, feed, &stage(), step);
        let read = crate::parse::read(document.as_bytes(), &crate::parse::ParseContext::default(), &|_| false).unwrap();
        assert_eq!((read.format, read.listed.len()), (crate::model::DocumentFormat::NewsSitemap, entries));
        for entry in read.listed.iter().map(|listed| listed.entry.as_ref().unwrap()) {
            let path = entry.link.as_ref().unwrap().strip_prefix("http://127.0.0.1:4000/").unwrap();
            assert!(page(&script, path, step).unwrap().contains("<h1>") && entry.published.is_some());
            assert!(!entry.categories.is_empty() && entry.language.as_deref() == Some("fr"));
        }
    }
}

#[test]
fn something_appears_or_is_edited_every_few_seconds_for_ever() {
    let script = DemoScript::written();
    let services = |step| feeds(&script).map(|feed| document(&script, feed, &stage(), step).0).collect::<Vec<_>>();
    let mut still = 0;
    for step in 1..script.last_step + 60 {
        still = if services(step) == services(step - 1) { still + 1 } else { 0 };
        assert!(still <= 3, "nothing happens before step {step}");
    }
    assert_ne!(services(1_000_000), services(1_000_003));
}

#[test]
fn a_revision_changes_the_title_and_nothing_else_of_the_identity() {
    let script = DemoScript::written();
    let mut revised = 0;
    for feed in feeds(&script) {
        // A sitemap has no ids, and feed-rs does not read it.
        let is_feed = feed.dialect != Dialect::Sitemap;
        for report in feed.reports.iter().filter(|report| is_feed && report.revised.is_some()) {
            let (from, title) = report.revised.clone().unwrap();
            let entry = |step| {
                let entries = read(&script, feed, step).entries;
                entries.into_iter().find(|entry| entry.id.ends_with(&report.id)).unwrap()
            };
            let (before, after) = (entry(from - 1), entry(from));
            assert_eq!((before.id, before.links, before.published), (after.id, after.links, after.published));
            assert_eq!(before.title.unwrap().content, report.title);
            assert_eq!(after.title.unwrap().content, title);
            revised += 1;
        }
    }
    assert!(revised >= 6);
}

#[test]
fn bulletins_are_told_apart() {
    let script = DemoScript::written();
    let mut titles = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for step in (script.last_step..script.last_step + 600).step_by(3) {
        for feed in feeds(&script) {
            for report in bulletin::of(feed, step, script.last_step) {
                assert!(titles.insert(report.title.clone()) == ids.insert(report.id.clone()), "{}", report.title);
                assert!(page(&script, &report.id, step).is_none_or(|page| page.contains(&report.paragraphs[0])));
            }
        }
    }
    assert!(ids.len() >= 190);
}

#[test]
fn the_configuration_is_one() {
    let script = DemoScript::written();
    let text =
        configuration(&script, &stage().base, "127.0.0.1:8080".parse().unwrap(), Path::new("/tmp/a \"b\"/demo.db"));
    let config = crate::config::Config::parse(&text, Path::new("demo.toml"), &BTreeMap::new()).unwrap();
    assert_eq!(config.database.path, Path::new("/tmp/a \"b\"/demo.db"));
    assert_eq!(config.outlets.len(), 7);
    assert_eq!(config.outlets.iter().flat_map(|outlet| &outlet.feeds).count(), feeds(&script).count());
    assert!(config.channels.iter().any(|channel| channel.min_outlets == 2));
    assert!(config.fetch.allow_networks[0].contains("127.0.0.1".parse().unwrap()));
}

#[tokio::test]
async fn outlets_are_served_with_validators_and_move_with_the_clock() {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    let clock = Clock::manual("2026-11-23T12:00:00Z".parse().unwrap());
    let demo = Demo::start(&clock).await.unwrap();
    let authority = demo.stage.base.authority().to_owned();
    let get = |path: &'static str, header: String| {
        let authority = authority.clone();
        async move {
            let mut stream = TcpStream::connect(authority).await.unwrap();
            stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n").as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        }
    };
    let first = get("/waha-en/feed", String::new()).await;
    assert!(
        first.starts_with("HTTP/1.1 200 OK") && first.contains("Wadi Zitoun dam") && !first.contains("Night train")
    );
    let etag = first.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap().to_owned();
    let same = get("/waha-en/feed", format!("If-None-Match: {etag}\r\n")).await;
    assert!(same.starts_with("HTTP/1.1 304 "), "{same}");
    clock.step(STEP);
    let next = get("/waha-en/feed", format!("If-None-Match: {etag}\r\n")).await;
    assert!(next.starts_with("HTTP/1.1 200 ") && next.contains("Night train"), "{next}");
    let page = get("/waha/dam-wadi-zitoun?utm_source=almarfa", String::new()).await;
    assert!(page.contains("text/html") && page.contains("dir=\"rtl\"") && page.contains("سد وادي الزيتون"));
    let picture = get("/almarfa/old-cinema.svg", String::new()).await;
    assert!(picture.contains("Content-Type: image/svg+xml\r\n") && picture.ends_with("</svg>\n"), "{picture}");
    for absent in ["/", "/waha/ferry-line.svg", "/waha/nothing", "/nobody/feed", "/waha/school-boats"] {
        assert!(get(absent, String::new()).await.starts_with("HTTP/1.1 404 "), "{absent}");
    }
    drop(demo);
}
