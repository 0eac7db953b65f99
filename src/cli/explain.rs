//! `warraq explain`: why the next poll is scheduled when it is, why an entry was new, revised or already known, and why entries
//! belong to a story. Everything shown was stored at the time of the decision; nothing is computed again.

use super::{
    CliError,
    feeds::{self, HeldHosts},
    out::{counted, say},
};
use crate::{
    clock::Clock,
    config::Config,
    model::{EntryId, LargerThanMaxBody, StoryId},
    schedule::{CONFIRMING_SPAN, CONFIRMING_VISITS, Why},
    store::{
        DroppedCount, DroppedExplanation, EntryExplanation, EntrySnapshot, FeedExplanation, FeedHealth, FeedSnapshot,
        PastPoll, Reader, StoryExplanation,
    },
};
use anyhow::anyhow;
use clap::Subcommand;
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::HashSet, fmt::Write as _, str::FromStr};

/// Writes a line. Writing to a String cannot fail.
macro_rules! line {
    ($out:expr, $($what:tt)*) => {{ let _ = writeln!($out, $($what)*); }};
}

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
        #[arg(value_parser = number)]
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
        if text.starts_with("http://") || text.starts_with("https://") {
            return Ok(Self::Address(text.to_owned()));
        }
        let number = text.parse().map(|id| Self::Number(EntryId(id)));
        number.map_err(|_| "use a number (entry_id) or the http:// or https:// address of an article")
    }
}

