//! What an outlet may set for its own requests, and that secrets stay where they belong.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, until},
    test_instance::{TestInstance, config_text, outcomes},
};
use std::{fs, process::Output};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use warraq::model::FeedUrl;

const DATE: &str = "2026-11-02T09:30:00Z";
/// Everything that any crate says.
const LEVELS: &str =
    "hyper=trace,hyper_util=trace,reqwest=trace,h2=trace,rustls=trace,tower_http=trace,sqlx=trace,warraq=trace";
const CANARY: &str = "c4n4ry-s3cr3t";

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", "Un", "https://ville.invalid/1", "Texte", DATE)
}

/// A configuration of one outlet with these lines.
fn with(feed: &FeedUrl, lines: &str) -> String {
    config_text("", &[("ville", feed)]) + lines
}

#[tokio::test]
async fn user_agent_headers_limits_and_alternatives_are_an_outlets_own() {
    let (outlet, other) = (FakeOutlet::start().await, FakeOutlet::start().await);
    outlet.set("/feed", Reply::feed(doc()));
    other.set("/feed", Reply::feed(doc()));
    let text =
        with(&outlet.url("/feed"), "user_agent = \"Mine/1\"\nheaders = { \"X-Key\" = \"k\", \"Cookie\" = \"a=b\" }\n");
    let text = text + &format!("[[outlet]]\nslug = \"other\"\nname = \"O\"\nfeeds = [\"{}\"]\n", other.url("/feed"));
    let mut warraq = TestInstance::configured(text).await;
    assert_eq!(outcomes(&warraq.poll().await), ["fresh", "fresh"]);
    let (asked, plain) = (&outlet.requests("/feed")[0], &other.requests("/feed")[0]);
    assert_eq!(
        (asked.header("user-agent"), asked.header("x-key"), asked.header("cookie")),
        (Some("Mine/1"), Some("k"), Some("a=b"))
    );
    assert!(plain.header("x-key").is_none() && plain.header("user-agent").unwrap().starts_with("Warraq/"));
    let mut small =
        TestInstance::configured(with(&outlet.url("/feed"), "max_body = \"1kB\"\ntimeout = \"1s\"\n")).await;
    outlet.set("/feed", Reply::page(&"x".repeat(5_000)));
    assert_eq!(outcomes(&small.poll().await), ["failed"]);
    assert!(small.sql("SELECT last_error FROM feed_health").await[0].contains("1000 bytes"));
    outlet.set("/feed", Reply::silence());
    small.poll().await;
    assert!(small.sql("SELECT last_error FROM feed_health").await[0].contains("timed out after 1s"));
    // The first address that reads is used, at once where none ever did.
    other.set("/rss", Reply::feed(doc()));
    let both = config_text("", &[("ville", &outlet.url("/none"))]).replace(
        &format!("[\"{}\"]", outlet.url("/none")),
        &format!("[[\"{}\", \"{}\"]]", outlet.url("/none"), other.url("/rss")),
    );
    let mut warraq = TestInstance::configured(both).await;
    assert_eq!(outcomes(&warraq.poll().await), ["fresh"]);
    warraq.poll().await;
    assert_eq!((outlet.requests("/none").len(), other.requests("/rss").len()), (1, 2));
    // It fails in its turn: three times, then the first one is back.
    other.set("/rss", Reply::status(500));
    outlet.set("/none", Reply::feed(doc()));
    for _ in 0..3 {
        warraq.poll().await;
    }
    assert_eq!(outlet.requests("/none").len(), 2);
    assert_eq!(warraq.sql("SELECT count(*) FROM entries").await, ["1"]);
    // A 410 needs no repetition.
    outlet.set("/none", Reply::status(410));
    other.set("/rss", Reply::feed(doc().entry("2", "Deux", "https://ville.invalid/2", "", DATE)));
    assert_eq!(outcomes(&warraq.poll().await), ["fresh"]);
    other.set("/rss", Reply::status(410));
    outlet.set("/none", Reply::feed(doc()));
    assert_eq!(outcomes(&warraq.poll().await), ["fresh"]);
    assert_eq!(warraq.sql("SELECT count(*) FROM entries").await, ["2"]);
}

