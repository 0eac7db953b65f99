//! Webhooks from outside: what receivers get, and what happens when they fail.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{http_client, until},
    test_instance::{RunningDaemon, TestInstance, config_text},
    web_peer::{Received, WebPeer},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::SignedDuration;
use ring::hmac;
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path, time::Duration};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// A report that another outlet repeats, so that both are one story.
const REPORT: &str = "The council of the city voted on Monday evening for a new tramway line between the harbour and the \
                      university, which forty thousand people are expected to use on every working day from next spring.";

/// Two outlets, a receiver, and a closed instance that has read what the outlets listed at first.
struct Scene {
    folder: tempfile::TempDir,
    outlets: [FakeOutlet; 2],
    peer: WebPeer,
    instance: TestInstance,
}

fn doc(word: &str, numbers: std::ops::Range<usize>, shared: bool) -> String {
    let doc = numbers.fold(FeedDoc::rss(word), |doc, n| {
        let link = format!("https://{word}.invalid/{n}");
        doc.entry(&link, &format!("{word} number {n}"), &link, &format!("<p>Text {n} of <b>{word}</b>.</p>"), "")
    });
    let link = format!("https://{word}.invalid/shared");
    let doc = if shared { doc.entry(&link, "Tramway voted", &link, REPORT, "") } else { doc };
    doc.to_string()
}

impl Scene {
    async fn new(hooks: impl Fn(&WebPeer, &str) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("hook.secret"), format!("{SECRET}\n")).unwrap();
        let secret = folder.path().join("hook.secret").display().to_string();
        let (outlets, peer) = ([FakeOutlet::start().await, FakeOutlet::start().await], WebPeer::start().await);
        let mut text = config_text("", &[("city", &outlets[0].url("/feed")), ("port", &outlets[1].url("/feed"))]);
        text = text.replace("feeds =", "language = \"en\"\nschedule = \"every 1m\"\nfeeds =");
        text.push_str(&hooks(&peer, &secret));
        for (outlet, word) in outlets.iter().zip(["city", "port"]) {
            outlet.set("/feed", Reply::feed(doc(word, 0..3, false)));
        }
        let mut instance = TestInstance::configured(text).await;
        instance.poll().await;
        instance.close().await;
        Self { folder, outlets, peer, instance }
    }

    /// The outlet lists these.
    async fn lists(&self, outlet: usize, numbers: std::ops::Range<usize>, shared: bool) {
        self.outlets[outlet].set("/feed", Reply::feed(doc(["city", "port"][outlet], numbers, shared)));
        let polls =
            "SELECT count(*) FROM poll AS p JOIN feed AS f ON f.id = p.feed_id GROUP BY p.feed_id ORDER BY p.feed_id";
        let before: u32 = self.instance.sql(polls).await[outlet].parse().unwrap();
        until("the poll", async || {
            // A longer step would be a clock that was set.
            self.instance.pass(SignedDuration::from_secs(1));
            self.instance.sql(polls).await[outlet].parse::<u32>().unwrap() > before
        })
        .await;
    }

    async fn queue(&self) -> Vec<String> {
        self.instance.sql("SELECT queued, sent, failures, dropped FROM webhook ORDER BY id").await
    }
}

fn all(peer: &WebPeer, secret: &str) -> String {
    let mut text = "[[channel]]\nslug = \"all\"\ntitle = \"Everything\"\n".to_owned();
    write!(text, "[[channel.webhook]]\nurl = \"{}\"\nsecret_file = \"{secret}\"\n", peer.url("/hook?token=c4nary"))
        .unwrap();
    text
}

/// Returns what `warraq status` says about this database.
fn screen(database: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    fs::write(&config, format!("[database]\npath = \"{}\"\n", database.display())).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_warraq"));
    let ended = command.env_clear().arg("--config").arg(&config).arg("status").output().unwrap();
    String::from_utf8(ended.stdout).unwrap()
}

/// Checks the signature, and returns the message and its id.
fn checked(received: &Received) -> (String, Value) {
    checked_with(received, &[SECRET])
}

