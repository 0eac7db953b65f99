use super::*;
use crate::{
    config::Config,
    daemon::store_config,
    dedup::{ArrivalPage, KnownEntries, Listing, Window, testing},
    model::{Article, FeedInfo, Freshness, Outcome, SafeHtml, Tally, WaitingKey},
    schedule::{Bounds, Fleet, RedirectDecision, Schedule},
    store::{
        error::TransientError,
        finished_poll::{BodyState, Document, PollTiming},
        sqlite::writing::{backend::SqliteBackend, start},
        writer::{Writer, WriterTask},
        writing::lookup,
    },
};
use jiff::tz::TimeZone;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use tempfile::TempDir;
use tokio::time::Instant;

/// A file on which deciding panics at entries with these words in their titles.
struct FragileBackend(SqliteBackend);

/// At any entry.
const ANY: &str = "PANIC";
/// At one that has waited for its page.
const LATE: &str = "LATE";
/// At one that has waited and got an article.
const ARTICLE: &str = "ARTICLE";
/// At one that a rule left out and that comes back.
const BACK: &str = "BACK";

impl Backend for FragileBackend {
    type Connection = SqliteConnection;

    fn connection(&mut self) -> &mut SqliteConnection {
        self.0.connection()
    }

    async fn ready(&mut self) -> Result<(), StoreError> {
        self.0.ready().await
    }

    fn failed(&mut self, trouble: &TransientError) {
        self.0.failed(trouble);
    }

    async fn begin(&mut self) -> Result<(), StoreError> {
        self.0.begin().await
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        self.0.commit().await
    }

    async fn is_committed(&mut self) -> Result<bool, StoreError> {
        self.0.is_committed().await
    }

    async fn rollback(&mut self) {
        self.0.rollback().await;
    }

    async fn abandon(&mut self) {
        self.0.abandon().await;
    }

    async fn compact(&mut self) -> Result<(), StoreError> {
        self.0.compact().await
    }

    fn upkeep_at(&self) -> Instant {
        self.0.upkeep_at()
    }

    async fn upkeep(&mut self) -> Result<bool, StoreError> {
        self.0.upkeep().await
    }

    async fn close(self) -> Result<(), StoreError> {
        self.0.close().await
    }

    async fn known_entries(&mut self, arrivals: &[Arrival]) -> Result<KnownEntries, StoreError> {
        for arrival in arrivals {
            let is_titled =
                |words: &str| arrival.entry.title.as_ref().is_some_and(|title| title.as_str().contains(words));
            let (is_late, has_article) = match &arrival.page {
                ArrivalPage::Asked(page) => (true, page.article.is_ok()),
                _ => (false, false),
            };
            let panics = is_titled(ANY)
                || is_late && is_titled(LATE)
                || has_article && is_titled(ARTICLE)
                || arrival.returns && is_titled(BACK);
            assert!(!panics, "a title that nobody foresaw");
        }
        lookup::known_entries(self.connection(), arrivals).await
    }
}

/// A writer over a fragile file, with a feed of each of three outlets.
struct Fixture {
    folder: TempDir,
    writer: Writer,
    task: WriterTask,
    feeds: Vec<FeedRecord>,
}

