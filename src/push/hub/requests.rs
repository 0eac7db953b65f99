//! The requests that the hub sends: verifications, deliveries, and notifications of another hub.

use super::{ANSWER_MAX, ASKING, DELIVERING, Ended, HubSettings, link_header};
use crate::{
    fetch::{Fetcher, OutgoingRequest, OutgoingResponse},
    model::{Fault, FeedUrl, push::HubPing},
    push::{
        hub_state::{Delivery, Verification},
        random::token,
        retry::FailedRequest,
        signature::sign,
        topics::Topics,
    },
};
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;
use url::{Url, form_urlencoded};

/// Asks a callback to confirm a request (WebSub 5.3). Only a 2xx response with the challenge confirms it; a redirect does not.
pub(super) async fn verify(fetcher: Fetcher, verification: Verification, now: Timestamp) -> Ended {
    let is_meant = match token() {
        Ok(challenge) => {
            let asked = OutgoingRequest {
                url: verification_address(&verification, &challenge),
                headers: Vec::new(),
                body: None,
                timeout: ASKING,
                answer_max: ANSWER_MAX,
            };
            let answer = fetcher.send(&asked, now).await;
            answer.is_ok_and(|answer| answer.is_success() && answer.body == challenge.as_bytes())
        }
        Err(error) => {
            tracing::error!(%error, "cannot verify a subscription");
            false
        }
    };
    let (host, mode) = (verification.request.callback.host(), verification.request.mode.as_str());
    tracing::debug!(
        host,
        mode,
        topic = verification.path,
        is_meant,
        "verified a subscription request with its callback"
    );
    Ended::Verified(verification, is_meant)
}

/// Returns the callback's address with the parameters of the verification added to its query.
fn verification_address(verification: &Verification, challenge: &str) -> FeedUrl {
    let Verification { request, lease, .. } = verification;
    let mut url = request.callback.url().clone();
    let mut pairs = url.query_pairs_mut();
    pairs.append_pair("hub.mode", request.mode.as_str()).append_pair("hub.topic", request.topic.as_str());
    pairs.append_pair("hub.challenge", challenge).append_pair("hub.lease_seconds", &lease.as_secs().to_string());
    drop(pairs);
    // Cannot fail: a query does not make an address invalid.
    FeedUrl::new(url).unwrap_or_else(|_| request.callback.clone())
}

/// Delivers an edition (WebSub 7).
pub(super) async fn deliver(
    fetcher: Fetcher,
    settings: HubSettings,
    topics: Arc<Topics>,
    delivery: Delivery,
    now: Timestamp,
) -> Ended {
    let Some(edition) = topics.get(&delivery.path) else {
        return Ended::Delivered(delivery, Err(FailedRequest::new("the feed is no longer published")), false);
    };
    let bytes = topics.plain(&edition);
    let mut headers = vec![("content-type", edition.media_type.to_owned())];
    headers.extend(links(&settings, &delivery.path).map(|links| ("link", links)));
    if let Some(secret) = &delivery.secret {
        headers.push(("x-hub-signature", sign(secret.reveal(), &bytes)));
    }
    let asked = OutgoingRequest {
        url: delivery.callback.clone(),
        headers,
        body: Some(bytes),
        timeout: DELIVERING,
        answer_max: 0,
    };
    let (result, is_gone) = outcome(fetcher.send(&asked, now).await);
    let (host, topic) = (delivery.callback.host(), &delivery.path);
    match &result {
        Ok(()) => tracing::debug!(host, topic, "delivered to a subscriber of the hub"),
        Err(failed) => tracing::info!(host, topic, error = failed.why, "cannot deliver to a subscriber of the hub"),
    }
    Ended::Delivered(delivery, result.map(|()| edition.etag().to_owned()), is_gone)
}

/// Returns the value of `Link` that names the hub and the topic (WebSub 4).
fn links(settings: &HubSettings, path: &str) -> Option<String> {
    let topic = settings.base.join(&path[1..]).ok()?;
    Some(link_header(&settings.address()?, &topic))
}

/// Notifies another hub of a change.
pub(super) async fn ping(fetcher: Fetcher, hub: FeedUrl, base: Url, row: HubPing, now: Timestamp) -> Ended {
    let Ok(topic) = base.join(&row.topic[1..]) else { return Ended::Pinged(row, Ok(())) };
    // WebSub does not define this request; existing hubs read hub.url (PubSubHubbub 0.4, 7.1) or hub.topic.
    let pairs = [("hub.mode", "publish"), ("hub.url", topic.as_str()), ("hub.topic", topic.as_str())];
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let asked = OutgoingRequest {
        url: hub,
        headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
        body: Some(Bytes::from(form)),
        timeout: ASKING,
        answer_max: 0,
    };
    let (result, _) = outcome(fetcher.send(&asked, now).await);
    if let Err(failed) = &result {
        tracing::warn!(
            hub = asked.url.host(),
            topic = row.topic,
            error = failed.why,
            "cannot notify the hub of a change; trying again later"
        );
    }
    Ended::Pinged(row, result)
}

/// Returns whether a request succeeded, or the reason why not, and whether the status is 410.
fn outcome(answer: Result<OutgoingResponse, Fault>) -> (Result<(), FailedRequest>, bool) {
    match answer {
        Ok(answer) if answer.is_success() => (Ok(()), false),
        Ok(answer) => (Err(FailedRequest::status(answer.status, answer.retry_after)), answer.status == 410),
        Err(fault) => (Err(fault.into()), false),
    }
}
