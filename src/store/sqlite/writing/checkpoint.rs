//! Watches the write-ahead log. SQLite checkpoints it by itself, but cannot restart it while a reader holds an old snapshot: one
//! forgotten transaction in a `sqlite3` shell lets it grow without bound (sqlite.org/wal.html, "Avoiding Excessively Large WAL
//! Files"). This is reported, and the log is truncated as soon as the reader ends.

use crate::clock::Clock;
use crate::store::{figures::WalState, location, location::free_bytes};
use sqlx::SqliteConnection;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// Time between two checks of the size of the log.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Size in bytes from which a log counts as long: twice the 64 MB at which automatic checkpoints run.
const LONG: u64 = 128 << 20;
/// Size in bytes up to which a log is left alone, however full the disk is.
const SHORT: u64 = 1 << 20;

/// Checks the log from time to time.
pub(in crate::store) struct Checkpoints {
    wal: PathBuf,
    long: u64,
    state: watch::Sender<WalState>,
    due: Instant,
    /// Consecutive checks that found it blocked. A single one may be due to a reader of our own, which ends in a moment.
    prevented: u32,
}

impl Checkpoints {
    pub(in crate::store) fn new(database: &Path, state: watch::Sender<WalState>) -> Self {
        let wal = location::beside(database, location::WAL);
        Self { wal, long: LONG, state, due: Clock::monotonic() + LOOK_EVERY, prevented: 0 }
    }

    /// Returns when the next check is due.
    pub(in crate::store) fn due(&self) -> Instant {
        self.due
    }

    /// Checks the log, and checkpoints a long one if no reader prevents it.
    pub(in crate::store) async fn look(&mut self, connection: &mut SqliteConnection) {
        let mut bytes = self.size();
        if bytes > longest(self.long, free_bytes(&self.wal)) && !restart(connection).await {
            self.prevented += 1;
        } else {
            self.prevented = 0;
            bytes = self.size();
        }
        let blocked = self.prevented > 1;
        let was = self.state.send_replace(WalState { bytes, blocked });
        match (was.blocked, blocked) {
            (false, true) => tracing::warn!(
                file = %self.wal.display(),
                megabytes = bytes >> 20,
                "the write-ahead log cannot be checkpointed and grows until the disk is full: another program has a read \
                 transaction open on the database; end it (`fuser -v` with this file shows the program)"
            ),
            (true, false) => {
                tracing::info!(
                    megabytes = bytes >> 20,
                    "the write-ahead log was checkpointed, and its space is free again; no reader holds it any more"
                );
            }
            _ => {}
        }
        self.due = Clock::monotonic() + LOOK_EVERY;
    }

    /// Gives the space of the log back if no reader prevents it: on a full disk it may be all that is needed.
    pub(in crate::store) async fn make_room(&mut self, connection: &mut SqliteConnection) {
        if self.size() > 0 {
            restart(connection).await;
        }
    }

    fn size(&self) -> u64 {
        std::fs::metadata(&self.wal).map_or(0, |file| file.len())
    }
}

/// Returns the size in bytes that a log may have: `long`, or less on a disk with little free space. The log must never be what
/// fills the disk, because a checkpoint needs space too if the database has to grow.
fn longest(long: u64, free: Option<u64>) -> u64 {
    free.map_or(long, |free| long.min((free / 2).max(SHORT)))
}

/// Checkpoints the whole log and truncates its file. Returns false if a reader prevents it. Does not wait for readers, because a
/// busy timeout would block the writer.
async fn restart(connection: &mut SqliteConnection) -> bool {
    let checkpoint = async |connection: &mut SqliteConnection| -> Result<bool, sqlx::Error> {
        sqlx::query("PRAGMA busy_timeout = 0").execute(&mut *connection).await?;
        let (busy, ..): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await?;
        Ok(busy == 0)
    };
    let done = checkpoint(connection).await;
    let restored = sqlx::query("PRAGMA busy_timeout = 900").execute(connection).await;
    if let Err(error) = restored.map(drop).and(done.as_ref().map(drop).map_err(|_| sqlx::Error::WorkerCrashed)) {
        // The next transaction meets the same error and reports it.
        tracing::debug!(%error, "the write-ahead log could not be checkpointed");
    }
    done.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use crate::store::sqlite::{open::BUSY_TIMEOUT, writing::checkpoint::*};
    use sqlx::{Connection as _, Executor as _, sqlite::SqliteConnectOptions};

    async fn open(path: &Path) -> SqliteConnection {
        let options = SqliteConnectOptions::new()
            .busy_timeout(BUSY_TIMEOUT)
            .filename(path)
            .create_if_missing(true)
            .pragma("journal_mode", "WAL");
        SqliteConnection::connect_with(&options).await.unwrap()
    }

    #[test]
    fn a_log_is_shorter_on_a_small_disk() {
        for (free, bytes) in [(None, LONG), (Some(1 << 40), LONG), (Some(60 << 20), 30 << 20), (Some(0), SHORT)] {
            assert_eq!(longest(LONG, free), bytes, "{free:?}");
        }
    }

    #[tokio::test]
    async fn a_log_that_a_reader_holds_is_noticed_and_cut_once_the_reader_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut writer = open(&path).await;
        writer.execute("CREATE TABLE t (v BLOB); INSERT INTO t VALUES (1)").await.unwrap();
        let (state, seen) = watch::channel(WalState::default());
        let mut checkpoints = Checkpoints { long: 100_000, ..Checkpoints::new(&path, state) };
        let mut reader = open(&path).await;
        reader.execute("BEGIN; SELECT * FROM t").await.unwrap();
        writer.execute("REPLACE INTO t VALUES (randomblob(300000))").await.unwrap();
        checkpoints.look(&mut writer).await;
        assert!(!seen.borrow().blocked, "a short read is no trouble");
        checkpoints.look(&mut writer).await;
        assert!(seen.borrow().blocked && seen.borrow().bytes > 300_000, "{:?}", *seen.borrow());
        reader.execute("COMMIT").await.unwrap();
        checkpoints.look(&mut writer).await;
        assert_eq!(*seen.borrow(), WalState { bytes: 0, blocked: false });
        let timeout: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(&mut writer).await.unwrap();
        assert_eq!(u128::try_from(timeout).unwrap(), BUSY_TIMEOUT.as_millis(), "other locks are waited for as before");
    }
}
