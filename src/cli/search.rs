//! `warraq search`: finds the stories that contain the given words, as `/search` does.

use super::{
    CliError,
    out::{counted, note, say},
};
use crate::{
    config::Config,
    model::{
        StoryView,
        pages::Filter,
        search::{SearchCount, SearchNote, SearchPage, SearchPlace, SearchQuery},
    },
    store::Reader,
};
use serde_json::{Value, json};

/// Maximum number of stories printed.
const LIMIT: u32 = 100;

pub(super) async fn search(config: &Config, words: &[String], as_json: bool) -> Result<(), CliError> {
    if words.iter().all(|word| word.trim().is_empty()) {
        return Err(CliError::Usage("search words are missing".to_owned()));
    }
    let public_url = config.server.public_url(config.server.listen);
    let filter = Filter { words: Some(words.join(" ")), limit: LIMIT, ..Filter::default() };
    let reader = Reader::open(config.database.place()).await?;
    let mut place = SearchPlace::default();
    let found = loop {
        let found = reader.search(&filter, &place, &config.server.time_zone, &public_url).await;
        // In a very large database a search for frequent words looks at a part of the entries at a time.
        match &found {
            Ok(SearchPage { stories, older: Some(older), .. }) if stories.is_empty() => place = older.clone(),
            _ => break found,
        }
    };
    reader.close().await;
    let SearchPage { stories, count, older } = found?;
    let notes = SearchQuery::parse(filter.words.as_deref().unwrap_or_default()).notes;
    for text in &notes {
        note(format_args!("note: {text}"));
    }
    if as_json {
        let rows: Vec<Value> = stories.iter().map(row).collect();
        return say(serde_json::to_string_pretty(&rows)?);
    }
    for story in &stories {
        let also = if story.also.is_empty() { String::new() } else { format!(" and {} more", story.also.len()) };
        let lead = &story.lead;
        say(format_args!("{}  {}{also}  {}\n    {}", lead.published, lead.outlet, lead.title, lead.link))?;
    }
    if stories.is_empty() && !notes.contains(&SearchNote::OnlyWithout) {
        note("hint: try fewer words, the beginning of a word (flood*), or alternatives (rain OR snow)");
    }
    say(total(stories.len(), count, older.is_some()))
}

/// Returns how many stories were found, and how many of them were printed if not all.
fn total(printed: usize, count: Option<SearchCount>, has_more: bool) -> String {
    let stories = |number: usize| counted(number, "story", "stories");
    match count {
        _ if !has_more => stories(printed),
        Some(SearchCount::Exactly(count)) => {
            format!("{}; the latest {printed} are shown", stories(usize::try_from(count).unwrap_or(printed)))
        }
        Some(SearchCount::MoreThan(count)) => {
            format!("more than {}; the latest {printed} are shown", stories(usize::try_from(count).unwrap_or(printed)))
        }
        None => format!("the latest {}; there are more", stories(printed)),
    }
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
