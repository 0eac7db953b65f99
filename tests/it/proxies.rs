//! The examples for proxies with the real nginx and the real Caddy, with TLS, in front of a real daemon. Only what a test cannot
//! have is changed in them: ports, certificate, and the folder of the cache.

use crate::{
    deploy::verdict,
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, Process, until},
    test_instance::config_text,
};
use reqwest::{Client, Method, Response, header::HeaderMap, redirect::Policy};
use std::{fs, net::TcpListener, path::Path, process::Stdio};
use tempfile::TempDir;
use tokio::process::{Child, Command};

const HOST: &str = "news.example.org";
const DATE: &str = "2026-11-02T09:30:00Z";

/// Returns a port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A daemon and its port.
struct ProxiedDaemon {
    folder: Folder,
    port: u16,
    outlet: FakeOutlet,
}

impl ProxiedDaemon {
    async fn start() -> (Self, Process) {
        let outlet = FakeOutlet::start().await;
        let doc =
            (0..40).fold(FeedDoc::rss("V"), |doc, n| doc.entry(&n.to_string(), &format!("Titre {n}"), "", "", DATE));
        outlet.set("/feed", Reply::feed(doc));
        let port = free_port();
        let folder = Folder::new("", &[]);
        let text = config_text("[schedule]\ndefault = \"every 1s\"\n", &[("ville", &outlet.url("/feed"))]);
        let text = text.replace("127.0.0.1:0\"", &format!("127.0.0.1:{port}\""));
        folder.configure(&text.replace("http://news.invalid/", &format!("https://{HOST}/")));
        let daemon = folder.start().await;
        let instance = Self { folder, port, outlet };
        let feed = format!("http://127.0.0.1:{port}/feed.atom");
        until("the feed", async || text_of(&client(), &feed).await.contains("Titre 39")).await;
        (instance, daemon)
    }
}

/// Returns a client that knows the host of the examples, accepts any certificate, and follows no redirects.
fn client() -> Client {
    let here = (std::net::Ipv4Addr::LOCALHOST, 0).into();
    let client = crate::processes::http_client().redirect(Policy::none()).resolve(HOST, here);
    client.tls_danger_accept_invalid_certs(true).build().unwrap()
}

