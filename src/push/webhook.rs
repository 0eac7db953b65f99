//! The body and the headers of a webhook request: a story as JSON, signed according to Standard Webhooks (standardwebhooks.com,
//! version 1). Pure.

use super::retry::Pauses;
use crate::{
    model::{Secret, StoryView, push::Webhook},
    publish::plain_text,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use ring::hmac;
use serde::Serialize;
use std::time::Duration;
use url::Url;

/// Pauses after a failed request. Later stories wait, because stories are sent in order.
pub(super) const PAUSES: Pauses = Pauses { first: Duration::from_secs(5), longest: Duration::from_hours(1) };
/// Maximum length of the summary, in characters.
const SUMMARY_MAX: usize = 500;

#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    channel: Named<'a>,
    /// The story's number; `page` is the address of its page.
    story: i64,
    page: String,
    title: &'a str,
    link: &'a str,
    outlet: Named<'a>,
    language: Option<&'a str>,
    authors: Vec<&'a str>,
    published: String,
    summary: Option<String>,
    image: Option<&'a str>,
    categories: Vec<&'a str>,
    /// Number of outlets that carry the story.
    outlets: usize,
    also: Vec<Also<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    slug: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Also<'a> {
    outlet: &'a str,
    title: &'a str,
    link: &'a str,
}

/// Returns the JSON of a story.
#[must_use]
pub fn message(hook: &Webhook, story: &StoryView, public_url: &Url) -> String {
    let lead = &story.lead;
    let text = lead.summary.as_ref().or(lead.content.as_ref());
    let summary = text.map(|html| plain_text(html.as_str(), SUMMARY_MAX)).filter(|text| !text.trim().is_empty());
    let also = story.also.iter();
    let message = Message {
        kind: "story.published",
        timestamp: format!("{:.0}", story.order_at),
        data: Data {
            channel: Named { slug: hook.channel.as_str(), name: &hook.title },
            story: story.id.0,
            page: format!("{public_url}stories/{}", story.id.0),
            title: lead.title.as_str(),
            link: &lead.link,
            outlet: Named { slug: &lead.outlet, name: &lead.outlet_name },
            language: lead.language.as_deref(),
            authors: lead.authors.iter().map(|author| author.name.as_str()).filter(|name| !name.is_empty()).collect(),
            published: format!("{:.0}", lead.published),
            summary,
            image: lead.image.as_deref(),
            categories: lead.categories.iter().map(|category| category.term.as_str()).collect(),
            outlets: story.also.len() + 1,
            also: also.map(|c| Also { outlet: &c.outlet_name, title: c.title.as_str(), link: &c.link }).collect(),
        },
    };
    // Serialising strings and numbers cannot fail.
    serde_json::to_string(&message).unwrap_or_default()
}

/// Returns the id of a message. Each attempt has the same id, so that receivers recognise repeated messages.
#[must_use]
pub fn message_id(webhook: i64, number: u64) -> String {
    format!("warraq_{webhook}_{number}")
}

/// Returns the headers of a message.
#[must_use]
pub fn headers(hook: &Webhook, id: &str, now: Timestamp, body: &str) -> Vec<(&'static str, String)> {
    let at = now.as_second().to_string();
    let signed = format!("{id}.{at}.{body}");
    let sign = |secret: &Secret| {
        // The configuration accepts no other secret.
        let key = secret.reveal().strip_prefix("whsec_").and_then(|key| BASE64_STANDARD.decode(key).ok());
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key.unwrap_or_default());
        format!("v1,{}", BASE64_STANDARD.encode(hmac::sign(&key, signed.as_bytes())))
    };
    // Several signatures are separated by spaces (Standard Webhooks, "Signature scheme").
    let signatures: Vec<String> = hook.secrets.iter().map(sign).collect();
    vec![
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at),
        ("webhook-signature", signatures.join(" ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FeedUrl, Slug};

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // The example of the reference libraries.
        let hook = Webhook {
            channel: Slug::parse("all").unwrap(),
            title: "All".to_owned(),
            url: FeedUrl::parse("https://a.example/").unwrap(),
            secrets: vec![Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())],
            outlets: 1,
        };
        let now = Timestamp::from_second(1_614_265_330).unwrap();
        let headers = headers(&hook, "msg_p5jXN8AQM9LWM0D4loKWxJek", now, "{\"test\": 2432232314}");
        assert_eq!(headers[3], ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()));
        assert_eq!(headers[2].1, "1614265330");
    }
}
