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
mod limits;
mod look_up;
mod partial;
mod random;
mod receive;
mod response;
mod robots;
mod robots_cache;
mod send;
mod tls;
mod tunnel;
mod visit;

pub use access::Access;
pub use cookies::Cookies;
pub use fetchers::{FetchPlan, Fetchers};

pub use large::{BodyShare, EVERYDAY, LargeBodies};
pub use limits::{FetchLimits, FetcherError};
pub use random::{RandomFailed, random_bytes};
pub use response::{Body, FetchResponse, Fetched};
pub use robots::{RobotsRule, RobotsRules};
pub use robots_cache::RobotsCache;
pub use send::{OutgoingRequest, OutgoingResponse};
pub use visit::Visit;

use crate::model::{Fault, FeedUrl, Validators};
use access::Credentials;
use faults::clip;
use guard::AddressGuard;
pub use guard::is_public;
use jiff::Timestamp;
use reqwest::{
    Client, ClientBuilder, Method, Request, Response,
    header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, COOKIE, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH},
    redirect::Policy,
};
use std::{sync::Arc, time::Duration};
use visit::RedirectScope;

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

/// Maximum number of header lines in a response over HTTP/1.
const MAX_HEADERS: usize = 500;

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
            let tls = tls::with_protocols(&tls, protocols);
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

    /// Requests `url` if it changed since `validators`, and follows redirects to any host at once. `Retry-After` is counted from
    /// `now`. A large body waits until `share` may hold it. Dropping the future ends the poll at once.
    pub async fn get(
        &self,
        url: &FeedUrl,
        validators: &Validators,
        now: Timestamp,
        share: &mut BodyShare,
    ) -> FetchResponse {
        self.get_with(&Cookies::default(), url, validators, now, share).await
    }

    /// Does the same as [`Fetcher::get`] with the cookies that earlier responses of the poll set.
    pub async fn get_with(
        &self,
        cookies: &Cookies,
        url: &FeedUrl,
        validators: &Validators,
        now: Timestamp,
        share: &mut BodyShare,
    ) -> FetchResponse {
        share.start(self.timeout);
        let mut answer = FetchResponse::none_within(self.timeout);
        let mut visit = Visit { cookies: cookies.clone(), ..Visit::new(url.clone()) };
        answer.result =
            match self.follow(&mut visit, RedirectScope::AnyHost, validators, now, (&mut answer, share)).await {
                Ok(Some(fetched)) => Ok(fetched),
                // Only `Fetcher::visit` stops at another host.
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
        let link = |relation| receive::link(asked.url, response.headers(), relation);
        (answer.hub, answer.this) = (link("hub"), link("self"));
        match response.status().as_u16() {
            // Some servers call a document "created" or "partial" that is whole. One that is not is read like one that breaks off.
            200 | 201 | 203 | 206 => self.document(response, asked, answer, share).await,
            204 | 205 => Err(Fault::Empty),
            304 if *asked.validators == Validators::default() => {
                Err(Fault::Broken("304 (Not Modified) in response to an unconditional request".to_owned()))
            }
            304 => Ok(Fetched::NotModified),
            410 => Ok(Fetched::Gone),
            status @ 429 => Err(Fault::Held { status }),
            status @ (403 | 503) if answer.freshness.retry_after.is_some() => Err(Fault::Held { status }),
            status => Err(Fault::Status(status)),
        }
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
        // By default a response with more than 100 is refused, and pages behind several proxies have that many.
        .http1_max_headers(MAX_HEADERS)
}

/// A request that was answered.
#[derive(Clone, Copy)]
struct Asked<'a> {
    url: &'a FeedUrl,
    validators: &'a Validators,
    cookies: &'a Cookies,
}

/// Returns the target of a redirect.
fn target(from: &FeedUrl, headers: &HeaderMap) -> Result<FeedUrl, Fault> {
    let bad = |why: String| Fault::BadRedirect(clip(&why));
    let location = headers::location(headers).ok_or_else(|| bad("no readable Location".to_owned()))?;
    let url = from.url().join(&location).map_err(|why| bad(format!("its target: {why}")))?;
    FeedUrl::new(url).map_err(|why| bad(why.to_string()))
}
