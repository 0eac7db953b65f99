//! Damaged databases: no copy is made of one, and every verb says so.

use super::EVERY;
use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::Folder,
    test_instance::sql,
};
use std::fs;

/// Returns a database of two hundred entries, and its bytes.
async fn well_filled() -> (FakeOutlet, Folder, Vec<u8>) {
    let outlet = FakeOutlet::start().await;
    let text = "Un texte assez long pour que les pages se remplissent. ".repeat(12);
    let doc =
        (0..200).fold(FeedDoc::rss("V"), |doc, n| doc.entry(&n.to_string(), &format!("Titre {n}"), "", &text, ""));
    outlet.set("/feed", Reply::feed(doc));
    let folder = Folder::with_file(EVERY, &[("ville", &outlet.url("/feed"))]);
    folder.says(&["poll"]).await;
    let bytes = fs::read(folder.path("warraq.db")).unwrap();
    (outlet, folder, bytes)
}

/// Returns the bytes with one page, counted from 0, made unreadable in one of three ways.
fn damaged(whole: &[u8], page: usize) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let page = &mut bytes[page * 4096..(page + 1) * 4096];
    match page[0] % 3 {
        0 => page.fill(0),
        1 => page[8..].reverse(),
        _ => page[..600].fill(0xa5),
    }
    bytes
}

#[tokio::test]
async fn a_damaged_database_makes_no_copy_and_one_that_is_made_holds_everything() {
    let (_outlet, folder, whole) = well_filled().await;
    let everything = folder.sql("SELECT count(*), sum(length(title)), sum(length(entry_id)) FROM entries").await;
    let pages = whole.len() / 4096;
    assert!(pages > 60, "{pages}");
    let mut refused = 0;
    for page in (0..pages).step_by(pages / 40) {
        fs::write(folder.path("warraq.db"), damaged(&whole, page)).unwrap();
        let ended = folder.run(&["backup", "copy.db"]).await;
        let said = String::from_utf8(ended.stderr).unwrap();
        if ended.status.success() {
            let copied = "SELECT count(*), sum(length(title)), sum(length(entry_id)) FROM entries";
            assert_eq!(sql(&folder.path("copy.db"), copied).await, everything, "page {page}");
            fs::remove_file(folder.path("copy.db")).unwrap();
            continue;
        }
        refused += 1;
        assert_eq!(ended.status.code(), Some(1), "page {page}: {said}");
        assert!(said.contains("warraq.db") && said.contains("is damaged"), "page {page}: {said}");
        assert!(said.contains("\nhint: ") && said.contains("`warraq restore FILE`"), "page {page}: {said}");
        assert!(!folder.path("copy.db").exists() && !folder.path("copy.db.partial").exists(), "page {page}");
    }
    assert!(refused > 20, "{refused} were damaged badly");
}

#[tokio::test]
async fn every_verb_names_the_damaged_file_and_the_way_out() {
    let (_outlet, folder, whole) = well_filled().await;
    let pages = whole.len() / 4096;
    let verbs: [&[&str]; 10] = [
        &["poll", "--all"],
        &["feeds"],
        &["search", "titre"],
        &["search", "texte"],
        &["explain", "feed", "ville"],
        &["explain", "entry", "7"],
        &["explain", "entry", "150"],
        &["explain", "story", "7"],
        &["prune"],
        &["backup", "copy.db"],
    ];
    let mut failed = 0;
    // A verb fails only where it needs the damaged page.
    for page in (0..pages).step_by(pages / 12) {
        for verb in verbs {
            fs::write(folder.path("warraq.db"), damaged(&whole, page)).unwrap();
            let ended = folder.run(verb).await;
            let _ = fs::remove_file(folder.path("copy.db"));
            let said = String::from_utf8(ended.stderr).unwrap();
            if ended.status.success() {
                continue;
            }
            failed += 1;
            assert_eq!(ended.status.code(), Some(1), "page {page} {verb:?}: {said}");
            assert!(said.contains("error: ") && said.contains("warraq.db is damaged"), "page {page} {verb:?}: {said}");
            assert!(said.contains("`warraq restore FILE`"), "page {page} {verb:?}: {said}");
        }
    }
    assert!(failed > 20, "{failed} failed");
}
