//! Documents made to be expensive: what is kept of them is bounded, and what is left out is reported. Checks counts, never times.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use warraq::{
    clock::Clock,
    model::{Deadline, Fault, Markup, ParsedEntry, ParsedFeed, SafeHtml},
    normalise::{self, TextLimits, TextPlace},
    parse,
};

fn read(document: &str) -> ParsedFeed {
    parse::read(document.as_bytes(), &parse::ParseContext::default(), &|_| false).unwrap()
}

fn entries(feed: &ParsedFeed) -> Vec<&ParsedEntry> {
    feed.listed.iter().filter_map(|listed| listed.entry.as_deref()).collect()
}

fn item(inside: &str) -> String {
    format!(
        "<rss version='2.0'><channel><title>t</title><item><title>first</title></item><item>{inside}</item></channel></rss>"
    )
}

#[test]
fn entities_expand_to_no_more_than_a_document_may_hold() {
    let long = "x".repeat(50_000);
    let many = "&e;".repeat(1_000);
    let places = [
        format!("<description>{many}</description>"),
        format!("<description><p>{many}</p></description>"),
        format!("<description><p title='{many}'>a</p></description>"),
        "<category>&e;</category>".repeat(1_000),
        "<enclosure url='/&e;'/>".repeat(1_000),
        format!("<title>{many}</title>"),
    ];
    for place in places {
        let document = format!("<!DOCTYPE rss [<!ENTITY e \"{long}\">]>{}", item(&place));
        let feed = read(&document);
        assert!(feed.partial && feed.repairs.contains(&"entity-expansion"), "{:?}", feed.repairs);
        assert_eq!(entries(&feed).len(), 1, "what came before is kept");
    }
    let once = read(&format!("<!DOCTYPE rss [<!ENTITY e \"{long}\">]>{}", item("<description>&e;</description>")));
    assert!(!once.partial && once.repairs.is_empty(), "{:?}", once.repairs);
}

#[test]
fn ten_thousand_entries_are_kept_and_the_rest_is_said_to_be_left() {
    let document = |n: usize| {
        let items: Vec<String> = (0..n).map(|i| format!("<item><title>{i}</title><guid>{i}</guid></item>")).collect();
        format!("<rss version='2.0'><channel>{}</channel></rss>", items.concat())
    };
    let json = |n: usize| {
        let items: Vec<String> = (0..n).map(|i| format!("{{\"id\":\"{i}\",\"title\":\"{i}\"}}")).collect();
        format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{}]}}", items.join(","))
    };
    for make in [&document as &dyn Fn(usize) -> String, &json] {
        let whole = read(&make(10_000));
        assert_eq!((entries(&whole).len(), whole.partial), (10_000, false));
        let more = read(&make(10_001));
        assert_eq!((entries(&more).len(), more.partial), (10_000, true));
        assert_eq!(more.repairs, ["too-many-entries"]);
        let many = read(&make(20_500));
        assert_eq!((entries(&many).len(), many.partial), (10_000, true));
        assert_eq!(many.repairs, ["too-many-entries"]);
    }
}

#[test]
fn lists_are_cut_and_it_is_said() {
    let numbered = |unit: &str| (0..700).map(|i| unit.replace('#', &i.to_string())).collect::<Vec<_>>().concat();
    let units = [
        "<category>c#</category>",
        "<author>a#</author>",
        "<enclosure url='https://x.example/#'/>",
        "<dc:contributor>d#</dc:contributor>",
        "<atom:link rel='enclosure' href='https://x.example/#'/>",
    ];
    for unit in units {
        let feed = read(&item(&numbered(unit)));
        let entry = entries(&feed)[1];
        let kept = [entry.categories.len(), entry.authors.len(), entry.enclosures.len(), entry.contributors.len()];
        assert_eq!(kept.into_iter().max(), Some(500), "{unit}");
        assert!(feed.repairs.contains(&"long-lists"), "{unit}");
    }
    let tags: Vec<String> = (0..20_000).map(|i| format!("\"{i}\"")).collect();
    let json = format!("{{\"version\":\"jsonfeed\",\"items\":[{{\"id\":\"1\",\"tags\":[{}]}}]}}", tags.join(","));
    let feed = read(&json);
    assert_eq!(entries(&feed)[0].categories.len(), 500);
    assert_eq!(feed.repairs, ["long-lists", "too-many-values"]);
}

