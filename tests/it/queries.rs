//! What pages and commands ask of the store: stories, status, filters, searches, reasons.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{RunningDaemon, TestInstance, config_text},
};
use assert_cmd::Command;
use serde_json::Value;
use std::{fs, path::PathBuf};

/// A report long enough to be recognised.
const RAIN: &str = "أعلنت المديرية العامة للأرصاد الجوية، اليوم الاثنين، أن أمطارا رعدية قوية ستهم أقاليم الشمال والريف ابتداء من \
    مساء الثلاثاء، داعية السكان إلى توخي الحذر وتفادي عبور الأودية أثناء ارتفاع منسوب المياه، كما ينتظر أن تتساقط الثلوج فوق \
    المرتفعات التي يتجاوز علوها ألفا وثمانمائة متر مع رياح قوية قد تبلغ سبعين كيلومترا في الساعة.";
const TITLE: &str = "أمطار رعدية قوية مرتقبة بأقاليم الشمال";

fn report(outlet: &str, id: &str, title: &str, text: &str) -> FeedDoc {
    FeedDoc::rss(outlet).entry(id, title, &format!("https://{outlet}.example/{id}"), text, "2026-11-02T11:50:00Z")
}

/// Two Arabic outlets with the same report, and a French one with another; all polled.
async fn instance() -> (FakeOutlet, TestInstance) {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::feed(report("one", "1", TITLE, RAIN)));
    outlet.set("/two", Reply::feed(report("two", "9", TITLE, &format!("{RAIN} المصدر: وكالات."))));
    outlet.set(
        "/trois",
        Reply::feed(report("trois", "3", "La récolte d'olives s'annonce bonne", "Les oléiculteurs sont confiants.")),
    );
    let (one, two, trois) = (outlet.url("/one"), outlet.url("/two"), outlet.url("/trois"));
    let mut instance = TestInstance::over(&[("ar-one", &one), ("ar-two", &two), ("trois", &trois)]).await;
    instance.poll().await;
    (outlet, instance)
}

