//! Keep and drop rules of outlets and channels: what they leave out is known by name and reason, and comes back when they go.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, until},
    test_instance::{RunningDaemon, TestInstance, config_text, sums},
};
use jiff::SignedDuration;
use warraq::{model::FeedUrl, publish::Format};

const DATE: &str = "2026-11-02T09:30:00Z";
const EARLIER: &str = "2026-10-30T08:00:00Z";

/// A configuration of one outlet with these lines.
fn with(feed: &FeedUrl, lines: &str) -> String {
    config_text("", &[("ville", feed)]) + lines
}

fn link(n: u32) -> String {
    format!("https://ville.invalid/{n}")
}

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville")
        .entry("1", "Élections : les résultats", &link(1), "Le conseil a voté hier soir.", DATE)
        .entry("2", "Une offre à saisir", &link(2), "Contenu PUBLICITÉ de notre partenaire.", EARLIER)
        .entry("3", "[Vidéo] Le match", &link(3), "Les buts de la rencontre.", DATE)
}

const RULES: &str = "drop = [\"publicite\", \"title:/^\\\\[vidéo\\\\]/\"]\n";

const DROPPED: &str = "SELECT title, rule FROM dropped ORDER BY title";
const TITLES: &str = "SELECT title FROM entries ORDER BY title";

#[tokio::test]
async fn dropped_entries_are_known_and_come_back_at_their_stated_date_when_the_rule_goes() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let feed = outlet.url("/feed");
    let mut warraq = TestInstance::configured(with(&feed, RULES)).await;
    let reports = warraq.poll().await;
    assert_eq!((sums(&reports), reports[0].written.tally.dropped), ([1, 0, 0], 2));
    let dropped = [
        "Une offre à saisir|drop: \"publicite\"".to_owned(),
        "[Vidéo] Le match|drop: \"title:/^\\\\[vidéo\\\\]/\"".to_owned(),
    ];
    assert_eq!(warraq.sql(DROPPED).await, dropped);
    assert_eq!(warraq.sql("SELECT (SELECT count(*) FROM story), (SELECT entries FROM tally)").await, ["1|1"]);
    assert!(!warraq.edition("all", Format::Atom).await.contains("offre"));
    // Polled again, restarted: nothing changes.
    outlet.set("/feed", Reply::feed(doc().entry("4", "Un pont", &link(4), "Le pont ouvre.", DATE)));
    assert_eq!(sums(&warraq.poll().await), [1, 0, 0]);
    warraq.restart(None).await;
    assert_eq!(warraq.sql(DROPPED).await, dropped);
    // One rule goes: what only that one kept out comes back, once.
    let first_seen = warraq.sql("SELECT seen_at FROM dropped WHERE title LIKE 'Une%'").await;
    warraq.restart(Some(with(&feed, "drop = [\"title:/^\\\\[vidéo\\\\]/\"]\n"))).await;
    warraq.sql_until("SELECT count(*) FROM entries", &["3"]).await;
    assert_eq!(warraq.sql(DROPPED).await, &dropped[1..]);
    let back = "SELECT first_seen_at, published_at, order_at FROM entry WHERE title LIKE 'Une%'";
    assert_eq!(warraq.sql(back).await, [format!("{}|{EARLIER}|{EARLIER}", first_seen[0])]);
    assert_eq!(warraq.sql("SELECT title FROM latest").await.last().unwrap(), "Une offre à saisir");
    assert_eq!(warraq.sql("SELECT summary FROM texts WHERE summary LIKE '%PUBLICIT%'").await.len(), 1);
    assert!(warraq.edition("all", Format::Json).await.contains("offre"));
    // It is an entry like others from now on: its outlet revises it, and no longer lists it.
    let edited = doc().entry("4", "Un pont", &link(4), "Le pont ouvre.", DATE).to_string();
    outlet.set("/feed", Reply::feed(edited.replace("Une offre à saisir", "Une offre corrigée").into_bytes()));
    assert_eq!(sums(&warraq.poll().await), [0, 1, 0]);
    // The last rule goes.
    warraq.restart(Some(with(&feed, ""))).await;
    warraq.sql_until("SELECT count(*) FROM entries", &["4"]).await;
    assert!(warraq.sql(DROPPED).await.is_empty());
    assert_eq!(sums(&warraq.poll().await), [0, 0, 0]);
    assert_eq!(warraq.sql("SELECT count(*) FROM entries WHERE last_listed_at IS NULL").await, ["0"]);
}

