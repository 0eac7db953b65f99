//! An outlet's web server on loopback that does what the script says, and remembers what it was asked.
//!
//! ```ignore
//! let outlet = FakeOutlet::start().await;
//! outlet.set("/feed", Reply::feed(doc).etag("\"1\"").gzip());            // from now on; 304 when the tag comes back
//! outlet.script("/busy", [Reply::status(503), Reply::feed(doc)]);       // one after the other; the last one stays
//! // … poll outlet.url("/feed") …
//! assert_eq!(outlet.requests("/feed")[1].header("if-none-match"), Some("\"1\""));
//! ```
//!
//! One request a connection; a path without a script is a 404. The server ends when it is dropped.

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

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `GET`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case, values byte for byte.
    headers: Vec<(String, Vec<u8>)>,
}

impl Seen {
    /// Value of a header by its lower-case name; `None` when absent or not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.bytes(name)?).ok()
    }

    /// Value of a header, byte for byte.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_slice())
    }
}

impl FakeOutlet {
    /// Serves on 127.0.0.1, at a port of the system's choice.
    pub async fn start() -> Self {
        Self::start_on("127.0.0.1").await
    }

    /// Serves on another loopback address (127.0.0.2, …), which is another host to everybody.
    pub async fn start_on(ip: &str) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            // Dropped with the task: open connections end with the server.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state, server: server.abort_handle() }
    }

    /// Address of a path here.
    pub fn url(&self, path: &str) -> FeedUrl {
        FeedUrl::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// From now on, a path is answered like this.
    pub fn set(&self, path: &str, reply: Reply) {
        self.script(path, [reply]);
    }

    /// From now on, a path is answered like this, one reply after the other; the last one stays.
    pub fn script(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.state.lock().unwrap().scripts.insert(path.to_owned(), replies.into_iter().collect());
    }

    /// How many requests were being answered at the same time, at most.
    pub fn most_at_once(&self) -> usize {
        self.state.lock().unwrap().most_at_once
    }

    /// Every path (with its query) that was asked for, in order of arrival.
    pub fn paths(&self) -> Vec<String> {
        self.state.lock().unwrap().seen.iter().map(|seen| seen.path.clone()).collect()
    }

    /// Requests for a path (with its query), in order of arrival.
    pub fn requests(&self, path: &str) -> Vec<Seen> {
        self.state.lock().unwrap().seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }
}

impl Drop for FakeOutlet {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An answer in the making.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    stated_length: Option<u64>,
    conditional: bool,
    manner: Behaviour,
}

/// How an answer is sent.
#[derive(Debug, Clone)]
enum Behaviour {
    Whole,
    /// So many bytes of the body, then nothing, for ever.
    Stall(usize),
    /// So many bytes of the body, then the end of the connection.
    Cut(usize),
    /// So many bytes at a time, with a pause.
    Drip(usize, Duration),
    /// The body again and again, in chunks.
    Endless,
    /// These bytes and no HTTP.
    Raw(Vec<u8>),
    /// Not one byte, for ever.
    Silent,
}

impl Reply {
    /// An answer with this status and no body.
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

    /// 200 with this document, labelled as RSS in UTF-8.
    pub fn feed(document: impl Into<Vec<u8>>) -> Self {
        Self { body: document.into(), ..Self::status(200) }.header("Content-Type", "application/rss+xml; charset=utf-8")
    }

    /// 200 with this page, labelled as HTML in UTF-8.
    pub fn page(html: &str) -> Self {
        Self { body: html.into(), ..Self::status(200) }.header("Content-Type", "text/html; charset=utf-8")
    }

    /// 200 with this document under another label.
    pub fn labelled(content_type: &str, document: impl Into<Vec<u8>>) -> Self {
        Self { body: document.into(), ..Self::status(200) }.header("Content-Type", content_type)
    }

    /// A redirect with this status.
    pub fn redirect(to: impl AsRef<[u8]>, status: u16) -> Self {
        Self::status(status).header("Location", to)
    }

    /// Bytes that are no HTTP.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self { manner: Behaviour::Raw(bytes.as_ref().to_vec()), ..Self::status(0) }
    }

    /// The request is read, and never answered.
    pub fn silence() -> Self {
        Self { manner: Behaviour::Silent, ..Self::status(0) }
    }

    /// One more header, byte for byte.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// `ETag`, quotes and all. A request that brings it back gets 304.
    pub fn etag(self, tag: impl AsRef<[u8]>) -> Self {
        self.header("ETag", tag)
    }

    /// `Last-Modified`. A request that brings it back (and no tag) gets 304.
    pub fn last_modified(self, date: impl AsRef<[u8]>) -> Self {
        self.header("Last-Modified", date)
    }

    /// Answers in full whatever validators come.
    pub fn unconditional(mut self) -> Self {
        self.conditional = false;
        self
    }

    /// Packs the body and labels it: `gzip`, `deflate`, `br` or `zstd`.
    pub fn packed(mut self, coding: &str) -> Self {
        self.body = pack(coding, &self.body);
        self.header("Content-Encoding", coding)
    }

    /// Packs the body with gzip and labels it.
    pub fn gzip(self) -> Self {
        self.packed("gzip")
    }

    /// States this `Content-Length`, whatever is sent.
    pub fn claim_length(mut self, length: u64) -> Self {
        self.stated_length = Some(length);
        self
    }

    /// Sends so many bytes of the body, then nothing more, and keeps the connection.
    pub fn stall_after(mut self, bytes: usize) -> Self {
        self.manner = Behaviour::Stall(bytes);
        self
    }

    /// Sends so many bytes of the body and hangs up.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.manner = Behaviour::Cut(bytes);
        self
    }

    /// Sends so many bytes of the body at a time, with a pause after each.
    pub fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.manner = Behaviour::Drip(bytes, pause);
        self
    }

    /// Sends the body again and again, for ever.
    pub fn endless(mut self) -> Self {
        self.manner = Behaviour::Endless;
        self
    }

    /// Whether a request brings back this reply's validators (RFC 9110 13.2.2: the tag alone decides where there is one).
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

/// Reads one request, remembers it, answers it. An error here is the client's going away.
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
    // Without a pause since the last byte: whoever read it may ask again at once.
    state.lock().unwrap().answering -= 1;
    sent?;
    stream.shutdown().await
}

/// `None` when the client leaves before it asked, or does not speak HTTP.
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

/// Packs bytes as an outlet's server does.
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
