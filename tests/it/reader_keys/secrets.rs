//! What a key must never be written to, and what the hub must not deliver.

use super::scene::entries;
use super::{CANARY, KEY, Scene, ask, until_shown};
use crate::{
    fake_outlet::Reply,
    feed_doc::FeedDoc,
    processes::{Folder, http_client, nobody, until},
    test_instance::config_text,
    web_peer::WebPeer,
};
use reqwest::{Method, redirect::Policy};
use std::fs;

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
    assert!(memchr::memmem::find(&folder.stored().await, key.as_bytes()).is_none(), "in the database");
    assert!(!folder.says(&["check"]).await.contains(&key));
    // A key in the place of its hash is refused, and not repeated.
    fs::write(folder.path("tokens"), format!("amal {key}\n")).unwrap();
    let (code, error) = folder.fails(&["check"]).await;
    assert!(
        code == 78 && error.contains("server.token_file") && error.contains("line 1") && !error.contains(&key),
        "{error}"
    );
    // Without a key nobody could read.
    for empty in ["", "\n# none\n"] {
        fs::write(folder.path("tokens"), empty).unwrap();
        let (code, error) = folder.fails(&["check"]).await;
        assert!(code == 78 && error.contains("holds no key"), "{empty:?}: {error}");
    }
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