#[test]
fn elements_are_bounded_and_closed_entries_before_the_bound_are_kept() {
    let feed = read(&item(&"<a/>".repeat(600_000)));
    assert!(feed.partial && feed.repairs.contains(&"too-many-elements") && !feed.repairs.contains(&"cut-off"));
    assert_eq!(entries(&feed).len(), 1);
}

#[test]
fn a_tag_keeps_a_hundred_attributes() {
    let many = (0..50_000).map(|i| format!(" a{i}=1")).collect::<Vec<_>>().concat();
    let feed = read(&item(&format!("<description><![CDATA[<DIV{many} title='x'>text</DIV> more]]></description>")));
    let own = normalise::NormaliseContext { language: None, now: jiff::Timestamp::UNIX_EPOCH, link_shared: false };
    let raw = feed.listed[1].raw;
    let limits = TextLimits::default();
    let kept = normalise::entry_within(entries(&feed)[1].clone(), raw, &own, &limits).unwrap();
    assert_eq!(kept.summary.unwrap().as_str(), "<div>text</div> more");
    assert_eq!(limits.cuts(), ["too-many-attributes"]);
}

#[test]
fn a_long_text_is_no_date() {
    let long = "Mon, 02 Nov 2026 12:00:00 GMT ".repeat(1_000);
    let feed = read(&item(&format!("<pubDate>{long}</pubDate><dc:date>2026-11-03T12:00:00Z</dc:date>")));
    assert_eq!(entries(&feed)[1].published, Some("2026-11-03T12:00:00Z".parse().unwrap()));
}

#[test]
fn a_document_past_its_deadline_is_a_fault() {
    let items = "<item><title>a</title><description>b</description><pubDate>5/8/2026</pubDate></item>".repeat(5_000);
    let document = format!("<rss version='2.0'><channel>{items}</channel></rss>");
    let asked = Arc::new(AtomicUsize::new(0));
    let after = |questions: usize| {
        let asked = Arc::clone(&asked);
        asked.store(0, Ordering::Relaxed);
        let deadline = Deadline::when(move || asked.fetch_add(1, Ordering::Relaxed) >= questions);
        let context = parse::ParseContext { deadline, ..parse::ParseContext::default() };
        parse::read(document.as_bytes(), &context, &|_| false)
    };
    assert!(after(usize::MAX).is_ok());
    let questions = asked.load(Ordering::Relaxed);
    assert!(questions > 5_000, "every entry looks at the deadline: {questions}");
    for allowed in [0, 1, 2, 100, questions / 2, questions - 1] {
        assert_eq!(after(allowed), Err(Fault::WorkLimit(parse::WORK)), "after {allowed}");
    }
    let own = normalise::NormaliseContext { language: None, now: jiff::Timestamp::UNIX_EPOCH, link_shared: false };
    let feed = read(&item("<description><![CDATA[<P>a</P>]]></description>"));
    let (raw, parsed) = (feed.listed[1].raw, entries(&feed)[1].clone());
    let over = TextLimits::within(&Deadline::when(|| true));
    assert!(normalise::entry_within(parsed.clone(), raw, &own, &over).is_none());
    assert!(normalise::entry_within(parsed, raw, &own, &TextLimits::default()).is_some());
}

/// What was cut of a text, and the text.
fn cleaned(text: &str, base: Option<&str>) -> (Vec<&'static str>, String) {
    let limits = TextLimits::default();
    let html =
        normalise::html_within(&Markup::Html(text.to_owned()), TextPlace { base, ..TextPlace::default() }, &limits);
    (limits.cuts(), html.map(SafeHtml::into_string).unwrap_or_default())
}