#[tokio::test]
async fn spelling_does_not_matter_and_keep_and_drop_are_taken_together() {
    let outlet = FakeOutlet::start().await;
    let doc = FeedDoc::rss("العلم")
        .entry("1", "نتائج الإنتخابات في المغرب", &link(1), "", DATE)
        .entry("2", "نَتَائِجُ مُبَاراةِ كُرَةِ القَدَم", &link(2), "", DATE)
        .entry("3", "Résultats des ÉLECTIONS", &link(3), "", DATE)
        .entry("4", "Resultats du match", &link(4), "", DATE)
        .entry("5", "الطقس غدا", &link(5), "وتعلن النتائج يوم السبت", DATE);
    outlet.set("/feed", Reply::feed(doc));
    let rules = "keep = [\"نتايج\", \"résultats\"]\ndrop = [\"كره القدم\", \"/élection(s)?/\"]\n";
    let mut warraq = TestInstance::configured(with(&outlet.url("/feed"), rules)).await;
    warraq.poll().await;
    assert_eq!(
        warraq.sql("SELECT title FROM entries ORDER BY title").await,
        ["Resultats du match", "الطقس غدا", "نتائج الإنتخابات في المغرب"]
    );
    assert_eq!(
        warraq.sql("SELECT rule FROM dropped ORDER BY rule").await,
        ["drop: \"/élection(s)?/\"", "drop: \"كره القدم\""]
    );
    // Another rule takes over the reason; nothing that was published goes.
    let other = "keep = [\"nothing\"]\ndrop = [\"كره القدم\"]\n";
    warraq.restart(Some(with(&outlet.url("/feed"), other))).await;
    warraq
        .sql_until(
            "SELECT rule FROM dropped ORDER BY rule",
            &["drop: \"كره القدم\"", "keep: does not meet \"nothing\""],
        )
        .await;
    assert_eq!(warraq.sql("SELECT count(*) FROM latest").await, ["3"]);
}

#[tokio::test]
async fn a_new_rule_withdraws_nothing_and_an_entry_that_changes_is_judged_anew() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let feed = outlet.url("/feed");
    let mut warraq = TestInstance::configured(with(&feed, "")).await;
    warraq.poll().await;
    let before = warraq.sql(TITLES).await;
    warraq.restart(Some(with(&feed, RULES))).await;
    // Another guid and feed lists the same article; and the outlet edits a published one.
    let next = doc().entry("5", "Publicité : un tapis", &link(5), "Texte", DATE);
    outlet.set("/feed", Reply::feed(next.to_string().replace("Les buts", "Tous les buts").into_bytes()));
    assert_eq!(sums(&warraq.poll().await), [0, 1, 0]);
    assert_eq!(warraq.sql(TITLES).await, before);
    assert_eq!(warraq.sql("SELECT title FROM dropped").await, ["Publicité : un tapis"]);
    // Its outlet renames it under another id: it is kept once. Then the words that the rule names go.
    outlet.set("/feed", Reply::feed(doc().entry("5b", "Publicité : un tapis", &link(5), "Texte", DATE)));
    warraq.poll().await;
    assert_eq!(warraq.sql("SELECT count(*) FROM dropped").await, ["1"]);
    outlet.set("/feed", Reply::feed(doc().entry("5b", "Un tapis", &link(5), "Texte", DATE)));
    assert_eq!(sums(&warraq.poll().await), [1, 0, 0]);
    assert_eq!(warraq.sql("SELECT count(*) FROM dropped").await, ["0"]);
    assert_eq!(
        warraq.sql("SELECT title, first_seen_at = order_at FROM entry ORDER BY id DESC LIMIT 1").await,
        ["Un tapis|1"]
    );
    assert_eq!(warraq.sql("SELECT count(*) FROM sighting WHERE entry_id IS NULL").await, ["1"]);
}

