//! What happens to entries over time, as people see it: through the views and in the published editions, parsed again.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{TestInstance, outcomes, sums},
};
use jiff::SignedDuration;
use warraq::{model::FeedUrl, publish::Format};

const DATE: &str = "2026-11-02T09:30:00Z";
const TEXT: &str =
    "Le conseil municipal a voté lundi le budget de la ville, après un débat de six heures sur le tramway.";
const TITLES: &str = "SELECT entry_id, story_id, title FROM entries ORDER BY entry_id";

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville")
}

/// Returns an outlet with one feed.
async fn outlet(reply: Reply) -> (FakeOutlet, FeedUrl) {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", reply);
    let feed = outlet.url("/feed");
    (outlet, feed)
}

/// Returns the ids of an edition's entries, and when each was updated.
fn entries(edition: &str) -> Vec<(String, String)> {
    let feed = feed_rs::parser::parse(edition.as_bytes()).unwrap();
    feed.entries.into_iter().map(|e| (e.id, e.updated.unwrap().to_rfc3339())).collect()
}

#[tokio::test]
async fn an_entry_is_new_once_whatever_becomes_of_it() {
    let first = || doc().entry("1", "Le budget est voté", "https://ville.invalid/1", TEXT, DATE);
    let (outlet, feed) = outlet(Reply::feed(first())).await;
    let mut instance = TestInstance::over(&[("ville", &feed)]).await;
    assert_eq!(sums(&instance.poll().await), [1, 0, 0]);

    // It is listed for days, with other entries before and after it.
    for day in 2..6 {
        instance.pass(SignedDuration::from_hours(24));
        let other = format!("Autre nouvelle numéro {day}");
        outlet.set("/feed", Reply::feed(first().entry(&day.to_string(), &other, "", "", "")));
        assert_eq!(sums(&instance.poll().await), [1, 0, 0]);
    }
    // It leaves the feed and returns.
    outlet.set("/feed", Reply::feed(doc().entry("9", "Seul", "", "", "")));
    assert_eq!(sums(&instance.poll().await), [1, 0, 0]);
    let left = instance.sql("SELECT last_listed_at FROM entries WHERE source_id = '1'").await;
    assert_eq!(left, ["2026-11-06T12:05:00Z"]);
    outlet.set("/feed", Reply::feed(first()));
    assert_eq!(sums(&instance.poll().await), [0, 0, 0]);
    assert_eq!(instance.sql("SELECT count(*), count(DISTINCT story_id) FROM entries").await, ["6|6"]);
    assert_eq!(instance.sql("SELECT count(*) FROM revisions").await, ["0"]);
}

#[tokio::test]
async fn what_was_pruned_never_returns_as_new() {
    let first = || doc().entry("1", "Le budget est voté", "https://ville.invalid/1", TEXT, DATE);
    let (outlet, feed) = outlet(Reply::feed(first().entry("2", "Reste", "", "", ""))).await;
    let mut instance = TestInstance::over(&[("ville", &feed)]).await;
    instance.poll().await;
    outlet.set("/feed", Reply::feed(doc().entry("2", "Reste", "", "", "")));
    instance.poll().await;
    instance.pass(SignedDuration::from_hours(24 * 91));
    instance.poll().await;
    let pruned = instance.prune().await;
    assert_eq!((pruned.entries, pruned.stories), (1, 1), "what is listed stays");
    assert_eq!(instance.sql("SELECT title FROM entries").await, ["Reste"]);
    assert_eq!(instance.sql("SELECT count(*) FROM latest").await, ["1"]);

    instance.restart(None).await;
    outlet.set("/feed", Reply::feed(first().entry("2", "Reste", "", "", "")));
    assert_eq!(sums(&instance.poll().await), [0, 0, 0]);
    assert_eq!(instance.sql("SELECT title FROM entries").await, ["Reste"]);
    // The numbers of stories are never reused.
    outlet.set("/feed", Reply::feed(doc().entry("3", "Nouvelle", "", "", "")));
    assert_eq!(sums(&instance.poll().await), [1, 0, 0]);
    assert_eq!(instance.sql(TITLES).await, ["2|2|Reste", "3|3|Nouvelle"]);
}

