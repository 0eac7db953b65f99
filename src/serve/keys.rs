//! Keys for readers: who may read which address. Only requests that are admitted here reach the documents in memory and the router.

use super::PROBES;
use super::browse::with_query;
use super::cache::PageCache;
use super::edition_table::security;
use super::payload::Payload;
use crate::model::{Audience, Channel, ReaderKey, Readers};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use subtle::{Choice, ConstantTimeEq as _};
use url::form_urlencoded;

/// Name of the cookie that holds a reader's key.
const COOKIE_NAME: &str = "warraq_key";
/// Name of the parameter that holds a reader's key.
const PARAMETER: &str = "key";
/// Longest key that is looked at, in bytes.
const KEY_MAX: usize = 512;
/// The response to a request without a valid key.
const NEEDS_KEY: &str =
    "A key is needed: as the password (any user name), as a bearer token, or as ?key=… in the address.\n";
/// The response to a request with the key of another reader.
const OTHER_KEY: &str = "This key does not open this channel.\n";

/// The keys, and who may read which channel.
#[derive(Debug, Default)]
pub struct KeyRules {
    keys: Vec<ReaderKey>,
    /// By slug.
    channels: HashMap<String, Readers>,
    /// Whether browsers are to send the cookie over TLS only.
    is_secure: bool,
}

impl KeyRules {
    /// Creates the rules for these keys and channels. `is_secure`: readers come over https.
    #[must_use]
    pub fn new(keys: &[ReaderKey], channels: &[Channel], is_secure: bool) -> Self {
        let channels = channels.iter().map(|c| (c.public_slug().to_owned(), c.readers.clone())).collect();
        Self { keys: keys.to_vec(), channels, is_secure }
    }

    /// Returns the names of the key, if it is one. The time does not depend on how much of a hash is right, nor on which key it
    /// is.
    fn names(&self, key: &str) -> Vec<&str> {
        if key.is_empty() || key.len() > KEY_MAX {
            return Vec::new();
        }
        let hash = hash_of(key);
        let same: Vec<Choice> = self.keys.iter().map(|known| known.sha256.ct_eq(&hash)).collect();
        let found = self.keys.iter().zip(same).filter(|(_, same)| bool::from(*same));
        found.map(|(known, _)| known.name.as_str()).collect()
    }

    /// Returns who may read an address. Everything but channels belongs to the channel `all`.
    fn readers_of(&self, path: &str) -> &Readers {
        // The router decodes `%6b` too.
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        let channel = path.strip_prefix("/channels/").map(|file| file.rsplit_once('.').map_or(file, |(slug, _)| slug));
        let archive = || path.strip_prefix("/archive/").and_then(|rest| rest.split('/').next());
        let slug = channel.or_else(archive).unwrap_or(Channel::ALL);
        self.channels.get(slug).or_else(|| self.channels.get(Channel::ALL)).unwrap_or(&Readers::KeyHolders)
    }
}

/// Returns the hash by which a key is kept.
#[must_use]
pub fn hash_of(key: &str) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, key.as_bytes());
    digest.as_ref().try_into().unwrap_or_default()
}

/// Decides who may read what. Without keys this costs one relaxed load.
#[derive(Debug, Default)]
pub struct AccessControl {
    is_on: AtomicBool,
    rules: RwLock<Arc<KeyRules>>,
    /// Pages that are cleared when the rules change.
    caches: Mutex<Vec<Arc<PageCache>>>,
}

/// The response to a request that is not admitted.
pub(super) type NotAdmitted = Box<Response<Payload>>;

impl AccessControl {
    /// Replaces the rules. With `None`, everybody may read everything.
    pub fn set(&self, rules: Option<KeyRules>) {
        let is_on = rules.is_some();
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules.unwrap_or_default());
        self.is_on.store(is_on, Relaxed);
        for cache in self.caches.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            cache.clear();
        }
    }

    /// Adds pages that are cleared when the rules change.
    pub(super) fn clears(&self, cache: Arc<PageCache>) {
        self.caches.lock().unwrap_or_else(PoisonError::into_inner).push(cache);
    }

    /// Returns whether keys are asked for.
    pub(super) fn is_on(&self) -> bool {
        self.is_on.load(Relaxed)
    }

    /// Returns whether an address is served without a key. What is under `/websub/` is for other servers, and concerns only what
    /// everybody may read.
    fn is_exempt(path: &str) -> bool {
        PROBES.contains(&path) || path.starts_with("/websub/")
    }

    /// Admits a request: returns it without the key in its address, and its audience.
    ///
    /// # Errors
    /// Returns the response to a request that is not admitted: a 401, or the cookie and a redirect to the address without the key.
    pub(super) fn admit<B>(&self, request: Request<B>) -> Result<(Request<B>, Audience), NotAdmitted> {
        if !self.is_on() || Self::is_exempt(request.uri().path()) {
            return Ok((request, Audience::Everyone));
        }
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner).clone();
        rules.admit(request)
    }
}

