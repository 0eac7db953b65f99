//! A story appears once: over real polls, as the views and editions show it.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{TestInstance, config_text, sums},
};
use jiff::SignedDuration;
use warraq::publish::Format;

const DATE: &str = "2026-11-02T09:30:00Z";
const TITLES: [&str; 2] =
    ["إطلاق برنامج لترميم المدارس القروية بإقليم الواحة", "الواحة.. برنامج جديد لترميم المدارس القروية"];
/// One wire report, as two newsrooms print it.
const WIRE: [&str; 2] = [
    "أعطى عامل إقليم الواحة، أمس الأحد، انطلاقة برنامج واسع لترميم المدارس القروية بغلاف مالي قدره أربعون مليون درهم، \
     يهم ستين مدرسة موزعة على اثنتي عشرة جماعة. ويشمل البرنامج تجديد الأسقف والنوافذ وربط الأقسام بالماء والكهرباء وبناء \
     ملاعب صغيرة. وقال مدير الأكاديمية إن الأشغال ستنتهي قبل بداية الموسم الدراسي المقبل، مضيفا أن اختيار المدارس تم وفق \
     معايير تأخذ بعين الاعتبار عدد التلاميذ وبعد القرى عن المركز.",
    "أعطى عامل إقليم الواحة، يوم الأحد، انطلاقة برنامج واسع لترميم المدارس القروية بغلاف مالي قدره أربعون مليون درهم، \
     يهم ستين مدرسة موزعة على اثنتي عشرة جماعة. ويشمل البرنامج تجديد الأسقف والنوافذ وربط الأقسام بالماء والكهرباء وبناء \
     ملاعب صغيرة. وقال مدير الأكاديمية إن الأشغال ستنتهي قبل بداية الموسم الدراسي المقبل، مضيفا أن اختيار المدارس تم وفق \
     معايير تراعي عدد التلاميذ وبعد القرى عن المركز.",
];

/// Two outlets with one feed each: `ar-a` and `ar-b`.
struct Two {
    outlets: [FakeOutlet; 2],
    instance: TestInstance,
}

async fn two(more: &str) -> Two {
    let outlets = [FakeOutlet::start().await, FakeOutlet::start_on("127.0.0.2").await];
    let feeds = [("ar-a", &outlets[0].url("/feed")), ("ar-b", &outlets[1].url("/feed"))];
    let instance = TestInstance::configured(config_text(more, &feeds)).await;
    // The first polls are done: what comes now is news.
    let mut two = Two { outlets, instance };
    two.lists(0, FeedDoc::rss("أ").entry("0", "Rien", "", "", ""));
    two.lists(1, FeedDoc::rss("ب").entry("0", "Autre chose", "", "", ""));
    two.instance.poll().await;
    two
}

impl Two {
    fn lists(&self, outlet: usize, doc: FeedDoc) {
        self.outlets[outlet].set("/feed", Reply::feed(doc));
    }

    /// Returns the wire report's titles that a channel shows.
    async fn shown(&mut self, channel: &str) -> Vec<String> {
        let json = self.instance.edition(channel, Format::Json).await;
        let feed: serde_json::Value = serde_json::from_str(&json).unwrap();
        let titles = feed["items"].as_array().unwrap().iter().map(|entry| entry["title"].as_str().unwrap().to_owned());
        titles.filter(|title| TITLES.contains(&title.as_str())).collect()
    }

    /// Makes both outlets list the wire report.
    fn list_wire(&self) {
        for n in 0..2 {
            let link = format!("https://{n}.invalid/madaris");
            self.lists(n, FeedDoc::rss("أ").entry("1", TITLES[n], &link, WIRE[n], DATE));
        }
    }
}