/// Checks the signatures by these secrets, and returns the message and its id.
fn checked_with(received: &Received, secrets: &[&str]) -> (String, Value) {
    let [id, at, signature] = ["id", "timestamp", "signature"].map(|name| received.header(&format!("webhook-{name}")));
    let body = str::from_utf8(&received.body).unwrap();
    let signed = secrets.iter().map(|secret| {
        let key = BASE64_STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        format!("v1,{}", BASE64_STANDARD.encode(hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes())))
    });
    assert_eq!(signature, signed.collect::<Vec<_>>().join(" "));
    assert_eq!((received.method.as_str(), received.header("content-type")), ("POST", "application/json"));
    assert_eq!(received.query["token"], "c4nary");
    (id.to_owned(), serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn new_stories_are_posted_in_order_and_no_history() {
    let scene = Scene::new(all).await;
    let daemon = RunningDaemon::start(&scene.instance).await;
    scene.lists(0, 0..6, false).await;
    let mut titles = Vec::new();
    let mut ids = BTreeSet::new();
    for n in 1..=3 {
        let (id, message) = checked(&scene.peer.wait("/hook", n).await);
        ids.insert(id);
        titles.push(message["data"]["title"].as_str().unwrap().to_owned());
        assert_eq!((&message["type"], &message["data"]["channel"]["slug"]), (&"story.published".into(), &"all".into()));
        assert_eq!(message["data"]["channel"]["name"], "Everything");
        assert_eq!(message["data"]["outlet"]["slug"], "city");
        let number = message["data"]["title"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
        assert_eq!(message["data"]["link"], format!("https://city.invalid/{number}"));
        assert_eq!(message["data"]["summary"], format!("Text {number} of city."));
        assert_eq!(message["data"]["page"], format!("http://news.invalid/stories/{}", message["data"]["story"]));
    }
    titles.sort();
    assert_eq!((titles, ids.len()), (vec!["city number 3".into(), "city number 4".into(), "city number 5".into()], 3));
    until("the queue", async || scene.queue().await == ["3|3|0|0"]).await;
    assert!(scene.instance.sql("SELECT 1 FROM webhook_queue").await.is_empty());
    // A revision is no new story.
    scene.lists(0, 0..6, false).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(scene.peer.received("/hook").len(), 3);
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn what_fails_is_tried_again_in_order_under_the_same_id_also_after_a_restart() {
    let scene = Scene::new(all).await;
    scene.peer.script("/hook", &[500]);
    let daemon = RunningDaemon::start(&scene.instance).await;
    scene.lists(0, 0..4, false).await;
    let (first, _) = checked(&scene.peer.wait("/hook", 1).await);
    until("the failure", async || scene.queue().await == ["1|0|1|0"]).await;
    scene.lists(0, 0..5, false).await;
    until("two", async || scene.queue().await[0].starts_with("2|0|")).await;
    let port = scene.peer.url("/hook").url().port().unwrap();
    // The gauges are set every five seconds of the daemon's clock.
    until("the metrics", async || {
        scene.instance.pass(SignedDuration::from_secs(1));
        let metrics = daemon.get("/metrics").await.text().await.unwrap();
        let labels = |name: &str| format!("{name}{{channel=\"all\",host=\"127.0.0.1:{port}\",webhook=\"1\"}} ");
        metrics.contains(&format!("{}2", labels("warraq_webhook_queue")))
            && metrics.contains(&labels("warraq_webhook_failures"))
    })
    .await;
    let status = daemon.get("/status").await.text().await.unwrap();
    assert!(status.contains("stories waiting 2") && !status.contains("c4nary"), "{status}");
    daemon.stop().await.unwrap();
    if scene.instance.server().is_none() {
        let screen = screen(&scene.instance.file());
        let failing = format!("\nfailing deliveries\n  webhook of channel all at 127.0.0.1:{port}\n    ");
        assert!(screen.contains(&failing) && screen.contains(", 2 stories wait, next try 2026-"), "{screen}");
        assert!(screen.contains("500") && !screen.contains("c4nary"), "{screen}");
    }
    scene.peer.script("/hook", &[200]);
    let before = scene.peer.received("/hook").len();
    scene.instance.pass(SignedDuration::from_hours(2));
    let daemon = RunningDaemon::start(&scene.instance).await;
    let messages = [scene.peer.wait("/hook", before + 1).await, scene.peer.wait("/hook", before + 2).await];
    let [again, next] = messages.each_ref().map(checked);
    assert_eq!((again.0, &again.1["data"]["title"]), (first.clone(), &"city number 3".into()));
    assert_eq!(next.1["data"]["title"], "city number 4");
    assert_ne!(next.0, first);
    until("the end", async || scene.queue().await == ["2|2|0|0"]).await;
    let kept =
        scene.instance.sql("SELECT string_agg(target || host || coalesce(last_error, ''), ',') FROM webhook").await;
    assert!(!kept[0].contains("c4nary") && !kept[0].contains("whsec"), "{kept:?}");
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_receiver_that_asks_for_a_pause_gets_it() {
    let scene = Scene::new(all).await;
    scene.peer.hold("/hook", 503, "600");
    let daemon = RunningDaemon::start(&scene.instance).await;
    scene.lists(0, 0..4, false).await;
    let (first, _) = checked(&scene.peer.wait("/hook", 1).await);
    until("the failure", async || scene.queue().await == ["1|0|1|0"]).await;
    // The usual pause after the first failure is five seconds.
    scene.instance.pass(SignedDuration::from_secs(500));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(scene.peer.received("/hook").len(), 1, "before the time that the receiver named");
    scene.instance.pass(SignedDuration::from_secs(101));
    assert_eq!(checked(&scene.peer.wait("/hook", 2).await).0, first);
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn every_secret_of_a_webhook_signs_its_messages() {
    const NEWER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let scene = Scene::new(all).await;
    fs::write(scene.folder.path().join("hook.secret"), format!("{NEWER}\n{SECRET}\n")).unwrap();
    let daemon = RunningDaemon::start(&scene.instance).await;
    scene.lists(0, 0..4, false).await;
    checked_with(&scene.peer.wait("/hook", 1).await, &[NEWER, SECRET]);
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_webhook_waits_for_enough_outlets_and_takes_only_its_channel() {
    let hooks = |peer: &WebPeer, secret: &str| {
        let hook = |path: &str, more: &str| {
            format!("[[channel.webhook]]\nurl = \"{}\"\nsecret_file = \"{secret}\"\n{more}", peer.url(path))
        };
        format!(
            "[[channel]]\nslug = \"all\"\n{}{}[[channel]]\nslug = \"port\"\ntitle = \"Port\"\noutlets = [\"port\"]\n{}",
            hook("/hook?token=c4nary", "when = \"outlets >= 2\"\n"),
            hook("/refused", ""),
            hook("/port", ""),
        )
        .replace(peer.url("/refused").as_str(), "http://10.0.0.1/refused")
    };
    let scene = Scene::new(hooks).await;
    let daemon = RunningDaemon::start(&scene.instance).await;
    scene.lists(0, 0..4, true).await;
    until("the first", async || scene.queue().await[1].starts_with("2|")).await;
    assert!(scene.peer.received("/hook").is_empty(), "one outlet is not enough");
    scene.lists(1, 0..3, true).await;
    let (_, message) = checked(&scene.peer.wait("/hook", 1).await);
    assert_eq!((&message["data"]["title"], &message["data"]["outlets"]), (&"Tramway voted".into(), &2.into()));
    assert_eq!(message["data"]["outlet"]["slug"], "city");
    assert_eq!(message["data"]["also"][0]["link"], "https://port.invalid/shared");
    scene.peer.wait("/port", 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((scene.peer.received("/hook").len(), scene.peer.received("/port").len()), (1, 1));
    let refused = "SELECT last_error FROM webhook WHERE host = '10.0.0.1'";
    until("the guard", async || scene.instance.sql(refused).await[0].contains("not in a public network")).await;
    // Without the webhook its state and its queue go.
    daemon.reload(config_text("", &[("city", &scene.outlets[0].url("/feed"))])).await;
    until("nothing", async || {
        scene.instance.sql("SELECT (SELECT count(*) FROM webhook) || '' || (SELECT count(*) FROM webhook_queue)").await
            == ["00"]
    })
    .await;
    // A gauge that kept its last value would be a false alarm.
    until("no failures", async || {
        scene.instance.pass(SignedDuration::from_secs(1));
        let metrics = daemon.get("/metrics").await.text().await.unwrap();
        let mut failures = metrics.lines().filter(|line| line.starts_with("warraq_webhook_failures{"));
        failures.clone().count() > 0 && failures.all(|line| line.ends_with("} 0"))
    })
    .await;
    daemon.stop().await.unwrap();
    drop(scene.folder);
}

#[tokio::test]
async fn a_queue_has_a_bound_and_redirects_are_failures() {
    let scene = Scene::new(all).await;
    scene.peer.redirect("/hook", 307, scene.peer.url("/elsewhere").as_str());
    let daemon = RunningDaemon::start(&scene.instance).await;
    scene.lists(0, 0..703, false).await;
    until("seven hundred", async || scene.queue().await[0].starts_with("700|0|")).await;
    scene.lists(0, 700..1_403, false).await;
    until("the bound", async || scene.queue().await[0].starts_with("1400|400|")).await;
    assert_eq!(
        scene.instance.sql("SELECT count(*), min(number), max(number) FROM webhook_queue").await,
        ["1000|401|1400"]
    );
    assert!(scene.queue().await[0].ends_with("|400"), "what was dropped is counted");
    assert!(scene.peer.received("/elsewhere").is_empty());
    daemon.stop().await.unwrap();
}

/// The relay of `deploy/`, with each of its targets that speaks HTTP.
#[tokio::test]
async fn the_relay_passes_stories_on_and_refuses_what_is_not_signed() {
    let peer = WebPeer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("hook.secret");
    // The second secret is the one that signs.
    fs::write(&secret, format!("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\n{SECRET}\n")).unwrap();
    let body = r#"{"type":"story.published","data":{"title":"A <b> & c","link":"https://a.invalid/1","summary":"S",
        "outlet":{"slug":"a","name":"Al Alam"}}}"#;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64_STANDARD.decode(&SECRET[6..]).unwrap());
    for (target, path, expected) in [
        ("telegram", "/telegram", "Al Alam: A <b> & c\nS\nhttps://a.invalid/1"),
        (
            "matrix",
            "/_matrix/client/v3/rooms/%21r%3Ax/send/m.room.message/id_1",
            "Al Alam: A <b> & c\nS\nhttps://a.invalid/1",
        ),
        ("slack", "/slack", "Al Alam: <https://a.invalid/1|A &lt;b&gt; &amp; c>"),
        ("ntfy", "/", "A <b> & c"),
    ] {
        let mut relay = tokio::process::Command::new("python3")
            .args(["deploy/webhook-relay.py", "--listen", "127.0.0.1:0", "--secret-file"])
            .arg(&secret)
            .arg(target)
            .envs([("TELEGRAM_URL", peer.url("/telegram").as_str()), ("TELEGRAM_TOKEN", "t"), ("TELEGRAM_CHAT", "c")])
            .envs([("MATRIX_SERVER", &*peer.base), ("MATRIX_TOKEN", "t"), ("MATRIX_ROOM", "!r:x")])
            .envs([("SLACK_URL", peer.url("/slack").as_str()), ("NTFY_URL", peer.url("/topic").as_str())])
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = tokio::io::BufReader::new(relay.stdout.take().unwrap());
        tokio::io::AsyncBufReadExt::read_line(&mut out, &mut line).await.unwrap();
        let url = format!("http://{}/", line.trim().strip_prefix("listening on ").unwrap());
        let send = async |at: i64, signed: &str| {
            let tag = BASE64_STANDARD.encode(hmac::sign(&key, format!("id_1.{at}.{signed}").as_bytes()));
            let request = http_client().build().unwrap().post(&url).header("webhook-id", "id_1");
            let request = request.header("webhook-timestamp", at).header("webhook-signature", format!("v1,x v1,{tag}"));
            request.body(body).send().await.unwrap().status().as_u16()
        };
        let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
        assert_eq!((send(now, "other").await, send(now - 3_600, body).await), (401, 401), "{target}");
        assert!(peer.received(path).is_empty());
        assert_eq!(send(now, body).await, 204, "{target}");
        let message: Value = serde_json::from_slice(&peer.received(path)[0].body).unwrap();
        let text = [&message["text"], &message["body"], &message["message"]].into_iter().find_map(Value::as_str);
        assert_eq!(text, Some(expected), "{target}");
        peer.script(path, &[500]);
        assert_eq!(send(now, body).await, 502, "{target}");
        relay.kill().await.unwrap();
    }
}
