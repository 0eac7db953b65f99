//! Explanations as text for people.

use super::{Waits, why};
use crate::{
    cli::out::counted,
    schedule::{CONFIRMING_SPAN, CONFIRMING_VISITS},
    store::{
        DroppedCount, DroppedExplanation, EntryExplanation, EntrySnapshot, FeedExplanation, FeedSnapshot, PastPoll,
        StoryExplanation,
    },
};
use std::fmt::Write as _;

/// Writes a line. Writing to a String cannot fail.
macro_rules! line {
    ($out:expr, $($what:tt)*) => {{ let _ = writeln!($out, $($what)*); }};
}

pub(super) fn feed(told: &FeedExplanation, waits: &Waits<'_>) -> String {
    let FeedSnapshot { outlet, url, ask_url, failures, last_error, .. } = &told.feed;
    let mut out = format!("{outlet}  {url}\n");
    line!(out, "  {}", waits.next_poll(&told.feed));
    if ask_url != url {
        line!(out, "  asked at {ask_url}");
    }
    if let Some(to) = &told.feed.moving_to {
        line!(
            out,
            "  redirected to {to}, confirmed by {}; a permanent redirect is adopted after {CONFIRMING_VISITS} within at least {}",
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

pub(super) fn entry(told: &EntryExplanation) -> String {
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
        "its own date, because it was listed at the feed's first poll or was old when first seen"
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
    Some(format!(
        "its text is from the feed; the page {page}, requested at {at}, gave no article: {missing} ({detail})"
    ))
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

pub(super) fn story(told: &StoryExplanation) -> String {
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

/// Tells why a rule leaves an entry out.
pub(super) fn left_out(told: &DroppedExplanation) -> String {
    let DroppedExplanation { outlet, feed, title, link, seen_at, rule } = told;
    let mut out = format!("dropped entry of {outlet}: {title}\n");
    if let Some(link) = link {
        line!(out, "  {link}");
    }
    line!(out, "  seen at {seen_at} in {feed}, and left out by a rule: {rule}");
    line!(out, "  belongs to no story; comes back with its stated date when the outlet's rules accept it");
    out
}
