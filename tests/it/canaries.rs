//! Canaries in every place of a configuration that holds a secret, and in addresses of documents: none is found in what Warraq
//! prints, serves, logs or stores.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    processes::{Folder, Process, http_client, until},
    test_instance::config_text,
    tunnels::FakeProxy,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{fmt::Write as _, fs};
use warraq::{model::ReaderKey, serve::hash_of};

/// Everything that any crate says.
const LEVELS: &str = "hyper=trace,hyper_util=trace,reqwest=trace,h2=trace,rustls=trace,tower_http=trace,sqlx=trace,tower=trace,\
                      axum=trace,warraq=trace";

/// A secret by its name.
fn canary(name: &str) -> String {
    format!("c4n4ry{name}")
}

/// Secrets of the configuration and of the environment.
const CONFIGURED: [&str; 11] =
    ["password", "bearer", "cookie", "file", "value", "shared", "proxy", "refused", "environment", "reader", "unused"];
/// Secrets in addresses of documents and redirects.
const WRITTEN: [&str; 10] =
    ["link", "guid", "picture", "enclosure", "author", "comments", "source", "redirect", "text", "channel"];

/// A feed whose addresses hold credentials.
fn document() -> String {
    let at = |name: &str, path: &str| format!("https://me:{}@ville.invalid/{path}", canary(name));
    format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>La Ville</title><link>{}</link>\
         <image><url>{}</url></image><item><title>Un rapport</title><guid>{}</guid><link>{}</link><comments>{}</comments>\
         <source url=\"{}\">Ailleurs</source><enclosure url=\"{}\" type=\"audio/mpeg\" length=\"1\"/>\
         <atom:author><atom:name>A. Auteur</atom:name><atom:uri>{}</atom:uri></atom:author>\
         <description>&lt;p&gt;Le conseil, &lt;a href=\"{}\"&gt;ici&lt;/a&gt;: {} &lt;img src=\"{}\"/&gt;&lt;/p&gt;</description>\
         <pubDate>Mon, 02 Nov 2026 09:30:00 GMT</pubDate></item></channel></rss>",
        at("channel", ""),
        at("picture", "logo.png"),
        at("guid", "guid"),
        at("link", "1"),
        at("comments", "1#c"),
        at("source", "rss"),
        at("enclosure", "1.mp3"),
        at("author", "auteur"),
        at("text", "ici"),
        at("text", "texte"),
        at("picture", "1.jpg"),
    )
}

struct Scene {
    folder: Folder,
    open: FakeOutlet,
    behind: FakeOutlet,
    failing: FakeOutlet,
    proxy: FakeProxy,
    text: String,
}

impl Scene {
    async fn new() -> Self {
        let (open, behind, failing) = (FakeOutlet::start().await, FakeOutlet::start().await, FakeOutlet::start().await);
        let proxy = FakeProxy::start("200 OK").await;
        open.set("/feed", Reply::feed(document()));
        open.set(
            &format!("/query?apikey={}", canary("query")),
            Reply::feed(document().replace("/1<", "/2<").replace("/guid<", "/guid2<")),
        );
        behind.set("/feed", Reply::feed(document().replace("Un rapport", "Un autre").replace("/1<", "/3<")));
        failing.set("/feed", Reply::status(401).header("WWW-Authenticate", "Basic realm=\"x\""));
        let away = format!("http://me:{}@127.0.0.1:1/away", canary("redirect"));
        failing.set("/redirect", Reply::redirect(away, 302));
        let folder = Folder::new("", &[]);
        for name in ["password", "bearer", "cookie", "file", "unused"] {
            fs::write(folder.path(name), format!("{}\n", canary(name))).unwrap();
        }
        let reader = ReaderKey { name: "amal".to_owned(), sha256: hash_of(&canary("reader")) };
        fs::write(folder.path("tokens"), format!("{reader}\n")).unwrap();
        let text = config_text(
            &format!("headers = {{ \"X-Shared\" = \"{}\" }}\n", canary("shared")),
            &[("open", &open.url("/feed"))],
        )
        .replace("[server]\n", "[server]\ntoken_file = \"tokens\"\nmetrics_allow = [\"127.0.0.0/8\"]\n");
        let text = text
            + "public = true\ndrop = [\"nothing of the kind\"]\n"
            + &format!(
                "[[outlet]]\nslug = \"query\"\nname = \"Q\"\npublic = true\nfeeds = [{{ url = \"{}?apikey={}\", public_url = \"{}\" }}]\n",
                open.url("/query"),
                canary("query"),
                open.url("/shown")
            )
            + &format!(
                "[[outlet]]\nslug = \"behind\"\nname = \"B\"\nfeeds = [\"{}\"]\nproxy = \"http://me:{}@{}\"\n\
                 auth = {{ user = \"me\", password_file = \"password\" }}\n\
                 headers = {{ \"Cookie\" = {{ file = \"cookie\" }}, \"X-File\" = {{ file = \"file\" }}, \"X-Value\" = \"{}\" }}\n",
                behind.url("/feed"),
                canary("proxy"),
                proxy.address,
                canary("value")
            )
            + &format!(
                "[[outlet]]\nslug = \"failing\"\nname = \"F\"\npublic = true\nfeeds = [\"{}\", \"{}\"]\n\
                 auth = {{ bearer_file = \"$CREDENTIALS_DIRECTORY/bearer\" }}\n",
                failing.url("/feed"),
                failing.url("/redirect")
            )
            + &["http", "socks5"].map(|scheme| {
                format!(
                    "[[outlet]]\nslug = \"{scheme}\"\nname = \"R\"\npublic = true\nfeeds = [\"http://127.0.0.1:9/{scheme}\"]\n\
                     proxy = \"{scheme}://me:{}@127.0.0.1:1\"\n",
                    canary("refused")
                )
            })
            .concat()
            + "[[channel]]\nslug = \"all\"\npublic = true\n[[channel]]\nslug = \"kept\"\ntitle = \"K\"\ntoken = \"amal\"\n\
               [schedule]\ndefault = \"every 2s\"\n";
        folder.configure(&text);
        Self { folder, open, behind, failing, proxy, text }
    }

    fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = self.folder.command(arguments);
        let environment = format!("http://me:{}@127.0.0.1:1", canary("environment"));
        command.env("CREDENTIALS_DIRECTORY", self.folder.path("")).env("WARRAQ_LOG", LEVELS);
        command.env("https_proxy", environment).env("NO_PROXY", "elsewhere.example");
        command
    }

    async fn verb(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().await.unwrap();
        format!("{arguments:?}: {}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()))
    }

    /// Everything that is served, with and without a key.
    async fn pages(&self, daemon: &Process) -> String {
        let (mut seen, client) = (String::new(), http_client().build().unwrap());
        for path in [
            "/",
            "/feed.atom",
            "/feed.rss",
            "/feed.json",
            "/channels/kept",
            "/channels/kept.atom",
            "/channels/kept.rss",
            "/channels/kept.json",
            "/search?q=rapport",
            "/search.atom?q=rapport",
            "/stories/1",
            "/stories/2",
            "/stories/3",
            "/outlets/open",
            "/outlets/behind",
            "/outlets/query.json",
            "/outlets/failing",
            "/languages/fr",
            "/days/2026-11-02",
            "/feeds/1",
            "/opml",
            "/status",
            "/status.atom",
            "/about",
            "/metrics",
            "/healthz",
            "/readyz",
            "/archive/all/1.atom",
            "/feed.atom?outlet=open",
            "/none",
        ] {
            let address = format!("http://{}{path}", daemon.address());
            let key = canary("reader");
            for request in [
                client.get(&address),
                client.get(&address).bearer_auth(&key),
                client.get(&address).header("cookie", format!("warraq_key={key}")),
                client.get(format!("{address}{}key={key}", if path.contains('?') { '&' } else { '?' })),
            ] {
                let answer = request.send().await.unwrap();
                let _ = writeln!(seen, "{path} {:?}", answer.headers());
                seen += &answer.text().await.unwrap();
            }
        }
        seen
    }
}

/// Fails with what stands around the first canary.
#[track_caller]
fn holds_none(what: &str, seen: &[u8], names: &[&str]) {
    for name in names {
        let plain = canary(name);
        let coded = BASE64_STANDARD.encode(format!("me:{plain}"));
        for secret in [plain, coded] {
            if let Some(at) = memchr::memmem::find(seen, secret.as_bytes()) {
                let around = &seen[at.saturating_sub(300)..(at + 100).min(seen.len())];
                panic!("{what} holds {secret} ({name}): {}", String::from_utf8_lossy(around));
            }
        }
    }
}

