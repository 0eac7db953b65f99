//! Another server on loopback: a callback, a hub or a webhook's receiver. It records what it is sent, bodies too.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Response},
};
use std::fmt::Write as _;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::task::AbortHandle;
use warraq::model::FeedUrl;

/// A request as it was received.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query, decoded.
    pub query: HashMap<String, String>,
    headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Received {
    /// Returns a header, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the body as a form.
    pub fn form(&self) -> HashMap<String, String> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

/// A status, and a header if there is one.
type Answer = (u16, Option<(&'static str, String)>);

#[derive(Default)]
struct Inner {
    received: Vec<Received>,
    /// Statuses by path, each used once but the last; with another header, if there is one.
    answers: HashMap<String, Vec<Answer>>,
}

/// The server. It echoes challenges and answers 200 to everything else, unless it is told otherwise.
pub struct WebPeer {
    /// Its base, without a slash at the end.
    pub base: String,
    inner: Arc<Mutex<Inner>>,
    server: AbortHandle,
}

impl Drop for WebPeer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl WebPeer {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::<Mutex<Inner>>::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        let server = tokio::spawn(async move { axum_serve(listener, router).await }).abort_handle();
        Self { base, inner, server }
    }

    /// Returns the address of a path.
    pub fn url(&self, path: &str) -> FeedUrl {
        FeedUrl::parse(&format!("{}{path}", self.base)).unwrap()
    }

    /// Answers requests for this path with these statuses, the last one from then on.
    pub fn script(&self, path: &str, statuses: &[u16]) {
        let answers = statuses.iter().rev().map(|status| (*status, None)).collect();
        self.inner.lock().unwrap().answers.insert(path.to_owned(), answers);
    }

    /// Redirects requests for this path.
    pub fn redirect(&self, path: &str, status: u16, to: &str) {
        self.inner.lock().unwrap().answers.insert(path.to_owned(), vec![(status, Some(("location", to.to_owned())))]);
    }

    /// Answers the next request for this path with a status and `Retry-After`, and all later ones with 200.
    pub fn hold(&self, path: &str, status: u16, retry_after: &str) {
        let answers = vec![(200, None), (status, Some(("retry-after", retry_after.to_owned())))];
        self.inner.lock().unwrap().answers.insert(path.to_owned(), answers);
    }

    /// Returns the requests that were received at this path.
    pub fn received(&self, path: &str) -> Vec<Received> {
        self.inner.lock().unwrap().received.iter().filter(|r| r.path == path).cloned().collect()
    }

    /// Waits until this many requests were received at this path, and returns the last. Fails after fifteen seconds.
    pub async fn wait(&self, path: &str, count: usize) -> Received {
        for _ in 0..600 {
            let mut received = self.received(path);
            if received.len() >= count {
                return received.swap_remove(count - 1);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{path} got {} requests, not {count}", self.received(path).len());
    }
}

/// Serves HTTP/1 connections until the task is aborted.
async fn axum_serve(listener: tokio::net::TcpListener, router: Router) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        let io = hyper_util::rt::TokioIo::new(stream);
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
    }
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let received = Received {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query,
        headers: parts.headers,
        body: to_bytes(body, 50_000_000).await.unwrap().to_vec(),
    };
    let challenge = received.query.get("hub.challenge").cloned().unwrap_or_default();
    let mut inner = inner.lock().unwrap();
    let scripted = inner.answers.get_mut(&received.path);
    let (status, header) =
        scripted.map_or((200, None), |left| if left.len() > 1 { left.pop().unwrap() } else { left[0].clone() });
    inner.received.push(received);
    let mut response = Response::builder().status(status);
    if let Some((name, value)) = header {
        response = response.header(name, value);
    }
    response.body(Body::from(challenge)).unwrap()
}

/// Returns bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
