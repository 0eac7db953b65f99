//! A bound on large bodies: what all polls hold at once does not grow with their number.
//!
//! A body of everyday size needs nothing. A larger one needs one of a few permits, which its poll keeps until the entries are stored:
//! the text, its tree and its entries all take memory. A poll has one permit at most, its older pages included, and holds nothing
//! that another poll needs for giving its own back; so no poll waits for itself or in a circle. The fetch timeout bounds how
//! long a slow sender keeps one. Waiting is in order of arrival, and no time of the feed's.

use crate::model::Fault;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// Longest body that needs no permit, in bytes, packed and unpacked. Of 187 captured feeds, 3 are longer.
pub const EVERYDAY: usize = 512 * 1024;

/// Larger bodies at once: one is read while the other comes or is stored.
const PERMITS: usize = 2;

/// How long a poll waits for a permit: each of those before it may take the fetch timeout, and its commit.
const PATIENCE: Duration = Duration::from_mins(2);

/// The permits for large bodies, of all polls of a process; cheap to clone.
#[derive(Debug, Clone)]
pub struct LargeBodies(Arc<Semaphore>);

impl Default for LargeBodies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PERMITS)))
    }
}

impl LargeBodies {
    /// What one poll holds: nothing yet.
    #[must_use]
    pub fn share(&self) -> BodyShare {
        BodyShare { bodies: self.clone(), permit: None, deadline: Instant::now() }
    }
}

/// What one poll holds. Dropping it gives the permit back.
#[derive(Debug)]
pub struct BodyShare {
    bodies: LargeBodies,
    permit: Option<OwnedSemaphorePermit>,
    /// When the request under way is given up.
    deadline: Instant,
}

impl BodyShare {
    /// Whether this poll may hold a large body.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.permit.is_some()
    }

    /// Waits for a permit, unless the poll has one. The request under way gets the time back.
    ///
    /// # Errors
    /// [`Fault::Local`] when none was free for two minutes.
    pub async fn enlarge(&mut self) -> Result<(), Fault> {
        if self.is_large() {
            return Ok(());
        }
        let asked = Instant::now();
        let permit = timeout(PATIENCE, Arc::clone(&self.bodies.0).acquire_owned()).await;
        self.deadline += asked.elapsed();
        // The semaphore is never closed.
        self.permit = permit.ok().and_then(Result::ok);
        if self.is_large() { Ok(()) } else { Err(Fault::Local("too many large documents came at once".to_owned())) }
    }

    /// Starts the time of one request.
    pub(super) fn start(&mut self, timeout: Duration) {
        self.deadline = Instant::now() + timeout;
    }

    /// Waits for a step of the request, as long as its time lasts.
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
        let bodies = LargeBodies::default();
        let mut shares: Vec<_> = (0..=PERMITS).map(|_| bodies.share()).collect();
        let mut last = shares.pop().unwrap();
        for share in &mut shares {
            share.enlarge().await.unwrap();
            share.enlarge().await.unwrap();
        }
        assert!(last.enlarge().now_or_never().is_none(), "all are taken");
        assert_eq!(bodies.0.available_permits(), 0, "a wait that was dropped holds nothing");
        shares.pop();
        last.enlarge().await.unwrap();
        drop((shares, last));
        assert_eq!(bodies.0.available_permits(), PERMITS);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_is_no_time_of_the_request_and_ends() {
        let bodies = LargeBodies::default();
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