pub(super) async fn explain(config: &Config, subject: &Subject) -> Result<(), CliError> {
    let reader = Reader::open(&config.database.path).await?;
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
                return Err(CliError::Usage(format!(
                    "not polled: {name}; use the slug of a configured outlet or a configured address"
                )));
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

/// Tells why a rule leaves an entry out.
fn left_out(told: &DroppedExplanation) -> String {
    let DroppedExplanation { outlet, feed, title, link, seen_at, rule } = told;
    let mut out = format!("dropped entry of {outlet}: {title}\n");
    if let Some(link) = link {
        line!(out, "  {link}");
    }
    line!(out, "  seen at {seen_at} in {feed}, and left out by a rule: {rule}");
    line!(out, "  in no story; comes back at its stated date when the outlet's rules take it");
    out
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

fn feed(told: &FeedExplanation, waits: &Waits<'_>) -> String {
    let FeedSnapshot { outlet, url, ask_url, failures, last_error, .. } = &told.feed;
    let mut out = format!("{outlet}  {url}\n");
    line!(out, "  {}", waits.next_poll(&told.feed));
    if ask_url != url {
        line!(out, "  asked at {ask_url}");
    }
    if let Some(to) = &told.feed.moving_to {
        line!(
            out,
            "  redirected permanently to {to}, confirmed by {}; adopted after {CONFIRMING_VISITS} within at least {}",
            counted(told.feed.moving_visits, "poll", "polls"),
            humantime::format_duration(CONFIRMING_SPAN)
        );
    }
    if let Some(error) = last_error {
        line!(out, "  last error: {error} ({} in a row)", counted(*failures, "failure", "failures"));
    }
    if let Some(limit) = waits.truncation(&told.feed) {
        line!(out, "  its document is {limit}");
    }
    if told.feed.guids_void {
        line!(out, "  different articles share a guid: guid and link together identify its entries");
    }
    if told.feed.gaps > 0 {
        line!(
            out,
            "  {}: everything it listed was new, so entries may have been missed",
            counted(told.feed.gaps, "gap", "gaps")
        );
    }
    for DroppedCount { rule, entries } in &told.dropped {
        line!(out, "  {} left out by a rule: {rule}", counted(*entries, "entry", "entries"));
    }
    line!(out, "  latest polls:");
    for PastPoll { ended_at, outcome, error, new, revised, duplicate, dropped, next_poll_at, why: reason } in
        &told.polls
    {
        let error = error.as_ref().map(|e| format!(" ({e})")).unwrap_or_default();
        let left_out = if *dropped > 0 { format!(", {dropped} dropped") } else { String::new() };
        line!(out, "    {ended_at}  {outcome}{error}, {new} new, {revised} revised, {duplicate} duplicate{left_out}");
        line!(out, "      then next at {next_poll_at}: {}", why(reason));
    }
    out
}

fn entry(told: &EntryExplanation) -> String {
    let EntrySnapshot { entry_id, story_id, outlet, feed, key, title, .. } = &told.entry;
    let EntrySnapshot { published, believed, first_seen_at, order_at, .. } = &told.entry;
    let mut out = format!("entry {entry_id} of {outlet}: {title}\n");
    line!(out, "  new at {first_seen_at}: {feed} listed {key}, which was not known by id, link or text");
    if let (Some(first), Some(now)) = (&told.entry.first_link, &told.entry.link)
        && first != now
    {
        line!(out, "  first known at {first}, now at {now}");
    }
    let dated = match (published, believed) {
        (Some(stated), Some(believed)) if stated == believed => format!("dated by its outlet {stated}"),
        (Some(stated), Some(other)) => format!("dated by its outlet {stated}, which is implausible; using {other}"),
        (Some(stated), None) => format!("dated by its outlet {stated}, which is implausible and ignored"),
        (None, Some(updated)) => format!("its outlet only states when it was updated: {updated}"),
        (None, None) => "its outlet states no date".to_owned(),
    };
    line!(out, "  {dated}");
    let as_of = if order_at == first_seen_at {
        "when it was first seen"
    } else {
        "its own date, because it was old when first seen"
    };
    line!(out, "  position in channels: {order_at}, {as_of}");
    line!(out, "  in story {story_id} {}", joined(&told.entry));
    if let Some(text) = text_of_page(&told.entry) {
        line!(out, "  {text}");
    }
    for sighting in told.sightings.iter().skip(1) {
        let link = sighting.link.as_ref().map(|l| format!(" as {l}")).unwrap_or_default();
        let evidence = sighting.evidence.as_ref().map(|e| format!(": {e}")).unwrap_or_default();
        line!(out, "  a duplicate at {}: seen in {}{link}{evidence}", sighting.first_seen_at, sighting.feed);
    }
    for revision in &told.revisions {
        let shown = if revision.material { "material: published feeds say it was updated" } else { "not material" };
        line!(out, "  revised at {}: {} ({shown})", revision.seen_at, revision.what);
    }
    out
}

/// Returns where the text of an entry comes from, or why it is not from its page, if the page was asked for.
fn text_of_page(entry: &EntrySnapshot) -> Option<String> {
    let (page, at) = (entry.page.as_ref()?, entry.page_at.as_ref()?);
    let Some(missing) = &entry.page_missing else {
        return Some(format!("its text is the article of {page}, fetched at {at}"));
    };
    let detail = entry.page_detail.as_deref().unwrap_or_default();
    Some(format!("its text is the feed's; its page {page} brought none at {at}: {missing} ({detail})"))
}

/// Returns why an entry belongs to its story.
fn joined(entry: &EntrySnapshot) -> String {
    let measured: Vec<String> = [("lmin", entry.lmin), ("containment", entry.containment), ("start", entry.start)]
        .into_iter()
        .filter_map(|(name, share)| share.map(|share| format!("{name} {share:.2}")))
        .collect();
    let measured = if measured.is_empty() { String::new() } else { format!(" [{}]", measured.join(", ")) };
    format!("by rule {}: {}{measured}", entry.rule, entry.evidence)
}

fn story(told: &StoryExplanation) -> String {
    let mut out = format!("story {}, published as {}, since {}\n", told.story_id, told.iri, told.created_at);
    for member in &told.members {
        line!(out, "  entry {} of {}, {}: {}", member.entry_id, member.outlet, member.first_seen_at, member.title);
        line!(out, "    {}", joined(member));
    }
    for place in &told.places {
        let page = place.page.map(|n| format!(", on archive page {n}")).unwrap_or_default();
        line!(out, "  in channel {} at {}, shown as entry {}{page}", place.channel, place.order_at, place.entry_id);
    }
    out
}