async fn text_of(client: &Client, url: &str) -> String {
    match client.get(url).send().await {
        Ok(answer) => answer.text().await.unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// A proxy that is killed at the end of its test.
struct Proxy {
    _child: Child,
    folder: TempDir,
    http: u16,
    https: u16,
    client: Client,
}

impl Proxy {
    /// Checks a configuration that `adapt` makes of the example, and starts the program. Returns `None` if it is not installed.
    async fn start(
        program: &str,
        [check, run]: [&[&str]; 2],
        adapt: impl FnOnce(&Path, u16, u16) -> String,
    ) -> Option<Self> {
        verdict(program, &["version"])?;
        let folder = tempfile::tempdir().unwrap();
        let (http, https, place) = (free_port(), free_port(), folder.path());
        let subject = format!("/CN={HOST}");
        let alt = format!("subjectAltName=DNS:{HOST}");
        let certificate =
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
        let named = ["-subj", &subject, "-addext", &alt, "-keyout", "key.pem", "-out", "cert.pem"];
        let made = std::process::Command::new("openssl").current_dir(place).args(certificate).args(named).output();
        if !made.is_ok_and(|made| made.status.success()) {
            eprintln!("SKIPPED: openssl is not installed");
            return None;
        }
        fs::write(place.join("conf"), adapt(place, http, https)).unwrap();
        let checked =
            std::process::Command::new(program).current_dir(place).args(check).env("HOME", place).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        let log = fs::File::create(place.join("log")).unwrap();
        let mut command = Command::new(program);
        command.args(run).current_dir(place).env("HOME", place).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().unwrap();
        let proxy = Self { _child: child, http, https, client: client(), folder };
        let log = proxy.folder.path().join("log");
        for _ in 0..500 {
            if proxy.client.get(proxy.url("/healthz")).send().await.is_ok_and(|answer| answer.status() == 200) {
                return Some(proxy);
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{program} does not pass anything on: {}", fs::read_to_string(log).unwrap());
    }

    async fn nginx(upstream: u16) -> Option<Self> {
        Self::start("nginx", [&["-t", "-p", ".", "-c", "conf"], &["-p", ".", "-c", "conf"]], |folder, http, https| {
            let site = fs::read_to_string("deploy/nginx.conf").unwrap();
            let site: String = site.lines().filter(|line| !line.contains("listen [::]")).fold(String::new(), |t, l| t + l + "\n");
            let live = format!("/etc/letsencrypt/live/{HOST}");
            let place = |name: &str| folder.join(name).display().to_string();
            let site = [
                ("listen 80;", format!("listen 127.0.0.1:{http};")),
                ("listen 443 ", format!("listen 127.0.0.1:{https} ")),
                (&format!("{live}/fullchain.pem"), place("cert.pem")),
                (&format!("{live}/privkey.pem"), place("key.pem")),
                ("http://127.0.0.1:8080", format!("http://127.0.0.1:{upstream}")),
                ("/var/cache/nginx-warraq", place("cache")),
            ]
            .iter()
            .fold(site, |site, (there, here)| {
                assert!(site.contains(there), "{there}");
                site.replace(there, here)
            });
            // Only the parts of the main file that a test needs; Debian's has the same events and http sections.
            let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|name| format!("{name}_temp_path {};\n", place(name)))
                .concat();
            format!(
                "daemon off;\nmaster_process off;\npid {};\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n",
                place("pid")
            )
        })
        .await
    }

    async fn caddy(upstream: u16) -> Option<Self> {
        let named = ["--config", "conf", "--adapter", "caddyfile"];
        let [check, run] = ["validate", "run"].map(|verb| [&[verb][..], &named].concat());
        Self::start("caddy", [&check, &run], |_, http, https| {
            let site = fs::read_to_string("deploy/Caddyfile").unwrap();
            let site = [
                (format!(":{HOST}}} {{"), format!(":{HOST}}} {{\n\ttls cert.pem key.pem\n\tbind 127.0.0.1")),
                ("127.0.0.1:8080".to_owned(), format!("127.0.0.1:{upstream}")),
            ]
            .iter()
            .fold(site, |site, (there, here)| {
                assert!(site.contains(there), "{there}");
                site.replace(there, here)
            });
            let options =
                format!("{{\n\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n\tdefault_bind 127.0.0.1\n}}\n");
            format!("{options}{site}")
        })
        .await
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.https)
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        ask(&self.client, method, &self.url(path), headers).await
    }
}

async fn ask(client: &Client, method: Method, url: &str, headers: &[(&str, &str)]) -> Response {
    let request =
        headers.iter().fold(client.request(method, url), |request, (name, value)| request.header(*name, *value));
    request.send().await.unwrap()
}

/// Headers that caches and browsers use.
const TOLD: [&str; 10] = [
    "etag",
    "last-modified",
    "cache-control",
    "vary",
    "content-type",
    "content-encoding",
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "access-control-allow-origin",
];

fn told(headers: &HeaderMap) -> Vec<String> {
    let value = |name: &str| headers.get_all(name).iter().map(|v| v.to_str().unwrap().to_owned()).collect::<Vec<_>>();
    TOLD.iter().map(|name| format!("{name}: {}", value(name).join(" / "))).collect()
}

/// Checks that every response through the proxy equals the daemon's: status, headers, bytes.
async fn passes_everything_on(proxy: &Proxy, instance: &ProxiedDaemon) {
    let direct = client();
    for path in ["/feed.atom", "/feed.json", "/channels/all.rss", "/about", "/opml", "/nothing", "/healthz"] {
        for coding in ["identity", "gzip", "br"] {
            let accept = [("accept-encoding", coding)];
            let own = ask(&direct, Method::GET, &format!("http://127.0.0.1:{}{path}", instance.port), &accept).await;
            let passed = proxy.ask(Method::GET, path, &accept).await;
            assert_eq!(
                (passed.status(), told(passed.headers())),
                (own.status(), told(own.headers())),
                "{path} {coding}"
            );
            let (headers, status) = (passed.headers().clone(), own.status());
            assert!(passed.bytes().await.unwrap() == own.bytes().await.unwrap(), "{path} {coding}");
            let head = proxy.ask(Method::HEAD, path, &accept).await;
            assert_eq!((head.status(), told(head.headers())), (status, told(&headers)), "HEAD {path} {coding}");
            assert!(head.bytes().await.unwrap().is_empty());
            let Some(tag) = headers.get("etag").map(|tag| tag.to_str().unwrap()) else { continue };
            assert!(tag.starts_with('"'), "{tag} is strong");
            let again = proxy.ask(Method::GET, path, &[accept[0], ("if-none-match", tag)]).await;
            assert_eq!(again.status(), 304, "{path} {coding}");
            for name in ["etag", "cache-control", "vary", "last-modified"] {
                assert_eq!(again.headers().get(name), headers.get(name), "304 of {path}: {name}");
            }
            let date = headers["last-modified"].to_str().unwrap();
            let again = proxy.ask(Method::GET, path, &[accept[0], ("if-modified-since", date)]).await;
            assert_eq!(again.status(), 304, "{path} {coding} by its date");
        }
    }
    let feed = proxy.ask(Method::GET, "/feed.atom", &[]).await.text().await.unwrap();
    assert!(feed.contains(&format!("href=\"https://{HOST}/feed.atom\"")), "{feed}");
    assert_eq!(proxy.ask(Method::GET, "/metrics", &[]).await.status(), 404);
    let metrics = format!("http://127.0.0.1:{}/metrics", instance.port);
    assert!(text_of(&direct, &metrics).await.contains("warraq_polls_total"), "and it is there for this machine");
    let plain = ask(&proxy.client, Method::GET, &format!("http://{HOST}:{}/feed.atom", proxy.http), &[]).await;
    assert!(
        matches!(plain.status().as_u16(), 301 | 308)
            && plain.headers()["location"].to_str().unwrap().starts_with("https://")
    );
}

#[tokio::test]
async fn nginx_passes_everything_on_and_keeps_serving_while_the_daemon_is_away() {
    let (instance, daemon) = ProxiedDaemon::start().await;
    let Some(proxy) = Proxy::nginx(instance.port).await else { return daemon.stop().await };
    passes_everything_on(&proxy, &instance).await;
    let kept = proxy.ask(Method::GET, "/feed.atom", &[]).await;
    assert!(matches!(kept.headers()["x-cache"].to_str().unwrap(), "HIT" | "REVALIDATED"));
    let tag = kept.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(proxy.ask(Method::GET, "/readyz", &[]).await.headers()["x-cache"], "MISS", "health is never kept");
    daemon.stop().await;
    let kept = proxy.ask(Method::GET, "/feed.atom", &[]).await;
    assert_eq!((kept.status().as_u16(), kept.headers()["etag"].to_str().unwrap()), (200, tag.as_str()));
    assert_eq!(proxy.ask(Method::GET, "/readyz", &[]).await.status(), 502);
    let daemon = instance.folder.start().await;
    assert!(!instance.outlet.requests("/feed").is_empty());
    until("the daemon through the proxy", async || proxy.ask(Method::GET, "/readyz", &[]).await.status() == 200).await;
    daemon.stop().await;
}

#[tokio::test]
async fn caddy_passes_everything_on() {
    let (instance, daemon) = ProxiedDaemon::start().await;
    let Some(proxy) = Proxy::caddy(instance.port).await else { return daemon.stop().await };
    passes_everything_on(&proxy, &instance).await;
    daemon.stop().await;
}