#[tokio::test]
async fn what_no_feed_lists_for_long_is_deleted_and_never_comes_back() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let feed = outlet.url("/feed");
    let mut warraq = TestInstance::configured(with(&feed, RULES)).await;
    warraq.poll().await;
    let one = FeedDoc::rss("La Ville").entry("3", "[Vidéo] Le match", &link(3), "Les buts de la rencontre.", DATE);
    outlet.set("/feed", Reply::feed(one.clone()));
    warraq.poll().await;
    warraq.pass(SignedDuration::from_hours(24 * 91));
    assert_eq!(warraq.prune().await.dropped, 1);
    assert_eq!(warraq.sql("SELECT title FROM dropped").await, ["[Vidéo] Le match"]);
    // One comes back as it was when it had left the feed; the other one is gone for good.
    outlet.set("/feed", Reply::feed(FeedDoc::rss("La Ville").entry("9", "Neuf", &link(9), "", DATE)));
    warraq.poll().await;
    warraq.restart(Some(with(&feed, ""))).await;
    warraq.sql_until("SELECT count(*) FROM dropped", &["0"]).await;
    assert_eq!(warraq.sql("SELECT count(*) FROM entry WHERE title LIKE '[Vid%'").await, ["1"]);
    assert_eq!(warraq.sql("SELECT count(*) FROM sighting WHERE left_at IS NULL").await, ["1"]);
    outlet.set("/feed", Reply::feed(doc()));
    warraq.poll().await;
    assert_eq!(warraq.sql("SELECT count(*) FROM entry WHERE title LIKE 'Une offre%'").await, ["0"]);
}

/// A document of this many entries, every second of which is advertising.
fn long(entries: u32) -> FeedDoc {
    (0..entries).fold(FeedDoc::rss("La Ville"), |doc, n| {
        let kind = if n % 2 == 0 { "Publicité" } else { "Article" };
        doc.entry(&format!("id{n}"), &format!("{kind} numéro {n} de la ville"), &link(1_000 + n), "Texte", DATE)
    })
}

#[tokio::test]
async fn a_daemon_brings_entries_back_when_it_reloads_and_polls_judged_before_do_not_matter() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(long(700)));
    let feed = outlet.url("/feed");
    let mut warraq = TestInstance::configured(with(&feed, RULES)).await;
    warraq.poll().await;
    assert_eq!(warraq.sql("SELECT (SELECT count(*) FROM dropped), (SELECT count(*) FROM entries)").await, ["350|350"]);
    warraq.close().await;
    let daemon = RunningDaemon::start(&warraq).await;
    daemon.reload(with(&feed, "drop = [\"numero 100\"]\n")).await;
    warraq.sql_until("SELECT count(*) FROM dropped", &["1"]).await;
    assert_eq!(warraq.sql("SELECT count(*), count(DISTINCT key) FROM entry").await, ["699|699"]);
    daemon.reload(with(&feed, RULES)).await;
    daemon.get_until("/feed.json", "Article").await;
    daemon.reload(with(&feed, "")).await;
    warraq.sql_until("SELECT count(*) FROM dropped", &["0"]).await;
    daemon.stop().await.unwrap();
    assert_eq!(warraq.sql("SELECT count(*), count(DISTINCT story_id) FROM entry").await.len(), 1);
    assert_eq!(warraq.sql("SELECT count(*) FROM sighting WHERE entry_id IS NULL").await, ["0"]);
}

