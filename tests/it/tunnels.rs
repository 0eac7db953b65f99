//! HTTP proxies, from the configuration and from the environment: they are given addresses that were checked.

use crate::{
    certificates::{TlsOutlet, tls_acceptor},
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, until},
    test_instance::{TestInstance, config_text, outcomes},
};
use std::{
    fs,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use warraq::model::FeedUrl;

/// An HTTP proxy that notes the heads of requests for tunnels, and opens a tunnel to the address that is asked for.
pub struct FakeProxy {
    pub address: String,
    heads: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl FakeProxy {
    pub async fn start(status: &'static str) -> Self {
        Self::start_with(status, None).await
    }

    /// Starts a proxy that speaks TLS.
    pub async fn start_over_tls(status: &'static str, acceptor: TlsAcceptor) -> Self {
        Self::start_with(status, Some(acceptor)).await
    }

    async fn start_with(status: &'static str, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (noted, acceptor) = (Arc::clone(&noted), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => open_tunnel(client, status, noted).await,
                        // A client that does not trust the certificate ends the handshake.
                        Some(acceptor) => {
                            if let Ok(client) = acceptor.accept(client).await {
                                open_tunnel(client, status, noted).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, heads, task }
    }

    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// Notes the head of a client's request and opens the tunnel.
async fn open_tunnel(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    status: &'static str,
    noted: Arc<Mutex<Vec<String>>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let to = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap_or("").to_owned();
    noted.lock().unwrap().push(head);
    client.write_all(format!("HTTP/1.1 {status}\r\nX-A: b\r\n\r\n").as_bytes()).await.unwrap();
    client.flush().await.unwrap();
    if let Ok(mut outlet) = TcpStream::connect(to).await {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut outlet).await;
    }
}

impl Drop for FakeProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn doc() -> FeedDoc {
    FeedDoc::rss("V").entry("1", "Un", "https://ville.invalid/1", "", "2026-11-02T09:30:00Z")
}

/// The address of a feed with a name in place of the number.
fn by_name(feed: &FeedUrl) -> FeedUrl {
    FeedUrl::parse(&feed.as_str().replace("127.0.0.1", "localhost")).unwrap()
}

#[tokio::test]
async fn an_http_proxy_is_given_addresses_that_were_checked() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let port = outlet.url("/").url().port().unwrap();
    let feed = by_name(&outlet.url("/feed"));
    let proxy = FakeProxy::start("200 Connection established").await;
    let line = format!("proxy = \"http://me:s%3Acret@{}\"\n", proxy.address);
    let text = config_text("", &[("ville", &feed)]) + &line;
    let mut warraq = TestInstance::configured(text.clone()).await;
    assert_eq!(outcomes(&warraq.poll().await), ["fresh"]);
    assert_eq!(outlet.requests("/feed")[0].header("host"), Some(&*format!("localhost:{port}")));
    assert!(outlet.requests("/feed")[0].header("proxy-authorization").is_none());
    let heads = proxy.heads();
    assert!(
        heads[0].starts_with(&format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n")),
        "{heads:?}"
    );
    assert!(heads[0].contains("\r\nProxy-Authorization: Basic bWU6czpjcmV0\r\n"), "{heads:?}");
    // What may not be polled is not asked for.
    let mut guarded = TestInstance::configured(text.replace("allow_networks = [\"127.0.0.0/8\"]\n", "")).await;
    assert_eq!(outcomes(&guarded.poll().await), ["failed"]);
    assert_eq!(proxy.heads().len(), 1);
    // A proxy that refuses.
    let refusing = FakeProxy::start("407 Proxy Authentication Required").await;
    let line = format!("proxy = \"http://{}\"\n", refusing.address);
    let mut refused = TestInstance::configured(config_text("", &[("ville", &feed)]) + &line).await;
    assert_eq!(outcomes(&refused.poll().await), ["failed"]);
    assert_eq!(refused.sql("SELECT fault FROM poll").await, ["connect"]);
    assert!(!refusing.heads()[0].contains("Proxy-Authorization"));
}

#[tokio::test]
async fn a_proxy_that_keeps_its_connections_open_leaves_none_of_ours() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let line = format!("proxy = \"http://{}\"\n", listener.local_addr().unwrap());
    let opened = Arc::<Mutex<Vec<TcpStream>>>::default();
    let kept = Arc::clone(&opened);
    // It opens each tunnel, answers nothing, and never closes.
    let proxy = tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            kept.lock().unwrap().push(client);
        }
    });
    let slugs = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let feeds = slugs.map(|slug| FeedUrl::parse(&format!("http://127.0.0.1:9/{slug}")).unwrap());
    let outlets: Vec<_> = slugs.into_iter().zip(&feeds).collect();
    let folder = Folder::with_file("", &[]);
    folder.configure(&config_text(&line, &outlets).replace("timeout = \"20s\"", "timeout = \"1s\""));
    let daemon = folder.start().await;
    let files = || fs::read_dir(format!("/proc/{}/fd", daemon.id())).unwrap().count();
    let before = files();
    until("tunnels", async || opened.lock().unwrap().len() >= slugs.len()).await;
    // Each that is left has two sockets.
    until("their ends", async || files() < before + slugs.len()).await;
    daemon.stop().await;
    proxy.abort();
}