#[tokio::test]
async fn secrets_go_to_their_origin_and_are_printed_nowhere() {
    let (outlet, foreign) = (FakeOutlet::start().await, FakeOutlet::start_on("127.0.0.2").await);
    outlet.script("/feed", [Reply::feed(doc()), Reply::redirect(foreign.url("/away").as_str(), 302)]);
    foreign.set("/away", Reply::feed(doc().entry("2", "Deux", "https://ville.invalid/2", "", DATE)));
    let bearer = FakeOutlet::start().await;
    bearer.set("/feed", Reply::status(401));
    let folder = Folder::new("", &[]);
    for name in ["password", "token", "cookie"] {
        fs::write(folder.path(name), format!("{name}-{CANARY}\n")).unwrap();
    }
    let secrets =
        "auth = { user = \"me\", password_file = \"password\" }\nheaders = { \"Cookie\" = { file = \"cookie\" } }\n";
    let text = with(&outlet.url("/feed"), secrets)
        + &format!(
            "[[outlet]]\nslug = \"bearer\"\nname = \"B\"\nfeeds = [\"{}\"]\nauth = {{ bearer_file = \
             \"$CREDENTIALS_DIRECTORY/token\" }}\n[schedule]\ndefault = \"every 1s\"\n",
            bearer.url("/feed")
        );
    folder.configure(&text);
    let verb = async |arguments: &[&str]| {
        let mut command = folder.command(arguments);
        command.env("CREDENTIALS_DIRECTORY", folder.path("")).env("WARRAQ_LOG", LEVELS).output().await.unwrap()
    };
    let mut command = folder.command(&["run"]);
    command.env("CREDENTIALS_DIRECTORY", folder.path("")).env("WARRAQ_LOG", LEVELS);
    let daemon = folder.start_by(command).await;
    until("the second visit", async || !foreign.requests("/away").is_empty() && !bearer.requests("/feed").is_empty())
        .await;
    let client = crate::processes::http_client().build().unwrap();
    let mut seen = String::new();
    let base = daemon.address();
    let base = if base.starts_with("http") { base } else { format!("http://{base}") };
    for path in ["/", "/status", "/feed.atom", "/feed.json", "/opml", "/metrics", "/feeds/1", "/outlets/ville"] {
        seen +=
            &client.get(format!("{}{path}", base.trim_end_matches('/'))).send().await.unwrap().text().await.unwrap();
    }
    seen += &daemon.log();
    daemon.stop().await;
    for arguments in [
        &["check"][..],
        &["feeds", "--json"],
        &["poll", "--all", "--json"],
        &["explain", "feed", "bearer"],
        &["export-opml"],
    ] {
        let Output { stdout, stderr, .. } = verb(arguments).await;
        seen += &String::from_utf8_lossy(&[stdout, stderr].concat());
    }
    // A faulty configuration, and one whose secret cannot be sent.
    folder.configure(&(text.clone() + "nonsense = 1\n"));
    seen += &String::from_utf8_lossy(&verb(&["check"]).await.stderr);
    fs::write(folder.path("password"), format!("two\nlines {CANARY}\n")).unwrap();
    folder.configure(&text);
    let refused = verb(&["check"]).await;
    assert_eq!(refused.status.code(), Some(78));
    seen += &String::from_utf8_lossy(&refused.stderr);
    assert!(seen.contains("nonsense") && seen.contains("password"), "{}", seen.len());
    let stored = folder.stored().await;
    for secret in [CANARY, &base64(&format!("me:password-{CANARY}"))] {
        assert!(!seen.contains(secret), "{secret}: {}", &seen[seen.find(secret).unwrap().saturating_sub(200)..][..400]);
        assert!(memchr::memmem::find(&stored, secret.as_bytes()).is_none(), "in the database");
    }
    let asked = &outlet.requests("/feed")[0];
    let basic = format!("Basic {}", base64(&format!("me:password-{CANARY}")));
    assert_eq!(asked.header("authorization"), Some(basic.as_str()));
    assert_eq!(asked.header("cookie"), Some(format!("cookie-{CANARY}").as_str()));
    assert_eq!(bearer.requests("/feed")[0].header("authorization"), Some(format!("Bearer token-{CANARY}").as_str()));
    for seen in foreign.requests("/away") {
        assert!(seen.header("authorization").is_none() && seen.header("cookie").is_none(), "another origin");
    }
    assert_eq!(folder.sql("SELECT count(*) FROM entries").await, ["2"]);
}