impl KeyRules {
    fn admit<B>(&self, mut request: Request<B>) -> Result<(Request<B>, Audience), NotAdmitted> {
        let (asked, rest) = without_key(request.uri().query().unwrap_or_default());
        let stated: Vec<String> = authorization(request.headers()).into_iter().chain(asked.clone()).collect();
        let readers = self.readers_of(request.uri().path());
        let stored = cookie(request.headers());
        let opens = |key: &String| {
            let names = self.names(key);
            match readers {
                Readers::HoldersOf(name) => names.contains(&name.as_str()),
                Readers::Everyone | Readers::KeyHolders => !names.is_empty(),
            }
        };
        let audience = if stated.iter().chain(&stored).any(opens) {
            Audience::KeyHolder
        } else if *readers == Readers::Everyone && stated.is_empty() {
            Audience::Everyone
        } else {
            let is_key = |key: &String| !self.names(key).is_empty();
            let text = if stated.iter().chain(&stored).any(is_key) { OTHER_KEY } else { NEEDS_KEY };
            return Err(Box::new(unauthorised(text)));
        };
        if let Some(key) = &asked {
            if !is_document(request.uri().path()) && opens(key) {
                return Err(Box::new(self.remembered(key, request.uri().path(), &rest)));
            }
            match with_query(request.uri().path(), &rest).parse::<Uri>() {
                Ok(uri) => *request.uri_mut() = uri,
                // Cannot happen: both parts come from a valid address.
                Err(_) => return Err(Box::new(unauthorised(NEEDS_KEY))),
            }
        }
        Ok((request, audience))
    }

    /// Sets the cookie and redirects to the address without the key (RFC 9110 15.4.4).
    fn remembered(&self, key: &str, path: &str, query: &str) -> Response<Payload> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let cookie = format!("{COOKIE_NAME}={key}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}");
        // A path that begins with two slashes would lead to another host.
        let location = with_query(&format!("/{}", path.trim_start_matches('/')), query);
        let mut response = short(StatusCode::SEE_OTHER, "The key is kept in a cookie.\n");
        for (name, value) in [(SET_COOKIE, cookie), (LOCATION, location)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// Returns the parameter with the key, and the query without it.
fn without_key(query: &str) -> (Option<String>, String) {
    let mut key = None;
    let rest: Vec<&str> = query
        .split('&')
        .filter(|part| match form_urlencoded::parse(part.as_bytes()).next() {
            Some((name, value)) if name == PARAMETER => {
                key.get_or_insert_with(|| value.into_owned());
                false
            }
            _ => true,
        })
        .collect();
    (key, rest.join("&"))
}

/// Returns the key in `Authorization`: a bearer token (RFC 6750 2.1), or the password of any user (RFC 7617).
fn authorization(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().unwrap_or_default();
    let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.trim().to_owned());
    }
    let pair = BASE64_STANDARD.decode(credentials.trim()).ok().and_then(|pair| String::from_utf8(pair).ok());
    let password = pair.as_deref().and_then(|pair| pair.split_once(':')).map_or("", |(_, password)| password);
    // Any other scheme holds no key.
    Some(if scheme.eq_ignore_ascii_case("basic") { password.to_owned() } else { String::new() })
}

/// Returns the key in the cookie (RFC 6265 4.2).
fn cookie(headers: &HeaderMap) -> Option<String> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .map(|(_, key)| key.to_owned())
}

/// Returns whether an address is a document for programs, which gets no cookie and no redirect.
fn is_document(path: &str) -> bool {
    path == "/opml" || [".atom", ".rss", ".json"].iter().any(|extension| path.ends_with(extension))
}

/// Builds a 401 response (RFC 9110 15.5.2). Browsers ask for a user name and a password.
fn unauthorised(text: &'static str) -> Response<Payload> {
    let mut response = short(StatusCode::UNAUTHORIZED, text);
    for challenge in ["Basic realm=\"Warraq\", charset=\"UTF-8\"", "Bearer realm=\"Warraq\""] {
        response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

fn short(status: StatusCode, text: &'static str) -> Response<Payload> {
    let mut response = Response::new(Payload::text(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(security("default-src 'none'"));
    response
}

#[cfg(test)]
mod tests;
