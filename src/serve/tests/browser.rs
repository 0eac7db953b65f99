//! Tests of the pages in Debian's Chromium, driven through ChromeDriver. Where these are not installed, the tests are skipped
//! with a message. `WARRAQ_SHOTS=DIR` saves screenshots.

use super::{TestServer, sample};
use crate::serve::ServerLimits;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};

/// A browser session.
struct Browser {
    client: reqwest::Client,
    session: String,
    _driver: tokio::process::Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Opens a browser; `None` if none is installed.
    async fn open() -> Option<Self> {
        let mut driver = tokio::process::Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(driver.stdout.take()?).lines();
        let port = loop {
            let line = lines.next_line().await.ok()??;
            let port =
                line.rsplit_once("on port ").and_then(|(_, port)| port.trim_end_matches('.').parse::<u16>().ok());
            if let Some(port) = port.filter(|&port| port > 0) {
                break port;
            }
        };
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().ok()?;
        let profile = tempfile::tempdir().ok()?;
        let mut args = vec![
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
        ]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": args},
        }}});
        let made = post(&client, &format!("http://127.0.0.1:{port}/session"), &wanted).await;
        let id = made["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}"));
        let session = format!("http://127.0.0.1:{port}/session/{id}");
        Some(Self { client, session, _driver: driver, _profile: profile })
    }

    async fn call(&self, command: &str, body: Value) -> Value {
        post(&self.client, &format!("{}/{command}", self.session), &body).await
    }

    /// Opens a page at this width and returns the result of `script`.
    async fn look(&self, address: &str, width: u32, script: &str) -> Value {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        self.call("url", json!({"url": address})).await;
        self.call("execute/sync", json!({"script": script, "args": []})).await
    }

    /// Sets the reader's language and colour scheme.
    async fn dress(&self, language: &str, scheme: &str) {
        let agent = json!({"userAgent": "Chromium", "acceptLanguage": language});
        self.devtools("Emulation.setUserAgentOverride", agent).await;
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.call("goog/cdp/execute", json!({"cmd": command, "params": parameters})).await
    }

    async fn keep(&self, name: &str) {
        let Some(folder) = std::env::var_os("WARRAQ_SHOTS").map(PathBuf::from) else { return };
        let shot = self.devtools("Page.captureScreenshot", json!({"captureBeyondViewport": true})).await;
        let png = decode(shot["data"].as_str().unwrap());
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }
}

async fn post(client: &reqwest::Client, address: &str, body: &Value) -> Value {
    let answer = client.post(address).body(body.to_string()).send().await.unwrap().bytes().await.unwrap();
    serde_json::from_slice::<Value>(&answer).unwrap()["value"].take()
}

fn decode(base64: &str) -> Vec<u8> {
    let value = |b: u8| match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = base64.bytes().filter(|&b| b != b'=').map(value).collect();
    let bytes = digits.chunks(4).flat_map(|c| {
        let n = c.iter().fold(0_u32, |n, &d| n << 6 | u32::from(d)) << (6 * (4 - c.len()));
        n.to_be_bytes()[1..c.len()].to_vec()
    });
    bytes.collect()
}