/// RFC 4648 4, for ASCII.
fn base64(text: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(text)
}

/// A proxy that notes what it is asked for and speaks to `to` whatever that is: SOCKS5 (RFC 1928), or HTTP.
async fn proxy(to: std::net::SocketAddr) -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = std::sync::Arc::<std::sync::Mutex<Vec<String>>>::default();
    let noted = std::sync::Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let noted = std::sync::Arc::clone(&noted);
            tokio::spawn(async move {
                let mut head = [0; 2];
                client.peek(&mut head).await.unwrap();
                let mut outlet = TcpStream::connect(to).await.unwrap();
                if head[0] == 5 {
                    let mut greeting = [0; 3];
                    client.read_exact(&mut greeting).await.unwrap();
                    client.write_all(&[5, 0]).await.unwrap();
                    let mut request = [0; 4];
                    client.read_exact(&mut request).await.unwrap();
                    let mut target =
                        vec![0; if request[3] == 1 { 4 } else { usize::from(client.read_u8().await.unwrap()) }];
                    client.read_exact(&mut target).await.unwrap();
                    client.read_u16().await.unwrap();
                    let shown =
                        if request[3] == 1 { format!("{target:?}") } else { String::from_utf8(target).unwrap() };
                    noted.lock().unwrap().push(shown);
                    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
                } else {
                    let mut line = [0; 200];
                    let length = client.peek(&mut line).await.unwrap();
                    let line = String::from_utf8_lossy(&line[..length]).lines().next().unwrap().to_owned();
                    noted.lock().unwrap().push(line);
                }
                let _ = tokio::io::copy_bidirectional(&mut client, &mut outlet).await;
            });
        }
    });
    (address, asked)
}

#[tokio::test]
async fn a_proxy_gets_addresses_and_with_proxy_dns_names() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let to = outlet.url("/").url().socket_addrs(|| None).unwrap()[0];
    let by_name = FeedUrl::parse("http://localhost:8/feed").unwrap();
    let (address, asked) = proxy(to).await;
    let mut warraq = TestInstance::configured(with(&by_name, &format!("proxy = \"socks5://{address}\"\n"))).await;
    assert_eq!(outcomes(&warraq.poll().await), ["fresh"]);
    assert_eq!(*asked.lock().unwrap(), ["[127, 0, 0, 1]"], "resolved and checked here");
    assert_eq!(outlet.requests("/feed")[0].header("host"), Some("localhost:8"));
    // The guard still holds: what leads inside is not asked for, by whatever way.
    let closed = with(&by_name, &format!("proxy = \"socks5://{address}\"\n"))
        .replace("allow_networks = [\"127.0.0.0/8\"]\n", "");
    let mut guarded = TestInstance::configured(closed).await;
    assert_eq!(outcomes(&guarded.poll().await), ["failed"]);
    assert_eq!(asked.lock().unwrap().len(), 1, "nothing reached the proxy, whose own address is inside too");
    // A proxy that resolves names.
    let unknown = FeedUrl::parse("http://ville.invalid/feed").unwrap();
    let (address, asked) = proxy(to).await;
    let lines = format!("proxy = \"socks5://{address}\"\nproxy_dns = true\n");
    let mut warraq = TestInstance::configured(with(&unknown, &lines)).await;
    assert_eq!(outcomes(&warraq.poll().await), ["fresh"]);
    assert_eq!(*asked.lock().unwrap(), ["ville.invalid"]);
    let literal = FeedUrl::parse("http://10.0.0.1/feed").unwrap();
    let mut guarded = TestInstance::configured(with(&literal, &lines)).await;
    assert_eq!(outcomes(&guarded.poll().await), ["failed"]);
    assert_eq!(asked.lock().unwrap().len(), 1, "literal addresses stay guarded");
    let folder = Folder::new("", &[]);
    folder.configure(&with(&unknown, "proxy = \"gopher://me:c4n4ry@proxy.example:3128\"\n"));
    let (code, said) = folder.fails(&["check"]).await;
    assert!(code == 78 && said.contains("another scheme") && !said.contains("c4n4ry"), "{said}");
}