impl Fixture {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("warraq.db");
        let (writer, writer_loop, inbox) = start::made(&path, Window::default(), FragileBackend).await.unwrap();
        let task = tokio::spawn(writer_loop.run(inbox));
        let mut fixture = Self { folder, writer, task, feeds: Vec::new() };
        fixture.configure("").await;
        fixture
    }

    /// Configures the outlets, each with these lines.
    async fn configure(&mut self, more: &str) {
        let outlet = |slug: &str| {
            format!(
                "[[outlet]]\nslug = \"{slug}\"\nname = \"{slug}\"\nfeeds = [\"https://{slug}.example/feed\"]\n{more}\n"
            )
        };
        let text: String = ["a", "b", "c"].map(outlet).concat();
        let config = Config::parse(&text, &self.folder.path().join("config.toml"), &BTreeMap::new()).unwrap();
        let public_url = config.server.public_url(config.server.listen);
        let (_, feeds) = self.writer.adopt(store_config(&config, &public_url), testing::at(900)).await.unwrap();
        self.feeds = feeds;
    }

    async fn connect(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("warraq.db"));
        SqliteConnection::connect_with(&options).await.unwrap()
    }

    /// Makes the database reject what meets a condition.
    async fn refuse(&self, table: &str, condition: &str) {
        let trigger = format!(
            "CREATE TRIGGER refuse_{table} BEFORE INSERT ON {table} WHEN {condition} \
             BEGIN SELECT RAISE(ABORT, 'not wanted here'); END"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(trigger)).execute(&mut self.connect().await).await.unwrap();
    }

    /// Returns the single column of a query, in order.
    async fn texts(&self, query: &'static str) -> Vec<String> {
        sqlx::query_scalar(query).fetch_all(&mut self.connect().await).await.unwrap()
    }

    /// Stores a poll of a feed that brings entries with these titles.
    async fn poll(&self, feed: usize, titles: &[&str]) -> CommittedPoll {
        self.writer.poll(Box::new(self.finished(feed, titles))).await.unwrap()
    }

    fn finished(&self, feed: usize, titles: &[&str]) -> FinishedPoll {
        let feed = self.feeds[feed].clone();
        let entries: Vec<_> =
            titles.iter().map(|title| Arc::unwrap_or_clone(testing::arrival(title, title, "").entry)).collect();
        let keys: Vec<i64> = entries.iter().map(|entry| entry.key.hash()).collect();
        let document = Document {
            info: FeedInfo::default(),
            updated: None,
            repairs: Vec::new(),
            partial: false,
            listing: Arc::new(Listing::of(keys, &entries, HashSet::new(), false, TimeZone::UTC)),
            raw: entries.iter().map(|entry| entry.raw).collect(),
            entries,
            listed_before: Arc::default(),
            older: Vec::new(),
            gap: false,
            pages: HashSet::new(),
            rules: crate::model::EntryRules::default(),
        };
        let body = BodyState {
            validators: crate::model::Validators { etag: Some(b"\"1\"".to_vec()), last_modified: None },
            hash: 9,
            hints: crate::model::Hints::default(),
            guids_void: false,
        };
        FinishedPoll {
            feed,
            timing: PollTiming {
                schedule: Arc::new(Schedule::parse("every 1h").unwrap()),
                zone: TimeZone::UTC,
                bounds: Bounds::default(),
                fleet: Fleet::default(),
                pushed_until: None,
            },
            started_at: testing::at(1000),
            ended_at: testing::at(1000),
            outcome: Outcome::Fresh,
            error: None,
            status: Some(200),
            bytes: 1_000,
            freshness: Freshness::default(),
            redirect: RedirectDecision::Stay,
            announced: None,
            older_fault: None,
            body: Some(body),
            document: Some(document),
            pushed: false,
        }
    }

    async fn close(self) {
        self.writer.close().await.unwrap();
        self.task.await.unwrap().unwrap();
    }
}

fn words(committed: &CommittedPoll) -> String {
    match committed.outcome(Outcome::Fresh, None) {
        (Outcome::Failed(Fault::Storing(words)), Some(error)) => {
            assert_eq!(error, format!("what the feed brought cannot be stored (a bug in Warraq): {words}"));
            words
        }
        ended => panic!("{ended:?}"),
    }
}

