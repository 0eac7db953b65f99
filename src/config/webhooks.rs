//! `[[channel.webhook]]`: receivers of a channel's new stories.

use super::{LIST_MAX, MIN_OUTLETS_MAX, raw::Section, requests::SecretFiles, values::quoted};
use crate::model::{FeedUrl, Secret, Slug, push::Webhook};
use base64::{Engine as _, prelude::BASE64_STANDARD};

const KEYS: [&str; 3] = ["url", "secret_file", "when"];
/// Longest file with a secret, in bytes.
const FILE_MAX: u64 = 1_000;
/// Most secrets of a webhook: the old and the new one, and some more.
const SECRETS_MAX: usize = 8;
/// Lengths of a secret, in bytes (Standard Webhooks, "Signature scheme").
const SECRET: std::ops::RangeInclusive<usize> = 24..=64;

/// Reads the webhooks of a channel.
pub(super) fn read(section: &Section<'_, '_>, channel: &Slug, title: &str, files: SecretFiles<'_>) -> Vec<Webhook> {
    let text = |_: &str| Err("holds a string; allowed: tables, [[channel.webhook]]".to_owned());
    let table = |section: &Section<'_, '_>| {
        // A webhook's address is often a secret itself, so no message repeats it.
        let url = section
            .required("url", |text| FeedUrl::parse(text).map_err(|why| format!("is not a valid address: {why}")));
        let secrets = section.required("secret_file", |text| secrets(&files.read(text, FILE_MAX)?));
        let outlets = section.text("when", when).unwrap_or(1);
        Some(Webhook { channel: channel.clone(), title: title.to_owned(), url: url?, secrets: secrets?, outlets })
    };
    let given = section.mixed("webhook", &KEYS, text, table).unwrap_or_default();
    let mut hooks: Vec<Webhook> = Vec::new();
    for located in given.into_iter().flatten() {
        let hook = located.value;
        if hooks.iter().any(|other| (&other.url, other.outlets) == (&hook.url, hook.outlets)) {
            section.fault_at(located.place, "webhook", "has the same receiver twice");
        } else if hooks.len() == LIST_MAX {
            section.fault_at(located.place, "webhook", format!("there are more than {LIST_MAX}"));
            break;
        } else {
            hooks.push(hook);
        }
    }
    hooks
}

/// Reads `story`, or `outlets >= N`.
fn when(text: &str) -> Result<u32, String> {
    if text == "story" {
        return Ok(1);
    }
    let number = text.strip_prefix("outlets").and_then(|rest| rest.trim_start().strip_prefix(">="));
    let number = number.and_then(|number| number.trim().parse().ok());
    number.filter(|number| (1..=MIN_OUTLETS_MAX).contains(number)).ok_or_else(|| {
        let allowed = format!("allowed: \"story\", or \"outlets >= N\" with N from 1 to {MIN_OUTLETS_MAX}");
        format!("{} is not a condition; {allowed}", quoted(text))
    })
}

/// Reads the secrets, one a line.
fn secrets(bytes: &[u8]) -> Result<Vec<Secret>, String> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.len() > SECRETS_MAX {
        return Err(format!("has {} secrets; allowed: {SECRETS_MAX}, one on each line", lines.len()));
    }
    if lines.is_empty() {
        return secret("").map(|only| vec![only]);
    }
    lines.into_iter().map(secret).collect()
}

/// Reads a secret: `whsec_` and 24 to 64 bytes in base64.
fn secret(text: &str) -> Result<Secret, String> {
    let key = text.strip_prefix("whsec_").and_then(|key| BASE64_STANDARD.decode(key).ok());
    match key {
        Some(key) if SECRET.contains(&key.len()) => Ok(Secret::new(text.to_owned())),
        _ => Err("holds no secret; allowed: whsec_ and 24 to 64 bytes in base64 on each line, as this prints: \
                  echo whsec_$(head -c 32 /dev/urandom | base64)"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_and_secrets_are_read_or_refused() {
        for (text, outlets) in [("story", Some(1)), ("outlets >= 3", Some(3)), ("outlets>=2", Some(2))] {
            assert_eq!(when(text).ok(), outlets);
        }
        for text in ["", "outlets > 3", "outlets >= 0", "outlets >= 65", "outlets >= x", "Story"] {
            assert!(when(text).unwrap_err().contains("allowed"), "{text}");
        }
        let good = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let read = |text: &str| {
            secrets(text.as_bytes()).map(|all| all.iter().map(|s| s.reveal().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(read(&format!(" {good}\n")), Ok(vec![good.to_owned()]));
        let newer = good.replace('M', "N");
        assert_eq!(read(&format!("{newer}\r\n\n{good}")), Ok(vec![newer, good.to_owned()]));
        assert!(read(&format!("{good}\nwhsec_AAAA")).unwrap_err().contains("allowed: whsec_"));
        assert!(read(&format!("{good}\n").repeat(9)).unwrap_err().contains("has 9 secrets; allowed: 8"));
        for text in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_AAAA", "whsec_é", "whsec_M K"] {
            let why = secrets(text.as_bytes()).unwrap_err();
            assert!(why.contains("allowed: whsec_") && (text.is_empty() || !why.contains(&format!("{text}\""))));
        }
    }

    #[test]
    fn webhooks_belong_to_their_channels_and_no_fault_repeats_an_address() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("s");
        std::fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let parse = |hooks: &str| {
            let text = format!(
                "[websub]\nhub = \"none\"\n[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"http://a.example/feed\"]\n\
                 [[channel]]\nslug = \"news\"\ntitle = \"News\"\n{hooks}"
            );
            let file = folder.path().join("config.toml");
            crate::config::Config::parse(&text, &file, &std::collections::BTreeMap::new())
        };
        let hook = |url: &str| format!("[[channel.webhook]]\nurl = \"{url}\"\nsecret_file = \"s\"\n");
        let read =
            parse(&format!("{}{}when = \"outlets >= 3\"\n", hook("https://h.example/x"), hook("https://h.example/x")));
        let read = read.unwrap();
        let told: Vec<_> = read.webhooks.iter().map(|h| (h.channel.as_str(), &*h.title, h.outlets)).collect();
        assert_eq!(told, [("news", "News", 1), ("news", "News", 3)]);
        assert_eq!(read.websub.hub, crate::model::push::HubChoice::Nobody);
        for (hooks, words) in [
            (hook("ftp://h.example/c4nary"), "channel.news.webhook.url: is not a valid address"),
            (hook("https://u:c4nary@h.example/"), "channel.news.webhook.url: is not a valid address"),
            (hook("https://h.example/c4nary").repeat(2), "channel.news.webhook: has the same receiver twice"),
            (
                "[[channel.webhook]]\nurl = \"https://h.example/c4nary\"\n".to_owned(),
                "channel.news.webhook.secret_file: is missing",
            ),
            (hook("https://h.example/c4nary").replace("\"s\"", "\"none\""), "channel.news.webhook.secret_file: "),
            (hook("https://h.example/c4nary") + "x = 1\n", "channel.news.webhook.x: unknown key"),
            ("webhook = [\"https://h.example/c4nary\"]\n".to_owned(), "channel.news.webhook: holds a string"),
        ] {
            let faults = parse(&hooks).unwrap_err().to_string();
            assert!(faults.contains(words) && !faults.contains("c4nary"), "{faults}");
        }
    }
}
