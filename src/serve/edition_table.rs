//! Editions in memory, by path. The documents that feed readers poll are served from here, without SQL and without a router.

use super::http::{coding, format_date, is_current};
use super::payload::Payload;
use crate::publish::{Coding, Content, Edition};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, LAST_MODIFIED, LINK, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

/// How long a document may be cached and what it may do in a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CachePolicy {
    /// A feed. It may be cached for a minute. A browser that shows it runs and loads nothing: an Atom document was seen to
    /// run scripts in Chromium. Scripts of other sites may read it, because it is public.
    Feed,
    /// An HTML page, which depends on the reader's language.
    Page,
    /// An HTML page without pictures.
    PlainPage,
    /// An HTML page with the script that offers new stories.
    LivePage,
    /// An HTML page with this script and without pictures.
    PlainLivePage,
    /// A feed document that never changes.
    Archive,
    /// A file whose address changes with its content.
    Immutable,
}

impl CachePolicy {
    fn cache_control(self, sharing: Sharing) -> &'static str {
        if sharing == Sharing::Private {
            return match self {
                Self::Feed => "private, max-age=60",
                Self::Page | Self::PlainPage | Self::LivePage | Self::PlainLivePage => "private, max-age=30",
                Self::Archive | Self::Immutable => "private, max-age=31536000, immutable",
            };
        }
        match self {
            Self::Feed => "public, max-age=60",
            Self::Page | Self::PlainPage | Self::LivePage | Self::PlainLivePage => "public, max-age=30",
            Self::Archive | Self::Immutable => "public, max-age=31536000, immutable",
        }
    }

    /// Returns the value of `Content-Security-Policy`.
    pub(super) fn content_security(self) -> &'static str {
        match self {
            Self::Page => super::PAGE_SECURITY,
            Self::PlainPage => super::PLAIN_PAGE_SECURITY,
            Self::LivePage => &LIVE_PAGE_SECURITY,
            Self::PlainLivePage => &PLAIN_LIVE_PAGE_SECURITY,
            Self::Feed | Self::Archive | Self::Immutable => "default-src 'none'; sandbox",
        }
    }

    fn is_page(self) -> bool {
        matches!(self, Self::Page | Self::PlainPage | Self::LivePage | Self::PlainLivePage)
    }
}

/// Content security policies of pages with the script, which may ask this server. No other script runs.
static LIVE_PAGE_SECURITY: LazyLock<String> = LazyLock::new(|| with_script(super::PAGE_SECURITY));
static PLAIN_LIVE_PAGE_SECURITY: LazyLock<String> = LazyLock::new(|| with_script(super::PLAIN_PAGE_SECURITY));

fn with_script(policy: &str) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, super::pages::LIVE.as_bytes());
    format!("{policy}; script-src 'sha256-{}'; connect-src 'self'", BASE64_STANDARD.encode(hash))
}

/// Who may keep a copy of a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sharing {
    /// Every cache, and scripts of other sites.
    #[default]
    Public,
    /// The same, but readers with a key get another document at this address.
    Varies,
    /// Only the reader's own cache (RFC 9111 5.2.2.7).
    Private,
}

/// A document to put in the edition table.
#[derive(Debug, Clone)]
pub struct ServedEdition {
    /// The path, with the leading slash.
    pub path: String,
    /// The document's bytes in every content coding.
    pub edition: Edition,
    /// When the bytes last changed, as stored in the database.
    pub last_modified: Timestamp,
    /// How it may be cached.
    pub policy: CachePolicy,
    /// Who may cache it.
    pub sharing: Sharing,
    /// Value of `Link` (RFC 8288), if the document has one.
    pub links: Option<String>,
}

/// A document with prepared headers for each content coding.
#[derive(Debug)]
pub(super) struct PreparedResponse {
    last_modified: Timestamp,
    variants: [Variant; 3],
}

#[derive(Debug)]
struct Variant {
    etag: String,
    content: Content,
    /// Headers of a 200 response.
    full: HeaderMap,
    /// Headers of a 304 response (RFC 9110 15.4.5).
    unchanged: HeaderMap,
}

impl PreparedResponse {
    pub(super) fn new(edition: &Edition, last_modified: Timestamp, policy: CachePolicy, sharing: Sharing) -> Self {
        let variant = |coding| Variant::new(edition, coding, last_modified, (policy, sharing));
        Self { last_modified, variants: Coding::ALL.map(variant) }
    }