#[tokio::test]
async fn a_corrected_headline_keeps_its_id_its_story_and_its_place() {
    let with = |title: &str, text: &str| doc().entry("1", title, "https://ville.invalid/1", text, DATE);
    let (outlet, feed) = outlet(Reply::feed(with("Le bugdet est voté", TEXT))).await;
    let mut instance = TestInstance::over(&[("ville", &feed)]).await;
    instance.poll().await;
    let place = "SELECT story_id, order_at, published_at, first_seen_at, title FROM latest";
    assert_eq!(
        instance.sql(place).await,
        ["1|2026-11-02T09:30:00Z|2026-11-02T09:30:00Z|2026-11-02T12:01:00Z|Le bugdet est voté"]
    );
    let before = entries(&instance.edition("all", Format::Atom).await);

    // A correction of a word in the text is a revision, but feed readers do not show the entry as updated for it.
    outlet.set("/feed", Reply::feed(with("Le bugdet est voté", &TEXT.replace("six", "sept"))));
    assert_eq!(sums(&instance.poll().await), [0, 1, 0]);
    assert_eq!(entries(&instance.edition("all", Format::Atom).await), before);

    outlet.set("/feed", Reply::feed(with("Le budget est voté", &TEXT.replace("six", "sept"))));
    assert_eq!(sums(&instance.poll().await), [0, 1, 0]);
    let after = entries(&instance.edition("all", Format::Atom).await);
    assert_eq!((after.len(), &after[0].0), (1, &before[0].0));
    assert!(after[0].1 > before[0].1, "{before:?} {after:?}");
    assert_eq!(
        instance.sql(place).await,
        ["1|2026-11-02T09:30:00Z|2026-11-02T09:30:00Z|2026-11-02T12:01:00Z|Le budget est voté"]
    );
    assert_eq!(
        instance.sql("SELECT entry_id, outlet, seen_at, old_title, new_title, material FROM revisions").await,
        [
            "1|ville|2026-11-02T12:03:00Z|Le bugdet est voté|Le budget est voté|1",
            "1|ville|2026-11-02T12:02:00Z|Le bugdet est voté|Le bugdet est voté|0"
        ]
    );
}

#[tokio::test]
async fn a_new_address_or_a_new_date_is_no_new_entry() {
    let entry = |link: &str, date: &str| doc().entry("1", "Le budget est voté", link, TEXT, date);
    let (outlet, feed) = outlet(Reply::feed(entry("https://ville.invalid/1", DATE))).await;
    let mut instance = TestInstance::over(&[("ville", &feed)]).await;
    instance.poll().await;
    for (link, date) in [
        ("https://ville.invalid/un-autre-titre", DATE),
        ("https://ville.invalid/1", "2026-11-02T11:59:00Z"),
        ("https://ville.invalid/2", ""),
    ] {
        outlet.set("/feed", Reply::feed(entry(link, date)));
        assert_eq!(sums(&instance.poll().await)[0], 0, "{link} {date}");
    }
    assert_eq!(
        instance.sql("SELECT story_id, link, order_at FROM latest").await,
        ["1|https://ville.invalid/2|2026-11-02T09:30:00Z"]
    );
}

#[tokio::test]
async fn categories_in_another_order_are_no_revision() {
    let listed = |categories: &[&str]| {
        let categories = categories.join("</category><category>");
        format!(
            "<rss version=\"2.0\"><channel><title>V</title><item><guid>1</guid><title>Un</title>\
             <category>{categories}</category></item></channel></rss>"
        )
    };
    let (outlet, feed) = outlet(Reply::feed(listed(&["Ville", "Budget", "Tramway"]))).await;
    let mut instance = TestInstance::over(&[("ville", &feed)]).await;
    assert_eq!(sums(&instance.poll().await), [1, 0, 0]);
    outlet.set("/feed", Reply::feed(listed(&["Budget", "Tramway", "Ville"])));
    assert_eq!(sums(&instance.poll().await), [0, 0, 0]);
    outlet.set("/feed", Reply::feed(listed(&["Budget", "Tramway"])));
    assert_eq!(sums(&instance.poll().await), [0, 1, 0], "one less is a revision");
}

#[tokio::test]
async fn of_an_entry_that_is_rewritten_without_end_the_first_change_and_the_latest_hundred_are_kept() {
    let listed = |round: usize| {
        let own = doc().entry("1", &format!("Cours numéro {round}"), "https://ville.invalid/1", TEXT, DATE);
        own.entry("2", if round == 0 { "Avant" } else { "Après" }, "https://ville.invalid/2", "", DATE)
    };
    let (outlet, feed) = outlet(Reply::feed(listed(0))).await;
    let mut instance = TestInstance::over(&[("ville", &feed)]).await;
    instance.poll().await;
    for round in 1..=105 {
        outlet.set("/feed", Reply::feed(listed(round)));
        assert_eq!(sums(&instance.poll().await)[1], if round == 1 { 2 } else { 1 });
    }
    let kept = instance.sql("SELECT old_title FROM revisions WHERE old_title LIKE 'Cours%' ORDER BY seen_at").await;
    assert_eq!(kept.len(), 101, "{kept:?}");
    assert!(kept.contains(&"Cours numéro 0".to_owned()) && kept.contains(&"Cours numéro 104".to_owned()), "{kept:?}");
    assert!(!kept.contains(&"Cours numéro 1".to_owned()), "{kept:?}");
    assert_eq!(instance.sql("SELECT count(*) FROM revisions WHERE old_title = 'Avant'").await, ["1"]);
}

