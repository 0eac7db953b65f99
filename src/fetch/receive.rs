//! Receives and decodes the body of a response.

use super::{
    Asked, Body, BodyShare, EVERYDAY, FetchResponse, Fetched, Fetcher,
    coding::{self, DecodeError},
    faults, headers, partial,
};
use crate::model::{Fault, FeedUrl, Validators};
use reqwest::{
    Response,
    header::{CONTENT_ENCODING, HeaderMap},
};
use std::borrow::Cow;

impl Fetcher {
    /// Reads the body. If it does not match its `Content-Encoding`, it is requested once more without compression.
    pub(super) async fn document(
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
            let chunk = match share.in_time(response.chunk()).await {
                Some(Ok(Some(chunk))) => chunk,
                Some(Ok(None)) => return Ok((packed, None)),
                Some(Err(error)) => return Ok((packed, Some(faults::fault(&error, url)))),
                // Some servers send the whole document and hold the connection.
                None => return Ok((packed, Some(Fault::Timeout(self.timeout)))),
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
        let label = headers.get(CONTENT_ENCODING).map_or("", |label| label.to_str().unwrap_or_default());
        let mut is_coding_broken = false;
        // A small body may decode to a large one; only then it is decoded twice.
        let small = if share.is_large() { self.max_body } else { EVERYDAY.min(self.max_body) };
        let mut decoded = coding::decode(label, Cow::Borrowed(&packed), small);
        if !share.is_large() && matches!(decoded, Err(DecodeError::TooLarge(_))) {
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
                is_coding_broken = fault.is_none();
                fault = fault.or_else(|| Some(Fault::Broken("the compressed body is truncated".to_owned())));
                bytes
            }
            Err(DecodeError::Mislabelled) => return fault.map_or(Ok(Read::Mislabelled), Err),
        };
        answer.bytes = bytes.len() as u64;
        let mut validators = headers::validators(headers);
        let whole = fault.is_none() || partial::is_whole(&bytes);
        let is_truncated = !whole && matches!(fault, Some(Fault::TooLarge { .. }));
        match fault {
            // The deadline is the server's fault; only a document that came whole before it is read.
            Some(fault @ Fault::Timeout(_)) if !whole => return Err(fault),
            Some(fault) if !whole && !partial::has_entry(&bytes) && !is_coding_broken => return Err(fault),
            // A missing part must be requested again, so the validators are dropped; a part beyond the limit is never requested.
            Some(fault) if !whole && !matches!(fault, Fault::TooLarge { .. }) => validators = Validators::default(),
            _ => {}
        }
        if !whole && is_coding_broken && !partial::has_entry(&bytes) {
            return Ok(Read::Mislabelled);
        }
        let body = Body::within(bytes, limit)?;
        let body = if is_truncated { body.truncated() } else { body };
        let document = Fetched::Document { body, content_type: headers::content_type(headers), validators };
        Ok(if whole || !is_coding_broken { Read::Whole(document) } else { Read::Part(document) })
    }
}

/// The result of reading a body.
enum Read {
    /// The document, complete or as much of it as can be had.
    Whole(Fetched),
    /// The beginning of the document. An uncompressed response may contain more.
    Part(Fetched),
    /// The body does not match its `Content-Encoding`.
    Mislabelled,
}

/// Returns the feeds that the headers of a response announce.
fn announced(url: &FeedUrl, headers: &HeaderMap) -> Vec<FeedUrl> {
    let absolute = |target: String| FeedUrl::new(url.url().join(&target).ok()?).ok();
    headers::announced(headers).into_iter().filter_map(absolute).collect()
}

/// Returns the target of the first `Link` with this relation.
pub(super) fn link(url: &FeedUrl, headers: &HeaderMap, relation: &str) -> Option<FeedUrl> {
    FeedUrl::new(url.url().join(&headers::link(headers, relation)?).ok()?).ok()
}
