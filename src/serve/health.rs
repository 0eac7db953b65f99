//! Liveness and readiness of the daemon, derived from the state it reports here.

use jiff::Timestamp;
use std::sync::{
    Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
};

/// Seconds without an iteration after which the scheduler loop counts as stuck. It iterates at least every 30 seconds.
pub const STUCK_AFTER: i64 = 120;

/// The state of the daemon, as far as health checks need it.
#[derive(Debug)]
pub struct Health {
    /// Unix time of the scheduler loop's last iteration, in seconds; [`i64::MIN`] before the first.
    last_iteration: AtomicI64,
    database: Mutex<DatabaseState>,
    /// The first damage that reading the database met.
    damage: OnceLock<String>,
    rendered: AtomicBool,
}

/// The state of the database, as the writer reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseState {
    /// The writer has not reported yet.
    Unknown,
    /// The database can be written.
    Writable {
        /// Bytes of a write-ahead log that an open read transaction keeps from being checkpointed.
        blocked_wal: Option<u64>,
    },
    /// The database cannot be written, for this reason.
    Unwritable(String),
}

impl Default for Health {
    fn default() -> Self {
        Self {
            last_iteration: AtomicI64::new(i64::MIN),
            database: Mutex::new(DatabaseState::Unknown),
            damage: OnceLock::new(),
            rendered: AtomicBool::new(false),
        }
    }
}

impl Health {
    /// Records an iteration of the scheduler loop.
    pub fn loop_ran(&self, now: Timestamp) {
        self.last_iteration.store(now.as_second(), Relaxed);
    }

    /// Records the state of the database.
    pub fn database(&self, state: DatabaseState) {
        *self.database.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Records that reading the database met damage, with the error. It is remembered until the daemon ends: what was repaired or
    /// restored is opened by another start.
    pub fn damaged(&self, error: &str) {
        self.damage.get_or_init(|| error.to_owned());
    }

    /// Returns whether reading the database met damage.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damage.get().is_some()
    }

    /// Records that every channel has its editions in the edition table.
    pub fn rendered(&self) {
        self.rendered.store(true, Relaxed);
    }

    /// Checks liveness: the scheduler loop has started and is not stuck.
    ///
    /// # Errors
    /// Returns one sentence that says what is stuck.
    pub fn alive(&self, now: Timestamp) -> Result<(), String> {
        match self.last_iteration.load(Relaxed) {
            i64::MIN => Err("the scheduler has not started".to_owned()),
            at => {
                let idle = now.as_second().saturating_sub(at);
                if idle > STUCK_AFTER { Err(format!("the scheduler loop last ran {idle} seconds ago")) } else { Ok(()) }
            }
        }
    }

    /// Checks readiness: the database can be written and the editions are rendered. Returns `ok`, with a warning if something
    /// needs the operator's attention.
    ///
    /// # Errors
    /// Returns one sentence that says what is missing.
    pub fn ready(&self) -> Result<String, String> {
        let state = self.database.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match state {
            DatabaseState::Unknown => Err("the database has not been opened yet".to_owned()),
            DatabaseState::Unwritable(reason) => Err(format!(
                "the database cannot be written: {reason}; polling is paused, and the last feeds are served"
            )),
            DatabaseState::Writable { .. } if !self.rendered.load(Relaxed) => {
                Err("the feeds are not rendered yet".to_owned())
            }
            DatabaseState::Writable { blocked_wal } => Ok(self.warning(blocked_wal)),
        }
    }

    /// Returns `ok`, with what needs the operator's attention.
    fn warning(&self, blocked_wal: Option<u64>) -> String {
        match (self.damage.get(), blocked_wal) {
            (Some(error), _) => format!(
                "ok, but the database is damaged: {error}; what can be read is served; deploy/README.md says what to do"
            ),
            (None, Some(bytes)) => format!(
                "ok, but the write-ahead log has grown to {} MB: another program has a read transaction open on the database; \
                 end it",
                bytes >> 20
            ),
            (None, None) => "ok".to_owned(),
        }
    }

    /// Returns what keeps the daemon from working as it should, worst first.
    pub(super) fn troubles(&self, now: Timestamp) -> Vec<Trouble> {
        let stuck = self.last_iteration.load(Relaxed) != i64::MIN && self.alive(now).is_err();
        let mut troubles = Vec::new();
        match &*self.database.lock().unwrap_or_else(PoisonError::into_inner) {
            DatabaseState::Unwritable(reason) => troubles.push(Trouble::Unwritable(reason.clone())),
            DatabaseState::Writable { blocked_wal: Some(bytes) } => troubles.push(Trouble::BlockedLog(*bytes)),
            DatabaseState::Unknown | DatabaseState::Writable { blocked_wal: None } => {}
        }
        troubles.extend(self.damage.get().cloned().map(Trouble::Damaged));
        troubles.extend(stuck.then_some(Trouble::Stuck));
        troubles
    }
}

/// What keeps the daemon from working as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The database cannot be written, for this reason (in English): the disk is full, for example.
    Unwritable(String),
    /// Reading the database met damage, with this error (in English).
    Damaged(String),
    /// The scheduler loop is stuck: nothing is polled.
    Stuck,
    /// Another program keeps the write-ahead log of this many bytes from being shortened.
    BlockedLog(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_stands_still_is_not_alive() {
        let health = Health::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(health.alive(at(0)).is_err());
        health.loop_ran(at(1_000));
        assert!(health.alive(at(1_000 + STUCK_AFTER)).is_ok());
        assert!(health.alive(at(1_001 + STUCK_AFTER)).is_err());
        assert!(health.alive(at(0)).is_ok(), "a clock set back is not a stuck loop");
    }

    #[test]
    fn ready_needs_a_database_and_editions() {
        let health = Health::default();
        assert!(health.ready().unwrap_err().contains("database"));
        health.database(DatabaseState::Writable { blocked_wal: None });
        assert!(health.ready().unwrap_err().contains("rendered"));
        health.rendered();
        assert_eq!(health.ready().unwrap(), "ok");
        health.database(DatabaseState::Writable { blocked_wal: Some(352 << 20) });
        assert!(health.ready().unwrap().contains("352 MB"));
        assert_eq!(health.troubles(Timestamp::UNIX_EPOCH), [Trouble::BlockedLog(352 << 20)]);
        health.database(DatabaseState::Unwritable("the disk is full".to_owned()));
        health.loop_ran(Timestamp::UNIX_EPOCH);
        let later = Timestamp::from_second(STUCK_AFTER + 1).unwrap();
        let full = Trouble::Unwritable("the disk is full".to_owned());
        assert_eq!(health.troubles(later), [full, Trouble::Stuck]);
        assert!(health.ready().unwrap_err().contains("the disk is full"));

        health.database(DatabaseState::Writable { blocked_wal: None });
        health.damaged("the database disk image is malformed");
        health.damaged("another error");
        assert!(health.ready().unwrap().contains("image is malformed"), "the first error is kept");
        let damaged = Trouble::Damaged("the database disk image is malformed".to_owned());
        assert_eq!(health.troubles(Timestamp::UNIX_EPOCH), [damaged]);
    }
}
