//! Keys for readers: what is private is shown at no address without a key.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, http_client, nobody, until},
    test_instance::{RunningDaemon, TestInstance, config_text},
    web_peer::WebPeer,
};
use reqwest::{Method, Response, redirect::Policy};
use std::{fmt::Write as _, fs};
use warraq::{model::ReaderKey, serve::hash_of};

const KEY: &str = "warraq_amal-1";
const OTHER: &str = "warraq_badr-2";
/// Stands in every title, text, guid and address of the outlets that are private.
const CANARY: &str = "zebra";
const REPORT: &str = "The council of the city voted on Monday evening for a new tramway line between the harbour and the \
                      university, which forty thousand people are expected to use on every working day from next spring.";

/// Every kind of address that shows entries, outlets or feeds.
const ADDRESSES: [&str; 55] = [
    "/",
    "/feed.atom",
    "/feed.rss",
    "/feed.json",
    "/feed.atom?limit=7",
    "/feed.rss?lang=en",
    "/feed.json?min_outlets=2",
    "/feed.atom?outlet=secret",
    "/feed.json?tag=hidden",
    "/search?q=council",
    "/search?q=okapi",
    "/search.atom?q=council",
    "/search.atom?q=okapi",
    "/search.rss?q=okapi",
    "/search.json?q=okapi",
    "/search?q=oka*+OR+zeb*",
    "/search?q=outlet%3Asecret",
    "/search?q=tag%3Ahidden+okapi",
    "/search?q=lang%3Aen",
    "/search?q=after%3A2026-11-02&min_outlets=2",
    "/search?q=okapi&before=999999",
    "/archive/all/1.atom",
    "/channels/news",
    "/channels/news.atom",
    "/channels/news.rss",
    "/channels/news.json",
    "/opml",
    "/status",
    "/status?show=failing&sort=entries",
    "/status?show=fresh",
    "/status.atom",
    "/feeds/1",
    "/feeds/2",
    "/feeds/3",
    "/?min_outlets=2",
    "/channels/news.atom?lang=en",
    "/outlets/open",
    "/outlets/open.atom",
    "/outlets/secret",
    "/outlets/reserved",
    "/outlets/secret.json",
    "/outlets/open/copies",
    "/outlets/secret/copies",
    "/outlets/reserved/copies",
    "/tags/hidden",
    "/tags/kept.rss",
    "/languages/en",
    "/languages/en.json",
    "/days/2026-11-02",
    "/status?sort=last",
    "/outlets",
    "/tags",
    "/languages",
    "/outlets/open?min_outlets=2",
    "/languages/en?min_outlets=2",
];

/// Addresses for other servers, which need no key: they concern only what everybody may read. With the status of a GET.
const OPEN_ADDRESSES: [(&str, u16); 2] = [("/websub/hub", 405), ("/websub/callback/0000", 410)];

fn entries(doc: FeedDoc, word: &str) -> FeedDoc {
    (0..9).fold(doc, |doc, n| {
        let link = format!("https://{word}.invalid/{n}");
        doc.entry(
            &link,
            &format!("The {word} number {n}"),
            &link,
            &format!(
                "<p>{} number {n} of the {word}.</p>",
                if word == "gazelle" { "Fast animals" } else { "An okapi" }
            ),
            &format!("2026-11-02T09:0{n}:00Z"),
        )
    })
}

/// A folder with a token file, three outlets, and a closed instance that has polled them.
struct Scene {
    folder: tempfile::TempDir,
    outlet: FakeOutlet,
    instance: TestInstance,
}

impl Scene {
    async fn new(public: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lines = [("amal", KEY), ("badr", OTHER)]
            .map(|(name, key)| ReaderKey { name: name.to_owned(), sha256: hash_of(key) }.to_string() + "\n");
        fs::write(folder.path().join("tokens"), format!("# Readers\n\n{}", lines.concat())).unwrap();
        let outlet = FakeOutlet::start().await;
        let shared = |doc: FeedDoc, word: &str| {
            doc.entry(
                &format!("https://{word}.invalid/shared"),
                &format!("Tramway voted {word}"),
                &format!("https://{word}.invalid/shared"),
                REPORT,
                "2026-11-02T09:30:00Z",
            )
        };
        outlet.set("/secret", Reply::feed(entries(shared(FeedDoc::rss("Secret zebra"), CANARY), CANARY)));
        outlet.set("/reserved", Reply::feed(entries(FeedDoc::rss("Reserved zebra"), "zebra-r")));
        outlet.set("/open", Reply::feed(entries(shared(FeedDoc::rss("Open"), "gazelle"), "gazelle")));
        let text = Self::text(&folder, &outlet, public, true);
        let mut instance = TestInstance::configured(text).await;
        // The private outlet is the first with the story that an open one carries too.
        for slug in ["secret", "open", "reserved"] {
            instance.poll_only(slug).await;
        }
        instance.close().await;
        Self { folder, outlet, instance }
    }