#[tokio::test]
async fn the_order_is_that_of_arrival_and_nothing_is_withdrawn() {
    let (outlet, feed) = outlet(Reply::feed(doc().entry("1", "Un", "", "", DATE))).await;
    let mut instance = TestInstance::over(&[("ville", &feed)]).await;
    instance.poll().await;
    let mut shown: Vec<String> = Vec::new();
    for n in 2..8 {
        // Each new entry states an earlier date than the one before, and is alone in the feed.
        let date = format!("2026-11-02T0{}:00:00Z", 9 - n);
        outlet.set("/feed", Reply::feed(doc().entry(&n.to_string(), &format!("Titre {n}"), "", "", &date)));
        assert_eq!(sums(&instance.poll().await), [1, 0, 0]);
        let now = instance.sql("SELECT story_id FROM latest").await;
        if !shown.is_empty() {
            assert_eq!(now[1..], shown, "what was shown stays, in its order");
        }
        shown = now;
    }
    assert_eq!(shown, ["7", "6", "5", "4", "3", "2", "1"]);
}

#[tokio::test]
async fn a_first_poll_never_floods_and_a_missing_date_never_becomes_now() {
    let old = doc().entry("1", "Ancien", "", "", "2025-05-01T08:00:00Z").entry("2", "Sans date", "", "", "");
    let (outlet, feed) = outlet(Reply::feed(old.clone())).await;
    let mut instance = TestInstance::over(&[("ville", &feed)]).await;
    instance.poll().await;
    // An entry dated more than two days before the previous poll is placed by its date.
    let more =
        old.entry("3", "Archive", "", "", "2026-10-20T08:00:00Z").entry("4", "Tard", "", "", "2026-11-01T08:00:00Z");
    outlet.set("/feed", Reply::feed(more.entry("5", "Demain", "", "", "2027-01-01T00:00:00Z")));
    instance.poll().await;
    assert_eq!(
        instance.sql("SELECT title, order_at, published_at FROM latest").await,
        [
            "Demain|2026-11-02T12:02:00Z|2026-11-02T12:02:00Z",
            "Tard|2026-11-02T12:02:00Z|2026-11-01T08:00:00Z",
            "Archive|2026-11-02T12:02:00Z|2026-10-20T08:00:00Z",
            "Sans date|2026-11-01T00:01:00Z|2026-11-02T12:01:00Z",
            "Ancien|2025-05-01T08:00:00Z|2025-05-01T08:00:00Z",
        ]
    );
    assert_eq!(
        instance.sql("SELECT source_id, published FROM entry WHERE id IN (2, 5) ORDER BY id").await,
        ["2|", "5|2027-01-01T00:00:00Z"]
    );
}

#[tokio::test]
async fn a_cut_document_says_nothing_about_what_is_missing() {
    let whole = doc().entry("1", "Un", "", "", DATE).entry("2", "Deux", "", "", DATE).to_string();
    let (outlet, feed) = outlet(Reply::feed(whole.as_str())).await;
    let mut instance = TestInstance::over(&[("ville", &feed)]).await;
    instance.poll().await;
    let cut = whole.find("<title>Deux").unwrap();
    outlet.set("/feed", Reply::feed(&whole.as_bytes()[..cut]));
    assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
    assert_eq!(instance.sql("SELECT count(*) FROM sighting WHERE left_at IS NULL").await, ["2"]);
}

#[tokio::test]
async fn reports_at_one_link_without_ids_are_never_revisions_of_each_other() {
    let doc = |reports: std::ops::RangeInclusive<u32>| {
        reports.rev().fold(FeedDoc::rss("News"), |doc, n| {
            let text = format!("What happened on day {n}.");
            doc.entry("", &format!("Report {n}"), "https://news.invalid/news.html", &text, "")
        })
    };
    let (outlet, url) = outlet(Reply::feed(doc(1..=3))).await;
    let mut instance = TestInstance::over(&[("news", &url)]).await;
    instance.poll().await;
    for last in [4, 5, 6] {
        outlet.set("/feed", Reply::feed(doc(last - 2..=last)));
        assert_eq!(sums(&instance.poll().await), [1, 0, 0], "report {last}");
    }
    let kept = instance.sql("SELECT title FROM entries ORDER BY entry_id").await;
    let mut sorted = kept.clone();
    sorted.sort();
    assert_eq!(sorted, ["Report 1", "Report 2", "Report 3", "Report 4", "Report 5", "Report 6"], "{kept:?}");
    assert_eq!(instance.sql("SELECT count(*) FROM revisions").await, ["0"]);
}