#[tokio::test]
async fn the_same_link_at_another_outlet_joins() {
    let mut two = two("").await;
    two.lists(0, FeedDoc::rss("أ").entry("1", "عنوان", "http://www.wakala.invalid/n/1?utm_source=rss", "", DATE));
    two.lists(1, FeedDoc::rss("ب").entry("x", "عنوان آخر", "https://wakala.invalid/n/1", "", DATE));
    two.instance.poll_only("ar-a").await;
    let reports = two.instance.poll_only("ar-b").await;
    assert_eq!(sums(&reports), [1, 0, 1]);
    assert_eq!(two.instance.sql("SELECT outlet, title, rule FROM duplicates").await, ["ar-b|عنوان آخر|link"]);
    assert_eq!(two.instance.sql("SELECT outlet, outlets FROM latest LIMIT 1").await, ["ar-a|2"]);
    let edition = two.instance.edition("all", Format::Atom).await;
    let feed = feed_rs::parser::parse(edition.as_bytes()).unwrap();
    let story = feed.entries.iter().find(|e| e.title.as_ref().unwrap().content == "عنوان").unwrap();
    let related: Vec<_> = story.links.iter().filter(|l| l.rel.as_deref() == Some("related")).collect();
    assert_eq!(related.len(), 1);
    assert_eq!(related[0].href, "https://wakala.invalid/n/1");
    assert!(!edition.contains("<title>عنوان آخر</title>"), "shown once");
}

#[tokio::test]
async fn one_wire_report_at_two_outlets_is_one_story_in_either_order_and_over_a_restart() {
    let mut found = Vec::new();
    for (order, restarts) in [(["ar-a", "ar-b"], false), (["ar-b", "ar-a"], false), (["ar-a", "ar-b"], true)] {
        let mut two = two("").await;
        two.list_wire();
        two.instance.poll_only(order[0]).await;
        if restarts {
            two.instance.restart(None).await;
        }
        assert_eq!(sums(&two.instance.poll_only(order[1]).await), [1, 0, 1], "{order:?}");
        let rows =
            two.instance.sql("SELECT outlet, rule, lmin > 0.3, containment > 0.35, evidence <> '' FROM duplicates");
        assert_eq!(rows.await, [format!("{}|text|1|1|1", order[1])]);
        assert_eq!(two.instance.sql("SELECT outlet, outlets FROM latest LIMIT 1").await, [format!("{}|2", order[0])]);
        found.push(two.instance.sql("SELECT lmin, containment, start FROM duplicates").await);
    }
    assert!(found.iter().all(|f| *f == found[0]), "{found:?}");
}

#[tokio::test]
async fn reports_that_come_together_join_too() {
    let mut two = two("").await;
    two.list_wire();
    assert_eq!(sums(&two.instance.poll().await), [2, 0, 1]);
    assert_eq!(two.instance.sql("SELECT count(*), count(DISTINCT story_id) FROM entries").await, ["4|3"]);
}

#[tokio::test]
async fn what_is_further_apart_than_the_window_stays_apart() {
    let mut two = two("[stories]\nwindow = \"12h\"\n").await;
    two.list_wire();
    two.instance.poll_only("ar-a").await;
    two.instance.pass(SignedDuration::from_hours(13));
    two.lists(1, FeedDoc::rss("ب").entry("1", TITLES[1], "https://1.invalid/madaris", WIRE[1], "2026-11-03T01:00:00Z"));
    assert_eq!(sums(&two.instance.poll_only("ar-b").await), [1, 0, 0]);
    assert_eq!(two.instance.sql("SELECT count(*) FROM duplicates").await, ["0"]);
}