#[test]
fn what_is_cut_of_a_text_is_named() {
    let attributes = (0..500).map(|i| format!(" a{i}=1")).collect::<Vec<_>>().concat();
    for (text, name) in [
        ("<P>a</P>".repeat(60_000), "too-many-tags"),
        ("<P>a&b".repeat(60_000), "too-many-marks"),
        ("< ".repeat(400_001), "too-many-marks"),
        (format!("<P{attributes}>a</P>"), "too-many-attributes"),
        (format!("<iframe{attributes}></iframe><p>a"), "too-many-attributes"),
        (format!("{}a", "<DIV>".repeat(300)), "too-deep"),
        (format!("{}a", "<i><b><tt>".repeat(10)), "too-deep"),
        ("<B x=1><p></b>a".repeat(2_000), "misnested-formatting"),
        (format!("{}{}", "<b><i><u><s>".repeat(3), "<P>a".repeat(6_000)), "misnested-formatting"),
        ("word ".repeat(1_100_000), "long-texts"),
    ] {
        let (cuts, html) = cleaned(&text, None);
        assert!(cuts.contains(&name), "{}: {cuts:?}", &text[..30]);
        assert!(html.contains('a') || html.contains("&lt;") || html.contains("word"), "{name}");
    }
    for text in ["<P>a<B>b</B></P>".repeat(1_000), "<td><font size=2>a</td>".repeat(300), "<a name=x>a".repeat(100)] {
        assert_eq!(cleaned(&text, None).0, [""; 0], "{}", &text[..20]);
    }
}

#[test]
fn formatting_left_open_is_not_made_anew_without_end() {
    for unit in
        ["<b x=#><p></b>a", "<p><b x=#><i>a", "<p><b x=#>a</p>", "<b x=#><div>a</b></div>", "<table><b x=#><tr>"]
    {
        let text: String = (0..30_000).map(|i| unit.replace('#', &i.to_string())).collect();
        let html = cleaned(&text, None).1;
        assert!(html.len() < 2 * text.len(), "{unit}: {} of {}", html.len(), text.len());
        assert!(html.matches("<b>").count() < 60_000, "{unit}: {}", html.matches("<b>").count());
    }
}

#[test]
fn addresses_behind_a_long_base_take_no_more_than_a_bound() {
    let base = format!("https://x.example/{}/", "a".repeat(900));
    let (cuts, html) = cleaned(&"<a href=b>c</a>".repeat(10_000), Some(&base));
    assert_eq!(cuts, ["long-addresses"]);
    assert!(html.len() < 2_000_000 && html.matches("c</a>").count() == 10_000, "{}", html.len());
    let (cuts, html) = cleaned(&"<a href=b>c</a>".repeat(500), Some(&base));
    assert_eq!((cuts.len(), html.matches("/b\"").count()), (0, 500));
}

#[test]
fn one_long_text_looks_at_the_deadline_all_along() {
    let texts = [
        "<p>plain</p>".repeat(20_000),
        "<P a=1>cut</P>".repeat(20_000),
        format!("<iframe src=x></iframe>{}a", "<img data-src=/a.jpg>".repeat(10_000)),
    ];
    for text in texts {
        let asked = Arc::new(AtomicUsize::new(0));
        let clean = |most: usize| {
            let asked = Arc::clone(&asked);
            asked.store(0, Ordering::Relaxed);
            let deadline = Deadline::when(move || asked.fetch_add(1, Ordering::Relaxed) >= most);
            normalise::html_within(&Markup::Html(text.clone()), TextPlace::default(), &TextLimits::within(&deadline))
        };
        assert!(clean(usize::MAX).is_some());
        let questions = asked.load(Ordering::Relaxed);
        assert!(questions > 100, "{}: {questions}", &text[..12]);
        for most in [0, 1, questions / 2, questions - 1] {
            assert_eq!(clean(most), None, "{}: {most} of {questions}", &text[..12]);
            assert!(asked.load(Ordering::Relaxed) < most + 1_000);
        }
    }
}