/// Lists what is wrong with a page: too wide, too little contrast, headings that skip a level, a script that ran, missing
/// landmarks, or controls without a name.
const LOOK: &str = r"
const wrong = [];
const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
if (wide > 0) wrong.push(`scrolls sideways by ${wide}`);
for (const e of document.querySelectorAll('main *')) {
  const box = e.getBoundingClientRect();
  if (box.width && (box.right > innerWidth + 1 || box.left < -1) && !e.closest('.skip, nav, svg, pre, table')) {
    wrong.push(`${e.tagName}.${e.className} sticks out: ${box.left} to ${box.right}`);
  }
}
const luminance = c => { const [r, g, b] = c.match(/[\d.]+/g).slice(0, 3).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
const back = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)$|transparent/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
for (const e of document.querySelectorAll('body *')) {
  const text = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!text || !e.getClientRects().length) continue;
  const style = getComputedStyle(e);
  const [a, b] = [luminance(style.color), luminance(back(e))].sort((x, y) => y - x);
  const ratio = (a + .05) / (b + .05);
  if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: ${e.tagName}.${e.className} ${style.color} on ${back(e)}`);
}
let level = 0;
for (const h of document.querySelectorAll('h1, h2, h3, h4')) {
  const next = +h.tagName[1];
  if (next > level + 1) wrong.push(`heading ${next} after ${level}`);
  level = next;
}
if (document.title === 'run') wrong.push('a script of an entry ran');
for (const mark of ['header', 'main', 'footer', '[role=search]']) if (!document.querySelector(mark)) wrong.push(`no ${mark}`);
for (const i of document.querySelectorAll('input, button')) if (!(i.labels?.length || i.ariaLabel || i.textContent.trim())) wrong.push('a control without a name');
return wrong;
";

/// Languages and colour schemes of readers.
const READERS: [(&str, &str); 3] = [("en", "light"), ("ar", "light"), ("fr", "dark")];

impl Browser {
    /// Checks pages (name and path) at the widths of a small and a usual phone and of a desktop screen.
    async fn look_at(&self, base: &str, language: &str, pages: &[(&str, &str)]) {
        for (name, path) in pages {
            for (size, width) in [("small", 320), ("phone", 360), ("desk", 1280)] {
                let found = self.look(&format!("{base}{path}"), width, LOOK).await;
                assert_eq!(found, json!([]), "{language} {path} at {width}");
                let script = json!({"script": "return document.documentElement.lang", "args": []});
                assert_eq!(self.call("execute/sync", script).await, json!(language));
                self.keep(&format!("{name}-{language}-{size}")).await;
            }
        }
    }

    /// Returns the browser's console messages since the last call, except those about missing pictures.
    async fn complaints(&self) -> Vec<String> {
        let log = self.call("se/log", json!({"type": "browser"})).await;
        let messages = log.as_array().into_iter().flatten().map(|e| e["message"].as_str().unwrap().to_owned());
        messages.filter(|m| !m.contains("Failed to load resource")).collect()
    }
}

#[tokio::test]
async fn pages_are_right_in_a_browser() {
    let Some(browser) = Browser::open().await else {
        eprintln!("SKIPPED: no chromedriver here; pages were not looked at in a browser");
        return;
    };
    for (language, scheme) in READERS {
        browser.dress(language, scheme).await;
        let server = TestServer::open_with(ServerLimits::default(), Some(sample::queries(true))).await;
        let mut view = sample::channel("all", if language == "ar" { "كل الأخبار" } else { "All the news" });
        view.stories[0].lead.image = Some(format!("http://{}/none.jpg", server.at));
        server.channel_pages.put(&view);
        for (slug, title) in
            [("morocco", "أخبار المغرب"), ("sport", "Sport"), ("long", "Une rubrique au nom bien long")]
        {
            server.channel_pages.put(&sample::channel(slug, title));
        }
        let search = "/search?q=%D8%A3%D9%85%D8%B7%D8%A7%D8%B1";
        let pages = [
            ("front", "/"),
            ("channel", "/channels/long"),
            ("outlet", "/outlets/alalam"),
            ("tag", "/tags/morocco"),
            ("day", "/days/2026-11-02"),
            ("story", "/stories/1"),
            ("search", search),
            ("search-none", "/search?q=nothing"),
            ("search-empty", "/search"),
            ("outlets", "/outlets"),
            ("tags", "/tags"),
            ("status", "/status"),
            ("feed", "/feeds/2"),
            ("young-feed", "/feeds/1"),
            ("copies", "/outlets/alalam/copies"),
            ("about", "/about"),
            ("missing", "/nothing/here"),
        ];
        browser.look_at(&format!("http://{}", server.at), language, &pages).await;
        server.close().await;
    }
    // The sample's story contains a script on purpose: the browser reports that it was blocked.
    let complaints = browser.complaints().await;
    assert!(!complaints.is_empty() && complaints.iter().all(|c| c.contains("/stories/1")), "{complaints:?}");
    browser.client.delete(&browser.session).send().await.unwrap();
}

/// Waits up to five seconds for what an open page offers, and answers its text and whether it is a link to the page.
const OFFERED: &str = r"
const done = arguments[0];
const until = Date.now() + 5000;
document.dispatchEvent(new Event('visibilitychange'));
const look = () => {
  const link = document.querySelector('#live a');
  if (link || Date.now() > until) done(link ? [link.textContent.trim(), link.pathname] : []);
  else setTimeout(look, 50);
};
look();
";

#[tokio::test]
async fn an_open_page_offers_new_stories() {
    let Some(browser) = Browser::open().await else {
        eprintln!("SKIPPED: no chromedriver here; no page was left open in a browser");
        return;
    };
    for (language, scheme, one, two) in [
        ("en", "light", "1 new story", "2 new stories"),
        ("fr", "dark", "1\u{a0}nouveau sujet", "2\u{a0}nouveaux sujets"),
        ("ar", "light", "خبر جديد واحد", "خبران جديدان"),
    ] {
        browser.dress(language, scheme).await;
        let server = TestServer::open_with(ServerLimits::default(), Some(sample::queries(true))).await;
        let whole = sample::channel("all", "All the news");
        for (hidden, offered) in [(0, None), (1, Some(one)), (2, Some(two))] {
            let mut view = whole.clone();
            view.stories.drain(..hidden);
            server.channel_pages.put(&view);
            // Another address, because a page is cached for half a minute.
            let slug = ["all", "morocco", "sport"][hidden];
            server.channel_pages.put(&crate::model::ChannelView { slug: slug.to_owned(), ..view.clone() });
            let path = if hidden == 0 { "/".to_owned() } else { format!("/channels/{slug}") };
            browser.look(&format!("http://{}{path}", server.at), 360, "return 1").await;
            server.channel_pages.put(&crate::model::ChannelView { slug: slug.to_owned(), ..whole.clone() });
            let seen = browser.call("execute/async", json!({"script": OFFERED, "args": []})).await;
            let expected = offered.map_or(json!([]), |words| json!([words, path]));
            assert_eq!(seen, expected, "{language} {path}");
            if offered.is_some() {
                browser.keep(&format!("live-{language}-{hidden}")).await;
                let script = json!({"script": LOOK, "args": []});
                assert_eq!(browser.call("execute/sync", script).await, json!([]), "{language} with an offer");
            }
        }
        server.close().await;
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.client.delete(&browser.session).send().await.unwrap();
}

/// Checks a running Warraq at `WARRAQ_LOOK_AT=http://HOST:PORT`, with texts of real outlets, or to take screenshots.
#[tokio::test]
#[ignore = "needs a running daemon: WARRAQ_LOOK_AT"]
async fn a_running_daemon_is_right_in_a_browser() {
    let base = std::env::var("WARRAQ_LOOK_AT").expect("WARRAQ_LOOK_AT names a running daemon");
    let browser = Browser::open().await.expect("chromedriver is needed to look at a running daemon");
    let fetch = async |path: &str| -> Value {
        let answer = browser.client.get(format!("{base}{path}")).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    };
    let carried = fetch("/feed.json?min_outlets=2&limit=5").await;
    let all = fetch("/feed.json").await;
    let stories = [&carried, &all].into_iter().flat_map(|feed| feed["items"].as_array().unwrap());
    let path = |story: &Value| format!("/stories/{}", story.as_str().unwrap().rsplit('/').next().unwrap());
    let stories: Vec<String> = stories.take(20).map(|item| path(&item["_warraq"]["story"])).collect();
    let mut pages = vec![("daemon-front", "/"), ("daemon-status", "/status"), ("daemon-about", "/about")];
    pages.extend(stories.iter().map(|path| ("daemon-story", path.as_str())));
    for (language, scheme) in READERS {
        browser.dress(language, scheme).await;
        browser.look_at(&base, language, &pages).await;
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.client.delete(&browser.session).send().await.unwrap();
}

/// Titles that run where one reader or the other takes them at their word. Each sets `ran`.
const TITLES: [&str; 16] = [
    "<img src=x onerror=ran=1>",
    "<IMG SRC=x ONERROR=ran=1 ",
    "<svg onload=ran=1>",
    "<svg/onload=ran=1>",
    "</x><img src=x onerror=ran=1>",
    "</x",
    "a <b onmouseover=ran=1>b</b> < c",
    "<details open ontoggle=ran=1>x",
    "<iframe srcdoc=\"<script>parent.ran=1</script>\"></iframe>",
    "<!--><img src=x onerror=ran=1>-->",
    "<?x><img src=x onerror=ran=1>",
    "&lt;img src=x onerror=ran=1&gt;",
    "&amp;lt;img src=x onerror=ran=1&amp;gt;",
    "&#x3C;img src=x onerror=ran=1&#x3E;",
    "]]><img src=x onerror=ran=1><![CDATA[",
    "1 < 2 && I <3 you",
];

/// Reads an RSS feed as readers do: one takes titles for HTML, one for text. Answers, half a second later, what each shows.
const READ: &str = r"
const [rss, done] = arguments;
window.ran = 0;
const feed = new DOMParser().parseFromString(rss, 'text/xml');
const shown = [...feed.querySelectorAll('item > title')].map(title => {
  const [html, text] = [document.createElement('p'), document.createElement('p')];
  document.body.append(html, text);
  html.innerHTML = title.textContent;
  text.textContent = title.textContent;
  return [html.textContent, html.querySelectorAll('*').length, text.textContent];
});
setTimeout(() => done({ran: window.ran, shown}), 500);
";

#[tokio::test]
async fn titles_of_rss_run_in_no_reader() {
    let Some(browser) = Browser::open().await else {
        eprintln!("SKIPPED: no chromedriver here; titles were not read in a browser");
        return;
    };
    let mut view = sample::channel("all", "All the news");
    let story = view.stories[0].clone();
    view.stories = TITLES.map(|title| sample::titled(&story, title)).into();
    let rss = crate::publish::edition(&view, crate::publish::Format::Rss).unwrap();
    let rss = String::from_utf8(rss.bytes().to_vec()).unwrap();
    let read = async |rss: &str| browser.call("execute/async", json!({"script": READ, "args": [rss]})).await;
    // The page that a window opens with is Chromium's own, and does not let itself be written to.
    browser.call("url", json!({"url": "data:text/html,<!DOCTYPE html><title>reader</title>"})).await;
    let seen = read(&rss).await;
    assert_eq!(seen["ran"], 0, "{seen}");
    let shown = seen["shown"].as_array().unwrap();
    assert_eq!(shown.len(), TITLES.len());
    for (title, shown) in TITLES.iter().zip(shown) {
        assert_eq!(shown[1], 0, "{title}: elements were made");
        // Who takes titles for HTML sees the very title, but for references that were written as text.
        assert!(title.contains('&') || shown[0] == *title, "{title}: {shown}");
    }
    // These very titles do run where they are not escaped.
    let raw = TITLES[0].replace('<', "&lt;");
    let seen = read(&format!("<rss><channel><item><title>{raw}</title></item></channel></rss>")).await;
    assert_eq!(seen["ran"], 1, "the browser runs what is not escaped: {seen}");
    browser.client.delete(&browser.session).send().await.unwrap();
}
