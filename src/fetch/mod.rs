//! Fetches feeds with polite, conditional GET requests under limits. This is the only module that is an HTTP client.
//!
//! A [`FetchResponse`] is returned in every case; a failure is a [`Fault`] in it. Nothing is remembered between polls.
//!
//! **Validators and redirects.** The validators of a feed belong to the document at the end of its redirects, so they are sent
//! with every hop. A feed that redirects at every poll, perhaps for years, is thus still requested conditionally. A cookie set on
//! the way is sent back to its host within the same poll, because some gateways admit nobody without it, and is forgotten
//! afterwards. Nothing else is passed on: no credentials (an address that contains them is refused) and no Referer.
//!
//! **Broken transfers.** A document whose last chunk, length or checksum is wrong is used as far as it arrived; the parser sees
//! whether its root element is closed. So is the beginning of a document larger than the limit.

mod access;
mod coding;
mod cookies;
mod faults;
mod fetchers;
mod guard;
pub mod headers;
mod large;
mod partial;
mod random;
mod response;
mod robots;
mod robots_cache;
mod send;
mod tls;
mod tunnel;
mod visit;

pub use access::Access;
pub use fetchers::{FetchPlan, Fetchers};
pub use large::{BodyShare, EVERYDAY, LargeBodies};
pub use random::{RandomFailed, random_bytes};
pub use response::{Body, FetchResponse, Fetched};
pub use robots::{RobotsRule, RobotsRules};
pub use robots_cache::RobotsCache;
pub use send::{OutgoingRequest, OutgoingResponse};
pub use visit::Visit;

use crate::model::{Fault, FeedUrl, Network, Validators};
use access::Credentials;
use coding::DecodeError;
use cookies::Cookies;
use faults::clip;
use guard::AddressGuard;
pub use guard::is_public;
use jiff::Timestamp;
use reqwest::{
    Client, ClientBuilder, Method, Request, Response,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, COOKIE, HeaderMap, HeaderValue, IF_MODIFIED_SINCE,
        IF_NONE_MATCH,
    },
    redirect::Policy,
};
use std::{borrow::Cow, sync::Arc, time::Duration};

/// Feed types first, then the types that outlets use for their feeds, then pages that may announce a feed.
const ACCEPTED_TYPES: &str = "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, \
     application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1";

/// Value of `Accept` for pages of articles.
const ACCEPTED_PAGES: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1";

/// How long an idle connection is kept for the same host. The feeds of an outlet are due together, seconds apart.
const IDLE: Duration = Duration::from_secs(15);

/// Maximum number of bytes that a server may send over HTTP/2 before they are read. The client's default is two megabytes a
/// stream.
const WINDOW: u32 = 256 * 1024;

/// Limits of a poll, and its user agent.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchLimits {
    /// `[fetch] user_agent`: value of the User-Agent header.
    pub user_agent: String,
    /// `[fetch] timeout`: limit for the whole poll, including redirects and body.
    pub timeout: Duration,
    /// `[fetch] max_body`: maximum size of a body in bytes, before and after decompression.
    pub max_body: u64,
    /// `[fetch] allow_networks`: networks that are polled although they are not public.
    pub allow_networks: Vec<Network>,
    /// Maximum number of redirects followed in one poll.
    pub max_redirects: u32,
    /// Proxy, certificates, and what is sent to the outlet alone.
    pub access: Access,
}

