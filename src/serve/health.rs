//! Whether the daemon lives and whether it is ready, from plain facts that the daemon states.

use jiff::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

/// Seconds after which a loop that did not turn counts as stuck. The loop turns at least every 30 seconds.
pub const STUCK_AFTER: i64 = 120;

/// Facts about the daemon; each is one number, so that stating them costs nothing.
#[derive(Debug)]
pub struct Health {
    /// Unix time of the scheduler loop's last turn; [`i64::MIN`] before the first.
    turned: AtomicI64,
    writable: AtomicBool,
    rendered: AtomicBool,
}

impl Default for Health {
    fn default() -> Self {
        Self { turned: AtomicI64::new(i64::MIN), writable: AtomicBool::new(false), rendered: AtomicBool::new(false) }
    }
}

impl Health {
    /// The scheduler loop turned.
    pub fn turned(&self, now: Timestamp) {
        self.turned.store(now.as_second(), Relaxed);
    }

    /// The last write to the database succeeded, or failed.
    pub fn writable(&self, yes: bool) {
        self.writable.store(yes, Relaxed);
    }

    /// Every channel has its editions on the shelf.
    pub fn rendered(&self) {
        self.rendered.store(true, Relaxed);
    }

    /// Liveness.
    ///
    /// # Errors
    /// One sentence that says what is stuck.
    pub fn alive(&self, now: Timestamp) -> Result<(), String> {
        match self.turned.load(Relaxed) {
            i64::MIN => Err("the scheduler has not started".to_owned()),
            at => {
                let idle = now.as_second().saturating_sub(at);
                if idle > STUCK_AFTER { Err(format!("the scheduler last turned {idle} seconds ago")) } else { Ok(()) }
            }
        }
    }

    /// Readiness.
    ///
    /// # Errors
    /// One sentence that says what is missing.
    pub fn ready(&self) -> Result<(), &'static str> {
        if !self.writable.load(Relaxed) {
            return Err("the database cannot be written");
        }
        if !self.rendered.load(Relaxed) {
            return Err("the feeds are not rendered yet");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_stands_still_is_not_alive() {
        let health = Health::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(health.alive(at(0)).is_err());
        health.turned(at(1_000));
        assert!(health.alive(at(1_000 + STUCK_AFTER)).is_ok());
        assert!(health.alive(at(1_001 + STUCK_AFTER)).is_err());
        assert!(health.alive(at(0)).is_ok(), "a clock set back is not a stuck loop");
    }

    #[test]
    fn ready_needs_a_database_and_editions() {
        let health = Health::default();
        assert!(health.ready().unwrap_err().contains("database"));
        health.writable(true);
        assert!(health.ready().unwrap_err().contains("rendered"));
        health.rendered();
        assert!(health.ready().is_ok());
        health.writable(false);
        assert!(health.ready().is_err());
    }
}
