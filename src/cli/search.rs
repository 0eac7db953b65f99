//! `warraq search`: finds the stories that contain the given words, as `/search` does.

use super::{
    CliError,
    out::{counted, say},
};
use crate::{
    config::Config,
    model::{StoryView, pages::Filter},
    store::Reader,
};
use serde_json::{Value, json};

/// Maximum number of stories printed.
const LIMIT: u32 = 100;

pub(super) async fn search(config: &Config, words: &[String], as_json: bool) -> Result<(), CliError> {
    let public_url = config.server.public_url(config.server.listen);
    let filter = Filter { words: Some(words.join(" ")), limit: LIMIT, ..Filter::default() };
    let reader = Reader::open(&config.database.path).await?;
    let found = reader.filtered(&filter, &public_url).await;
    reader.close().await;
    let stories = found?.stories;
    if as_json {
        let rows: Vec<Value> = stories.iter().map(row).collect();
        return say(serde_json::to_string_pretty(&rows)?);
    }
    for story in &stories {
        let also = if story.also.is_empty() { String::new() } else { format!(" and {} more", story.also.len()) };
        let lead = &story.lead;
        say(format_args!("{}  {}{also}  {}\n    {}", lead.published, lead.outlet, lead.title, lead.link))?;
    }
    say(counted(stories.len(), "story", "stories"))
}

/// Formats a story with the columns of the view `latest` that a search knows.
fn row(story: &StoryView) -> Value {
    let lead = &story.lead;
    json!({
        "story_id": story.id, "entry_id": lead.entry, "title": lead.title, "link": lead.link, "outlet": lead.outlet,
        "language": lead.language, "published_at": format!("{:.0}", lead.published),
        "order_at": format!("{:.0}", story.order_at), "outlets": story.also.len() + 1,
    })
}