impl Default for FetchLimits {
    /// The defaults of the configuration's `[fetch]`, and ten redirects.
    fn default() -> Self {
        Self {
            user_agent: concat!("Warraq/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeout: Duration::from_secs(30),
            max_body: 10_000_000,
            allow_networks: Vec::new(),
            max_redirects: 10,
            access: Access::default(),
        }
    }
}

impl FetchLimits {
    /// Returns whether one client can make the requests of both: they differ only in the size of a document, the number of
    /// redirects and the headers.
    fn shares_client_with(&self, other: &Self) -> bool {
        let Self { user_agent, timeout, allow_networks, .. } = other;
        (&self.user_agent, &self.timeout, &self.allow_networks) == (user_agent, timeout, allow_networks)
            && self.access.shares_client_with(&other.access)
    }
}

/// Why a [`Fetcher`] could not be created.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    /// The user agent is not a valid header value.
    #[error("user_agent has characters that are not allowed in a header; allowed: printable ASCII")]
    UserAgent,
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
    /// TLS could not be set up; usually the system's certificates could not be read.
    #[error("TLS cannot be set up (are the system's CA certificates installed, and may this process open more files?)")]
    Tls(#[source] rustls::Error),
    /// A header or certificate of the configuration cannot be used.
    #[error("{0}")]
    Access(&'static str),
}

/// The HTTP client. Create it once, because it reads the system's certificates (tens of milliseconds); clones share its
/// connections.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    /// A client without HTTP/2, for hosts with one feed.
    closing_client: Client,
    guard: AddressGuard,
    timeout: Duration,
    max_body: usize,
    max_redirects: u32,
    closing: bool,
    credentials: Arc<Credentials>,
    /// For pages: the cache of robots.txt, and the pause after a request for such a file.
    robots: Option<(RobotsCache, Duration)>,
    /// Kept as long as the clients that use them.
    _proxies: Arc<access::Proxies>,
}

impl Fetcher {
    /// Creates a fetcher with these limits.
    ///
    /// # Errors
    /// When the user agent is not a valid header value, or the system's certificates cannot be read.
    pub fn new(limits: &FetchLimits) -> Result<Self, FetcherError> {
        // Fails when a provider is already installed, which is just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let user_agent = HeaderValue::from_str(&limits.user_agent).map_err(|_| FetcherError::UserAgent)?;
        let guard = AddressGuard::new(&limits.allow_networks).exempting(limits.access.proxy_hosts());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = tls::config(&provider, limits.access.ca.as_deref())?;
        let proxies = limits.access.proxies(&tls)?;
        let client = |protocols: &[&[u8]]| {
            let tls = tls::speaking(&tls, protocols);
            let builder = proxies.added_to(builder(limits, &user_agent, &guard));
            builder.tls_backend_preconfigured(tls).build().map_err(FetcherError::Client)
        };
        let fetcher = Self {
            client: client(&[b"h2", b"http/1.1"])?,
            // An HTTP/2 connection that should be closed stays in the pool until its idle timeout: 30 kB for 15 s.
            closing_client: client(&[b"http/1.1"])?,
            guard,
            timeout: limits.timeout,
            max_body: usize::MAX,
            max_redirects: limits.max_redirects,
            closing: false,
            credentials: Arc::default(),
            robots: None,
            _proxies: Arc::new(proxies),
        };
        fetcher.with_limits(limits)
    }

    /// Returns the same client with other limits, for which [`FetchLimits::shares_client_with`] holds.
    fn with_limits(&self, limits: &FetchLimits) -> Result<Self, FetcherError> {
        Ok(Self {
            max_body: usize::try_from(limits.max_body).unwrap_or(usize::MAX),
            max_redirects: limits.max_redirects,
            credentials: Arc::new(limits.access.credentials()?),
            ..self.clone()
        })
    }

    /// Returns the same fetcher for a host with only one feed. Its next request is many minutes away, and an idle connection
    /// would cost both sides 20 kB until then (measured over a thousand hosts).
    #[must_use]
    pub fn closing(&self) -> Self {
        Self { closing: true, client: self.closing_client.clone(), ..self.clone() }
    }

    /// Returns the same fetcher for pages of articles. It fetches an address, also the target of a redirect, only if the
    /// `robots.txt` of the site allows it, and waits for `pause` between the two requests.
    #[must_use]
    pub fn for_pages(&self, robots: &RobotsCache, pause: Duration) -> Self {
        Self { robots: Some((robots.clone(), pause)), ..self.clone() }
    }

    /// Returns `[fetch] max_body`, in bytes.
    #[must_use]
    pub fn max_body(&self) -> usize {
        self.max_body
    }

    /// Requests `url` if it changed since `validators`. `Retry-After` is counted from `now`. A large body waits until `share` may
    /// hold it. Dropping the future ends the poll at once.
    pub async fn get(
        &self,
        url: &FeedUrl,
        validators: &Validators,
        now: Timestamp,
        share: &mut BodyShare,
    ) -> FetchResponse {
        share.start(self.timeout);
        let mut answer = FetchResponse::none_within(self.timeout);
        let mut visit = Visit::new(url.clone());
        answer.result = match self.follow(&mut visit, validators, now, &mut answer, share).await {
            Ok(Some(fetched)) => Ok(fetched),
            // Only the fetch of a page stops at another host; see `Fetcher::visit`.
            Ok(None) => Err(Fault::Redirects(answer.hops)),
            Err(fault) => Err(fault),
        };
        answer
    }