#[tokio::test]
async fn a_poll_that_cannot_be_decided_or_stored_fails_alone() {
    let fixture = Fixture::open().await;
    fixture.refuse("entry", "new.title LIKE '%REFUSED%'").await;
    let (panics, good, refused) = tokio::join!(
        fixture.poll(0, &["one", "PANIC"]),
        fixture.poll(1, &["two"]),
        fixture.poll(2, &["three", "REFUSED"]),
    );
    assert_eq!(words(&panics), "a title that nobody foresaw");
    assert!(words(&refused).contains("not wanted here"), "{}", words(&refused));
    assert_eq!((good.tally.new, &good.fault), (1, &None));
    for failed in [&panics, &refused] {
        assert_eq!((failed.tally, failed.feed.failures, failed.feed.state), (Tally::default(), 1, FeedState::Failing));
        assert_eq!(
            (&failed.feed.validators.etag, failed.feed.body_hash),
            (&None, None),
            "the document is asked for again"
        );
    }
    // The only poll of a transaction.
    assert_eq!(words(&fixture.poll(0, &["PANIC"]).await), "a title that nobody foresaw");
    let again = fixture.poll(0, &["one"]).await;
    assert_eq!((again.tally.new, again.fault), (1, None));
    let known = fixture.poll(1, &["two", "four"]).await;
    assert_eq!(known.tally.new, 1, "the window and the ids are those of what was stored");
    fixture.writer.update_feeds(Vec::new()).await.unwrap();
    let titles = fixture.texts("SELECT title FROM entry ORDER BY id").await;
    assert_eq!(titles, ["two", "one", "four"]);
    assert_eq!(fixture.texts("SELECT CAST(max(id) AS TEXT) FROM entry").await, ["3"]);
    let outcomes = "SELECT o.slug || ' ' || p.outcome || ' ' || coalesce(p.fault, '-') FROM poll AS p \
                    JOIN feed AS f ON f.id = p.feed_id JOIN outlet AS o ON o.id = f.outlet_id ORDER BY 1";
    let outcomes = fixture.texts(outcomes).await;
    assert_eq!(
        outcomes,
        ["a failed storing", "a failed storing", "a fresh -", "b fresh -", "b fresh -", "c failed storing"]
    );
    fixture.close().await;
}

#[tokio::test]
async fn a_document_that_a_hub_delivered_fails_without_changing_its_feed() {
    let fixture = Fixture::open().await;
    let pushed = FinishedPoll { pushed: true, ..fixture.finished(0, &["PANIC"]) };
    let committed = fixture.writer.poll(Box::new(pushed)).await.unwrap();
    assert_eq!(words(&committed), "a title that nobody foresaw");
    assert_eq!(committed.feed, fixture.feeds[0]);
    fixture.close().await;
}

/// Returns the key of an entry and the result of the request for its page.
fn asked(key: WaitingKey) -> AskedPage {
    let text = "The whole article, as its page has it.";
    let article = Article { html: SafeHtml::vouch(format!("<p>{text}</p>")), folded: text.to_lowercase() };
    let page = EntryPage { url: "https://a.example/1".to_owned(), asked_at: testing::at(1000), article: Ok(article) };
    AskedPage { key, page }
}

#[tokio::test]
async fn an_entry_whose_article_cannot_be_decided_is_stored_without_it() {
    let fixture = Fixture::open().await;
    let titles = ["GOOD", "ARTICLE", "LATE"];
    let mut poll = fixture.finished(0, &titles);
    let document = poll.document.as_mut().unwrap();
    for (entry, title) in document.entries.iter_mut().zip(titles) {
        entry.link = Some(format!("https://a.example/{title}"));
    }
    document.pages = document.entries.iter().map(|entry| entry.key.hash()).collect();
    let keys: Vec<_> = document.entries.iter().map(|entry| (poll.feed.id, entry.key.hash())).collect();
    let committed = fixture.writer.poll(Box::new(poll)).await.unwrap();
    assert_eq!(committed.waiting.len(), 3);
    fixture.writer.pages(keys.into_iter().map(asked).collect()).await.unwrap();
    let entries = "SELECT e.title || ' ' || (t.folded_body LIKE '%whole article%') FROM entry AS e \
                   JOIN entry_text AS t ON t.entry_id = e.id ORDER BY 1";
    assert_eq!(fixture.texts(entries).await, ["ARTICLE 0", "GOOD 1"]);
    assert_eq!(fixture.texts("SELECT CAST(key_hash AS TEXT) FROM waiting_entry").await, [""; 0]);
    assert_eq!(fixture.poll(1, &["two"]).await.tally.new, 1);
    fixture.close().await;
}