    fn text(folder: &tempfile::TempDir, outlet: &FakeOutlet, public: bool, keys: bool) -> String {
        let tokens = folder.path().join("tokens");
        let tokens = if keys { format!("token_file = {:?}\n", tokens.display().to_string()) } else { String::new() };
        let mut text = config_text("", &[]).replace("[fetch]\n", &(tokens + "[fetch]\n"));
        for (slug, more) in [
            ("secret", "tags = [\"hidden\"]\nheaders = { \"X-Key\" = \"k\" }\n"),
            ("reserved", "tags = [\"kept\"]\n"),
            ("open", ""),
        ] {
            let name = if slug == "open" { "Gazelle" } else { "Zebra" };
            let feed = outlet.url(&format!("/{slug}"));
            writeln!(text, "[[outlet]]\nslug = \"{slug}\"\nname = \"{name}\"\nlanguage = \"en\"\nfeeds = [{{ url = \"{feed}\", public_url = \"https://{name}-{slug}.invalid/feed\" }}]\n{more}").unwrap();
        }
        let is_public = if public { "public = true\n" } else { "" };
        write!(text, "[[channel]]\nslug = \"all\"\nlimit = 2\n{is_public}[[channel]]\nslug = \"news\"\ntitle = \"News\"\nlanguages = [\"en\"]\n{is_public}").unwrap();
        if keys {
            text.push_str("[[channel]]\nslug = \"kept\"\ntitle = \"Kept\"\ntags = [\"kept\"]\ntoken = \"amal\"\n");
        }
        text
    }

    async fn start(&self) -> RunningDaemon {
        let daemon = RunningDaemon::start(&self.instance).await;
        until("the editions", async || daemon.get("/readyz").await.status() == 200).await;
        daemon
    }
}