    /// Adds the header `Link`.
    fn with_links(mut self, links: Option<&str>) -> Self {
        if let Some(value) = links.and_then(|links| HeaderValue::from_str(links).ok()) {
            for variant in &mut self.variants {
                variant.full.insert(LINK, value.clone());
            }
        }
        self
    }

    /// Responds to a GET or HEAD request.
    pub(super) fn answer(&self, method: &Method, headers: &HeaderMap) -> Response<Payload> {
        let variant = &self.variants[coding(headers) as usize];
        let mut response = Response::new(Payload::EMPTY);
        if is_current(headers, &variant.etag, self.last_modified) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.headers_mut() = variant.unchanged.clone();
            return response;
        }
        *response.headers_mut() = variant.full.clone();
        if method != Method::HEAD {
            *response.body_mut() = Payload::Ready(variant.content.pieces());
        }
        response
    }
}

impl Variant {
    fn new(
        edition: &Edition,
        coding: Coding,
        last_modified: Timestamp,
        (policy, sharing): (CachePolicy, Sharing),
    ) -> Self {
        let coded = edition.coded(coding);
        let mut unchanged = HeaderMap::with_capacity(8);
        let date = format_date(last_modified);
        for (name, value) in [(ETAG, coded.etag.as_str()), (LAST_MODIFIED, &date)] {
            // The values are hexadecimal digits and a date, which are always valid header values.
            if let Ok(value) = HeaderValue::from_str(value) {
                unchanged.insert(name, value);
            }
        }
        unchanged.insert(CACHE_CONTROL, HeaderValue::from_static(policy.cache_control(sharing)));
        let vary = match (policy.is_page(), sharing) {
            (false, Sharing::Public) => "Accept-Encoding",
            (true, Sharing::Public) => "Accept-Encoding, Accept-Language, Cookie",
            (false, _) => "Accept-Encoding, Authorization, Cookie",
            (true, _) => "Accept-Encoding, Accept-Language, Authorization, Cookie",
        };
        unchanged.insert(VARY, HeaderValue::from_static(vary));
        if !policy.is_page() && sharing != Sharing::Private {
            unchanged.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        let mut full = unchanged.clone();
        full.insert(CONTENT_TYPE, HeaderValue::from_static(edition.media_type));
        full.insert(CONTENT_LENGTH, HeaderValue::from(coded.content.length()));
        full.extend(security(policy.content_security()));
        if let Some(name) = coding.name() {
            full.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        Self { etag: coded.etag.clone(), content: coded.content.clone(), full, unchanged }
    }
}

/// Returns the security headers: no content sniffing, the given content security policy, and no referrer.
pub(super) fn security(content_security: &'static str) -> [(HeaderName, HeaderValue); 3] {
    [
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(content_security)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ]
}

/// Documents by path. Requests hold a shared lock during the lookup; a change replaces whole documents at once.
#[derive(Debug, Default)]
pub struct EditionTable(RwLock<HashMap<String, PreparedResponse>>);

impl EditionTable {
    /// Adds or replaces documents, all at the same moment: no request finds a channel's Atom newer than its RSS.
    pub fn put(&self, documents: impl IntoIterator<Item = ServedEdition>) {
        // Headers are prepared before the lock is taken.
        let ready: Vec<_> = documents
            .into_iter()
            .map(|d| {
                let response = PreparedResponse::new(&d.edition, d.last_modified, d.policy, d.sharing);
                (d.path, response.with_links(d.links.as_deref()))
            })
            .collect();
        self.0.write().unwrap_or_else(PoisonError::into_inner).extend(ready);
    }

    /// Keeps only the documents whose path satisfies `keep`. A reload uses this to remove the documents of deleted channels.
    pub fn retain(&self, mut keep: impl FnMut(&str) -> bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|path, _| keep(path));
    }

    /// Returns whether a document has this path.
    pub(super) fn holds(&self, path: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(path)
    }

    /// Returns the response if a document has this path. Methods other than GET and HEAD get a 405.
    pub(super) fn answer(&self, path: &str, method: &Method, headers: &HeaderMap) -> Option<Response<Payload>> {
        let documents = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let held = documents.get(path)?;
        if method == Method::GET || method == Method::HEAD {
            return Some(held.answer(method, headers));
        }
        Some(not_allowed())
    }
}

/// Builds a 405 response (RFC 9110 15.5.6).
pub(super) fn not_allowed() -> Response<Payload> {
    let text = "This address can only be read: use GET or HEAD.\n";
    let mut response = Response::new(Payload::text(text));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.extend(security("default-src 'none'"));
    response
}