#[tokio::test]
async fn an_entry_that_comes_back_and_cannot_be_decided_stays_left_out() {
    let mut fixture = Fixture::open().await;
    fixture.configure("drop = [\"offre\"]").await;
    assert_eq!(fixture.poll(0, &["offre one", "offre BACK", "offre two", "news"]).await.tally.dropped, 3);
    let titles = "SELECT title FROM entry ORDER BY title";
    assert_eq!(fixture.texts(titles).await, ["news"]);
    fixture.configure("").await;
    for _ in 0..400 {
        if fixture.texts(titles).await.len() == 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(fixture.texts(titles).await, ["news", "offre one", "offre two"]);
    assert_eq!(fixture.poll(1, &["other news"]).await.tally.new, 1);
    fixture.writer.update_feeds(Vec::new()).await.unwrap();
    let left = "SELECT CAST(count(*) AS TEXT) FROM dropped_entry";
    assert_eq!(fixture.texts(left).await, ["1"]);
    fixture.close().await;
}

#[tokio::test]
async fn a_database_that_rejects_everything_ends_the_writer() {
    let fixture = Fixture::open().await;
    fixture.refuse("entry", "new.title LIKE '%REFUSED%'").await;
    for _ in 0..REJECTED_MAX {
        words(&fixture.poll(0, &["REFUSED"]).await);
    }
    assert_eq!(fixture.poll(1, &["two"]).await.tally.new, 1);
    for _ in 0..REJECTED_MAX {
        words(&fixture.poll(0, &["REFUSED"]).await);
    }
    let last = fixture.writer.poll(Box::new(fixture.finished(0, &["REFUSED"]))).await;
    assert!(matches!(last, Err(StoreError::WriterGone)));
    let error = fixture.task.await.unwrap().unwrap_err().with_causes();
    assert!(error.contains("not wanted here"), "{error}");
}

#[tokio::test]
async fn a_poll_without_news_that_cannot_be_stored_is_left_out() {
    let fixture = Fixture::open().await;
    fixture.refuse("poll", "new.status = 599").await;
    for turn in [599, 500] {
        let failed = |feed: usize, status: u16| {
            let poll = fixture.finished(feed, &[]).failed(Fault::Status(status));
            FinishedPoll { status: Some(status), ..poll }
        };
        fixture.writer.poll(Box::new(failed(0, 599))).await.unwrap();
        fixture.writer.poll(Box::new(failed(1, 500))).await.unwrap();
        if turn == 599 {
            fixture.writer.update_feeds(Vec::new()).await.unwrap();
        } else {
            let good = fixture.poll(2, &["two"]).await;
            assert_eq!((good.tally.new, good.fault), (1, None), "the fault of another poll");
        }
    }
    let stored = fixture.texts("SELECT CAST(status AS TEXT) FROM poll ORDER BY 1").await;
    assert_eq!(stored, ["200", "500", "500"]);
    fixture.close().await;
}

#[test]
fn errors_are_cut_between_characters() {
    assert_eq!(cut("é".repeat(WORDS_MAX)), "é".repeat(WORDS_MAX));
    assert_eq!(cut("é".repeat(WORDS_MAX + 1)), format!("{}…", "é".repeat(WORDS_MAX)));
    let panic = catch_unwind(|| panic!("{} words", 2)).unwrap_err();
    assert_eq!(BatchFailure::of_panic(&*panic).words, "2 words");
    assert_eq!(BatchFailure::of_panic(&7).words, "panic");
}
