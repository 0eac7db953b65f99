//! Limits how many large bodies all polls hold at the same time, so that memory does not grow with the number of polls.
//!
//! A body of ordinary size needs no permit. A larger one needs one of a few permits, which its poll keeps until the entries are
//! stored: the text, its tree and its entries all take memory. A poll has at most one permit, its older pages included, and holds
//! nothing that another poll needs to finish, so there is no deadlock. The fetch timeout limits how long a slow sender keeps a
//! permit. Permits are given in order of arrival, and waiting for one does not count as time of the request.

use crate::model::Fault;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// Maximum size of a body that needs no permit, in bytes, before and after decoding. Of 187 captured feeds, 3 are larger.
pub const EVERYDAY: usize = 512 * 1024;

/// Number of larger bodies at the same time: one is read while the other is received or stored.
const PERMITS: usize = 2;

/// How long a poll waits for a permit: each of those before it may take the fetch timeout, and its commit.
const PATIENCE: Duration = Duration::from_mins(2);

/// The permits for large bodies of all polls of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LargeBodies {
    permits: Arc<Semaphore>,
    /// Reads the monotonic clock.
    now: fn() -> Instant,
}

impl LargeBodies {
    /// Creates the permits. `now` reads the monotonic clock, which tokio's timers follow.
    #[must_use]
    pub fn new(now: fn() -> Instant) -> Self {
        Self { permits: Arc::new(Semaphore::new(PERMITS)), now }
    }

    /// Returns the share of one poll, which has no permit yet.
    #[must_use]
    pub fn share(&self) -> BodyShare {
        BodyShare { bodies: self.clone(), permit: None, deadline: (self.now)() }
    }
}

/// What one poll holds. Dropping it returns the permit.
#[derive(Debug)]
pub struct BodyShare {
    bodies: LargeBodies,
    permit: Option<OwnedSemaphorePermit>,
    /// When the current request times out.
    deadline: Instant,
}

impl BodyShare {
    /// Returns whether this poll may hold a large body.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.permit.is_some()
    }

    /// Waits for a permit, unless the poll has one. The deadline of the current request moves by the time spent waiting.
    ///
    /// # Errors
    /// [`Fault::Local`] if no permit was free for two minutes.
    pub async fn enlarge(&mut self) -> Result<(), Fault> {
        if self.is_large() {
            return Ok(());
        }
        let asked = (self.bodies.now)();
        let permit = timeout(PATIENCE, Arc::clone(&self.bodies.permits).acquire_owned()).await;
        self.deadline += (self.bodies.now)() - asked;
        // The semaphore is never closed.
        self.permit = permit.ok().and_then(Result::ok);
        if self.is_large() { Ok(()) } else { Err(Fault::Local("too many large documents arrived at once".to_owned())) }
    }

    /// Starts the time of one request.
    pub(super) fn start(&mut self, timeout: Duration) {
        self.deadline = (self.bodies.now)() + timeout;
    }

    /// Waits for a step of the request. Returns `None` if the request times out first.
    pub(super) async fn in_time<T>(&self, step: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.deadline, step).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test(start_paused = true)]
    async fn a_poll_takes_one_permit_and_gives_it_back() {
        let bodies = LargeBodies::new(Instant::now);
        let mut shares: Vec<_> = (0..=PERMITS).map(|_| bodies.share()).collect();
        let mut last = shares.pop().unwrap();
        for share in &mut shares {
            share.enlarge().await.unwrap();
            share.enlarge().await.unwrap();
        }
        assert!(last.enlarge().now_or_never().is_none(), "all are taken");
        assert_eq!(bodies.permits.available_permits(), 0, "a wait that was dropped holds nothing");
        shares.pop();
        last.enlarge().await.unwrap();
        drop((shares, last));
        assert_eq!(bodies.permits.available_permits(), PERMITS);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_is_no_time_of_the_request_and_ends() {
        let bodies = LargeBodies::new(Instant::now);
        let mut shares: Vec<_> = (0..PERMITS).map(|_| bodies.share()).collect();
        for share in &mut shares {
            share.enlarge().await.unwrap();
        }
        let mut late = bodies.share();
        late.start(Duration::from_secs(30));
        let freed = async {
            tokio::time::sleep(Duration::from_secs(40)).await;
            shares.pop();
        };
        let (got, ()) = tokio::join!(late.enlarge(), freed);
        assert_eq!(got, Ok(()));
        assert_eq!(late.in_time(tokio::time::sleep(Duration::from_secs(29))).await, Some(()));
        assert_eq!(late.in_time(tokio::time::sleep(Duration::from_secs(2))).await, None);
        shares.push(late);
        assert!(matches!(bodies.share().enlarge().await, Err(Fault::Local(_))));
    }
}