#[test]
fn one_large_entry_looks_at_the_deadline_all_along() {
    for inside in
        ["<category>a</category>".repeat(50_000), format!("<description>{}</description>", "<p>a</p>".repeat(50_000))]
    {
        let document = item(&inside);
        let asked = Arc::new(AtomicUsize::new(0));
        let after = |most: usize| {
            let asked = Arc::clone(&asked);
            asked.store(0, Ordering::Relaxed);
            let deadline = Deadline::when(move || asked.fetch_add(1, Ordering::Relaxed) >= most);
            let context = parse::ParseContext { deadline, ..parse::ParseContext::default() };
            parse::read(document.as_bytes(), &context, &|_| false)
        };
        assert!(after(usize::MAX).is_ok());
        let questions = asked.load(Ordering::Relaxed);
        for most in [questions / 4, questions / 2, questions - 1] {
            assert_eq!(after(most), Err(Fault::WorkLimit(parse::WORK)), "after {most} of {questions}");
        }
    }
}

#[test]
fn a_long_text_is_read_as_a_short_one_is() {
    // A long one does not go through feed-rs, so nothing else than its length may differ.
    let words = "a ]]> b &amp;amp; c &lt;d> \u{e9}\u{a0} \r\n";
    for (open, close) in [("<description>", "</description>"), ("<title>", "</title>"), ("<rights>", "</rights>")] {
        let texts = [3, 5_000].map(|times| {
            let feed = read(&item(&format!("{open}  {}  {close}", words.repeat(times))));
            let entry = entries(&feed)[1].clone();
            let text = if open == "<title>" { entry.title } else { entry.summary.or(entry.rights) };
            text.unwrap()
        });
        let [short, long] = texts.each_ref().map(Markup::as_str);
        assert_eq!(matches!(texts[0], Markup::Html(_)), matches!(texts[1], Markup::Html(_)), "{open}");
        let half = short.floor_char_boundary(short.len() / 2);
        assert!(
            long.len() > 64 * 1_024 && long.starts_with(&short[..half]) && long.ends_with(&short[half..]),
            "{open}"
        );
    }
}

#[test]
fn declared_entities_are_bounded_and_it_is_said() {
    let declared = |n: usize| (1..=n).map(|i| format!("<!ENTITY e{i} \"v{i}\">")).collect::<Vec<_>>().concat();
    let feed = |n: usize| read(&format!("<!DOCTYPE rss [{}]>{}", declared(n), item("<title>&e1; &e10000;</title>")));
    assert!(!feed(10_000).partial);
    let more = feed(10_001);
    assert!(more.partial && more.repairs.contains(&"too-many-entities"), "{:?}", more.repairs);
    assert_eq!(entries(&more)[1].title, Some(Markup::Text("v1 v10000".to_owned())));
}

#[test]
fn of_a_text_that_names_persons_the_beginning_is_read() {
    let names = (0..40_000).map(|i| format!("n{i}@x.example (N {i}), ")).collect::<Vec<_>>().concat();
    let feed = read(&item(&format!("<author>{names}</author>")));
    assert_eq!(entries(&feed)[1].authors.len(), 500);
    assert_eq!(entries(&feed)[1].authors[499].name, "N 499");
    assert!(feed.repairs.contains(&"long-lists"));
}

/// A document is given up after ten seconds of work ([`parse::WORK`]); one of this size takes milliseconds, unless each blank looks
/// through all others.
#[test]
fn white_space_between_persons_takes_no_more_than_its_length() {
    let blanks = "\t".repeat(30_000);
    let words = "w ".repeat(15_000);
    for text in [
        format!("a@x.example Ann{blanks}, b@x.example (Bob)"),
        format!("a@x.example{blanks}{words}, b@x.example (Bob)"),
        format!("c@x.example,{blanks}a@x.example {words}, b@x.example (Bob)"),
    ] {
        for author in [format!("<author>{text}</author>"), format!("<author><name>{text}</name></author>")] {
            let deadline = Deadline::when(Clock::over_after(parse::WORK));
            let context = parse::ParseContext { deadline, ..parse::ParseContext::default() };
            let feed = parse::read(item(&author).as_bytes(), &context, &|_| false).unwrap();
            assert_eq!(entries(&feed)[1].authors.last().unwrap().name, "Bob");
        }
    }
}