    /// Sends one request and returns the response with its head read.
    async fn ask(
        &self,
        url: &FeedUrl,
        validators: &Validators,
        codings: &'static str,
        cookies: &Cookies,
        share: &BodyShare,
    ) -> Result<Response, Fault> {
        if !self.guard.admits(url) {
            return Err(Fault::Address(clip(url.host())));
        }
        let mut request = Request::new(Method::GET, url.url().clone());
        let headers = request.headers_mut();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(codings));
        if self.robots.is_some() {
            headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED_PAGES));
        }
        if self.closing {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(cookie) = cookies.header(url.url()) {
            headers.insert(COOKIE, cookie);
        }
        self.credentials.add(url, request.headers_mut());
        let headers = request.headers_mut();
        // RFC 9110 13.1: validators are sent complete and unchanged, or not at all.
        for (name, value) in [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)] {
            if let Some(value) = value.as_deref().and_then(|bytes| HeaderValue::from_bytes(bytes).ok()) {
                headers.insert(name, value);
            }
        }
        let response = share.in_time(self.client.execute(request)).await.ok_or(Fault::Timeout(self.timeout))?;
        response.map_err(|error| faults::fault(&error, url))
    }

    /// Interprets a response that is not a redirect.
    async fn interpret(
        &self,
        response: Response,
        asked: Asked<'_>,
        answer: &mut FetchResponse,
        share: &mut BodyShare,
    ) -> Result<Fetched, Fault> {
        match response.status().as_u16() {
            200 | 203 => self.document(response, asked, answer, share).await,
            204 | 205 => Err(Fault::Empty),
            304 if *asked.validators == Validators::default() => {
                Err(Fault::Broken("304 (Not Modified) in response to an unconditional request".to_owned()))
            }
            304 => {
                let headers = response.headers();
                (answer.hub, answer.this) = (link(asked.url, headers, "hub"), link(asked.url, headers, "self"));
                Ok(Fetched::NotModified)
            }
            410 => Ok(Fetched::Gone),
            status @ 429 => Err(Fault::Held { status }),
            status @ (403 | 503) if answer.freshness.retry_after.is_some() => Err(Fault::Held { status }),
            status => Err(Fault::Status(status)),
        }
    }

    /// Reads the body. If it does not match its `Content-Encoding`, it is requested once more without compression.
    async fn document(
        &self,
        response: Response,
        asked: Asked<'_>,
        answer: &mut FetchResponse,
        share: &mut BodyShare,
    ) -> Result<Fetched, Fault> {
        let Asked { url, validators, cookies } = asked;
        let unpacked = self.read(response, url, answer, share).await?;
        if let Read::Whole(document) = unpacked {
            return Ok(document);
        }
        let again = self.ask(url, validators, coding::IDENTITY, cookies, share).await;
        if let Ok(again) = again
            && again.status() == 200
            && let Ok(Read::Whole(document)) = self.read(again, url, answer, share).await
        {
            return Ok(document);
        }
        match unpacked {
            Read::Part(document) => Ok(document),
            _ => Err(Fault::Broken("the body does not match its Content-Encoding".to_owned())),
        }
    }

    /// Receives a body, and says why it ended early if it did.
    async fn receive(
        &self,
        response: &mut Response,
        url: &FeedUrl,
        answer: &mut FetchResponse,
        share: &mut BodyShare,
    ) -> Result<(Vec<u8>, Option<Fault>), Fault> {
        let mut packed = Vec::new();
        // A body that is known to be large arrives when there is room for it.
        if response.content_length().is_some_and(|stated| stated > EVERYDAY as u64) {
            share.enlarge().await?;
        }
        loop {
            let chunk = share.in_time(response.chunk()).await.ok_or(Fault::Timeout(self.timeout))?;
            let chunk = match chunk {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok((packed, None)),
                Err(error) => return Ok((packed, Some(faults::fault(&error, url)))),
            };
            answer.bytes += chunk.len() as u64;
            if packed.len() + chunk.len() > EVERYDAY {
                share.enlarge().await?;
            }
            let room = self.max_body - packed.len();
            packed.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return Ok((packed, Some(Fault::TooLarge { limit: self.max_body as u64 })));
            }
        }
    }

    /// Receives and decodes one body.
    async fn read(
        &self,
        mut response: Response,
        url: &FeedUrl,
        answer: &mut FetchResponse,
        share: &mut BodyShare,
    ) -> Result<Read, Fault> {
        let limit = u64::try_from(self.max_body).unwrap_or(u64::MAX);
        // The beginning of a feed that is too large is useful; that of a video is not.
        let media_type = headers::content_type(response.headers()).unwrap_or_default().to_ascii_lowercase();
        let no_feed = ["audio/", "video/", "image/"].iter().any(|kind| media_type.starts_with(kind));
        if no_feed && response.content_length().is_some_and(|stated| stated > limit) {
            return Err(Fault::TooLarge { limit });
        }
        let (packed, mut fault) = self.receive(&mut response, url, answer, share).await?;
        let headers = response.headers();
        answer.announced = announced(url, headers);
        (answer.hub, answer.this) = (link(url, headers, "hub"), link(url, headers, "self"));
        let label = headers.get(CONTENT_ENCODING).map_or("", |label| label.to_str().unwrap_or_default());
        let mut is_packed_wrong = false;
        // A small body may decode to a large one; only then it is decoded twice.
        let small = if share.is_large() { self.max_body } else { EVERYDAY.min(self.max_body) };
        let mut decoded = coding::decode(label, Cow::Borrowed(&packed), small);
        if !share.is_large() && (packed.len() > small || matches!(decoded, Err(DecodeError::TooLarge(_)))) {
            drop(decoded);
            share.enlarge().await?;
            decoded = coding::decode(label, Cow::Borrowed(&packed), self.max_body);
        }
        let bytes = match decoded {
            Ok(Cow::Owned(bytes)) => bytes,
            Ok(Cow::Borrowed(_)) => packed,
            Err(DecodeError::TooLarge(bytes)) => {
                fault = Some(Fault::TooLarge { limit });
                bytes
            }
            Err(DecodeError::Cut(bytes)) => {
                is_packed_wrong = fault.is_none();
                fault = fault.or_else(|| Some(Fault::Broken("the compressed body is truncated".to_owned())));
                bytes
            }
            Err(DecodeError::Lie) => return fault.map_or(Ok(Read::Lie), Err),
        };
        answer.bytes = bytes.len() as u64;
        let mut validators = headers::validators(headers);
        let whole = fault.is_none() || partial::is_whole(&bytes);
        let is_truncated = !whole && matches!(fault, Some(Fault::TooLarge { .. }));
        match fault {
            Some(fault) if !whole && !partial::has_entry(&bytes) && !is_packed_wrong => return Err(fault),
            // A missing part must be requested again, so the validators are dropped; a part beyond the limit is never requested.
            Some(fault) if !whole && !matches!(fault, Fault::TooLarge { .. }) => validators = Validators::default(),
            _ => {}
        }
        if !whole && is_packed_wrong && !partial::has_entry(&bytes) {
            return Ok(Read::Lie);
        }
        let body = Body::within(bytes, limit)?;
        let body = if is_truncated { body.truncated() } else { body };
        let document = Fetched::Document { body, content_type: headers::content_type(headers), validators };
        Ok(if whole || !is_packed_wrong { Read::Whole(document) } else { Read::Part(document) })
    }
}