#[tokio::test]
async fn a_kill_while_entries_come_back_loses_and_doubles_none() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(long(900)));
    let feed = outlet.url("/feed");
    let text = |rules: &str| with(&feed, &format!("{rules}[schedule]\ndefault = \"every 1h\"\n"));
    let folder = Folder::new("", &[]);
    folder.configure(&text(RULES));
    folder.says(&["poll"]).await;
    assert_eq!(folder.sql("SELECT count(*) FROM dropped").await, ["450"]);
    folder.configure(&text(""));
    let daemon = folder.start().await;
    until("an entry that came back", async || folder.sql("SELECT count(*) FROM dropped").await != ["450"]).await;
    daemon.kill().await;
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) FROM dropped", "0").await;
    daemon.stop().await;
    assert_eq!(folder.sql("SELECT count(*), count(DISTINCT key) FROM entry").await, ["900|900"]);
    assert_eq!(folder.sql("SELECT count(*) FROM sighting WHERE entry_id IS NULL").await, ["0"]);
    assert_eq!(folder.sql("SELECT count(*) FROM outlet WHERE rules <> ''").await, ["0"]);
}

#[tokio::test]
async fn rules_decide_what_enters_a_channel_also_what_came_before_them() {
    let (outlet, other) = (FakeOutlet::start().await, FakeOutlet::start().await);
    outlet.set("/feed", Reply::feed(doc()));
    other.set("/feed", Reply::feed(FeedDoc::rss("B").entry("b", "Match nul", &link(7), "Vidéo du match", DATE)));
    let outlets = config_text("", &[("ville", &outlet.url("/feed")), ("bourg", &other.url("/feed"))]);
    let channel = |rules: &str| {
        format!(
            "{outlets}\n[[channel]]\nslug = \"match\"\ntitle = \"Match\"\n{rules}\n[[channel]]\nslug = \"each\"\ntitle = \"Each\"\ncollapse = false\n{rules}\n"
        )
    };
    let listed = "SELECT c.slug, e.title FROM place AS p JOIN channel AS c ON c.id = p.channel_id \
                  JOIN entry AS e ON e.id = p.entry_id WHERE c.id <> 1 ORDER BY 1, 2";
    let mut warraq = TestInstance::configured(channel("keep = [\"match\"]\ndrop = [\"text:video\"]")).await;
    warraq.poll().await;
    assert_eq!(warraq.sql(listed).await, ["each|[Vidéo] Le match", "match|[Vidéo] Le match"]);
    assert_eq!(warraq.sql("SELECT count(*) FROM latest").await, ["4"]);
    warraq.restart(Some(channel("keep = [\"text:/vid[eé]o/\", \"category:x\", \"link:ville.invalid/2\"]"))).await;
    let both = ["each|Match nul", "each|Une offre à saisir", "match|Match nul", "match|Une offre à saisir"];
    warraq.sql_until(listed, &both).await;
    // With several outlets or a preference, stories are looked up when they qualify.
    warraq.restart(Some(channel("prefer = [\"ville\"]\nkeep = [\"match\"]"))).await;
    let matches = ["each|Match nul", "each|[Vidéo] Le match", "match|Match nul", "match|[Vidéo] Le match"];
    warraq.sql_until(listed, &matches).await;
    outlet.set(
        "/feed",
        Reply::feed(doc().entry("8", "Un MATCH", &link(8), "", DATE).entry("9", "Rien", &link(9), "", DATE)),
    );
    warraq.poll().await;
    assert_eq!(warraq.sql(listed).await.iter().filter(|row| row.ends_with("Un MATCH")).count(), 2);
    assert!(!warraq.edition("match", Format::Rss).await.contains("Rien"));
}

