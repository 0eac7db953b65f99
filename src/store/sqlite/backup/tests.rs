use super::{exchange::BackupStep, *};

/// Creates a database whose setting `is` says which one it is.
async fn database(path: &Path, is: &'static str) -> SqliteConnection {
    let lock = WriterLock::take(path).unwrap();
    let mut connection = open::writer(&lock).await.unwrap();
    sqlx::query("INSERT INTO setting VALUES ('is', $1)").bind(is).execute(&mut connection).await.unwrap();
    connection
}

/// Opens the database as [`Writer::open`](super::super::Writer::open) does after a crash.
async fn next_start(path: &Path) -> String {
    let lock = WriterLock::take(path).unwrap();
    let mut connection = open::writer(&lock).await.unwrap();
    let is = sqlx::query_scalar("SELECT value FROM setting WHERE name = 'is'");
    let is = is.fetch_optional(&mut connection).await.unwrap().unwrap_or_else(|| "nothing".to_owned());
    connection.close().await.unwrap();
    is
}

#[tokio::test]
async fn a_restore_that_is_killed_at_any_step_leaves_the_old_or_the_new_whole() {
    // A killed daemon leaves its last commits in the WAL only.
    let origin = tempfile::tempdir().unwrap();
    let mut old = database(&origin.path().join("old.db"), "old").await;
    sqlx::query("UPDATE setting SET value = 'old, committed'").execute(&mut old).await.unwrap();
    database(&origin.path().join("new.db"), "new").await.close().await.unwrap();
    // Both with the WAL checkpointed, and with a WAL that the old file cannot take.
    for folds in [true, false] {
        for done in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("w.db");
            for end in ["", "-wal"] {
                fs::copy(location::beside(&origin.path().join("old.db"), end), location::beside(&path, end)).unwrap();
            }
            let incoming = location::beside(&path, location::INCOMING);
            fs::copy(origin.path().join("new.db"), &incoming).unwrap();
            if folds {
                fold(&path).await.unwrap();
            }
            let (steps, kept) = exchange(&path, &incoming);
            assert_eq!(steps.iter().any(|step| matches!(step, BackupStep::Move { .. })), !folds);
            for step in steps.iter().take(done) {
                step.take().unwrap();
            }
            let replaced = steps.iter().take(done).any(|step| matches!(step, BackupStep::Replace { .. }));
            let kept = kept.unwrap();
            if replaced {
                assert_eq!(next_start(&kept).await, "old, committed", "folds {folds}, {done} steps");
            }
            let is = if replaced { "new" } else { "old, committed" };
            assert_eq!(next_start(&path).await, is, "folds {folds}, {done} steps");
            assert!(!incoming.exists() && kept.exists() == replaced, "folds {folds}, {done} steps");
            if done > steps.len() {
                break;
            }
        }
    }
    old.close().await.unwrap();
}
