//! Subscription requests that subscribers send to the hub (WebSub 5.1).

use crate::model::{FeedUrl, Secret};
use std::time::Duration;
use url::{Url, form_urlencoded};

/// Maximum length of an address in a request, in bytes.
const ADDRESS_MAX: usize = 2_048;
/// A secret must be shorter than this, in bytes (WebSub 5.1).
const SECRET_MAX: usize = 200;

/// The mode of a subscription request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubMode {
    /// Subscribe: deliver every change of the topic.
    Subscribe,
    /// End the subscription.
    Unsubscribe,
}

impl HubMode {
    /// Returns the value of `hub.mode`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
        }
    }
}

/// A subscription request. Parameters that WebSub does not define are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRequest {
    /// `hub.mode`.
    pub mode: HubMode,
    /// `hub.topic`.
    pub topic: Url,
    /// `hub.callback`.
    pub callback: FeedUrl,
    /// `hub.lease_seconds`.
    pub lease: Option<Duration>,
    /// `hub.secret`.
    pub secret: Option<Secret>,
}

/// The reason why a request is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A parameter is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A parameter has an invalid value.
    #[error("{0}: {1}")]
    Wrong(&'static str, String),
}

impl SubscriptionRequest {
    /// Parses a form (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    /// Fails if a parameter is missing or has an invalid value.
    pub fn parse(form: &[u8]) -> Result<Self, FormError> {
        let pairs: Vec<_> = form_urlencoded::parse(form).collect();
        let value = |name: &'static str| {
            let found = pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref());
            found.filter(|value| !value.is_empty())
        };
        let needed = |name| value(name).ok_or(FormError::Missing(name));
        let mode = match needed("hub.mode")? {
            "subscribe" => HubMode::Subscribe,
            "unsubscribe" => HubMode::Unsubscribe,
            _ => return Err(FormError::Wrong("hub.mode", "allowed: subscribe, unsubscribe".to_owned())),
        };
        let topic = address("hub.topic", needed("hub.topic")?)?;
        let callback = address("hub.callback", needed("hub.callback")?)?;
        let callback = FeedUrl::new(callback).map_err(|why| FormError::Wrong("hub.callback", why.to_string()))?;
        let lease = value("hub.lease_seconds").map(|text| {
            let wrong = || FormError::Wrong("hub.lease_seconds", "allowed: a positive number of seconds".to_owned());
            text.parse().ok().filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(wrong)
        });
        let secret = value("hub.secret").filter(|_| mode == HubMode::Subscribe);
        if secret.is_some_and(|secret| secret.len() >= SECRET_MAX) {
            return Err(FormError::Wrong("hub.secret", format!("allowed: fewer than {SECRET_MAX} bytes")));
        }
        let secret = secret.map(|secret| Secret::new(secret.to_owned()));
        Ok(Self { mode, topic, callback, lease: lease.transpose()?, secret })
    }
}

fn address(name: &'static str, text: &str) -> Result<Url, FormError> {
    if text.len() > ADDRESS_MAX {
        return Err(FormError::Wrong(name, format!("allowed: at most {ADDRESS_MAX} bytes")));
    }
    Url::parse(text).map_err(|why| FormError::Wrong(name, format!("not an absolute address ({why})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2Ffeed.atom&hub.callback=https://b.example/c?x=1";

    #[test]
    fn a_request_is_read_and_unknown_parameters_are_ignored() {
        let read = SubscriptionRequest::parse(
            format!("{GOOD}&hub.lease_seconds=60&hub.secret=s%20t&x=y&hub.verify=async").as_bytes(),
        );
        let read = read.unwrap();
        assert_eq!((read.mode, read.topic.as_str()), (HubMode::Subscribe, "https://a.example/feed.atom"));
        assert_eq!((read.callback.as_str(), read.lease), ("https://b.example/c?x=1", Some(Duration::from_mins(1))));
        assert_eq!(read.secret.unwrap().reveal(), "s t");
        let bare = SubscriptionRequest::parse(GOOD.as_bytes()).unwrap();
        assert_eq!((bare.lease, bare.secret), (None, None));
    }

    #[test]
    fn every_fault_is_named() {
        let long = "s".repeat(SECRET_MAX);
        for (form, words) in [
            ("", "hub.mode is missing"),
            ("hub.mode=publish&hub.url=https://a.example/", "hub.mode: allowed: subscribe"),
            ("hub.mode=subscribe", "hub.topic is missing"),
            ("hub.mode=subscribe&hub.topic=/feed.atom", "hub.topic: not an absolute address"),
            ("hub.mode=subscribe&hub.topic=https://a.example/", "hub.callback is missing"),
            (
                "hub.mode=subscribe&hub.topic=https://a.example/&hub.callback=ftp://b.example/",
                "hub.callback: the scheme",
            ),
            (
                "hub.mode=subscribe&hub.topic=https://a.example/&hub.callback=https://u:p@b.example/",
                "hub.callback: user name",
            ),
            (&format!("{GOOD}&hub.lease_seconds=0"), "hub.lease_seconds: allowed"),
            (&format!("{GOOD}&hub.lease_seconds=-1"), "hub.lease_seconds: allowed"),
            (&format!("{GOOD}&hub.secret={long}"), "hub.secret: allowed: fewer than 200 bytes"),
            (&format!("{GOOD}{}", "c".repeat(ADDRESS_MAX)), "hub.callback: allowed: at most 2048"),
        ] {
            let why = SubscriptionRequest::parse(form.as_bytes()).unwrap_err().to_string();
            assert!(why.starts_with(words), "{form}: {why}");
        }
    }
}