#[tokio::test]
async fn a_heading_of_weeks_ago_is_known_over_a_restart() {
    let heading = "Les matinales : la revue de presse du jour";
    // The outlet's entry of weeks ago at each poll, and whether its title is known as a heading afterwards.
    for (polls, is_heading) in [
        (&[(heading, "")][..], true),
        (&[(heading, WIRE[0])], false),
        (&[(heading, ""), (heading, WIRE[0])], false),
        (&[(TITLES[0], WIRE[0]), (heading, "En bref.")], true),
        (&[(heading, ""), (heading, "En bref.")], true),
    ] {
        let mut two = two("").await;
        for (title, text) in polls {
            two.lists(0, FeedDoc::rss("أ").entry("1", title, "https://a.invalid/1", text, DATE));
            two.instance.poll_only("ar-a").await;
        }
        two.instance.pass(SignedDuration::from_hours(20 * 24));
        two.instance.restart(None).await;
        for (outlet, date) in [(0, "2026-11-22T09:00:00Z"), (1, "2026-11-22T09:10:00Z")] {
            let link = format!("https://{outlet}.invalid/2");
            two.lists(outlet, FeedDoc::rss("أ").entry("2", heading, &link, "", date));
        }
        two.instance.poll().await;
        let joined = two.instance.sql("SELECT count(*) FROM duplicates").await;
        assert_eq!(joined, [if is_heading { "0" } else { "1" }], "{polls:?}");
    }
}

#[tokio::test]
async fn channels_take_what_they_are_made_for() {
    let channels = "[[channel]]\nslug = \"both\"\ntitle = \"Both\"\nmin_outlets = 2\n\
        [[channel]]\nslug = \"b-first\"\ntitle = \"B\"\nprefer = [\"ar-b\"]\nmin_outlets = 2\n\
        [[channel]]\nslug = \"each\"\ntitle = \"Each\"\ncollapse = false\n\
        [[channel]]\nslug = \"only-b\"\ntitle = \"B\"\noutlets = [\"ar-b\"]\n\
        [[channel]]\nslug = \"fr\"\ntitle = \"F\"\nlanguages = [\"fr\"]\n\
        [[channel]]\nslug = \"ar\"\ntitle = \"A\"\nlanguages = [\"ar\"]\n";
    let mut two = two(channels).await;
    two.list_wire();
    two.instance.poll_only("ar-a").await;
    assert!(two.shown("both").await.is_empty(), "one outlet only");
    two.instance.poll_only("ar-b").await;
    for restarted in [false, true] {
        assert_eq!(two.shown("both").await, [TITLES[0]]);
        assert_eq!(two.shown("b-first").await, [TITLES[1]]);
        assert_eq!(two.shown("each").await, [TITLES[1], TITLES[0]]);
        assert_eq!(two.shown("only-b").await, [TITLES[1]], "the first member inside the channel leads");
        assert_eq!(two.shown("ar").await, [TITLES[0]]);
        assert!(two.shown("fr").await.is_empty());
        let ids = "SELECT count(DISTINCT story_id), count(*) FROM place WHERE entry_id IN (3, 4)";
        assert_eq!(two.instance.sql(ids).await, ["1|7"], "{restarted}");
        two.instance.restart(None).await;
    }
}

#[tokio::test]
async fn retention_within_the_window_leaves_no_story_that_is_not_there() {
    let mut two = two("[retention]\nkeep = \"1d\"\n").await;
    two.list_wire();
    two.instance.poll_only("ar-a").await;
    // The first report leaves its feed and is deleted while its text is still in the window.
    two.lists(0, FeedDoc::rss("أ").entry("2", "Neuf", "", "", ""));
    two.lists(1, FeedDoc::rss("ب").entry("2", "Neuf", "", "", ""));
    two.instance.poll().await;
    two.instance.pass(SignedDuration::from_hours(25));
    two.instance.poll().await;
    assert_eq!(two.instance.prune().await.entries, 3);
    let doc = FeedDoc::rss("ب").entry("1", TITLES[1], "https://1.invalid/madaris", WIRE[1], "2026-11-03T10:00:00Z");
    two.lists(1, doc);
    assert_eq!(sums(&two.instance.poll().await), [1, 0, 0]);
    assert_eq!(two.instance.sql("SELECT outlet, outlets FROM latest LIMIT 1").await, ["ar-b|1"]);
}
