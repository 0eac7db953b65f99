//! A daemon with public and private outlets, and all of its addresses.

use super::{CANARY, KEY, OTHER, REPORT};
use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{http_client, until},
    test_instance::{RunningDaemon, TestInstance, config_text},
};
use reqwest::{Method, Response, redirect::Policy};
use std::{fmt::Write as _, fs};
use warraq::{model::ReaderKey, serve::hash_of};

/// Every kind of address that shows entries, outlets or feeds.
pub(super) const ADDRESSES: [&str; 55] = [
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
pub(super) const OPEN_ADDRESSES: [(&str, u16); 2] = [("/websub/hub", 405), ("/websub/callback/0000", 410)];

pub(super) fn entries(doc: FeedDoc, word: &str) -> FeedDoc {
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
pub(super) struct Scene {
    pub(super) folder: tempfile::TempDir,
    pub(super) outlet: FakeOutlet,
    pub(super) instance: TestInstance,
}

impl Scene {
    pub(super) async fn new(public: bool) -> Self {
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

    pub(super) fn text(folder: &tempfile::TempDir, outlet: &FakeOutlet, public: bool, keys: bool) -> String {
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

    pub(super) async fn start(&self) -> RunningDaemon {
        let daemon = RunningDaemon::start(&self.instance).await;
        until("the editions", async || daemon.get("/readyz").await.status() == 200).await;
        daemon
    }
}

pub(super) async fn ask(daemon: &RunningDaemon, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let client = http_client().redirect(Policy::none()).build().unwrap();
    let mut request = client.request(method, format!("{}{path}", daemon.base));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

pub(super) fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// Asks with a bearer token until the answer is 200 and holds the words.
pub(super) async fn until_shown(daemon: &RunningDaemon, path: &str, key: &str, words: &str) {
    let bearer = format!("Bearer {key}");
    let headers: &[(&str, &str)] = if key.is_empty() { &[] } else { &[("authorization", &bearer)] };
    until(&format!("{path} with {words}"), async || {
        let answer = ask(daemon, Method::GET, path, headers).await;
        answer.status() == 200 && answer.text().await.unwrap().contains(words)
    })
    .await;
}