#[tokio::test]
async fn through_a_proxy_the_server_is_asked_by_its_name() {
    let outlet = TlsOutlet::start(&["localhost"]).await;
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, &outlet.authority).unwrap();
    let proxy = FakeProxy::start("200 OK").await;
    let lines = format!("ca_file = {:?}\nproxy = \"http://{}\"\n", ca.display().to_string(), proxy.address);
    // The certificate is for the name only.
    let feed = by_name(&outlet.url());
    let mut warraq = TestInstance::configured(config_text("", &[("ville", &feed)]) + &lines).await;
    assert_eq!(outcomes(&warraq.poll().await), ["fresh"]);
    assert!(proxy.heads()[0].starts_with("CONNECT 127.0.0.1:"), "{:?}", proxy.heads());
}

#[tokio::test]
async fn an_https_proxy_is_trusted_by_its_certificate_alone() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let port = outlet.url("/").url().port().unwrap();
    let feed = by_name(&outlet.url("/feed"));
    let (acceptor, authority) = tls_acceptor(&["localhost"]);
    let proxy = FakeProxy::start_over_tls("200 OK", acceptor).await;
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, authority).unwrap();
    // The certificate is for the proxy's name.
    let address = proxy.address.replace("127.0.0.1", "localhost");
    let line = format!("proxy = \"https://me:s3cret@{address}\"\n");
    let trusted = format!("ca_file = {:?}\n{line}", ca.display().to_string());
    let mut warraq = TestInstance::configured(config_text("", &[("ville", &feed)]) + &trusted).await;
    assert_eq!(outcomes(&warraq.poll().await), ["fresh"]);
    let heads = proxy.heads();
    assert!(heads[0].starts_with(&format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n")), "{heads:?}");
    assert!(heads[0].contains("\r\nProxy-Authorization: Basic bWU6czNjcmV0\r\n"), "{heads:?}");
    // Without the file the proxy is not trusted, and gets neither the password nor the address.
    let mut doubting = TestInstance::configured(config_text("", &[("ville", &feed)]) + &line).await;
    assert_eq!(outcomes(&doubting.poll().await), ["failed"]);
    // A certificate for another name is not trusted either.
    let by_number = trusted.replace("localhost", "127.0.0.1");
    let mut other = TestInstance::configured(config_text("", &[("ville", &feed)]) + &by_number).await;
    assert_eq!(outcomes(&other.poll().await), ["failed"]);
    assert_eq!((proxy.heads().len(), outlet.requests("/feed").len()), (1, 1));
    let told = [doubting.sql("SELECT error FROM poll").await, other.sql("SELECT error FROM poll").await].concat();
    assert!(!told.concat().contains("s3cret"), "{told:?}");
}

#[tokio::test]
async fn the_proxies_of_the_environment_are_used_except_where_it_says_no() {
    let (outlet, direct) = (FakeOutlet::start().await, FakeOutlet::start_on("127.0.0.2").await);
    outlet.set("/feed", Reply::feed(doc()));
    direct.set("/feed", Reply::feed(doc()));
    let proxy = FakeProxy::start("200 OK").await;
    let folder = Folder::new("", &[("ville", &by_name(&outlet.url("/feed"))), ("direct", &direct.url("/feed"))]);
    let poll = async |variables: &[(&str, &str)]| {
        let mut command = folder.command(&["poll", "--all"]);
        let ended = command.envs(variables.iter().copied()).output().await.unwrap();
        (ended.status.code().unwrap(), String::from_utf8(ended.stderr).unwrap())
    };
    let address = format!("http://{}", proxy.address);
    assert_eq!(poll(&[("HTTP_PROXY", &address), ("NO_PROXY", "127.0.0.2,other.example")]).await.0, 0);
    until("both", async || outlet.requests("/feed").len() == 1 && direct.requests("/feed").len() == 1).await;
    assert_eq!(proxy.heads().len(), 1, "{:?}", proxy.heads());
    assert!(proxy.heads()[0].starts_with("CONNECT 127.0.0.1:"));
    // https has its own.
    assert_eq!(poll(&[("HTTPS_PROXY", &address)]).await.0, 0);
    assert_eq!((proxy.heads().len(), outlet.requests("/feed").len()), (1, 2));
    // Without a scheme it is an HTTP proxy; the lower-case name goes first.
    assert_eq!(poll(&[("http_proxy", &proxy.address), ("HTTP_PROXY", "http://127.0.0.1:1")]).await.0, 0);
    assert_eq!(proxy.heads().len(), 3);
    // One for everything.
    assert_eq!(poll(&[("ALL_PROXY", &address), ("NO_PROXY", "*")]).await.0, 0);
    assert_eq!(proxy.heads().len(), 3);
    assert_eq!(poll(&[("all_proxy", &address), ("NO_PROXY", "localhost")]).await.0, 0);
    assert_eq!(proxy.heads().len(), 4);
    // What the configuration says goes first.
    let (code, error) = poll(&[("HTTP_PROXY", "ftp://me:c4n4ry@127.0.0.1:1")]).await;
    assert!(code == 78 && error.contains("HTTP_PROXY") && !error.contains("c4n4ry"), "{error}");
}
