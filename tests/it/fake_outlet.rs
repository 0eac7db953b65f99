//! An outlet's web server on loopback that follows a script and records the requests it receives.
//!
//! ```ignore
//! let outlet = FakeOutlet::start().await;
//! outlet.set("/feed", Reply::feed(doc).etag("\"1\"").gzip());            // from now on; 304 when the tag comes back
//! outlet.script("/busy", [Reply::status(503), Reply::feed(doc)]);       // one after the other; the last one stays
//! // … poll outlet.url("/feed") …
//! assert_eq!(outlet.requests("/feed")[1].header("if-none-match"), Some("\"1\""));
//! ```
//!
//! It handles one request per connection. A path without a script returns 404. The server stops when it is dropped.

use std::{
    collections::{HashMap, VecDeque},
    io::{Read, Write},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};
use warraq::model::FeedUrl;

/// A scripted server.
pub struct FakeOutlet {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: AbortHandle,
}

#[derive(Default)]
struct State {
    scripts: HashMap<String, VecDeque<Reply>>,
    seen: Vec<Seen>,
    answering: usize,
    most_at_once: usize,
}

/// A request as it was received.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The method, such as `GET`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case, values byte for byte.
    headers: Vec<(String, Vec<u8>)>,
}

impl Seen {
    /// Returns the value of a header by its lower-case name, or `None` when it is absent or not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.bytes(name)?).ok()
    }

    /// Returns the value of a header, byte for byte.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_slice())
    }
}

impl FakeOutlet {
    /// Starts a server on 127.0.0.1, at a free port.
    pub async fn start() -> Self {
        Self::start_on("127.0.0.1").await
    }

    /// Starts a server on another loopback address (127.0.0.2, …), which counts as another host.
    pub async fn start_on(ip: &str) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            // Dropped with the task, so that open connections end with the server.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state, server: server.abort_handle() }
    }

    /// Returns the address of a path on this server.
    pub fn url(&self, path: &str) -> FeedUrl {
        FeedUrl::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// Sets the reply to a path from now on.
    pub fn set(&self, path: &str, reply: Reply) {
        self.script(path, [reply]);
    }

    /// Sets the replies to a path from now on, one after the other; the last one is repeated.
    pub fn script(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.state.lock().unwrap().scripts.insert(path.to_owned(), replies.into_iter().collect());
    }

    /// Returns the maximum number of requests that were handled at the same time.
    pub fn most_at_once(&self) -> usize {
        self.state.lock().unwrap().most_at_once
    }

    /// Returns every path (with its query) that was requested, in order of arrival.
    pub fn paths(&self) -> Vec<String> {
        self.state.lock().unwrap().seen.iter().map(|seen| seen.path.clone()).collect()
    }

    /// Returns the requests for a path (with its query), in order of arrival.
    pub fn requests(&self, path: &str) -> Vec<Seen> {
        self.state.lock().unwrap().seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }
}

impl Drop for FakeOutlet {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A scripted response.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    stated_length: Option<u64>,
    conditional: bool,
    manner: Behaviour,
}

/// How a response is sent.
#[derive(Debug, Clone)]
enum Behaviour {
    Whole,
    /// Sends this many bytes of the body and then stalls for ever.
    Stall(usize),
    /// Sends this many bytes of the body and closes the connection.
    Cut(usize),
    /// Sends this many bytes at a time, with a pause after each.
    Drip(usize, Duration),
    /// Repeats the body for ever, in chunks.
    Endless,
    /// Sends these bytes, which need not be HTTP.
    Raw(Vec<u8>),
    /// Never sends a byte.
    Silent,
}