async fn ask(daemon: &RunningDaemon, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let client = http_client().redirect(Policy::none()).build().unwrap();
    let mut request = client.request(method, format!("{}{path}", daemon.base));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// Asks with a bearer token until the answer is 200 and holds the words.
async fn until_shown(daemon: &RunningDaemon, path: &str, key: &str, words: &str) {
    let bearer = format!("Bearer {key}");
    let headers: &[(&str, &str)] = if key.is_empty() { &[] } else { &[("authorization", &bearer)] };
    until(&format!("{path} with {words}"), async || {
        let answer = ask(daemon, Method::GET, path, headers).await;
        answer.status() == 200 && answer.text().await.unwrap().contains(words)
    })
    .await;
}

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
        assert_eq!(ask(&daemon, Method::GET, path, &[("authorization", &bearer)]).await.status(), 401, "{path}");
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

/// Everything that any crate says.
const LEVELS: &str = "hyper=trace,hyper_util=trace,h2=trace,tower_http=trace,axum=trace,warraq=trace";

#[tokio::test]
async fn a_new_key_opens_the_daemon_and_is_written_nowhere() {
    let folder = Folder::new("", &[]);
    let said = folder.says(&["token", "new", "amal"]).await;
    let key = said.lines().find(|line| line.starts_with("warraq_")).unwrap().to_owned();
    let line = said.lines().find(|line| line.starts_with("amal sha256:")).unwrap().to_owned();
    assert_eq!(key.len(), "warraq_".len() + 43, "256 bits");
    assert!(!folder.says(&["token", "new"]).await.contains(&key), "another key each time");
    assert_eq!(folder.fails(&["token", "new", "Not a name"]).await.0, 2);
    fs::write(folder.path("tokens"), line).unwrap();
    let text = config_text("", &[("nobody", &nobody())]);
    folder.configure(&text.replace("[fetch]\n", "token_file = \"tokens\"\n[fetch]\n"));
    let mut command = folder.command(&["run"]);
    command.env("WARRAQ_LOG", LEVELS);
    let daemon = folder.start_by(command).await;
    daemon.until("address=").await;
    let base = daemon.address();
    let base = if base.starts_with("http") { base } else { format!("http://{base}") };
    let base = base.trim_end_matches('/').to_owned();
    let clients = [http_client(), http_client().http2_prior_knowledge()];
    for client in clients.map(|client| client.redirect(Policy::none()).build().unwrap()) {
        until("the key opens it", async || {
            let answer = client.get(format!("{base}/feed.atom?key={key}")).send().await.unwrap();
            answer.status() == 200
        })
        .await;
        let page = client.get(format!("{base}/?key={key}")).send().await.unwrap();
        assert_eq!(page.status(), 303);
        let search = client.get(format!("{base}/search?q=x&key={key}x")).send().await.unwrap();
        assert_eq!(search.status(), 401);
        for name in ["authorization", "cookie"] {
            let value = if name == "cookie" { format!("warraq_key={key}") } else { format!("Bearer {key}") };
            let answer = client.get(format!("{base}/status")).header(name, value).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            assert!(!answer.text().await.unwrap().contains(&key));
        }
        let faulty = client.get(format!("{base}/feed.atom?nonsense=1&key={key}")).send().await.unwrap();
        assert_eq!(faulty.status(), 400);
        assert!(!faulty.text().await.unwrap().contains(&key));
        let metrics = client.get(format!("{base}/metrics?key={key}")).send().await.unwrap().text().await.unwrap();
        assert!(!metrics.contains(&key));
    }
    let log = daemon.log();
    daemon.stop().await;
    assert!(!log.contains(&key), "{}", &log[log.find(&key).unwrap().saturating_sub(400)..][..800]);
    for name in ["warraq.db", "warraq.db-wal"] {
        let bytes = fs::read(folder.path(name)).unwrap_or_default();
        assert!(memchr::memmem::find(&bytes, key.as_bytes()).is_none(), "{name}");
    }
    assert!(!folder.says(&["check"]).await.contains(&key));
    // A key in the place of its hash is refused, and not repeated.
    fs::write(folder.path("tokens"), format!("amal {key}\n")).unwrap();
    let (code, error) = folder.fails(&["check"]).await;
    assert!(
        code == 78 && error.contains("server.token_file") && error.contains("line 1") && !error.contains(&key),
        "{error}"
    );
}

#[tokio::test]
async fn the_hub_delivers_only_what_everybody_may_read() {
    let mut scene = Scene::new(true).await;
    let daemon = scene.start().await;
    let peer = WebPeer::start().await;
    until_shown(&daemon, "/channels/news.atom", "", "gazelle").await;
    let subscribe = async |path: &str| {
        let form = [
            ("hub.mode", "subscribe"),
            ("hub.topic", &format!("http://news.invalid{path}")),
            ("hub.callback", &format!("{}/callback", peer.base)),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = http_client().build().unwrap().post(format!("{}/websub/hub", daemon.base)).body(body);
        request.send().await.unwrap().status().as_u16()
    };
    let kept = ask(&daemon, Method::GET, "/channels/kept.atom", &[("authorization", &format!("Bearer {KEY}"))]).await;
    assert!(kept.headers().get("link").is_none(), "what needs a key names no hub");
    assert!(!kept.text().await.unwrap().contains("rel=\"hub\""));
    assert_eq!(subscribe("/channels/kept.atom").await, 404);
    assert_eq!(subscribe("/channels/news.atom").await, 202);
    peer.wait("/callback", 1).await;
    until("the subscription", async || !scene.instance.sql("SELECT 1 FROM hub_subscription").await.is_empty()).await;
    daemon.stop().await.unwrap();
    for slug in ["secret", "open"] {
        let word = if slug == "open" { "gazelle" } else { CANARY };
        scene.outlet.set(&format!("/{slug}"), Reply::feed(entries(FeedDoc::rss("More"), &format!("{word}-more"))));
        scene.instance.open().await;
        scene.instance.poll_only(slug).await;
        scene.instance.close().await;
    }
    let daemon = scene.start().await;
    let delivered = String::from_utf8(peer.wait("/callback", 2).await.body).unwrap();
    assert!(delivered.contains("gazelle-more") && !delivered.to_lowercase().contains(CANARY), "{delivered}");
    // Readers with a key get another document, which is delivered to nobody.
    until_shown(&daemon, "/channels/news.atom", KEY, "zebra-more").await;
    assert_eq!(peer.received("/callback").len(), 2);
    daemon.stop().await.unwrap();
}
