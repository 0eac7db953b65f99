//! Webhooks, hubs and subscribers whose last request failed.

use crate::store::{Reader, StoreError};
use jiff::Timestamp;
use serde::Serialize;

/// What requests are sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PushPeer {
    /// The receiver of a channel's webhook.
    Webhook,
    /// A hub at which a feed is subscribed to.
    Hub,
    /// A subscriber of this server's hub.
    Subscriber,
}

/// A peer whose last request failed. Of addresses only the host is shown, because they often contain a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FailingPush {
    pub(super) peer: PushPeer,
    pub(super) host: String,
    /// The webhook's channel, the host of the feed that the hub delivers, or the path of the edition that the subscriber gets.
    pub(super) of: String,
    /// Consecutive requests that failed.
    pub(super) failures: u32,
    /// Stories that wait for a webhook.
    pub(super) waiting: Option<u64>,
    pub(super) next_try_at: Option<Timestamp>,
    pub(super) last_error: Option<String>,
}

/// Returns the peers whose last request failed, those with most failures first.
pub(super) async fn failing(reader: &Reader) -> Result<Vec<FailingPush>, StoreError> {
    let mut failing: Vec<FailingPush> = Vec::new();
    for hook in reader.webhooks().await? {
        let waiting = Some(hook.waiting());
        failing.push(FailingPush {
            peer: PushPeer::Webhook,
            host: hook.host,
            of: hook.channel,
            failures: hook.failures,
            waiting,
            next_try_at: hook.next_try_at,
            last_error: hook.last_error,
        });
    }
    for lease in reader.hub_leases().await? {
        failing.push(FailingPush {
            peer: PushPeer::Hub,
            host: lease.hub.host().to_owned(),
            of: lease.topic.host().to_owned(),
            failures: lease.failures,
            waiting: None,
            next_try_at: Some(lease.next_try_at),
            last_error: lease.last_error,
        });
    }
    for subscriber in reader.hub_subscribers().await? {
        failing.push(FailingPush {
            peer: PushPeer::Subscriber,
            host: subscriber.callback.host().to_owned(),
            of: subscriber.topic,
            failures: subscriber.failures,
            waiting: None,
            next_try_at: subscriber.next_try_at,
            last_error: subscriber.last_error,
        });
    }
    failing.retain(|peer| peer.failures > 0);
    failing.sort_by(|a, b| b.failures.cmp(&a.failures).then_with(|| a.host.cmp(&b.host)));
    Ok(failing)
}
