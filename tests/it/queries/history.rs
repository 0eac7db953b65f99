//! What left a channel, and what others may read of the configuration.

use super::instance;
use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::Folder,
    test_instance::{RunningDaemon, TestInstance, config_text},
};

#[tokio::test]
async fn what_leaves_a_channel_is_on_a_page_of_its_history() {
    let outlet = FakeOutlet::start().await;
    let entries = |ids: std::ops::Range<u32>| {
        ids.fold(FeedDoc::rss("one"), |doc, n| {
            let minute = format!("2026-11-02T{:02}:{:02}:00Z", 10 + n / 60, n % 60);
            doc.entry(&n.to_string(), &format!("Story number {n}"), &format!("https://one.example/{n}"), "", &minute)
        })
    };
    outlet.set("/one", Reply::feed(entries(0..5)));
    let channel = "[[channel]]\nslug = \"all\"\nlimit = 4\n";
    let mut instance = TestInstance::with(channel, &[("one", &outlet.url("/one"))]).await;
    instance.poll().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    let current = daemon.get_until("/feed.atom", "prev-archive").await;
    assert!(current.contains("/archive/all/1.atom") && current.contains("Story number 4"), "{current}");
    let page = daemon.get("/archive/all/1.atom").await;
    assert!(page.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    let page = page.text().await.unwrap();
    assert!(
        page.contains("Story number 0") && page.contains("Story number 1") && !page.contains("Story number 2"),
        "{page}"
    );
    assert!(page.contains("fh:archive") || page.contains("archive/>"), "{page}");
    let next = daemon.get("/archive/all/2.atom").await;
    assert!(next.url().path() == "/feed.atom" && next.status() == 200, "the page to come leads to the channel");
    for unknown in ["/archive/all/3.atom", "/archive/none/1.atom", "/archive/all/0.atom"] {
        assert_eq!(daemon.get(unknown).await.status(), 404, "{unknown}");
    }
    daemon.stop().await.unwrap();
    // Every story is on at most one page, and more news make more pages; the first page does not change.
    instance.open().await;
    outlet.set("/one", Reply::feed(entries(0..12)));
    instance.poll().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/feed.atom", "/archive/all/5.atom").await;
    assert_eq!(daemon.get("/archive/all/1.atom").await.text().await.unwrap(), page);
    daemon.stop().await.unwrap();
    assert_eq!(
        instance.sql("SELECT page, count(*) FROM place GROUP BY page ORDER BY page NULLS FIRST").await,
        ["|2", "1|2", "2|2", "3|2", "4|2", "5|2"]
    );
    // After a year the pages are gone and return 410.
    instance.open().await;
    instance.clock.step(jiff::SignedDuration::from_hours(24 * 365));
    instance.poll().await;
    let keep = instance.config().retention.keep;
    let keep = warraq::store::RetentionLimits::as_of(instance.clock.now(), keep, keep, false);
    instance.instance().writer.prune(keep).await.unwrap();
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    assert_eq!(daemon.get("/archive/all/1.atom").await.status(), 410);
    // The previous edition is available at once; the first one that is rendered names no page.
    let mut current = daemon.get_until("/feed.atom", "Story number 11").await;
    for _ in 0..200 {
        if !current.contains("prev-archive") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        current = daemon.get("/feed.atom").await.text().await.unwrap();
    }
    assert!(current.contains("Story number 11") && !current.contains("prev-archive"), "{current}");
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn the_configured_feeds_are_listed_for_other_readers() {
    let (outlet, mut instance) = instance().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    let list = daemon.get_until("/opml", "<opml").await;
    for feed in ["/one", "/two", "/trois"] {
        assert!(list.contains(&format!("xmlUrl=\"{}\"", outlet.url(feed))), "{list}");
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn the_list_of_feeds_shows_what_feeds_say_about_themselves_now() {
    let outlet = FakeOutlet::start().await;
    let doc = |title: &str| FeedDoc::rss(title).entry("1", "Un", "https://one.example/1", "", "2026-11-02T09:30:00Z");
    // The second document has no new entry, only another title.
    outlet.script("/feed", [Reply::feed(doc("La Ville")), Reply::feed(doc("Le Village"))]);
    let folder = Folder::new("[schedule]\ndefault = \"every 1s\"\n", &[("ville", &outlet.url("/feed"))]);
    let daemon = folder.start().await;
    daemon.get_until("/opml", "Le Village").await;
    // A reload that changes only the title of the list.
    let more = "[schedule]\ndefault = \"every 1h\"\n[[channel]]\nslug = \"all\"\ntitle = \"Toute la presse\"\n";
    folder.configure(&config_text(more, &[("ville", &outlet.url("/feed"))]));
    daemon.signal("HUP").await;
    daemon.get_until("/opml", "Toute la presse").await;
    daemon.stop().await;
}
