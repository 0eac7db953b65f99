//! Keys for readers: what is private is shown at no address without a key.

mod scene;
mod secrets;

use self::scene::{ADDRESSES, OPEN_ADDRESSES, Scene, ask, header, until_shown};
use crate::{processes::until, test_instance::RunningDaemon};
use reqwest::Method;

const KEY: &str = "warraq_amal-1";
const OTHER: &str = "warraq_badr-2";
/// Stands in every title, text, guid and address of the outlets that are private.
const CANARY: &str = "zebra";
const REPORT: &str = "The council of the city voted on Monday evening for a new tramway line between the harbour and the \
                      university, which forty thousand people are expected to use on every working day from next spring.";

#[tokio::test]
async fn with_a_token_file_every_address_needs_a_key() {
    let scene = Scene::new(false).await;
    let daemon = scene.start().await;
    let bearer = format!("Bearer {OTHER}");
    until_shown(&daemon, "/archive/all/1.atom", OTHER, "entry").await;
    let stories = ["/stories/1", "/stories/2", "/stories/99999"];
    let paths = ADDRESSES.iter().chain(&stories).chain(&[
        "/about",
        "/channels/kept.atom",
        "/nonsense",
        "/feeds/1",
        "/outlets/open",
        "/days/2026-11-02",
    ]);
    for path in paths {
        for method in [Method::GET, Method::HEAD, Method::POST] {
            let headers = [("if-none-match", "*"), ("accept-encoding", "br")];
            let answer = ask(&daemon, method.clone(), path, &headers).await;
            assert_eq!(answer.status(), 401, "{method} {path}");
            assert!(header(&answer, "www-authenticate").starts_with("Basic "), "{path}");
            assert_eq!((header(&answer, "cache-control"), header(&answer, "etag")), ("no-store", ""), "{path}");
            assert!(answer.headers().get("access-control-allow-origin").is_none(), "{path}");
        }
        for wrong in ["Bearer warraq_wrong", "Basic eDp5", "Bearer", "Negotiate x"] {
            assert_eq!(
                ask(&daemon, Method::GET, path, &[("authorization", wrong)]).await.status(),
                401,
                "{path} {wrong}"
            );
        }
    }
    for (path, status) in OPEN_ADDRESSES {
        for headers in [&[][..], &[("authorization", &*bearer)][..], &[("cookie", "warraq_key=old")]] {
            let answer = ask(&daemon, Method::GET, path, headers).await;
            assert_eq!((answer.status().as_u16(), header(&answer, "cache-control")), (status, "no-store"), "{path}");
            assert!(!answer.text().await.unwrap().contains("ebra"), "{path}");
        }
    }
    for path in ADDRESSES {
        for coding in ["identity", "gzip", "br"] {
            let asked = [("authorization", &*bearer), ("accept-encoding", coding)];
            let full = ask(&daemon, Method::GET, path, &asked).await;
            assert_eq!(full.status(), 200, "{path}");
            assert!(
                header(&full, "cache-control").starts_with("private"),
                "{path}: {}",
                header(&full, "cache-control")
            );
            assert!(full.headers().get("access-control-allow-origin").is_none(), "{path}");
            assert!(header(&full, "vary").contains("Cookie"), "{path}");
            let tag = header(&full, "etag").to_owned();
            let head = ask(&daemon, Method::HEAD, path, &asked).await;
            assert_eq!((head.status().as_u16(), header(&head, "etag")), (200, &*tag), "{path}");
            let again = ask(&daemon, Method::GET, path, &[asked[0], asked[1], ("if-none-match", &tag)]).await;
            assert_eq!(again.status(), 304, "{path} {coding}");
            assert!(header(&again, "cache-control").starts_with("private"), "{path}");
            assert!(again.headers().get("access-control-allow-origin").is_none(), "{path}");
            let without = ask(&daemon, Method::GET, path, &[asked[1], ("if-none-match", &tag)]).await;
            assert_eq!((without.status().as_u16(), header(&without, "etag")), (401, ""), "{path} {coding}");
        }
    }
    // A channel with a token is read by holders of that key only.
    until_shown(&daemon, "/channels/kept.atom", KEY, "zebra-r").await;
    for path in [
        "/channels/kept",
        "/channels/kept.atom",
        "/channels/kept.rss",
        "/channels/kept.json",
        "/channels/%6bept",
        "/channels/%6bept.atom",
        "/archive/%6bept/1.atom",
        "/archive/kept/1.atom",
    ] {
        let other = ask(&daemon, Method::GET, path, &[("authorization", &bearer)]).await;
        assert_eq!(other.status(), 401, "{path}");
        assert_eq!(other.text().await.unwrap(), "This key does not open this channel.\n", "{path}");
        let own = ask(&daemon, Method::GET, path, &[("authorization", &format!("Bearer {KEY}"))]).await;
        assert!([200, 303, 307, 404].contains(&own.status().as_u16()), "{path}");
    }
    // What machines ask stays open.
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(ask(&daemon, Method::GET, path, &[]).await.status(), 200, "{path}");
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_key_in_the_address_becomes_a_cookie_on_pages_and_is_enough_for_feeds() {
    let scene = Scene::new(false).await;
    let daemon = scene.start().await;
    until_shown(&daemon, "/feed.atom", OTHER, "Zebra").await;
    let page = ask(&daemon, Method::GET, &format!("/search?q=council&key={KEY}&lang=en"), &[]).await;
    assert_eq!((page.status().as_u16(), header(&page, "location")), (303, "/search?q=council&lang=en"));
    let cookie = header(&page, "set-cookie").to_owned();
    assert!(
        cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax") && !cookie.contains("Secure"),
        "{cookie}"
    );
    assert_eq!(header(&page, "cache-control"), "no-store");
    let pair = cookie.split(';').next().unwrap();
    for path in ["/", "/feed.atom", "/status", "/opml"] {
        assert_eq!(ask(&daemon, Method::GET, path, &[("cookie", pair)]).await.status(), 200, "{path}");
    }
    let page = ask(&daemon, Method::GET, "/", &[("cookie", pair)]).await.text().await.unwrap();
    for path in ["/feed.atom", "/feed.rss", "/feed.json", "/opml", "/feed.json?limit=3", "/search.atom?q=okapi"] {
        let joint = if path.contains('?') { '&' } else { '?' };
        let answer = ask(&daemon, Method::GET, &format!("{path}{joint}key={KEY}"), &[]).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.headers().get("set-cookie").is_none(), "{path}");
        let text = answer.text().await.unwrap() + &page;
        assert!(!text.contains(KEY) && !text.contains("key="), "{path} repeats the key");
    }
    let basic = "Basic eDp3YXJyYXFfYmFkci0y";
    assert_eq!(ask(&daemon, Method::GET, "/feed.rss", &[("authorization", basic)]).await.status(), 200);
    // Not the key but its place in the counts of requests.
    let metrics = ask(&daemon, Method::GET, "/metrics", &[]).await.text().await.unwrap();
    assert!(metrics.contains("refused") && !metrics.contains(KEY) && !metrics.contains("warraq_amal"), "{metrics}");
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_private_is_shown_at_no_address_without_a_key() {
    let scene = Scene::new(true).await;
    let daemon = scene.start().await;
    for path in ["/feed.atom", "/channels/news.atom", "/archive/all/1.atom"] {
        until_shown(&daemon, path, "", "azelle").await;
    }
    let stories = scene.instance.sql("SELECT story_id FROM entry GROUP BY story_id").await;
    let pages: Vec<String> = stories.iter().map(|id| format!("/stories/{id}")).collect();
    let about = "/about".to_owned();
    let mut shown = 0;
    for path in ADDRESSES.iter().map(|path| (*path).to_owned()).chain(pages).chain([about]) {
        let answer = ask(&daemon, Method::GET, &path, &[]).await;
        let (status, varies) = (answer.status().as_u16(), header(&answer, "vary").contains("Authorization"));
        assert!(status == 404 || varies, "{path}: {status}");
        let text = answer.text().await.unwrap();
        let text = text.to_lowercase();
        assert!(!text.contains(CANARY), "{path}: {}", &text[text.find(CANARY).unwrap().saturating_sub(300)..]);
        shown += usize::from(text.contains("gazelle"));
    }
    assert!(shown > 20, "{shown}");
    let joined =
        scene.instance.sql("SELECT min(story_id) FROM entry WHERE title LIKE 'Tramway%' GROUP BY story_id").await;
    assert_eq!(joined.len(), 1, "both outlets carry the story");
    let page = ask(&daemon, Method::GET, &format!("/stories/{}", joined[0]), &[]).await.text().await.unwrap();
    assert!(page.contains("gazelle.invalid/shared") && !page.contains("of the lead"), "{page}");
    // Two outlets carry it, but one of them is not there for everybody.
    let twice = ask(&daemon, Method::GET, "/feed.json?min_outlets=2", &[]).await.text().await.unwrap();
    assert!(!twice.contains("Tramway"));
    for path in [
        "/?min_outlets=2",
        "/outlets/open?min_outlets=2",
        "/languages/en?min_outlets=2",
        "/search?q=tramway&min_outlets=2",
    ] {
        let page = ask(&daemon, Method::GET, path, &[]).await.text().await.unwrap();
        assert!(!page.contains("gazelle.invalid/shared"), "{path}: {page}");
        let bearer = format!("Bearer {OTHER}");
        let page = ask(&daemon, Method::GET, path, &[("authorization", &bearer)]).await.text().await.unwrap();
        assert!(page.contains("invalid/shared"), "{path}: {page}");
    }
    for path in ["/channels/kept", "/channels/kept.atom", "/archive/kept/1.atom"] {
        assert_eq!(ask(&daemon, Method::GET, path, &[]).await.status(), 401, "{path}");
    }
    // Holders of a key see all of it at the same addresses.
    for path in
        ["/feed.atom?limit=50", "/channels/news.rss", "/search?q=okapi", "/opml", "/status", "/feed.json?min_outlets=2"]
    {
        until_shown(&daemon, path, OTHER, "ebra").await;
        let answer = ask(&daemon, Method::GET, path, &[("authorization", &format!("Bearer {OTHER}"))]).await;
        assert!(header(&answer, "cache-control").starts_with("private"), "{path}");
    }
    daemon.stop().await.unwrap();

    // After a restart the stored editions are shown to the same readers.
    let daemon = RunningDaemon::start(&scene.instance).await;
    for _ in 0..20 {
        for path in ["/feed.atom", "/channels/news.json", "/opml"] {
            let text = ask(&daemon, Method::GET, path, &[]).await.text().await.unwrap();
            assert!(!text.to_lowercase().contains(CANARY), "{path}");
        }
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_reload_closes_at_once_and_removed_outlets_stay_private() {
    let scene = Scene::new(true).await;
    let daemon = scene.start().await;
    until_shown(&daemon, "/channels/news.atom", "", "azelle").await;
    let open = Scene::text(&scene.folder, &scene.outlet, true, true);
    let without = |slug: &str, text: &str| {
        let tables: Vec<&str> =
            text.split("[[").filter(|table| !table.contains(&format!("slug = \"{slug}\""))).collect();
        tables.join("[[")
    };
    daemon.reload(without("secret", &open)).await;
    until("the list without it", async || {
        !ask(&daemon, Method::GET, "/opml", &[("authorization", &format!("Bearer {KEY}"))])
            .await
            .text()
            .await
            .unwrap()
            .contains("Secret")
    })
    .await;
    for path in ["/feed.atom?limit=50", "/channels/news.atom", "/search.atom?q=okapi"] {
        let text = ask(&daemon, Method::GET, path, &[]).await.text().await.unwrap().to_lowercase();
        assert!(!text.contains(CANARY), "{path}");
    }
    daemon.reload(Scene::text(&scene.folder, &scene.outlet, false, true)).await;
    until("closed", async || ask(&daemon, Method::GET, "/channels/news.atom", &[]).await.status() == 401).await;
    for path in ADDRESSES {
        assert_eq!(ask(&daemon, Method::GET, path, &[]).await.status(), 401, "{path}");
    }
    // Without a token file nobody has a key, and nobody sees what is private.
    daemon.reload(Scene::text(&scene.folder, &scene.outlet, true, false)).await;
    until("open again", async || ask(&daemon, Method::GET, "/channels/news.atom", &[]).await.status() == 200).await;
    until_shown(&daemon, "/feed.atom?limit=50", "", "azelle").await;
    let text = ask(&daemon, Method::GET, "/feed.atom?limit=50", &[]).await.text().await.unwrap();
    assert!(
        !text.contains("zebra.invalid") && text.contains("zebra-r.invalid"),
        "no channel reserves the other any more"
    );
    // `public` shows it.
    let public =
        Scene::text(&scene.folder, &scene.outlet, true, false).replace("headers =", "public = true\nheaders =");
    daemon.reload(public).await;
    until_shown(&daemon, "/channels/news.atom", "", "zebra.invalid").await;
    daemon.stop().await.unwrap();
}
