//! What one GET brought.

use crate::model::{Fault, FeedUrl, Freshness, RawHash, Validators};
use std::{ops::Deref, time::Duration};

/// How a poll to an address ended, and what its headers said.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchResponse {
    /// The document, or why there is none.
    pub result: Result<Fetched, Fault>,
    /// Status of the last answer; `None` when no server answered.
    pub status: Option<u16>,
    /// Bytes of the document, decompressed; of a refused or broken one, as far as it was read.
    pub bytes: u64,
    /// What the last answer asks for.
    pub freshness: Freshness,
    /// Where redirects led; `None` when the address asked answered itself.
    pub moved_to: Option<FeedUrl>,
    /// Where permanent redirects (301, 308) alone led from the start; a temporary one ends that chain.
    pub permanent: Option<FeedUrl>,
    /// Redirects followed.
    pub hops: u32,
    /// Feeds that the last answer's `Link` headers announce.
    pub announced: Vec<FeedUrl>,
}

impl FetchResponse {
    /// Nobody answered: what holds until somebody does.
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
        }
    }

    /// The address that answered in the end: what the document's relative addresses are resolved against.
    #[must_use]
    pub fn base<'a>(&'a self, asked: &'a FeedUrl) -> &'a FeedUrl {
        self.moved_to.as_ref().unwrap_or(asked)
    }
}

/// What a server said that is no fault.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// 304: nothing changed since the validators.
    NotModified,
    /// 410: the feed is gone for good.
    Gone,
    /// 200: a document.
    Document {
        /// Its bytes.
        body: Body,
        /// The whole `Content-Type`.
        content_type: Option<String>,
        /// Its validators, for the next poll.
        validators: Validators,
    },
}

/// The bytes of a document: not empty, and no longer than the limit under which they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(Vec<u8>);

impl Body {
    /// Takes `bytes` as a document.
    ///
    /// # Errors
    /// [`Fault::Empty`] when there is nothing but white space, [`Fault::TooLarge`] when they are more than `limit`.
    pub fn within(bytes: Vec<u8>, limit: u64) -> Result<Self, Fault> {
        if bytes.trim_ascii_start().is_empty() {
            return Err(Fault::Empty);
        }
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
            Ok(Self(bytes))
        } else {
            Err(Fault::TooLarge { limit })
        }
    }

    /// First 8 bytes of their BLAKE3: equal means that the document need not be parsed again.
    #[must_use]
    pub fn hash(&self) -> i64 {
        RawHash::of(&self.0).0
    }

    /// The bytes, by value.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
