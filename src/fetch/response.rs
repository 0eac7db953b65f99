//! The result of polling an address.

use super::Cookies;
use crate::model::{Fault, FeedUrl, Freshness, RawHash, Validators};
use std::{ops::Deref, time::Duration};

/// How a poll of an address ended, and what its headers said.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchResponse {
    /// The document, or why there is none.
    pub result: Result<Fetched, Fault>,
    /// Status of the last response, or `None` when no server responded.
    pub status: Option<u16>,
    /// Bytes of the document after decompression. For a refused or broken document, the bytes that were read.
    pub bytes: u64,
    /// What the last response says about waiting.
    pub freshness: Freshness,
    /// Target of the last redirect, or `None` when the requested address responded itself.
    pub moved_to: Option<FeedUrl>,
    /// Target of the permanent redirects (301, 308) from the start. A temporary redirect ends the chain.
    pub permanent: Option<FeedUrl>,
    /// Number of redirects followed.
    pub hops: u32,
    /// Feeds that the `Link` headers of the last response announce.
    pub announced: Vec<FeedUrl>,
    /// The hub that the `Link` headers of the last response name (WebSub 4).
    pub hub: Option<FeedUrl>,
    /// The document's own address according to these headers (`rel=self`).
    pub this: Option<FeedUrl>,
    /// The cookies that were set up to and by the last response.
    pub cookies: Cookies,
}

impl FetchResponse {
    /// Returns the result of a poll without any response, which applies until one arrives.
    pub(super) fn none_within(timeout: Duration) -> Self {
        Self {
            result: Err(Fault::Timeout(timeout)),
            status: None,
            bytes: 0,
            freshness: Freshness::default(),
            moved_to: None,
            permanent: None,
            hops: 0,
            announced: Vec::new(),
            hub: None,
            this: None,
            cookies: Cookies::default(),
        }
    }

    /// Returns the address that finally responded. Relative addresses in the document are resolved against it.
    #[must_use]
    pub fn base<'a>(&'a self, asked: &'a FeedUrl) -> &'a FeedUrl {
        self.moved_to.as_ref().unwrap_or(asked)
    }
}

/// The response of a server that is not a fault.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// 304: nothing has changed since the validators.
    NotModified,
    /// 410: the feed is gone for good.
    Gone,
    /// 200: a document.
    Document {
        /// The bytes of the document.
        body: Body,
        /// The whole `Content-Type` header, if there is one.
        content_type: Option<String>,
        /// The validators for the next poll.
        validators: Validators,
    },
}

/// The bytes of a document: not empty, and not larger than the limit under which they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    bytes: Vec<u8>,
    hash: i64,
    is_truncated: bool,
}

impl Body {
    /// Wraps `bytes` as a document.
    ///
    /// # Errors
    /// [`Fault::Empty`] when there is nothing but white space, [`Fault::TooLarge`] when they are more than `limit`.
    pub fn within(bytes: Vec<u8>, limit: u64) -> Result<Self, Fault> {
        if bytes.trim_ascii_start().is_empty() {
            return Err(Fault::Empty);
        }
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
            Ok(Self { hash: RawHash::of(&bytes).0, bytes, is_truncated: false })
        } else {
            Err(Fault::TooLarge { limit })
        }
    }

    /// Marks the bytes as the beginning of a document that is larger than the limit.
    pub(super) fn truncated(self) -> Self {
        Self { is_truncated: true, ..self }
    }

    /// Returns whether the document is larger than the limit, and these bytes are its beginning.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// Returns the first 8 bytes of the BLAKE3 hash. If it is unchanged, the document need not be parsed again.
    #[must_use]
    pub fn hash(&self) -> i64 {
        self.hash
    }

    /// Returns the bytes by value.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}
