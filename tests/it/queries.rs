//! What pages and commands ask of the store: stories, status, filters, searches, reasons.

mod history;
mod search;

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
    let done = Command::cargo_bin("warraq")
        .unwrap()
        .arg("--config")
        .arg(file)
        .envs(instance.environment())
        .args(arguments)
        .output()
        .unwrap();
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
