use super::*;
use crate::{
    config::Config,
    daemon::{Services, queue::NextStep},
    model::{FeedRecord, FeedUrl, Slug, WaitingPage},
};
use std::collections::BTreeMap;
use tempfile::TempDir;

fn noon() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// Opens a daemon's services over an empty database, with one feed that nobody serves.
async fn services(folder: &TempDir) -> Services {
    let text = "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\nhost_pause = \"0s\"\n[schedule]\ndefault = \"every 12h\"\n\
                [[outlet]]\nslug = \"ville\"\nname = \"Ville\"\nfeeds = [\"http://127.0.0.1:9/feed\"]\n";
    let config = Config::parse(text, &folder.path().join("config.toml"), &BTreeMap::new()).unwrap();
    let public_url = config.server.public_url(config.server.listen);
    Services::open(&config, &public_url, Clock::manual(noon())).await.unwrap()
}

fn page() -> WaitingPage {
    WaitingPage {
        key: (FeedId(1), 7),
        outlet: Slug::parse("ville").unwrap(),
        url: FeedUrl::parse("http://127.0.0.1:9/7").unwrap(),
        until: noon() + SignedDuration::from_mins(10),
        title: String::new(),
        words: 0,
    }
}

#[tokio::test]
async fn a_page_whose_request_met_a_passing_error_of_the_database_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut services = services(&folder).await;
    let runner = &mut services.runner;
    let key = page().key;
    for (error, ends, waiting) in [(StoreError::Silent, false, 1), (StoreError::WriterGone, true, 0)] {
        runner.queue.add_pages(vec![page()], noon());
        let asked = noon() + SignedDuration::from_secs(5);
        assert!(runner.queue.next_page(asked).is_some(), "{error}");
        runner.asking.insert(key, tokio::spawn(std::future::pending::<()>()).abort_handle());
        let words = error.to_string();
        let event = runner.take_page(Ok((key, Some(Err(PollError::Store(error))))));
        assert_eq!(matches!(event, RunnerEvent::Settled(Err(_))), ends, "{words}");
        assert_eq!(runner.queue.waiting_pages(), waiting, "{words}");
    }
    services.close().await.unwrap();
}

#[tokio::test]
async fn a_feed_is_polled_soon_if_a_delivered_document_met_a_passing_error_of_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let errors = [PollError::Store(StoreError::Silent), PollError::Local("no open files left".to_owned())];
    for error in errors {
        let mut services = services(&folder).await;
        let (runner, clock) = (&mut services.runner, services.clock.clone());
        let due = clock.now() + SignedDuration::from_hours(1);
        let NextStep::Poll(poll) = runner.queue.next(due) else { panic!("the feed is new, so it is due") };
        let (id, next_poll_at) = (poll.feed.id, due + SignedDuration::from_hours(6));
        runner.queue.finished(FeedRecord { next_poll_at, ..poll.feed }, due, true);
        let words = error.to_string();
        assert!(runner.take_push((id, Some(Err(error)))).unwrap().is_none());
        assert_eq!(runner.queue.due(clock.now() + SignedDuration::from_mins(1)), 1, "{words}");
        assert!(runner.take_push((id, Some(Err(PollError::Store(StoreError::WriterGone))))).is_err());
        services.close().await.unwrap();
    }
}
