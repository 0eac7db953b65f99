//! `warraq explain`: why the next poll is scheduled when it is, why an entry was new, revised or already known, and why entries
//! belong to a story. Everything shown was stored at the time of the decision; nothing is computed again.

mod text;

use super::{
    CliError,
    feeds::{self, HeldHosts},
    out::say,
};
use crate::{
    clock::Clock,
    config::Config,
    model::{EntryId, LargerThanMaxBody, StoryId, address},
    schedule::Why,
    store::{FeedHealth, FeedSnapshot, Reader},
};
use anyhow::anyhow;
use clap::Subcommand;
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::HashSet, str::FromStr};
use text::{entry, feed, left_out, story};

/// What is to be explained.
#[derive(Debug, Subcommand)]
pub(super) enum Subject {
    /// Show why the next poll of a feed is scheduled when it is.
    Feed {
        /// Slug of an outlet, for all its feeds, or a configured feed address.
        #[arg(value_name = "FEED")]
        name: String,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show why an entry was new, revised or already known.
    Entry {
        /// Number of the entry (`entry_id` in the database's views), or the address of its article, also of one that a rule
        /// leaves out.
        #[arg(value_name = "ENTRY")]
        entry: EntryName,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Show why entries belong to a story.
    Story {
        /// Number of the story, as in `/stories/N`.
        #[arg(value_parser = number, value_name = "N")]
        id: i64,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// An entry, as the command line names it.
#[derive(Debug, Clone)]
pub(super) enum EntryName {
    Number(EntryId),
    Address(String),
}

/// Parses the number of a story.
fn number(text: &str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| "use a number (story_id), as in the address /stories/N")
}

impl FromStr for EntryName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if address::is_absolute(text) {
            return Ok(Self::Address(text.to_owned()));
        }
        let number = text.parse().map(|id| Self::Number(EntryId(id)));
        number.map_err(|_| "use a number (entry_id) or the http:// or https:// address of an article")
    }
}

pub(super) async fn explain(config: &Config, subject: &Subject) -> Result<(), CliError> {
    let reader = Reader::open(config.database.place()).await?;
    let told = tell(config, &reader, subject).await;
    reader.close().await;
    say(told?.trim_end())
}

async fn tell(config: &Config, reader: &Reader, subject: &Subject) -> Result<String, CliError> {
    let none = |what: &str, id: i64| anyhow!("there is no {what} {id}; it may have been deleted by retention");
    match subject {
        Subject::Feed { name, json } => {
            let feeds = reader.explain_feed(name).await?;
            if feeds.is_empty() {
                return Err(without_feed(config, name));
            }
            if *json {
                return as_json(&feeds);
            }
            let waits = Waits::read(config, reader).await?;
            Ok(feeds.iter().map(|told| feed(told, &waits)).collect::<Vec<_>>().join("\n"))
        }
        Subject::Entry { entry: EntryName::Number(id), json } => {
            let told = reader.explain_entry(*id).await?.ok_or_else(|| none("entry", id.0))?;
            if *json { as_json(&told) } else { Ok(entry(&told)) }
        }
        Subject::Entry { entry: EntryName::Address(address), json } => at_address(reader, address, *json).await,
        Subject::Story { id, json } => {
            let told = reader.explain_story(StoryId(*id)).await?.ok_or_else(|| none("story", *id))?;
            if *json { as_json(&told) } else { Ok(story(&told)) }
        }
    }
}

/// Returns why the database has no feed of this name.
fn without_feed(config: &Config, name: &str) -> CliError {
    if config.outlets.iter().any(|outlet| outlet.is_called(name)) {
        return CliError::with_hint(
            anyhow!("\"{name}\" has not been polled yet"),
            format!("`warraq poll {name}` polls it"),
        );
    }
    CliError::unknown(name, &config.outlets)
}

/// Tells about the entries at an address, those that a rule leaves out included. JSON is of the newest.
async fn at_address(reader: &Reader, address: &str, json: bool) -> Result<String, CliError> {
    let mut told = Vec::new();
    for id in reader.entries_at(address).await? {
        told.extend(reader.explain_entry(id).await?);
    }
    let dropped = reader.dropped_at(address).await?;
    match (told.first(), dropped.first()) {
        (None, None) => {
            Err(CliError::from(anyhow!("there is no entry at {address}; it may have been deleted by retention")))
        }
        (Some(first), _) if json => as_json(first),
        (None, Some(first)) if json => as_json(first),
        _ => Ok(told.iter().map(entry).chain(dropped.iter().map(left_out)).collect::<Vec<_>>().join("\n")),
    }
}

/// What keeps feeds from being polled although they are due.
struct Waits<'a> {
    disabled: HashSet<&'a str>,
    config: &'a Config,
    health: Vec<FeedHealth>,
    held: HeldHosts,
}

impl<'a> Waits<'a> {
    async fn read(config: &'a Config, reader: &Reader) -> Result<Self, CliError> {
        let health = reader.feed_health().await?;
        let held = HeldHosts::of(&health, Clock::System.now());
        Ok(Self { disabled: feeds::disabled(config), config, health, held })
    }

    /// Returns the limit that the last document of a feed exceeded.
    fn truncation(&self, feed: &FeedSnapshot) -> Option<LargerThanMaxBody> {
        feeds::truncation(self.config, self.health.iter().find(|health| health.url == feed.url)?)
    }

    /// Says when and why the next poll of a feed is.
    fn next_poll(&self, feed: &FeedSnapshot) -> String {
        if self.disabled.contains(feed.outlet.as_str()) {
            return "disabled in the configuration: not polled (warraq enable)".to_owned();
        }
        let health = self.health.iter().find(|health| health.url == feed.url);
        health.and_then(|health| self.held.wait(health)).map_or_else(
            || format!("{}; next poll at {}: {}", feed.state, feed.next_poll_at, why(&feed.why)),
            |wait| format!("{}; {wait}", feed.state),
        )
    }
}

/// Formats as JSON. Columns that hold JSON become values, and each reason is added in words.
fn as_json(told: &impl Serialize) -> Result<String, CliError> {
    let mut told = serde_json::to_value(told)?;
    unpack(&mut told);
    Ok(serde_json::to_string_pretty(&told)?)
}

fn unpack(told: &mut Value) {
    match told {
        Value::Array(all) => all.iter_mut().for_each(unpack),
        Value::Object(members) => {
            members.values_mut().for_each(unpack);
            for name in ["why", "hints"] {
                let Some(Value::String(text)) = members.get(name) else { continue };
                let value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
                if name == "why" {
                    members.insert("why_words".to_owned(), json!(why(text)));
                }
                members.insert(name.to_owned(), value);
            }
        }
        _ => {}
    }
}

fn why(json: &str) -> String {
    Why::from_json(json).map_or_else(String::new, |why| why.to_string())
}
