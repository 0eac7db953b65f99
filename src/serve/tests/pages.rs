//! Tests of the router: pages, filtered feeds and archives.

use super::{TestServer, header, sample};
use crate::serve::ServerLimits;

async fn open() -> TestServer {
    let server = TestServer::open_with(ServerLimits::default(), Some(sample::queries(true))).await;
    server.channel_pages.put(&sample::channel("all", "كل الأخبار"));
    server.channel_pages.put(&sample::channel("morocco", "Maroc & <voisins>"));
    server
}

async fn text(server: &TestServer, request: &str) -> (String, String) {
    let (head, body) = server.ask(request).await;
    (head, String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn the_front_page_sets_each_story_in_its_own_direction() {
    let server = open().await;
    let (head, page) = text(&server, "GET /").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(page.contains("<html lang=\"en\" dir=\"ltr\">"));
    assert!(page.contains("dir=\"rtl\" lang=\"ar\">\n<h2><a href=\"https://a.example/0\""));
    assert!(page.contains("dir=\"ltr\" lang=\"fr\">"));
    assert!(page.contains("<ul class=\"others\">") && page.contains("Compare (4 outlets)"));
    assert!(page.contains("3 minutes ago") && page.contains("datetime=\"2026-11-02T09:57:00Z\""));
    assert!(page.contains("href=\"/feed.atom\"") && page.contains("type=\"application/feed+json\""));
    let (_, arabic) = text(&server, "GET /\nAccept-Language: ar-MA, fr;q=0.5").await;
    assert!(arabic.contains("<html lang=\"ar\" dir=\"rtl\">") && arabic.contains("قبل 3 دقائق"));
    server.close().await;
}

#[tokio::test]
async fn pages_run_nothing_and_load_nothing_foreign_but_pictures() {
    let server = open().await;
    for path in [
        "/",
        "/channels/morocco",
        "/stories/1",
        "/search",
        "/search?q=x",
        "/status",
        "/feeds/1",
        "/about",
        "/search?what=1",
    ] {
        let (head, page) = text(&server, &format!("GET {path}")).await;
        let security = header(&head, "content-security-policy").unwrap();
        assert!(security.starts_with("default-src 'none'; style-src 'self'") && !security.contains("unsafe"), "{path}");
        assert_eq!(head.matches("content-security-policy").count(), 1);
        assert_eq!(header(&head, "x-content-type-options"), Some("nosniff"), "{path}");
        assert!(!page.contains(" style=") && !page.contains(" onload=") && !page.contains("<style"), "{path}");
        assert!(
            page.matches("<h1").count() == 1 && page.contains("<main") && page.contains("class=\"skip\""),
            "{path}"
        );
    }
    let (_, page) = text(&server, "GET /channels/morocco").await;
    assert!(page.contains("Maroc &#38; &#60;voisins&#62;") && !page.contains("<voisins>"));
    let style = page.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let (head, sheet) = text(&server, &format!("GET {style}")).await;
    assert!(header(&head, "cache-control").unwrap().contains("immutable") && sheet.contains("--paper"));
    server.close().await;
}

#[tokio::test]
async fn pictures_can_be_switched_off() {
    let server = TestServer::open_with(ServerLimits::default(), Some(sample::queries(false))).await;
    let mut view = sample::channel("all", "All");
    view.stories[0].lead.image = Some("https://a.example/p.jpg".to_owned());
    view.stories[2].lead.image = Some("https://a.example/q.jpg".to_owned());
    server.channel_pages.put(&view);
    let (head, page) = text(&server, "GET /").await;
    assert!(
        !page.contains("p.jpg")
            && !page.contains("q.jpg")
            && !header(&head, "content-security-policy").unwrap().contains("http:")
    );
    server.close().await;
    let server = open().await;
    server.channel_pages.put(&view);
    let (head, page) = text(&server, "GET /").await;
    assert!(page.contains("q.jpg\" alt=\"\" loading=\"lazy\" decoding=\"async\" referrerpolicy=\"no-referrer\""));
    assert!(header(&head, "content-security-policy").unwrap().contains("img-src 'self' http: https:"));
    server.close().await;
}

#[tokio::test]
async fn a_filter_is_a_feed_at_one_address() {
    let server = open().await;
    for (extension, kind) in [("atom", "atom+xml"), ("rss", "rss+xml"), ("json", "feed+json")] {
        let (head, feed) = text(&server, &format!("GET /feed.{extension}?limit=2&lang=ar&lang=fr")).await;
        assert!(head.starts_with("http/1.1 200") && header(&head, "content-type").unwrap().contains(kind), "{head}");
        assert!(feed.contains(&format!("http://127.0.0.1:8080/feed.{extension}?lang=ar")), "{feed}");
        assert!(feed.contains("كل الأخبار: ar, fr"));
    }
    let ask = "GET /feed.atom?limit=2&lang=ar&lang=fr\nIf-None-Match: ";
    let (head, _) = text(&server, "GET /feed.atom?lang=fr&limit=2&lang=ar").await;
    let tag = header(&head, "etag").unwrap();
    assert!(text(&server, &format!("{ask}{tag}")).await.0.starts_with("http/1.1 304"));
    for wrong in ["/feed.atom?outlets=a", "/feed.atom?limit=0", "/search.atom", "/search.atom?q="] {
        let (head, why) = text(&server, &format!("GET {wrong}")).await;
        assert!(head.starts_with("http/1.1 400") && why.len() > 10, "{wrong}");
    }
    let (head, _) = text(&server, "GET /feed.rss?q=").await;
    assert_eq!((&head[9..12], header(&head, "location")), ("307", Some("/feed.rss")));
    server.close().await;
}

#[tokio::test]
async fn every_search_is_itself_a_feed() {
    let server = open().await;
    let (_, page) = text(&server, "GET /search?q=%D8%A3%D9%85%D8%B7%D8%A7%D8%B1&limit=1").await;
    assert!(page.contains("href=\"/search.atom?q=%D8%A3%D9%85%D8%B7%D8%A7%D8%B1&#38;limit=1\""), "{page}");
    assert!(page.contains("value=\"أمطار\""));
    let (head, feed) = text(&server, "GET /search.atom?q=%D8%A3%D9%85%D8%B7%D8%A7%D8%B1").await;
    assert!(head.starts_with("http/1.1 200") && feed.contains("“أمطار”"));
    assert!(feed.contains("href=\"http://127.0.0.1:8080/search?q=%D8%A3%D9%85%D8%B7%D8%A7%D8%B1\""));
    assert!(text(&server, "GET /search?q=nothing").await.1.contains("Nothing found"));
    let excluding = text(&server, "GET /search?q=-rain").await.1;
    assert!(excluding.contains("Enter at least one word") && !excluding.contains("Nothing found"), "{excluding}");
    let (head, page) = text(&server, "GET /search?q=%3Cscript%3E&q2=1").await;
    assert!(head.starts_with("http/1.1 400") && page.contains("“q2” is not a filter"));
    server.close().await;
}

#[tokio::test]
async fn every_list_offers_what_is_new_in_it() {
    let server = open().await;
    for (page, new) in [
        ("/outlets/alalam", 3),
        ("/outlets/alalam?lang=ar", 3),
        ("/tags/morocco", 3),
        ("/languages/fr", 2),
        ("/?min_outlets=2", 3),
        ("/search?q=x", 8),
    ] {
        let (_, html) = text(&server, &format!("GET {page}")).await;
        let path = html.split("data-path=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
        assert!(html.contains("<script>") && path.contains(".new?"), "{page}: {path}");
        let (head, _) = text(&server, &format!("GET {path}")).await;
        assert!(head.starts_with("http/1.1 204"), "{path}: {head}");
        // An older page of the same list, left open until now.
        let before = "after=2000-01-01T00:00:00Z_2000-01-01T00:00:00Z_0_0";
        let (list, _) = path.split_once("after=").unwrap();
        let (head, words) = text(&server, &format!("GET {list}{before}")).await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert_eq!(words.trim(), format!("{new} new stories"), "{page}");
    }
    for (path, status) in [
        ("/outlets/none.new", 404),
        ("/tags/morocco.new?after=7", 400),
        ("/tags/morocco.new?tag=x", 400),
        ("/search.new", 400),
        ("/days/2026-11-02.new", 404),
    ] {
        let (head, _) = text(&server, &format!("GET {path}")).await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{path}: {head}");
    }
    let (_, older) = text(&server, "GET /days/2026-11-02").await;
    assert!(!older.contains("data-path"), "a day ends");
    server.close().await;
}

#[tokio::test]
async fn a_story_shows_its_reports_and_what_was_edited() {
    let server = open().await;
    let (head, page) = text(&server, "GET /stories/1").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_eq!(page.matches("class=\"report\"").count(), 3);
    assert!(page.contains("<ins>والسلطات تعلن حالة تأهب</ins>") && page.contains("<del>70</del> <ins>74</ins>"));
    assert_eq!(page.matches("Why it is in this story:").count(), 2, "the first needs no reason");
    let link = "same text as <a href=\"#report-1\"><bdi>العلم</bdi>’s report</a>, <bdi dir=\"ltr\">92\u{a0}%</bdi>";
    assert_eq!(page.matches(link).count(), 2, "in the timeline and at the report: {page}");
    assert!(page.contains("id=\"report-1\"") && page.contains("<span class=\"later\">after 30 minutes</span>"));
    // A text that repeats another is shown when it is asked for, and its differences.
    assert!(
        page.contains("<summary>The whole text</summary>") && page.contains("<del>74</del> <ins>75</ins>"),
        "{page}"
    );
    assert_eq!(page.matches("<details class=\"changes\">").count(), 1, "texts in different scripts are not compared");
    let (_, arabic) = text(&server, "GET /stories/1\nAccept-Language: ar").await;
    assert!(
        arabic
            .contains("النص نفسه في <a href=\"#report-1\">مقال <bdi>العلم</bdi></a>، <bdi dir=\"ltr\">92\u{a0}%</bdi>")
    );
    assert!(arabic.contains("عنوان جديد") && arabic.contains("بعد 30 دقيقة"));
    let (_, french) = text(&server, "GET /stories/1\nAccept-Language: fr").await;
    assert!(french.contains("même texte que <a href=\"#report-1\">l’article de <bdi>العلم</bdi></a>"));
    for (path, status) in [("/stories/2", 404), ("/stories/x", 404), ("/stories/13", 503)] {
        let (head, _) = text(&server, &format!("GET {path}")).await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{path}: {head}");
    }
    server.close().await;
}

#[tokio::test]
async fn a_page_shows_who_is_first_and_who_follows() {
    let server = open().await;
    let (head, page) = text(&server, "GET /outlets/alalam/copies").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let sums: Vec<usize> =
        page.split("</dt><dd>").skip(1).map(|rest| rest.split('<').next().unwrap().parse().unwrap()).collect();
    assert_eq!((sums[0], sums[1] + sums[2]), (40, 40), "a story of one outlet is not shared");
    assert!(sums[1] > 0 && sums[2] > 0 && page.contains("class=\"before\"") && page.contains("class=\"after\""));
    assert!(page.contains("<a href=\"/outlets/janoub/copies\"><bdi>هسبريس الجنوب &#60;ج&#62;</bdi></a>"), "{page}");
    assert!(page.contains("<a href=\"/stories/1\" dir=\"rtl\" lang=\"ar\">"));
    for (path, status) in
        [("/outlets/none/copies", 404), ("/outlets/A/copies", 404), ("/outlets/alalam/copies?x=1", 400)]
    {
        let (head, _) = text(&server, &format!("GET {path}")).await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{path}: {head}");
    }
    server.close().await;
}

#[tokio::test]
async fn files_are_played_only_where_pictures_are_shown_and_always_linked() {
    let server = open().await;
    let (head, page) = text(&server, "GET /stories/1").await;
    assert!(header(&head, "content-security-policy").unwrap().contains("media-src http: https:;"));
    assert!(page.contains("<audio controls preload=\"none\" src=\"https://o3.example/entretien.mp3\"></audio>"));
    assert!(page.contains("<video controls preload=\"none\" playsinline src=\"https://o3.example/crue.mp4\"></video>"));
    assert_eq!(page.matches("<figure><a href=\"https://o3.example/").count(), 3, "its picture and two more: {page}");
    assert!(page.contains("<figcaption dir=\"rtl\">وادي مارتيل صباح الاثنين</figcaption>"), "{page}");
    server.close().await;
    let plain = TestServer::open_with(ServerLimits::default(), Some(sample::queries(false))).await;
    let (head, without) = text(&plain, "GET /stories/1").await;
    assert!(!header(&head, "content-security-policy").unwrap().contains("media-src"));
    for tag in ["<audio", "<video", "<img"] {
        assert!(!without.contains(tag), "{tag}");
    }
    for page in [&page, &without] {
        for (name, kind) in
            [("entretien.mp3", "audio · \u{2066}4:05\u{2069}"), ("crue.mp4", "video"), ("bulletin.pdf", "file")]
        {
            let link = format!(
                "<a href=\"https://o3.example/{name}\" rel=\"noopener\"><bdi>{name}</bdi></a> · {kind} · 12\u{a0}MB"
            );
            assert!(page.contains(&link), "{link}");
        }
    }
    plain.close().await;
}

#[tokio::test]
async fn archive_pages_never_change_and_end_in_410() {
    let server = open().await;
    let (head, page) = text(&server, "GET /archive/all/2.atom").await;
    assert_eq!(page, "<feed/>");
    assert!(header(&head, "cache-control").unwrap().contains("immutable"));
    assert_eq!(header(&head, "content-type"), Some("application/atom+xml; charset=utf-8"));
    assert_eq!(header(&head, "last-modified"), Some("sun, 01 nov 2026 17:21:00 gmt"));
    let (head, _) = text(&server, "GET /archive/all/3.atom").await;
    assert_eq!((&head[9..12], header(&head, "location")), ("307", Some("/feed.atom")));
    for (path, status) in [("all/1.atom", 410), ("none/1.atom", 404), ("all/x.atom", 404), ("all/2.rss", 404)] {
        let (head, _) = text(&server, &format!("GET /archive/{path}")).await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{path}: {head}");
    }
    server.close().await;
}

#[tokio::test]
async fn trouble_is_seen_on_a_page_and_in_a_feed() {
    let server = open().await;
    let (_, page) = text(&server, "GET /status").await;
    assert_eq!(page.matches("<figure class=\"plot\">").count(), 3);
    assert!(
        page.contains(
            "<a href=\"/feeds/2\"><bdi>Le Courrier du Nord</bdi></a>: the server asked to wait (HTTP\u{a0}503)"
        )
    );
    assert!(page.contains("late by 62 minutes") && page.contains("outlet2.example") && page.contains("in 23 minutes"));
    assert!(!page.contains("asked to wait <b>"), "the English error is on the feed's own page");
    let (_, arabic) = text(&server, "GET /status\nAccept-Language: ar").await;
    assert!(arabic.contains("بلا تغيير") && arabic.contains("حسب وتيرة النشر") && arabic.contains("4 إخفاقات"));
    let (_, french) = text(&server, "GET /status\nAccept-Language: fr").await;
    assert!(french.contains("inchangé") && french.contains("4\u{a0}échecs") && french.contains("12\u{202f}345"));
    assert!(![&arabic, &french].iter().any(|page| page.contains("not_modified")));
    let (head, feed) = text(&server, "GET /status.atom").await;
    assert!(header(&head, "content-type").unwrap().starts_with("application/atom+xml"));
    let read = feed_rs::parser::parse(feed.as_bytes()).unwrap();
    assert_eq!(read.entries.len(), 2);
    assert_eq!(read.entries[0].title.as_ref().unwrap().content, "العلم: a feed works again");
    assert!(feed.contains("cannot connect: &lt;refused&gt;"));
    server.close().await;
}

#[tokio::test]
async fn the_table_of_feeds_is_filtered_sorted_and_paged_by_links() {
    let server = open().await;
    let (_, page) = text(&server, "GET /status?sort=last&show=failing&page=2").await;
    for link in [
        "href=\"/status?sort=last\"",
        "href=\"/status?show=unchanged&#38;sort=last\"",
        "href=\"/status?show=failing&#38;sort=entries\"",
        "href=\"/status?show=failing&#38;sort=last&#38;page=3\" rel=\"next\"",
        "href=\"/status?show=failing&#38;sort=last\" rel=\"prev\"",
        "href=\"/status?show=failing&#38;sort=last&#38;page=2\" aria-current=\"page\"",
        "href=\"/status?show=failing&#38;sort=last&#38;page=2&#38;hl=fr\"",
    ] {
        assert!(page.contains(link), "{link} in {page}");
    }
    assert!(page.contains("61–67 / 130 feeds") && !page.contains("show=new"), "{page}");
    let (head, _) = text(&server, "GET /status?page=9").await;
    assert_eq!((&head[9..12], header(&head, "location")), ("307", Some("/status?page=3")));
    for wrong in
        ["/status?show=all&x=1", "/status?sort=colour", "/status?page=0", "/feeds/1?page=2", "/feeds/1?before=x"]
    {
        let (head, why) = text(&server, &format!("GET {wrong}")).await;
        assert!(head.starts_with("http/1.1 400") && why.len() > 10, "{wrong}: {head}");
    }
    server.close().await;
}

#[tokio::test]
async fn a_feed_s_page_says_why_its_next_poll_is_then() {
    let server = open().await;
    let (head, page) = text(&server, "GET /feeds/2").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(page.contains("Waiting after a failure.") && page.contains("Next article expected"));
    assert!(page.contains("1 hour (<bdi>ttl</bdi>)") || page.contains("60 minutes (<bdi>ttl</bdi>)"), "{page}");
    assert!(page.contains("asked to wait &#60;b&#62;") && page.contains("floor of 10 minutes &#60;i&#62;"));
    assert_eq!(page.matches("<svg ").count(), 3, "a heat map and two plots");
    assert!(page.matches("<rect ").count() > 168);
    assert!(page.contains("Saturday (<bdi>skipDays</bdi>)") && page.contains("title=\"1:00 UTC\""));
    assert!(page.contains("href=\"/feeds/2?before=2026-11-02T05:00:00.000Z\" rel=\"next\""), "{page}");
    let (_, older) = text(&server, "GET /feeds/2?before=2026-11-02T05:00:00.000Z").await;
    assert!(older.contains("href=\"/feeds/2\" rel=\"prev\"") && !older.contains("rel=\"next\""));
    let (_, arabic) = text(&server, "GET /feeds/2\nAccept-Language: ar").await;
    assert!(arabic.contains("انتظار بعد فشل.") && arabic.contains("لم يجب الخادم في الوقت المحدد"));
    let (_, young) = text(&server, "GET /feeds/1\nAccept-Language: fr").await;
    assert!(young.contains("Selon le rythme de publication.") && young.contains("Nouveaux articles par heure"));
    for path in ["/feeds/99", "/feeds/x", "/feeds/01", "/feeds/-1"] {
        assert!(text(&server, &format!("GET {path}")).await.0.starts_with("http/1.1 404"), "{path}");
    }
    server.close().await;
}

#[tokio::test]
async fn a_database_that_cannot_be_written_is_what_needs_attention_first() {
    let server = open().await;
    server.health.database(crate::serve::DatabaseState::Unwritable("no space left on <disk>".to_owned()));
    let (_, page) = text(&server, "GET /status\nAccept-Language: fr").await;
    let trouble = page.find("La base de données ne peut plus être écrite").unwrap();
    assert!(trouble < page.find("Flux en échec").unwrap() && page.contains("no space left on &#60;disk&#62;"));
    server.close().await;
}

#[tokio::test]
async fn without_a_queries_only_what_is_in_memory_is_served() {
    let server = TestServer::open(ServerLimits::default()).await;
    for path in [
        "/stories/1",
        "/search?q=x",
        "/status",
        "/feeds/1",
        "/status.atom",
        "/archive/all/1.atom",
        "/feed.atom?lang=ar",
        "/",
    ] {
        assert!(text(&server, &format!("GET {path}")).await.0.starts_with("http/1.1 404"), "{path}");
    }
    server.close().await;
}
