use super::*;

const FEED: &str = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "A", "x": {"items": [{"id": 9}]}, "items": [
    {"id": 1, "url": "/a", "content_html": "<p>\"]}</p>", "tags": ["b"]}, {"id": "2", bad}, 7, {"id": "3"}], "language": "ar"}"#;

fn ids(text: &str) -> (Vec<Option<String>>, bool, Option<String>) {
    let context = ParseContext { base: Url::parse("https://x.example/").ok(), ..ParseContext::default() };
    let raw = read(text, &context, &|_| false, &mut Repairs::default()).ok().unwrap();
    (raw.entries.into_iter().map(|e| e.id).collect(), raw.partial, raw.feed.language)
}

#[test]
fn bad_items_are_left_out() {
    let (found, partial, language) = ids(FEED);
    assert_eq!(found, [Some("1".to_owned()), Some("3".to_owned())]);
    assert_eq!((partial, language.as_deref()), (false, Some("ar")));
}

#[test]
fn known_items_show_the_order_of_day_and_month() {
    let known = r#"{"id": 1, "date_published": "12/31/2025"}"#;
    let text = format!(r#"{{"version": "x", "items": [{known}, {{"id": 2, "date_published": "1/5/2026"}}]}}"#);
    let is_known = |hash: RawHash| hash == RawHash::of(known.as_bytes());
    let raw = read(&text, &ParseContext::default(), &is_known, &mut Repairs::default()).ok().unwrap();
    let read = crate::parse::dates::instant_in("1/5/2026", &jiff::tz::TimeZone::UTC, raw.orders);
    assert_eq!((raw.entries.len(), read.unwrap().to_string().as_str()), (1, "2026-01-05T00:00:00Z"));
}

#[test]
fn relative_addresses_are_those_of_the_site() {
    let text = |home: &str| {
        format!(r#"{{"version": "x", "home_page_url": "{home}", "items": [{{"url": "/a", "image": "/i.png"}}]}}"#)
    };
    for (home, want) in [
        ("https://s.example/", "https://s.example/"),
        ("https://x.example/blog/", "https://x.example/"),
        ("/blog/", "https://x.example/"),
    ] {
        let context = ParseContext { base: Url::parse("https://x.example/f.json").ok(), ..ParseContext::default() };
        let raw = read(&text(home), &context, &|_| false, &mut Repairs::default()).ok().unwrap();
        let entry = &raw.entries[0];
        let found = [&entry.link, &entry.image].map(|address| address.clone().unwrap());
        assert_eq!(found, [format!("{want}a"), format!("{want}i.png")], "{home}");
    }
}

#[test]
fn a_gregorian_date_of_the_other_kind_wins() {
    let text = r#"{"version": "x", "items": [{"id": 1, "date_published": "۱۴۰۲/۰۱/۱۵", "date_modified": "2023-04-05T08:00:00Z"}]}"#;
    let raw = read(text, &ParseContext::default(), &|_| false, &mut Repairs::default()).ok().unwrap();
    let dates = (raw.entries[0].published.as_deref(), raw.entries[0].updated.as_deref());
    assert_eq!(dates, (None, Some("2023-04-05T08:00:00Z")));
}

#[test]
fn what_json_forbids_and_its_writers_mean_costs_no_item() {
    let text = FEED.replace("{\"id\": \"3\"}", "{\"id\": \"3\", \"title\": \"l\\'eau\nmonte \\ud83d\",}");
    assert_eq!(ids(&text).0, [Some("1".to_owned()), Some("3".to_owned())]);
}

#[test]
fn what_other_programs_take_for_json_costs_no_item() {
    let items = |first: &str| format!(r#"{{"version": "x", "items": [{first}, {{"id": "2"}}]}}"#);
    let all = [Some("1".to_owned()), Some("2".to_owned())];
    for first in [
        r#"{"id": "1", "_score": NaN, "a": [Infinity, -Infinity], "b": undefined}"#,
        r#"{"id": "1", "title": "He said "hi" now"}"#,
        r#"{"id": "1", "title": "A 5" screen"}"#,
        r#"{"title": "say "a": b", "id": "1"}"#,
        r#"{"title": "the "best" {of} all", "tags": ["a", "b"], "id": "1"}"#,
    ] {
        assert_eq!(ids(&items(first)).0, all, "{first}");
    }
}

#[test]
fn no_item_takes_members_of_another() {
    let all = ["1 a https://x.example/1", "2 b -", "3 c -"];
    for (first, want) in [
        (r#"{"id":"1","title":"a" "url":"/1"},"#, &all[..]),
        (r#"{"id":"1" "title":"a" "url":"/1"},"#, &all),
        ("{\"id\":\"1\",\"title\":\"a\" // it's } c\n,\"url\":\"/1\"},", &all),
        ("/* { */ {\"id\":\"1\",\"title\":\"a\", /* \"b\": [ */\"url\":\"/1\", // last\n},", &all),
        (r#"{"id":"1","url":"/1","title":"a},"#, &all),
        (r#"{"id":"1","title":"a,"url":"/1"},"#, &all),
        ("{\"id\":\"1\",\"url\":\"/1\",\"title\":\"a\n  },\n", &all),
        (r#"{"id":"1","url":"/1","title":"a\"},"#, &["1 a\\ https://x.example/1", "2 b -", "3 c -"]),
        (r#"{"id":"1","title":"a\","url":"/1"},"#, &["1 a\\ https://x.example/1", "2 b -", "3 c -"]),
        // Two readings: neither is taken.
        (r#"{"id":"1","title":"a" b "title":"c","url":"/1"},"#, &["2 b -", "3 c -"]),
    ] {
        for end in ["c\"}]}", "c}]}", "c}\n]\n}\n"] {
            let text = format!(r#"{{"version":"x","items":[{first}{{"id":"2","title":"b"}},{{"id":"3","title":"{end}"#);
            let context = ParseContext { base: Url::parse("https://x.example/").ok(), ..ParseContext::default() };
            let mut repairs = Repairs::default();
            let raw = read(&text, &context, &|_| false, &mut repairs).ok().unwrap();
            let shown = |entry: &EntryDraft| {
                let Some(Markup::Text(title) | Markup::Html(title)) = &entry.title else { panic!("{text}") };
                format!("{} {title} {}", entry.id.as_deref().unwrap(), entry.link.as_deref().unwrap_or("-"))
            };
            let found: Vec<_> = raw.entries.iter().map(shown).collect();
            assert_eq!(found, want, "{text}");
            assert!(repairs.0.contains(&"mended-json") || repairs.0.contains(&"bad-item"), "{text}");
        }
    }
}

#[test]
fn empty_tags_hide_no_categories() {
    for tags in ["null", "[]", "\"\"", "[null]"] {
        let text = format!(r#"{{"version": "x", "items": [{{"id": 1, "tags": {tags}, "categories": ["x"]}}]}}"#);
        let raw = read(&text, &ParseContext::default(), &|_| false, &mut Repairs::default()).ok().unwrap();
        assert_eq!(raw.entries[0].categories[0].term, "x", "{tags}");
    }
}

#[test]
fn hostile_json_is_read_in_time() {
    for part in [
        "\"//\"\n",
        "\\\"}}}",
        "\\\",\"a\":",
        "/*",
        "// \n",
        "\"},{\"a\":",
        "a,\"b\":c",
        ", // \n",
        "}\"a\":\"",
        "\"   ",
    ] {
        for start in ["", "\"", "{\"a\":\""] {
            let text = format!("{{\"version\": \"x\", \"items\": [{{{start}{}", part.repeat(300_000 / part.len()));
            let _ = read(&text, &ParseContext::default(), &|_| false, &mut Repairs::default());
            for quotes in [Quotes::End, Quotes::EndBefore] {
                let _ = mended(&text[36..], quotes);
            }
        }
    }
}

#[test]
fn an_author_may_be_a_list_an_object_or_a_name() {
    for (authors, want) in [
        (r#""authors": ["Ann", "Bob"]"#, &["Ann", "Bob"][..]),
        (r#""authors": {"name": "Ann"}"#, &["Ann"]),
        (r#""author": "Ann""#, &["Ann"]),
        (r#""author": [{"name": "Ann"}, "Bob"]"#, &["Ann", "Bob"]),
        (r#""authors": [], "author": {"name": "Ann"}"#, &["Ann"]),
    ] {
        let text = format!("{{\"version\": \"x\", \"items\": [{{\"id\": 1, {authors}}}]}}");
        let raw = read(&text, &ParseContext::default(), &|_| false, &mut Repairs::default()).ok().unwrap();
        let names: Vec<_> = raw.entries[0].authors.iter().map(|person| person.name.as_str()).collect();
        assert_eq!(names, want, "{authors}");
    }
}

#[test]
fn names_of_rss_and_atom_are_read_where_those_of_json_feed_are_missing() {
    let text = r#"{"version": "x", "items": [
        {"guid": "g", "link": "/a", "description": "d", "content": "<p>c</p>", "pubDate": "2026-01-02", "categories": ["t"], "thumbnail": "/i"},
        {"id": "g", "url": "/a", "summary": "d", "content_html": "<p>c</p>", "date_published": "2026-01-02", "tags": ["t"], "image": "/i",
         "guid": "x", "link": "/x", "description": "x", "content": "x", "pubDate": "x", "categories": ["x"], "thumbnail": "/x"}]}"#;
    let context = ParseContext { base: Url::parse("https://x.example/").ok(), ..ParseContext::default() };
    let raw = read(text, &context, &|_| false, &mut Repairs::default()).ok().unwrap();
    for entry in &raw.entries {
        assert_eq!(entry.id.as_deref(), Some("g"));
        assert_eq!(entry.link.as_deref(), Some("https://x.example/a"));
        assert_eq!(entry.summary, Some(guessed("d".to_owned())));
        assert_eq!(entry.content, Some(Markup::Html("<p>c</p>".to_owned())));
        assert_eq!(entry.published.as_deref(), Some("2026-01-02"));
        assert_eq!(entry.categories[0].term, "t");
        assert_eq!(entry.image.as_deref(), Some("https://x.example/i"));
    }
    assert!(!raw.entries.is_empty(), "items with the same id are one entry");
}

#[test]
fn a_cut_document_gives_its_closed_items() {
    let cut = FEED.find(", {\"id\": \"3\"").unwrap();
    assert_eq!(ids(&FEED[..cut + 10]).0, [Some("1".to_owned())]);
    assert!(ids(&FEED[..cut + 10]).1);
    assert!(read("[1]", &ParseContext::default(), &|_| false, &mut Repairs::default()).is_err());
    assert!(read("{\"a\": 1}", &ParseContext::default(), &|_| false, &mut Repairs::default()).is_err());
}

#[test]
fn members_in_the_forms_of_other_formats_are_read() {
    let items = r#"{"id": "https://x.example/a", "image": {"url": "/i.png"},
        "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": "123"}]}, {"id": "tag:x.example,2026:1"}"#;
    let text = format!(r#"{{"version": "x", "items": [{items}]}}"#);
    let context = ParseContext { base: Url::parse("https://x.example/f.json").ok(), ..ParseContext::default() };
    let raw = read(&text, &context, &|_| false, &mut Repairs::default()).ok().unwrap();
    let [entry, other] = &raw.entries[..] else { panic!("two items") };
    assert_eq!(entry.link.as_deref(), Some("https://x.example/a"));
    assert_eq!(entry.image.as_deref(), Some("https://x.example/i.png"));
    assert_eq!(entry.enclosures[0].length, Some(123));
    assert_eq!(other.link, None);
}
