//! Limits how many deliveries of hubs are in memory at the same time, from their first byte until their documents are read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory for all deliveries, in bytes: one of the largest by the default of `[fetch] max_body`, and dozens of ordinary size. A
/// larger one takes all of it.
const MEMORY: usize = 16_000_000;

/// Memory for the deliveries to one callback if there are several, in bytes, so that one hub leaves room for the others.
const OF_ONE: usize = 2_000_000;

/// Bytes of the deliveries to each callback, by its token.
type CallbackBytes = Arc<Mutex<HashMap<String, usize>>>;

/// The deliveries in memory.
#[derive(Debug)]
pub(super) struct Deliveries {
    free: Arc<Semaphore>,
    by_callback: CallbackBytes,
}

impl Deliveries {
    /// Creates the limits.
    pub(super) fn new() -> Self {
        Self { free: Arc::new(Semaphore::new(MEMORY)), by_callback: Arc::default() }
    }

    /// Reserves memory for a delivery of this many bytes to a callback. Returns `None` if there is no room for it now.
    pub(super) fn reserve(&self, token: &str, bytes: usize) -> Option<DeliveryShare> {
        let mut by_callback = self.by_callback.lock().unwrap_or_else(PoisonError::into_inner);
        let (held, bytes) = (by_callback.get(token).copied().unwrap_or_default(), bytes.clamp(1, MEMORY));
        if held > 0 && held + bytes > OF_ONE {
            return None;
        }
        let permit = Arc::clone(&self.free).try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()?;
        by_callback.insert(token.to_owned(), held + bytes);
        Some(DeliveryShare { token: token.to_owned(), by_callback: Arc::clone(&self.by_callback), permit })
    }
}

/// What one delivery reserves. Dropping it releases the memory.
#[derive(Debug)]
pub(super) struct DeliveryShare {
    token: String,
    by_callback: CallbackBytes,
    permit: OwnedSemaphorePermit,
}

impl Drop for DeliveryShare {
    fn drop(&mut self) {
        let mut by_callback = self.by_callback.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = by_callback.get_mut(&self.token) {
            *held -= self.permit.num_permits();
            if *held == 0 {
                by_callback.remove(&self.token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_share_memory_and_no_callback_takes_all() {
        let deliveries = Deliveries::new();
        let large = deliveries.reserve("a", 10_000_000).unwrap();
        assert!(deliveries.reserve("b", 10_000_000).is_none(), "one of the largest at a time");
        assert!(deliveries.reserve("a", 1).is_none(), "its callback has nothing besides");
        let small: Vec<_> = (0..20).map(|_| deliveries.reserve("b", 100_000).unwrap()).collect();
        assert!(deliveries.reserve("b", 1).is_none(), "small ones of a callback have a share");
        assert!(deliveries.reserve("c", 100_000).is_some());
        drop((large, small));
        assert!(deliveries.reserve("b", usize::MAX).is_some());
        assert_eq!(deliveries.free.available_permits(), MEMORY);
        assert!(deliveries.by_callback.lock().unwrap().is_empty());
    }
}
