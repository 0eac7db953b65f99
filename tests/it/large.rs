//! Many large documents at once: all are read, one after the other where need be, and slow senders keep nobody waiting for long.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    processes::Folder,
    test_instance::{TestInstance, config_text, outcomes},
};

/// A feed with so many entries of two kilobytes, each its own.
fn feed(name: &str, entries: usize) -> String {
    let text = "news ".repeat(400);
    let item =
        |i| format!("<item><guid>{name}-{i}</guid><title>{i}</title><description>{i} {text}</description></item>");
    let items = (0..entries).map(item).collect::<Vec<_>>().concat();
    format!("<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>")
}

/// An instance over these replies, each at an address of its own.
async fn over(replies: Vec<Reply>, timeout: &str) -> (TestInstance, Vec<FakeOutlet>) {
    let mut outlets = Vec::new();
    for (at, reply) in replies.into_iter().enumerate() {
        let outlet = FakeOutlet::start_on(&format!("127.0.3.{}", at + 1)).await;
        outlet.set("/feed", reply);
        outlets.push(outlet);
    }
    let urls: Vec<_> = outlets.iter().enumerate().map(|(at, o)| (format!("o{at:02}"), o.url("/feed"))).collect();
    let named: Vec<_> = urls.iter().map(|(slug, url)| (slug.as_str(), url)).collect();
    let text = config_text("", &named).replace("\"20s\"", timeout).replace("max_body = \"1MB\"", "max_body = \"10MB\"");
    (TestInstance::configured(text).await, outlets)
}

#[tokio::test]
async fn more_large_documents_than_may_be_held_at_once_are_all_read() {
    let reply = |at: usize| Reply::feed(feed(&format!("f{at}"), 400));
    let replies = (0..10).map(|at| if at % 2 == 0 { reply(at) } else { reply(at).gzip() }).collect();
    let (mut instance, _outlets) = over(replies, "\"20s\"").await;
    assert_eq!(outcomes(&instance.poll().await), ["fresh"; 10]);
    assert_eq!(instance.sql("SELECT count(*) FROM entries").await, ["4000"]);
}

#[tokio::test]
async fn slow_senders_of_large_documents_end_at_their_own_time() {
    let slow = |at: usize| Reply::feed(feed(&format!("slow{at}"), 400)).stall_after(700_000);
    let mut replies: Vec<_> = (0..6).map(slow).collect();
    replies.extend((0..3).map(|at| Reply::feed(feed(&format!("large{at}"), 400))));
    replies.push(Reply::feed(feed("small", 3)));
    let (mut instance, _outlets) = over(replies, "\"1s\"").await;
    let ended = instance.poll().await;
    let count = |name: &str| outcomes(&ended).iter().filter(|outcome| **outcome == name).count();
    assert_eq!((count("fresh"), count("failed")), (4, 6), "{:?}", outcomes(&ended));
    let faults = instance.sql("SELECT DISTINCT fault FROM poll WHERE outcome = 'failed'").await;
    assert_eq!(faults, ["timeout"]);
}

#[tokio::test]
async fn a_small_document_that_makes_much_of_itself_is_read_whole() {
    let long = "x ".repeat(10_000);
    let item = |i| format!("<item><guid>{i}</guid><description>{i} &e;</description></item>");
    let items = (0..100).map(item).collect::<Vec<_>>().concat();
    let document =
        format!("<!DOCTYPE rss [<!ENTITY e '{long}'>]><rss><channel><title>t</title>{items}</channel></rss>");
    let (mut instance, _outlets) = over(vec![Reply::feed(document)], "\"20s\"").await;
    assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
    assert_eq!(instance.sql("SELECT count(*) FROM entries").await, ["100"]);
    assert_eq!(instance.sql("SELECT repairs FROM feed_health").await, ["[]"]);
}

#[tokio::test]
async fn a_document_over_max_body_is_read_in_part_and_every_verb_says_so() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(feed("large", 700)));
    let folder = Folder::new("", &[("large", &outlet.url("/feed"))]);
    let words = "longer than max_body (1000 kB); the rest was not read";
    let said = folder.says(&["poll"]).await;
    assert!(said.contains("fresh") && said.contains(words), "{said}");
    assert_eq!(folder.sql("SELECT count(*) BETWEEN 400 AND 500 FROM entries").await, ["1"]);
    for verb in [&["feeds"][..], &["explain", "feed", "large"], &["status"]] {
        let said = folder.says(verb).await;
        assert!(said.contains(words), "{verb:?}: {said}");
    }
    let logged = Folder::new("", &[("large", &outlet.url("/feed"))]);
    let daemon = logged.start().await;
    daemon.until(words).await;
    daemon.stop().await;
    // A smaller document ends it.
    outlet.set("/feed", Reply::feed(feed("small", 3)));
    folder.says(&["poll", "--all"]).await;
    assert!(!folder.says(&["feeds"]).await.contains("max_body"));
}