/// Returns the titles of the stories that a filtered feed lists.
async fn titles(daemon: &RunningDaemon, path: &str) -> Vec<String> {
    let feed: Value = serde_json::from_str(&daemon.get(path).await.text().await.unwrap()).unwrap();
    feed["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

/// Runs a command on the instance's database.
fn warraq(instance: &TestInstance, arguments: &[&str]) -> (bool, String) {
    let file: PathBuf = instance.file().with_file_name("config.toml");
    fs::write(&file, config_text("", &[])).unwrap();
    let done = Command::cargo_bin("warraq").unwrap().arg("--config").arg(file).args(arguments).output().unwrap();
    (done.status.success(), String::from_utf8(done.stdout).unwrap())
}

#[tokio::test]
async fn pages_answer_from_the_database() {
    let (_outlet, mut instance) = instance().await;
    instance.close().await;
    let shared = instance.sql("SELECT story_id FROM duplicates").await.remove(0);
    let daemon = RunningDaemon::start(&instance).await;
    let story = daemon.get(&format!("/stories/{shared}")).await.text().await.unwrap();
    for words in ["ar-one", "ar-two", "https://one.example/1", "https://two.example/9"] {
        assert!(story.contains(words), "{words} in {story}");
    }
    assert_eq!(daemon.get("/stories/99").await.status(), 404);
    let status = daemon.get("/status").await.text().await.unwrap();
    assert!(status.contains("/trois") && status.contains("<svg"), "{status}");
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn filters_ask_for_outlets_languages_and_company() {
    let (_outlet, mut instance) = instance().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    let olives = "La récolte d'olives s'annonce bonne";
    assert_eq!(titles(&daemon, "/feed.json?outlet=trois").await, [olives]);
    assert_eq!(titles(&daemon, "/feed.json?outlet=ar-two").await, [TITLE], "its own report of a shared story");
    assert_eq!(titles(&daemon, "/feed.json?lang=ar").await, [TITLE]);
    assert_eq!(titles(&daemon, "/feed.json?min_outlets=2").await, [TITLE]);
    assert_eq!(titles(&daemon, "/feed.json?outlet=trois&min_outlets=2").await, [""; 0]);
    assert_eq!(titles(&daemon, "/feed.json?limit=1").await.len(), 1);
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_story_comes_when_the_last_outlet_that_was_asked_for_carries_it() {
    let (outlet, mut instance) = instance().await;
    let olives = "Les oléiculteurs de la région de Meknès annoncent une récolte exceptionnelle cette année, portée par des pluies \
        d'automne généreuses et par l'entrée en production de milliers d'hectares plantés il y a sept ans dans la plaine.";
    let title = "Une récolte d'olives exceptionnelle autour de Meknès";
    outlet.set("/trois", Reply::feed(report("trois", "7", title, olives)));
    instance.poll().await;
    // Another outlet publishes it later, when its first report is already below others.
    outlet.set(
        "/one",
        Reply::feed(report("one", "1", TITLE, RAIN).entry("2", "Autre chose", "https://one.example/2", "", "")),
    );
    instance.poll().await;
    outlet.set(
        "/two",
        Reply::feed(report("two", "9", TITLE, RAIN).entry("10", title, "https://two.example/10", olives, "")),
    );
    instance.poll().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    assert_eq!(titles(&daemon, "/feed.json?min_outlets=2").await, [title, TITLE]);
    daemon.stop().await.unwrap();
}

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
    let sound = "SELECT count(*) FROM entry_search WHERE entry_search MATCH '\"figues\" OR \"olives\"'";
    assert_eq!(instance.sql(sound).await, ["0"], "no word of it is left in the index");
}

#[tokio::test]
async fn a_feed_that_breaks_is_an_incident_and_so_is_its_return() {
    let (outlet, mut instance) = instance().await;
    for reply in [Reply::status(500), Reply::status(502), Reply::feed(report("trois", "5", "De retour", ""))] {
        outlet.set("/trois", reply);
        instance.poll().await;
    }
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    let incidents = daemon.get("/status.atom").await.text().await.unwrap();
    assert_eq!(incidents.matches("<entry>").count(), 2, "{incidents}");
    let (works, broke) = (incidents.find("works again").unwrap(), incidents.find("feed broke").unwrap());
    assert!(works < broke && incidents.contains("500"), "newest first: {incidents}");
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn every_decision_can_be_explained() {
    let (outlet, mut instance) = instance().await;
    outlet.set("/trois", Reply::feed(report("trois", "3", "Les figues manquent", "Les oléiculteurs sont confiants.")));
    instance.poll().await;
    let shared = instance.sql("SELECT story_id, entry_id FROM duplicates").await.remove(0);
    let (story, entry) = shared.split_once('|').unwrap();
    let told = warraq(&instance, &["explain", "story", story]).1;
    assert!(told.contains("by rule text") && told.contains("lmin") && told.contains("in channel all"), "{told}");
    let told = warraq(&instance, &["explain", "entry", entry]).1;
    assert!(told.contains("ar-two") && told.contains("by rule text"), "{told}");
    let figs = instance.sql("SELECT entry_id FROM revisions").await.remove(0);
    let told = warraq(&instance, &["explain", "entry", &figs]).1;
    assert!(told.contains("by rule first") && told.contains("revised at") && told.contains("title"), "{told}");
    let told = warraq(&instance, &["explain", "feed", "trois"]).1;
    assert!(told.contains("next poll at 2026-") && told.contains("fresh, 0 new, 1 revised"), "{told}");
    let (_, json) = warraq(&instance, &["explain", "feed", "trois", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert!(json[0]["why"]["decided"].is_string() && json[0]["polls"].as_array().unwrap().len() == 2, "{json}");
    assert!(!warraq(&instance, &["explain", "story", "999"]).0);
    assert!(!warraq(&instance, &["explain", "feed", "nobody"]).0);
}

#[tokio::test]
async fn an_entry_that_another_feed_lists_too_says_what_showed_it() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::feed(report("one", "1", TITLE, RAIN)));
    outlet
        .set("/all", Reply::feed(report("one", "1", TITLE, RAIN).entry("2", "Rien", "https://one.example/2", "", "")));
    let text = config_text("", &[("one", &outlet.url("/one"))])
        .replace("/one\"]", &format!("/one\", \"{}\"]", outlet.url("/all")));
    let mut instance = TestInstance::configured(text).await;
    instance.poll().await;
    instance.close().await;
    assert_eq!(instance.sql("SELECT count(*) FROM entries").await, ["2"]);
    let told = warraq(&instance, &["explain", "entry", "1"]).1;
    assert!(told.contains("a duplicate at") && told.contains("link"), "{told}");
}

#[tokio::test]
async fn recorded_entries_are_decided_without_a_instance() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("items.jsonl");
    let item = |id: &str, outlet: &str, title: &str, text: &str| {
        serde_json::json!({"id": id, "outlet": outlet, "feed": outlet, "title": title, "content": text, "lang": "ar",
            "guid": id, "published": "2026-11-02T11:50:00Z", "unknown": 1})
        .to_string()
    };
    let lines = [item("a", "one", TITLE, RAIN), item("b", "two", TITLE, RAIN), item("c", "two", "Rien", "")];
    fs::write(&file, lines.join("\n\n")).unwrap();
    let run = |file: &PathBuf| {
        Command::cargo_bin("warraq").unwrap().current_dir(folder.path()).arg("replay").arg(file).output().unwrap()
    };
    let out = String::from_utf8(run(&file).stdout).unwrap();
    let told: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.iter().map(|t| t["id"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(told[0]["story"] == told[1]["story"] && told[0]["story"] != told[2]["story"], "{out}");
    fs::write(&file, "{\"id\": 1").unwrap();
    let refused = run(&file);
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(1) && words.contains("items.jsonl:1") && words.contains("hint:"), "{words}");
}

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
        instance.sql("SELECT page, count(*) FROM place GROUP BY page").await,
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
async fn pictures_are_switched_off_by_a_key() {
    let outlet = FakeOutlet::start().await;
    let picture = "<enclosure url=\"http://pictures.invalid/p.jpg\" type=\"image/jpeg\" length=\"1\"/>";
    let text = "<p>Un texte.</p><img src=\"http://pictures.invalid/q.jpg\" alt=\"<img src=x onerror=y>\">";
    let doc =
        FeedDoc::rss("La Ville").entry("1", "Un", "https://ville.invalid/1", text, "2026-11-02T09:30:00Z").to_string();
    outlet.set("/feed", Reply::feed(doc.replace("<item>", &format!("<item>{picture}"))));
    let mut instance = TestInstance::over(&[("ville", &outlet.url("/feed"))]).await;
    instance.poll().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    let page = daemon.get_until("/", "p.jpg").await;
    // The leading picture is seen at once, so it is not loaded lazily.
    assert!(page.contains("decoding=\"async\" referrerpolicy=\"no-referrer\""), "{page}");
    let story = daemon.get("/stories/1").await.text().await.unwrap();
    assert!(
        story.contains("<img loading=lazy referrerpolicy=no-referrer src=\"http://pictures.invalid/q.jpg\""),
        "{story}"
    );
    let none = config_text("", &[("ville", &outlet.url("/feed"))]).replace("[server]", "[server]\nimages = false");
    daemon.reload(none).await;
    // Pages are cached for a moment.
    instance.pass(jiff::SignedDuration::from_mins(1));
    for path in ["/", "/stories/1"] {
        let answer = daemon.get(path).await;
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("http"), "{policy}");
        let page = answer.text().await.unwrap();
        // A story links its pictures where it does not show them.
        let link = "<a href=\"http://pictures.invalid/p.jpg\" rel=\"noopener\">";
        assert_eq!(
            (page.matches("p.jpg\"").count(), page.contains(link)),
            if path == "/" { (0, false) } else { (1, true) }
        );
    }
    daemon.stop().await.unwrap();
}
