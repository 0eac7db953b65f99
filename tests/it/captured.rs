//! Both stores over captured outlets, or over made ones that bring news: the same polls, one after another under a manual clock, must
//! leave the same rows, the same editions and the same answers of searches. `.ci/postgres.sh` serves the outlets and names their
//! configuration.

use crate::{
    processes::http_client,
    test_instance::{TestInstance, TestStore},
};
use std::collections::BTreeSet;
use warraq::{
    model::{Channel, pages::Filter, search::SearchPlace},
    publish::{self, Format},
};

/// The variable that names the configuration.
const CONFIG: &str = "WARRAQ_CAPTURED_CONFIG";
/// The variable that names the server of made feeds, if it has generations of them. Each poll of all outlets is over the next one.
const GENERATIONS: &str = "WARRAQ_CAPTURED_GENERATIONS";

/// Rows that must be equal, each with an order.
const ROWS: [(&str, &str); 12] = [
    ("latest", "SELECT * FROM latest"),
    ("entries", "SELECT * FROM entries ORDER BY entry_id"),
    (
        "feed_health",
        "SELECT outlet, url, state, last_poll_at, last_outcome, last_error, failures, next_poll_at FROM feed_health ORDER BY 1, 2",
    ),
    ("duplicates", "SELECT story_id, entry_id, outlet, title, link, joined_at, rule, evidence FROM duplicates"),
    ("revisions", "SELECT * FROM revisions"),
    ("texts", "SELECT * FROM texts ORDER BY entry_id"),
    ("categories", "SELECT * FROM categories ORDER BY entry_id, term, scheme NULLS FIRST, label NULLS FIRST"),
    (
        "enclosures",
        "SELECT * FROM enclosures ORDER BY entry_id, url, type NULLS FIRST, length NULLS FIRST, text NULLS FIRST",
    ),
    ("dropped", "SELECT * FROM dropped"),
    ("the stories", "SELECT id, first_entry_id, members, outlets FROM story ORDER BY id"),
    ("who is in which story", "SELECT story_id, entry_id, rule FROM story_member ORDER BY entry_id"),
    ("the places", "SELECT * FROM place ORDER BY channel_id, order_at, published_at, story_id, entry_id"),
];

/// What a store holds and shows.
struct Shown {
    rows: Vec<Vec<String>>,
    /// Name, ETag and bytes of each edition.
    editions: Vec<(String, String, Vec<u8>)>,
    /// Words, and what a search for them found.
    answers: Vec<(String, String)>,
}

/// Has the feeds say what they say in a generation.
async fn set_generation(number: u32) {
    let Ok(server) = std::env::var(GENERATIONS) else { return };
    let url = format!("{server}/_farm/set?generation={number}");
    let client = http_client().build().unwrap();
    client.post(url).send().await.unwrap().error_for_status().unwrap();
}

/// Polls every outlet twice, one after another, and notes what there is then.
async fn shown(store: TestStore, text: &str) -> Option<Shown> {
    let mut instance = TestInstance::in_store(store, text.to_owned()).await?;
    let outlets: Vec<String> = instance.config().outlets.iter().map(|outlet| outlet.slug.to_string()).collect();
    for generation in 0..2 {
        set_generation(generation).await;
        for slug in &outlets {
            instance.poll_only(slug).await;
        }
    }
    let mut rows = Vec::new();
    for (_, query) in ROWS {
        rows.push(instance.sql(query).await);
    }
    let titles = instance.sql("SELECT title FROM entries ORDER BY entry_id").await;
    let config = instance.config();
    let public_url = config.server.public_url(config.server.listen);
    let mut editions = Vec::new();
    for channel in Channel::with_variants(&config.channels, true) {
        let view = instance.instance().reader.channel(&channel, &public_url).await.unwrap();
        for format in [Format::Atom, Format::Rss, Format::Json] {
            let edition = publish::edition(&view, format).unwrap();
            editions.push((
                format!("{} {format:?}", channel.slug),
                edition.etag().to_owned(),
                edition.bytes().to_vec(),
            ));
        }
    }
    // The words are indexed behind the polls; closing waits for that.
    instance.restart(None).await;
    let mut answers = Vec::new();
    for words in searches(&titles) {
        let filter = Filter { words: Some(words.clone()), limit: 50, ..Filter::default() };
        let reader = &instance.instance().reader;
        let page =
            reader.search(&filter, &SearchPlace::default(), &config.server.time_zone, &public_url).await.unwrap();
        let stories: Vec<_> = page.stories.iter().map(|story| (story.id.0, story.lead.title.to_string())).collect();
        answers.push((words, format!("{stories:?} {:?} {:?}", page.count, page.older)));
    }
    instance.close().await;
    Some(Shown { rows, editions, answers })
}

/// Returns 200 searches made of words of titles: single words, two words, phrases, beginnings, alternatives and exclusions.
fn searches(titles: &[String]) -> Vec<String> {
    let words: Vec<&str> = titles
        .iter()
        .flat_map(|title| title.split_whitespace())
        .filter(|word| word.chars().count() > 2)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let pick = |n: usize| words[n * 7_919 % words.len()];
    let pairs: Vec<(&str, &str)> = titles
        .iter()
        .filter_map(|title| {
            let mut words = title.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    let pair = |n: usize| pairs[n * 104_729 % pairs.len()];
    (0..200)
        .map(|n| match n % 6 {
            0 => pick(n).to_owned(),
            1 => format!("{} {}", pair(n).1, pair(n).0),
            2 => format!("\"{} {}\"", pair(n).0, pair(n).1),
            3 => format!("{}*", pick(n).chars().take(3).collect::<String>()),
            4 => format!("{} OR {}", pick(n), pick(n + 1)),
            _ => format!("{}* -{}", pick(n).chars().take(2).collect::<String>(), pick(n + 3)),
        })
        .collect()
}

#[tokio::test]
#[ignore = "over captured outlets, which .ci/postgres.sh serves"]
async fn both_stores_read_captured_outlets_alike() {
    let text = std::fs::read_to_string(std::env::var(CONFIG).unwrap()).unwrap();
    // The place of the database is the test's.
    let (before, after) = text.split_once("[database]").unwrap_or((&text, ""));
    let text = format!("{before}{}", after.split_once("\n\n").map_or("", |(_, rest)| rest))
        .replace("[fetch]\n", "[fetch]\nhost_pause = \"0s\"\n");
    let file = shown(TestStore::File, &text).await.unwrap();
    let Some(server) = shown(TestStore::Server, &text).await else { return };
    for ((name, _), (in_file, on_server)) in ROWS.iter().zip(file.rows.iter().zip(&server.rows)) {
        assert_eq!(in_file.len(), on_server.len(), "{name}");
        for (a, b) in in_file.iter().zip(on_server) {
            assert_eq!(a, b, "{name}");
        }
        println!("{name}: {} rows", in_file.len());
    }
    for (a, b) in file.editions.iter().zip(&server.editions) {
        assert!(a.0 == b.0 && a.1 == b.1 && a.2 == b.2, "{}: {} and {}", a.0, a.1, b.1);
    }
    println!("{} editions", file.editions.len());
    for (in_file, on_server) in file.answers.iter().zip(&server.answers) {
        assert_eq!(in_file, on_server);
    }
    let found = file.answers.iter().filter(|(_, answer)| !answer.starts_with("[]")).count();
    println!("{} searches, {found} of them found something", file.answers.len());
    assert!(file.answers.len() == 200 && found > 100, "{found}");
}