impl Reply {
    /// Returns a response with this status and no body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            stated_length: None,
            conditional: true,
            manner: Behaviour::Whole,
        }
    }

    /// Returns a 200 response with this document, labelled as RSS in UTF-8.
    pub fn feed(document: impl Into<Vec<u8>>) -> Self {
        Self { body: document.into(), ..Self::status(200) }.header("Content-Type", "application/rss+xml; charset=utf-8")
    }

    /// Returns a 200 response with this page, labelled as HTML in UTF-8.
    pub fn page(html: &str) -> Self {
        Self { body: html.into(), ..Self::status(200) }.header("Content-Type", "text/html; charset=utf-8")
    }

    /// Returns a 200 response with this document under another label.
    pub fn labelled(content_type: &str, document: impl Into<Vec<u8>>) -> Self {
        Self { body: document.into(), ..Self::status(200) }.header("Content-Type", content_type)
    }

    /// Returns a redirect with this status.
    pub fn redirect(to: impl AsRef<[u8]>, status: u16) -> Self {
        Self::status(status).header("Location", to)
    }

    /// Returns a response of raw bytes, which need not be HTTP.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self { manner: Behaviour::Raw(bytes.as_ref().to_vec()), ..Self::status(0) }
    }

    /// Reads the request and never responds.
    pub fn silence() -> Self {
        Self { manner: Behaviour::Silent, ..Self::status(0) }
    }

    /// Adds a header, byte for byte.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Adds an `ETag`, quotes included. A request with this tag gets 304.
    pub fn etag(self, tag: impl AsRef<[u8]>) -> Self {
        self.header("ETag", tag)
    }

    /// Adds a `Last-Modified`. A request with this date (and no tag) gets 304.
    pub fn last_modified(self, date: impl AsRef<[u8]>) -> Self {
        self.header("Last-Modified", date)
    }

    /// Sends the full response whatever validators the request has.
    pub fn unconditional(mut self) -> Self {
        self.conditional = false;
        self
    }

    /// Compresses the body and labels it: `gzip`, `deflate`, `br` or `zstd`.
    pub fn packed(mut self, coding: &str) -> Self {
        self.body = pack(coding, &self.body);
        self.header("Content-Encoding", coding)
    }

    /// Compresses the body with gzip and labels it.
    pub fn gzip(self) -> Self {
        self.packed("gzip")
    }

    /// States this `Content-Length`, whatever is sent.
    pub fn claim_length(mut self, length: u64) -> Self {
        self.stated_length = Some(length);
        self
    }

    /// Sends this many bytes of the body and then nothing more, but keeps the connection open.
    pub fn stall_after(mut self, bytes: usize) -> Self {
        self.manner = Behaviour::Stall(bytes);
        self
    }

    /// Sends this many bytes of the body and closes the connection.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.manner = Behaviour::Cut(bytes);
        self
    }

    /// Sends this many bytes of the body at a time, with a pause after each.
    pub fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.manner = Behaviour::Drip(bytes, pause);
        self
    }

    /// Repeats the body for ever.
    pub fn endless(mut self) -> Self {
        self.manner = Behaviour::Endless;
        self
    }

    /// Returns whether a request contains this reply's validators (RFC 9110 13.2.2: if it has a tag, the tag alone decides).
    fn is_known_to(&self, seen: &Seen) -> bool {
        let same = |ours: &str, theirs: &str| {
            let ours = self.headers.iter().find(|(name, _)| name == ours);
            ours.is_some_and(|(_, value)| seen.bytes(theirs) == Some(value))
        };
        let tagged = seen.bytes("if-none-match").is_some();
        self.status == 200
            && self.conditional
            && if tagged { same("ETag", "if-none-match") } else { same("Last-Modified", "if-modified-since") }
    }

    fn head(&self, status: u16) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {status} Scripted\r\nConnection: close\r\n").into_bytes();
        for (name, value) in &self.headers {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        let length = self.stated_length.unwrap_or(self.body.len() as u64);
        let framing = match self.manner {
            Behaviour::Endless => "Transfer-Encoding: chunked\r\n\r\n".to_owned(),
            _ if status == 304 || status == 204 => "\r\n".to_owned(),
            _ => format!("Content-Length: {length}\r\n\r\n"),
        };
        head.extend(framing.into_bytes());
        head
    }

    async fn send(self, to: &mut TcpStream) -> std::io::Result<()> {
        match &self.manner {
            Behaviour::Silent => return std::future::pending().await,
            Behaviour::Raw(bytes) => return to.write_all(bytes).await,
            _ => to.write_all(&self.head(self.status)).await?,
        }
        match self.manner {
            Behaviour::Stall(bytes) => {
                to.write_all(&self.body[..bytes]).await?;
                std::future::pending::<()>().await;
            }
            Behaviour::Cut(bytes) => to.write_all(&self.body[..bytes]).await?,
            Behaviour::Drip(bytes, pause) => {
                for piece in self.body.chunks(bytes) {
                    tokio::time::sleep(pause).await;
                    to.write_all(piece).await?;
                }
            }
            Behaviour::Endless => loop {
                to.write_all(format!("{:x}\r\n", self.body.len()).as_bytes()).await?;
                to.write_all(&self.body).await?;
                to.write_all(b"\r\n").await?;
            },
            _ => to.write_all(&self.body).await?,
        }
        Ok(())
    }
}

/// Reads one request, records it and replies. An error here means that the client has gone.
async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let Some(seen) = read_request(&mut stream).await? else { return Ok(()) };
    let reply = {
        let mut state = state.lock().unwrap();
        let reply = match state.scripts.get_mut(&seen.path) {
            Some(script) if script.len() > 1 => script.pop_front(),
            Some(script) => script.front().cloned(),
            None => None,
        };
        state.seen.push(seen.clone());
        state.answering += 1;
        state.most_at_once = state.most_at_once.max(state.answering);
        reply.unwrap_or_else(|| Reply::status(404))
    };
    let sent =
        if reply.is_known_to(&seen) { stream.write_all(&reply.head(304)).await } else { reply.send(&mut stream).await };
    // Directly after the last byte: a client that has read it may send its next request at once.
    state.lock().unwrap().answering -= 1;
    sent?;
    stream.shutdown().await
}

/// Reads a request. Returns `None` when the client leaves before sending one, or does not speak HTTP.
async fn read_request(stream: &mut TcpStream) -> std::io::Result<Option<Seen>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let mut lines = bytes[..end].split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.next().map(String::from_utf8_lossy).unwrap_or_default();
    let mut words = first.split(' ').map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let headers = lines.filter_map(|line| {
        let colon = line.iter().position(|&b| b == b':')?;
        let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
        Some((name, line[colon + 1..].trim_ascii().to_vec()))
    });
    let headers = headers.collect();
    Ok(Some(Seen { method, path, headers }))
}

/// Compresses bytes as an outlet's server does.
fn pack(coding: &str, body: &[u8]) -> Vec<u8> {
    use flate2::{Compression, bufread};
    let mut packed = Vec::new();
    match coding {
        "gzip" => bufread::GzEncoder::new(body, Compression::fast()).read_to_end(&mut packed).map(|_| ()),
        "deflate" => bufread::ZlibEncoder::new(body, Compression::fast()).read_to_end(&mut packed).map(|_| ()),
        "br" => brotli::CompressorWriter::new(&mut packed, 4096, 5, 22).write_all(body),
        "zstd" => zstd::stream::copy_encode(body, &mut packed, 1),
        other => panic!("the fake outlet cannot pack {other}"),
    }
    .unwrap();
    packed
}