#[tokio::test]
async fn no_secret_is_found_in_any_output() {
    let scene = Scene::new().await;
    let daemon = scene.folder.start_by(scene.command(&["run"])).await;
    until("the first polls", async || !scene.open.paths().is_empty() && !scene.behind.paths().is_empty()).await;
    until("all polls", async || {
        scene.folder.sql("SELECT count(*) FROM feed WHERE last_poll_at IS NULL").await == ["0"]
            && scene.folder.sql("SELECT count(*) FROM entries").await == ["3"]
    })
    .await;
    daemon.get_until("/feed.json", "Un rapport").await;
    let all = [&CONFIGURED[..], &WRITTEN, &["query"]].concat();
    let pages = scene.pages(&daemon).await;
    assert!(pages.contains("Un rapport") && pages.contains("Un autre"), "readers with a key see all outlets");
    holds_none("what is served", pages.as_bytes(), &all);
    // What a document calls its entry is told to the operator, and stored, as the document says it.
    let told: Vec<&str> = [&CONFIGURED[..], &WRITTEN].concat().into_iter().filter(|name| *name != "guid").collect();
    let inspected = scene.verb(&["inspect", scene.open.url("/feed").as_str()]).await;
    holds_none("inspect", inspected.as_bytes(), &CONFIGURED);
    for arguments in [
        &["check"][..],
        &["status"],
        &["feeds"],
        &["feeds", "--json"],
        &["search", "rapport"],
        &["explain", "feed", "behind"],
        &["explain", "feed", "http", "--json"],
        &["explain", "feed", "socks5"],
        &["explain", "feed", "failing", "--json"],
        &["explain", "entry", "1"],
        &["explain", "entry", "https://ville.invalid/1", "--json"],
        &["explain", "story", "1", "--json"],
        &["discover", scene.failing.url("/redirect").as_str()],
        &["add", "--dry-run", scene.failing.url("/redirect").as_str()],
        &["export-opml"],
        &["backup", "copy.db"],
        &["healthcheck"],
        &["disable", "socks5"],
        &["enable", "socks5"],
        &["--config", "none.toml", "check"],
    ] {
        holds_none(&format!("{arguments:?}"), scene.verb(arguments).await.as_bytes(), &told);
    }
    daemon.signal("HUP").await;
    daemon.until("reloaded").await;
    let log = daemon.log();
    daemon.stop().await;
    holds_none("the log", log.as_bytes(), &all);
    for arguments in [&["poll", "--all"][..], &["poll", "--all", "--json"], &["poll", "http"], &["prune"]] {
        holds_none(&format!("{arguments:?}"), scene.verb(arguments).await.as_bytes(), &told);
    }
    holds_none("the database", &scene.folder.stored().await, &told);
    holds_none("its copy", &fs::read(scene.folder.path("copy.db")).unwrap_or_default(), &told);
    // They were used, where they belong.
    let asked = &scene.behind.requests("/feed")[0];
    assert_eq!(asked.header("cookie"), Some(&*canary("cookie")));
    assert_eq!(asked.header("x-file"), Some(&*canary("file")));
    assert_eq!(asked.header("x-value"), Some(&*canary("value")));
    assert!(scene.proxy.heads()[0].contains(&BASE64_STANDARD.encode(format!("me:{}", canary("proxy")))));
    let bearer = format!("Bearer {}", canary("bearer"));
    assert_eq!(scene.failing.requests("/feed")[0].header("authorization"), Some(&*bearer));
    assert_eq!(scene.open.requests("/feed")[0].header("x-shared"), Some(&*canary("shared")));
}

#[tokio::test]
async fn no_secret_is_found_in_what_refuses_a_configuration() {
    let scene = Scene::new().await;
    let told = [&CONFIGURED[..], &WRITTEN, &["query"]].concat();
    let faulty: [(&str, &str, &str); 7] = [
        ("proxy = \"http://", "proxy = \"gopher://", "another scheme"),
        ("proxy = \"socks5://", "proxy = \"socks5:/", "no host"),
        ("[[outlet]]\nslug = \"query\"", "nonsense = 1\n[[outlet]]\nslug = \"query\"", "nonsense"),
        ("{ url = \"http://", "{ url = \"http://me:c4n4rypassword@", "feeds"),
        ("\"X-Value\" = \"", "\"X-Value\" = \"\\u0007", "X-Value"),
        (
            "bearer_file = \"$CREDENTIALS_DIRECTORY/bearer\"",
            "bearer_file = \"tokens\", user = \"c4n4ryvalue\"",
            "bearer_file",
        ),
        ("headers = { \"Cookie\"", "headers = { \"Host\" = \"c4n4ryvalue\", \"Cookie\"", "Host"),
    ];
    for (from, to, words) in faulty {
        assert!(scene.text.contains(from), "{from}");
        scene.folder.configure(&scene.text.replacen(from, to, 1));
        for verb in ["check", "run", "feeds", "status", "export-opml"] {
            let said = scene.verb(&[verb]).await;
            assert!(verb != "check" || said.contains(words), "{words}: {said}");
            holds_none(words, said.as_bytes(), &told);
        }
    }
    // A secret that cannot be sent, a token file that holds a key in place of its line, and a proxy of the environment.
    scene.folder.configure(&scene.text);
    fs::write(scene.folder.path("password"), format!("two\nlines {}\n", canary("password"))).unwrap();
    fs::write(scene.folder.path("tokens"), format!("amal {}\n", canary("reader"))).unwrap();
    let mut command = scene.command(&["check"]);
    let output =
        command.env("HTTP_PROXY", format!("ftp://me:{}@127.0.0.1:1", canary("environment"))).output().await.unwrap();
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(["password", "token_file", "HTTP_PROXY"].iter().all(|words| said.contains(words)), "{said}");
    holds_none("check", said.as_bytes(), &told);
}