/// Returns the builder of a client, complete except for TLS.
fn builder(limits: &FetchLimits, user_agent: &HeaderValue, guard: &AddressGuard) -> ClientBuilder {
    Client::builder()
        .user_agent(user_agent.clone())
        .default_headers(HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(ACCEPTED_TYPES))]))
        .dns_resolver(guard.clone())
        .redirect(Policy::none())
        .referer(false)
        // Half of the poll's time, so that the second address of a name can still be tried.
        .connect_timeout(limits.timeout / 2)
        .tcp_nodelay(true)
        // The deadline is shorter than any probe, and setting them up takes a tenth of the time of a poll that ends in 304.
        .tcp_keepalive(None)
        // For the next hop and for the outlet's other feeds: it costs 20 µs per poll and saves their handshakes.
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(IDLE)
        .http2_initial_stream_window_size(WINDOW)
        .http2_initial_connection_window_size(WINDOW)
        // Old servers and their firewalls recognise headers by their case.
        .http1_title_case_headers()
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
}

/// A request that was answered.
#[derive(Clone, Copy)]
struct Asked<'a> {
    url: &'a FeedUrl,
    validators: &'a Validators,
    cookies: &'a Cookies,
}

/// The result of reading a body.
enum Read {
    /// The document, complete or as much of it as can be had.
    Whole(Fetched),
    /// The beginning of the document. An uncompressed response may contain more.
    Part(Fetched),
    /// The body does not match its `Content-Encoding`.
    Lie,
}

/// Returns the feeds that the headers of a response announce.
fn announced(url: &FeedUrl, headers: &HeaderMap) -> Vec<FeedUrl> {
    let absolute = |target: String| FeedUrl::new(url.url().join(&target).ok()?).ok();
    headers::announced(headers).into_iter().filter_map(absolute).collect()
}

/// Returns the target of the first `Link` with this relation.
fn link(url: &FeedUrl, headers: &HeaderMap, relation: &str) -> Option<FeedUrl> {
    FeedUrl::new(url.url().join(&headers::link(headers, relation)?).ok()?).ok()
}

/// Returns the target of a redirect.
fn target(from: &FeedUrl, headers: &HeaderMap) -> Result<FeedUrl, Fault> {
    let bad = |why: String| Fault::BadRedirect(clip(&why));
    let location = headers::location(headers).ok_or_else(|| bad("no readable Location".to_owned()))?;
    let url = from.url().join(&location).map_err(|why| bad(format!("its target: {why}")))?;
    FeedUrl::new(url).map_err(|why| bad(why.to_string()))
}
