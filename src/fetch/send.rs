//! Single requests that are not polls: pings, verifications, deliveries, webhooks. Redirects are not followed, an outlet's
//! credentials and headers are not sent, and the response is read up to a limit.

use super::{Fetcher, faults, faults::clip};
use crate::model::{Fault, FeedUrl};
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    Method, Request, Response,
    header::{ACCEPT, HeaderMap, HeaderName, HeaderValue},
};
use std::time::Duration;

/// A request to send.
#[derive(Debug, Clone)]
pub struct OutgoingRequest {
    /// The address. Its host must be one that polls may contact.
    pub url: FeedUrl,
    /// The headers: names in lower case, and values. A header with an invalid value is left out.
    pub headers: Vec<(&'static str, String)>,
    /// The body of a POST request. `None`: the request is a GET.
    pub body: Option<Bytes>,
    /// Time limit for the whole request.
    pub timeout: Duration,
    /// Maximum number of bytes of the response body that are read.
    pub answer_max: usize,
}

/// The response to an [`OutgoingRequest`], whatever its status.
#[derive(Debug, Clone)]
pub struct OutgoingResponse {
    /// HTTP status.
    pub status: u16,
    /// `Location`, made absolute, if it is one that polls may contact.
    pub location: Option<FeedUrl>,
    /// Until when the server wants no further request (`Retry-After`), if it said so with an error status.
    pub retry_after: Option<Timestamp>,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

impl OutgoingResponse {
    /// Returns whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Fetcher {
    /// Sends a request once. Dropping the future ends it. `Retry-After` is counted from `now`.
    ///
    /// # Errors
    /// Fails if the address is not allowed, the connection fails, or the time limit passes.
    pub async fn send(&self, asked: &OutgoingRequest, now: Timestamp) -> Result<OutgoingResponse, Fault> {
        if !self.guard.admits(&asked.url) {
            return Err(Fault::Address(clip(asked.url.host())));
        }
        let sent = tokio::time::timeout(asked.timeout, async {
            let response = self.client.execute(request(asked)).await.map_err(|e| faults::fault(&e, &asked.url))?;
            let (status, location) = (response.status().as_u16(), target(&asked.url, response.headers()));
            let retry_after = (status >= 400).then(|| super::headers::retry_after(response.headers(), now)).flatten();
            Ok(OutgoingResponse { status, location, retry_after, body: beginning(response, asked.answer_max).await })
        });
        sent.await.unwrap_or(Err(Fault::Timeout(asked.timeout)))
    }
}

fn request(asked: &OutgoingRequest) -> Request {
    let method = if asked.body.is_some() { Method::POST } else { Method::GET };
    let mut request = Request::new(method, asked.url.url().clone());
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    for (name, value) in &asked.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    *request.body_mut() = asked.body.clone().map(Into::into);
    request
}

fn target(from: &FeedUrl, headers: &HeaderMap) -> Option<FeedUrl> {
    FeedUrl::new(from.url().join(&super::headers::location(headers)?).ok()?).ok()
}

/// Reads at most this many bytes of the body. Ignores read errors, because the status has already been received.
async fn beginning(mut response: Response, most: usize) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < most
        && let Ok(Some(chunk)) = response.chunk().await
    {
        read.extend_from_slice(&chunk[..chunk.len().min(most - read.len())]);
    }
    read
}