#[tokio::test]
async fn a_revision_that_a_channel_s_rules_accept_enters_it_and_none_leaves() {
    let outlet = FakeOutlet::start().await;
    let doc = |first: &str, second: &str| {
        let doc = FeedDoc::rss("La Ville").entry("1", first, &link(1), "Texte du premier article.", DATE);
        Reply::feed(doc.entry("2", second, &link(2), "Texte du second article, tout autre.", EARLIER))
    };
    outlet.set("/feed", doc("Le match", "La voirie"));
    let channels = "[[channel]]\nslug = \"match\"\ntitle = \"M\"\nkeep = [\"match\"]\n\
                    [[channel]]\nslug = \"each\"\ntitle = \"E\"\ncollapse = false\nkeep = [\"match\"]\n";
    let mut warraq = TestInstance::configured(with(&outlet.url("/feed"), channels)).await;
    warraq.poll().await;
    let listed = "SELECT c.slug, e.title, p.order_at = e.order_at FROM place AS p JOIN channel AS c ON c.id = p.channel_id \
                  JOIN entry AS e ON e.id = p.entry_id WHERE c.slug IN ('match', 'each') ORDER BY 1, 2";
    assert_eq!(warraq.sql(listed).await, ["each|Le match|1", "match|Le match|1"]);
    // The outlet renames both: the first no longer has the word of the rules, the second has it now.
    outlet.set("/feed", doc("La finale", "La voirie après le match"));
    assert_eq!(sums(&warraq.poll().await), [0, 2, 0]);
    let all = [
        "each|La finale|1",
        "each|La voirie après le match|1",
        "match|La finale|1",
        "match|La voirie après le match|1",
    ];
    assert_eq!(warraq.sql(listed).await, all);
    assert!(warraq.edition("match", Format::Rss).await.contains("La voirie après le match"));
    // Once more changes nothing.
    outlet.set("/feed", doc("La finale", "La voirie après le grand match"));
    warraq.poll().await;
    assert_eq!(warraq.sql(listed).await.len(), 4);
}

#[tokio::test]
async fn the_verbs_tell_what_is_dropped_and_why_and_refuse_faulty_rules() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let feed = outlet.url("/feed");
    let folder = Folder::new("", &[]);
    folder.configure(&with(&feed, RULES));
    assert!(folder.says(&["poll"]).await.contains("1 new entry, 0 revised, 0 duplicate, 2 dropped"));
    assert!(folder.says(&["poll", "ville", "--json"]).await.contains("\"dropped\":0"));
    let told = folder.says(&["explain", "entry", &link(2)]).await;
    assert!(told.contains("Une offre à saisir") && told.contains("left out by a rule: drop: \"publicite\""), "{told}");
    assert!(folder.says(&["explain", "entry", &link(3), "--json"]).await.contains("\"rule\": \"drop: "));
    assert!(folder.says(&["explain", "entry", &link(1)]).await.contains("entry 1 of ville"));
    assert!(folder.says(&["explain", "entry", "1"]).await.contains("entry 1 of ville"));
    assert_eq!(folder.fails(&["explain", "entry", &link(99)]).await.0, 1);
    assert_eq!(folder.fails(&["explain", "entry", "Une offre"]).await.0, 2);
    let told = folder.says(&["explain", "feed", "ville"]).await;
    assert!(told.contains("1 entry left out by a rule: drop: \"publicite\"") && told.contains(", 2 dropped"), "{told}");
    assert!(folder.says(&["explain", "feed", "ville", "--json"]).await.contains("\"entries\": 1"));
    folder.configure(&with(
        &feed,
        "keep = [\"sport\", \"\"]\ndrop = [\n  \"title:/(/\",\n  \"!!\",\n  \"titel:x\",\n  \"sport\",\n]\n",
    ));
    let (code, faults) = folder.fails(&["check"]).await;
    assert_eq!(code, 78);
    let line = |words: &str| {
        let line = faults.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {faults}"));
        line.split(':').nth(2).unwrap().parse::<u32>().unwrap()
    };
    let first = line("outlet.ville.keep: \"\" is empty");
    assert_eq!(
        line("outlet.ville.drop: \"title:/(/\" is not a valid regular expression: unclosed group, at character 1"),
        first + 2
    );
    assert_eq!(line("\"!!\" has no letter or digit"), first + 3);
    assert_eq!(line("did you mean \"title\"?"), first + 4);
    assert_eq!(line("outlet.ville.keep: \"sport\" is in drop too"), first);
    folder.configure(&(with(&feed, "") + "[[channel]]\nslug = \"all\"\nkeep = [\"a\"]\n"));
    assert!(folder.fails(&["check"]).await.1.contains("always contains everything"));
}
