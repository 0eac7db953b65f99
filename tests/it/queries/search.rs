//! Search: every spelling, every page of results, the index behind the writer.

use super::{TITLE, instance, report, warraq};
use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{RunningDaemon, TestInstance},
};
use serde_json::Value;

#[tokio::test]
async fn words_are_found_in_whatever_spelling() {
    let (_outlet, mut instance) = instance().await;
    instance.close().await;
    assert_eq!(instance.sql("SELECT indexed_to FROM search_state").await, ["3"], "closing indexes the rest");
    for found in ["أمطار رعدية", "امطار", "أَمْطَارٌ", "الأمطار", "ثلوج", "والثلوج", "المديريه"]
    {
        let (done, out) = warraq(&instance, &["search", "--json", found]);
        let stories: Value = serde_json::from_str(&out).unwrap();
        assert!(done && stories[0]["title"] == TITLE && stories.as_array().unwrap().len() == 1, "{found}: {out}");
        assert_eq!(stories[0]["outlets"], 2);
    }
    for (typed, found) in [
        ("«أمطار رعدية»", 1),
        ("\"رعدية أمطار\"", 0),
        ("olives OR رعدية", 2),
        ("olives OR رعدية outlet:trois", 1),
        ("olives -confiants", 0),
        ("oléic*", 1),
        ("oléi", 0),
        ("lang:ar رعدية", 1),
        ("lang:fr رعدية", 0),
        ("tag:none olives", 0),
        ("outlet:trois", 1),
        ("lang:ar", 1),
        ("after:2026-11-02 before:2026-11-03", 2),
        ("after:2026-11-03", 0),
        ("olives after:2026-11-02 before:2026-11-03", 1),
        ("olives before:2026-11-02", 0),
        ("olives after:2026-11-03", 0),
        ("-olives", 0),
        ("؟ lang:ar", 1),
        ("olives lang:!! \"", 1),
        ("olives AND NOT ( { ^ : +", 0),
    ] {
        let (done, out) = warraq(&instance, &["search", "--json", "--", typed]);
        let stories: Value = serde_json::from_str(&out).unwrap();
        assert!(done && stories.as_array().unwrap().len() == found, "{typed}: {out}");
    }
    let (_, out) = warraq(&instance, &["search", "recolte", "OLIVES"]);
    assert!(out.contains("olives s'annonce") && out.ends_with("1 story\n"), "{out}");
    for missed in ["زلزال", "أمطار olives", "؟", "\"", "NEAR(", "*"] {
        assert_eq!(warraq(&instance, &["search", missed]), (true, "0 stories\n".to_owned()), "{missed}");
    }
    let daemon = RunningDaemon::start(&instance).await;
    for path in ["/search?q=%D8%A7%D9%85%D8%B7%D8%A7%D8%B1", "/search.atom?q=%D8%A3%D9%85%D8%B7%D8%A7%D8%B1"] {
        assert!(daemon.get(path).await.text().await.unwrap().contains(TITLE), "{path}");
    }
    let told = daemon.get("/search?q=olives+before%3Asoon+recolte").await.text().await.unwrap();
    for words in
        ["was ignored: <bdi>before:soon</bdi>", "1 result<", "La <mark>récolte</mark> d&#39;<mark>olives</mark> s"]
    {
        assert!(told.contains(words), "{words} in {told}");
    }
    let told = daemon.get("/search?q=%22oleiculteurs+sont%22").await.text().await.unwrap();
    assert!(told.contains("Les <mark>oléiculteurs sont</mark> confiants."), "{told}");
    let told = daemon.get("/search?q=zebra").await.text().await.unwrap();
    assert!(told.contains("Nothing found") && told.contains("flood*"), "{told}");
    let feed =
        daemon.get("/search.json?q=olives+OR+%D8%B1%D8%B9%D8%AF%D9%8A%D8%A9&lang=fr").await.text().await.unwrap();
    assert!(feed.contains("olives") && !feed.contains(TITLE), "{feed}");
    for asked in ["/search?q=olives&page=2", "/search?q=olives&before=x", "/search.rss?q=olives&before=7"] {
        assert_eq!(daemon.get(asked).await.status(), 400, "{asked}");
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn the_results_of_a_search_are_all_on_some_page_and_each_on_one() {
    let outlet = FakeOutlet::start().await;
    let listed = |numbers: std::ops::Range<u32>| {
        numbers.fold(FeedDoc::rss("one"), |doc, n| {
            let minute = format!("2026-11-02T{:02}:{:02}:00Z", 8 + n / 60, n % 60);
            doc.entry(&n.to_string(), &format!("Harvest number {n}"), &format!("https://one.example/{n}"), "", &minute)
        })
    };
    outlet.set("/one", Reply::feed(listed(0..70)));
    let mut instance = TestInstance::over(&[("one", &outlet.url("/one"))]).await;
    instance.poll().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    let (mut seen, mut pages, mut next) = (Vec::new(), 0, Some("/search?q=harvest".to_owned()));
    while let Some(path) = next {
        let page = daemon.get(&path).await.text().await.unwrap();
        assert_eq!(page.contains("70 results<"), pages == 0, "only the first page counts: {page}");
        seen.extend(
            page.split("</mark> number ").skip(1).map(|rest| rest.split('<').next().unwrap().parse::<u32>().unwrap()),
        );
        let link = page.split("<link rel=\"next\" href=\"").nth(1);
        next = link.map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&"));
        pages += 1;
        assert!(pages < 9, "the pages do not end");
    }
    assert_eq!(pages, 3);
    assert_eq!(seen, (0..70).rev().collect::<Vec<_>>(), "newest first");
    daemon.stop().await.unwrap();
    assert!(warraq(&instance, &["search", "harvest"]).1.ends_with("\n70 stories\n"));
}

#[tokio::test]
async fn the_index_follows_revisions_and_retention() {
    let (outlet, mut instance) = instance().await;
    outlet.set("/trois", Reply::feed(report("trois", "3", "Les figues manquent", "Les vergers ont souffert du gel.")));
    instance.poll().await;
    instance.restart(None).await;
    assert_eq!(warraq(&instance, &["search", "olives"]).1, "0 stories\n");
    assert!(warraq(&instance, &["search", "figues"]).1.contains("Les figues manquent"));
    // No feed lists the figs any more, and months pass.
    outlet.set("/trois", Reply::feed(report("trois", "4", "Rien", "")));
    instance.poll().await;
    instance.clock.step(jiff::SignedDuration::from_hours(24 * 200));
    instance.poll().await;
    let keep = instance.config().retention.keep;
    let keep = warraq::store::RetentionLimits::as_of(instance.clock.now(), keep, keep, false);
    assert_eq!(instance.instance().writer.prune(keep).await.unwrap().entries, 1);
    instance.close().await;
    assert_eq!(warraq(&instance, &["search", "figues"]).1, "0 stories\n");
    assert!(warraq(&instance, &["search", "رعدية"]).1.contains(TITLE), "what is still listed is still found");
    assert_eq!(instance.indexed(&["figues", "olives"]).await, 0, "no word of it is left in the index");
}
