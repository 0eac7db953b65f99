//! `warraq feeds`.

use super::{
    CliError,
    out::{counted, say},
};
use crate::{
    config::Config,
    schedule::Why,
    store::{FeedHealth, Reader},
};
use serde_json::{Value, json};

pub(super) async fn feeds(config: &Config, as_json: bool) -> Result<(), CliError> {
    let reader = Reader::open(&config.database.path).await?;
    let feeds = reader.feed_health().await?;
    reader.close().await;
    if as_json {
        let rows: Vec<Value> = feeds.iter().map(row).collect();
        say(format_args!("{}", serde_json::to_string_pretty(&rows)?))?;
        return Ok(());
    }
    for feed in &feeds {
        say(lines(feed).trim_end())?;
    }
    let failing = feeds.iter().filter(|f| f.state == "failing").count();
    say(format_args!("{}, {failing} failing", counted(feeds.len(), "feed", "feeds")))?;
    Ok(())
}

/// JSON columns of the view as values, not as text.
fn row(feed: &FeedHealth) -> Value {
    let mut row = json!(feed);
    for (name, text) in [("repairs", &feed.repairs), ("why", &feed.why)] {
        row[name] = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
    }
    row["why_words"] = json!(words(feed));
    row
}

fn words(feed: &FeedHealth) -> String {
    Why::from_json(&feed.why).map_or_else(String::new, |why| why.to_string())
}

fn lines(feed: &FeedHealth) -> String {
    let FeedHealth { outlet, url, state, last_outcome, last_poll_at, last_error, next_poll_at, entries_7d, .. } = feed;
    let last = match (last_outcome, last_poll_at) {
        (Some(outcome), Some(at)) => format!("{outcome} at {at}"),
        _ => "not polled yet".to_owned(),
    };
    let error = last_error.as_ref().map(|e| format!("\n    last error: {e}")).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let a_day = *entries_7d as f64 / 7.0;
    format!(
        "{outlet}  {url}\n    {state}, {last}, {a_day:.1} entries a day{error}\n    next {next_poll_at}: {}\n",
        words(feed)
    )
}
